"""Many images by one line: all that an archive holds, or the tags that a pattern matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, UsageError, doing
from hubcli.reference import Reference, is_glob, parse, parse_pattern, parse_place

if TYPE_CHECKING:
    from hubcli.reference import Place
    from hubcli.stores import Source
    from hubcli.stores.spelling import Local
    from hubcli.transfer import Options
    from hubcli.transfer.places import Spelled


@dataclass(frozen=True)
class Held:
    """What an archive holds, or of it the repository or image that `source` names.

    Each image goes to the repository that it is called by, `below` another registry or namespace.
    """

    source: Local
    below: Place
    options: Options
    create: bool = False


@dataclass(frozen=True)
class Matching:
    """The tags of a repository that a pattern matches; they keep their names."""

    repository: Reference
    glob: str
    destination: Spelled
    options: Options
    create: bool = False


def is_place(word: str) -> bool:
    """Whether a word says below what several images are to go, as `HOST/PREFIX/`."""
    return word.endswith("/") and not word.startswith((".", "/"))


def parse_below(word: str) -> Place:
    return parse_place(word.rstrip("/"))


def pattern(word: str) -> tuple[Reference, str] | None:
    """The repository and the pattern in `REPO:GLOB`; None where there is no pattern."""
    from hubcli.stores import spelling

    if not is_glob(word) or not spelling.is_path(word) or word.startswith((".", "/")):
        return None
    repository, glob = parse_pattern(word)
    return None if glob is None else (repository, glob)


def images_in(store: Source, held: Held) -> Iterator[tuple[Local, Reference]]:
    """The images of an open archive, each with where it goes to; UsageError where that is not to
    be told, or is where another one goes, too."""
    taken: dict[Reference, Reference] = {}
    found = [name for name in _names(store) if _is_wanted(name, held.source.name)]
    if not found:
        raise _nothing(held)
    for name in found:
        target = _below(held.below, name)
        if taken.setdefault(target, name) != name:
            raise UsageError(
                f"{target} is where both {taken[target]} and {name} would go: copy each by itself",
                hint=f"hubcli copy {replace(held.source, name=str(name))} {target}",
            )
        called = str(name.tagged(name.tag)) if name.tag else None
        yield replace(held.source, name=called, digest=None if called else name.digest), target


def tags_in(runtime: Runtime, matching: Matching) -> Iterator[tuple[Reference, Spelled]]:
    """The tags that are matched, each with where it goes to; NotFound where there are none."""
    from hubcli.tags import names

    repository, wanted = matching.repository, names(matching.glob)
    with doing("list tags of", repository.name):
        listed = runtime.session.repository(repository).tags()
        tags = [tag for page in listed for tag in page if wanted(tag)]
    if not tags:
        raise NotFound(
            "no tag matches", action="copy", reference=f"{repository.name}:{matching.glob}"
        )
    destination = matching.destination
    for tag in tags:
        to = destination.tagged(tag) if isinstance(destination, Reference) else destination
        yield repository.tagged(tag), to


def _names(store: Source) -> Sequence[Reference]:
    from hubcli.stores.docker_archive import DockerArchive
    from hubcli.stores.index import whole, whole_name
    from hubcli.stores.layout import Layout

    found: list[Reference | None] = []
    if isinstance(store, Layout):
        found = [*map(whole_name, store.images())]
    elif isinstance(store, DockerArchive):
        found = [whole(name) for name in store.names() if name is not None]
    return [*dict.fromkeys(name for name in found if name is not None)]


def _is_wanted(name: Reference, wanted: str | None) -> bool:
    if wanted is None:
        return True
    asked = parse(wanted)
    return asked in {name, name.bare()}


def _below(place: Place, name: Reference) -> Reference:
    """Where an image goes; names of Docker Hub have two parts, the last of them is kept there."""
    path = name.basename if place.on_hub and place.path else name.path
    return replace(name, host=place.host, path=f"{place.path}/{path}" if place.path else path)


def _nothing(held: Held) -> UsageError | NotFound:
    source = held.source
    if source.name is not None:
        return NotFound(f"it holds nothing of {source.name}", action="read", reference=str(source))
    return UsageError(
        "it does not say of which repositories its images are",
        action="copy",
        reference=str(source),
        hint=f"hubcli copy {source} {held.below}/REPO:TAG",
    )
