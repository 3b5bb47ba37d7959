"""`hubcli tag ls oci:DIR`: what the images of a local store are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.arranging import Counted, Found, arranged
from hubcli.cli.tag.wishes import Wish
from hubcli.errors import Unsupported, UsageError
from hubcli.output import Row
from hubcli.reference import parse, parse_repository

if TYPE_CHECKING:
    from hubcli.oci import Descriptor
    from hubcli.stores import Source
    from hubcli.stores.spelling import Local

TOLD = ("digest", "media_type")
"""What an OCI layout tells at once, an archive of docker's of each image."""

# Repositories begin with none of these: what spells a store is imported for stores alone.
_MAYBE = re.compile(r"(?:oci|ocidir|oci-archive|docker-archive|docker-daemon):|[./-]")
_UNTOLD = frozenset({"updated", "pushed", "pulled"})
_WORKERS = 4


def store_in(text: str) -> Local | None:
    """The local store that `text` spells, or a repository in it; None for one in a registry."""
    if _MAYBE.match(text) is None:
        return None
    from hubcli.stores import spelling

    local = spelling.parse_local(text)
    if local.kind == spelling.DOCKER_DAEMON:
        raise UsageError("an engine lists its images itself", hint="docker image ls")
    if local.digest or (local.name is not None and _is_image(local.name)):
        raise UsageError("a store is wanted here, or a repository in it", reference=text)
    return local


def _is_image(name: str) -> bool:
    """Whether a name in a store is that of an image, and of no repository."""
    named = parse(name)
    return "/" not in name or bool(named.tag or named.digest)


def find_local(runtime: Runtime, local: Local, wish: Wish) -> Found:
    """The rows of a store's images that `wish` asks for."""
    if wish.order is not None and wish.order.key in _UNTOLD:
        raise Unsupported(
            f"a local store does not say when images were {wish.order.key}",
            hint=f"hubcli tag ls {local} --sort created",
        )
    counted = Counted(_rows(runtime, local, wish))
    if wish.needs_all:
        return arranged(counted, wish)
    return Found(counted, counted.total)


def _rows(runtime: Runtime, local: Local, wish: Wish) -> Iterator[Row]:
    from hubcli.registry.details import Details

    with places(runtime).sharing(replace(local, name=None)) as store:
        named = ((n, d) for n, d in _images(store, local.name) if (n is None) == wish.untagged)
        wanted = [(n, d) for n, d in named if n is None or wish.names(n)]
        details = Details(store, wish.lookups() - set(TOLD), workers=_WORKERS)
        found = details.of(image.digest for _, image in wanted) if details.wanted else None
        for name, image in wanted:
            row = _row(local, name, image)
            if found is not None:
                _, more = next(found)
                row |= more or {}
            if wish.accepts(row):
                yield row


def _images(store: Source, repository: str | None) -> Iterator[tuple[str | None, Descriptor]]:
    """Each image with its name, None for one without; an image of several names as often. Those of
    a `repository` have their tags for names."""
    from hubcli.stores.docker_archive import DockerArchive
    from hubcli.stores.index import name_of, whole_name
    from hubcli.stores.layout import Layout

    if isinstance(store, Layout) and repository is not None:
        wanted = parse_repository(repository)
        wholes = ((whole_name(image), image) for image in store.images())
        yield from ((n.tag, image) for n, image in wholes if n is not None and n.bare() == wanted)
    elif isinstance(store, Layout):
        yield from ((name_of(image), image) for image in store.images())
    elif isinstance(store, DockerArchive):
        yield from ((name, store.resolve(name)) for name in store.tags())


def _row(local: Local, name: str | None, image: Descriptor) -> dict[str, object]:
    place = f"{local}:{name}" if name is not None else f"{local}@{image.digest}"
    about = {"digest": image.digest, "media_type": image.media_type}
    return {"name": name, "reference": place, "repository": str(local), **about}


def repositories_in(runtime: Runtime, local: Local) -> Iterator[Row]:
    """A row of each repository of which a store holds images, as it can be handed to `tag ls`."""
    from hubcli.stores.index import name_of, whole_name
    from hubcli.stores.layout import Layout

    store_itself = replace(local, name=None)
    with places(runtime).sharing(store_itself) as store:
        if not isinstance(store, Layout):
            raise Unsupported(
                "docker's archives say of each image what it is called",
                hint=f"hubcli tag ls {local}",
            )
        images = store.images()
    found = {named.bare() for one in images if (named := whole_name(one)) is not None}
    for one in sorted(found, key=str):
        yield _repository(f"{store_itself}:{one.repository}", one.namespace, one.host)
    if any(name_of(one) and whole_name(one) is None for one in images):
        yield _repository(str(store_itself), None, None)


def _repository(name: str, namespace: str | None, registry: str | None) -> Row:
    return {"name": name, "namespace": namespace, "registry": registry, "visibility": None}
