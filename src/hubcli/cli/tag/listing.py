"""`hubcli tag ls`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import All, Excepts, Filters, Limit, Match, Semver, Since, Until, Variant
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import TAG, group, showing
from hubcli.cli.tag.local import find_local, store_in
from hubcli.cli.tag.sources import find, told_by
from hubcli.cli.tag.untagged import check
from hubcli.cli.tag.wishes import Wish
from hubcli.errors import HubcliError, UsageError
from hubcli.output import Row, Selection, View
from hubcli.reference import Reference, checked_digest, parse_pattern, parse_repository

if TYPE_CHECKING:
    from hubcli.stores.spelling import Local

    Place = Reference | Local

_ACTION = "list tags of"
_SCREENFUL = 25
_OF_IMAGES = ("name", "digest", "updated", "size")


@group.command(
    "ls", shows=TAG, calls=("GET /v2/namespaces/{namespace}/repositories/{repository}/tags",)
)
def ls(
    runtime: Runtime,
    selection: Selection,
    repositories: Annotated[
        list[str],
        typer.Argument(
            metavar="REPO…", help="Repositories, or local stores; REPO:GLOB filters its tags."
        ),
    ],
    details: Annotated[
        bool,
        typer.Option("--details", help="Ask for what a registry's list lacks, tag by tag."),
    ] = False,
    filter: Filters = None,
    excepting: Excepts = None,
    match: Match = None,
    semver: Semver = None,
    variant: Variant = None,
    since: Since = None,
    until: Until = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="DIGEST", help="Only tags that point here.")
    ] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", metavar="P", help="Only tags with this platform.")
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="name|version|updated|pushed|pulled|created|size[=asc|desc]",
            help="What comes first.",
        ),
    ] = None,
    limit: Limit = None,
    all: All = False,
    aliases: Annotated[
        bool,
        typer.Option(
            "--aliases",
            help="One row for all tags of an image, its most specific version first; "
            "filters choose images by any of their tags.",
        ),
    ] = False,
    untagged: Annotated[
        bool,
        typer.Option("--untagged", help="Manifests without a tag in place of tags."),
    ] = False,
    full_ref: Annotated[
        bool, typer.Option("--full-ref", help="Whole references in place of tags.")
    ] = False,
) -> Shown:
    """List the tags of repositories.

    Docker Hub tells everything at once, newest first. Other registries list names; --details, and
    any option that needs more than names, asks them about each tag. Of a local store, as oci:DIR,
    the names of its images are listed.

    \b
    Examples:
      hubcli tag ls library/hello-world
      hubcli tag ls quay.io/prometheus/node-exporter --filter 'v1.*' --sort version --details
      hubcli tag ls acme/api --digest sha256:… -q --full-ref
      hubcli tag ls library/nginx --aliases --filter latest
      hubcli tag ls acme/api --semver '^1.4' --variant alpine --sort version=desc
    """
    from hubcli import oci, tags

    screenful = None if all or not _for_a_screen(runtime, selection) else _SCREENFUL
    wish = Wish(
        choice=tags.choice(filter, excepting, match, semver, variant, since, until, sort),
        digest=None if digest is None else checked_digest(digest),
        platform=None if platform is None else oci.parse_platform(platform),
        details=details,
        aliases=aliases,
        untagged=untagged,
        fields=selection.fields,
        few=limit or screenful,
    )
    if untagged:
        check(wish)
    asked = list(_asked(runtime, repositories, wish))
    cuts: list[tuple[Place, Cut]] = []
    view = _view(runtime, [place for place, _ in asked], wish, full_ref)
    more = partial(_left_out, cuts) if screenful and not limit else None
    return Rows(_rows(runtime, asked, cuts), more, view)


def _asked(runtime: Runtime, texts: Sequence[str], wish: Wish) -> Iterator[tuple[Place, Wish]]:
    """Each repository with what is wanted of it; of several, those that are none are reported."""
    if len(texts) == 1:
        yield _read(texts[0], wish)
    else:
        yield from runtime.each(texts, lambda text: _read(text, wish))


def _read(text: str, wish: Wish) -> tuple[Place, Wish]:
    local = store_in(text)
    if local is not None:
        return local, wish
    reference, glob = parse_pattern(text)
    if glob is None:
        return parse_repository(text), wish
    if wish.untagged:
        raise UsageError(f"{text!r} names tags, and --untagged lists what has none")
    names = wish.choice.names
    if names.globs:
        raise UsageError(f"both {text!r} and --filter say which tags are wanted")
    choice = replace(wish.choice, names=replace(names, globs=(glob,)))
    return reference, replace(wish, choice=choice)


def _rows(
    runtime: Runtime,
    asked: Sequence[tuple[Place, Wish]],
    cuts: list[tuple[Place, Cut]],
) -> Iterator[Row]:
    """The rows of each repository in turn; what is cut off is noted in `cuts`.

    The failure of one among several is reported, that of a single one is everybody's.
    """
    for place, wish in asked:
        with runtime.attempting() if len(asked) > 1 else nullcontext():
            # Finding begins with the first row, so that it, too, is inside.
            yield from told(_ACTION, str(place), _of_one(runtime, place, wish, cuts))


def _of_one(
    runtime: Runtime, place: Place, wish: Wish, cuts: list[tuple[Place, Cut]]
) -> Iterator[Row]:
    if isinstance(place, Reference):
        found = find(runtime.session, place, wish)
    else:
        found = find_local(runtime, place, wish)
    cut = _Screenful(found, wish.few, found.total)
    cuts.append((place, cut))
    yield from cut


class _Screenful(Cut):
    """Also says so where nobody knows how many rows there would be, and asking takes long."""

    def more(self, advice: str = "") -> str | None:
        told = super().more(advice)
        full = self._limit is not None and self._shown >= self._limit
        if told is None and full and self._total() is None:
            return f"the first {self._shown}{advice}"
        return told


def _left_out(cuts: Sequence[tuple[Place, Cut]]) -> str | None:
    """`25 of 957, --all shows all`, by repository where there are several."""
    told = [(place, cut.more(", --all shows all")) for place, cut in cuts]
    lines = [f"{_name(place)}: {line}" if len(cuts) > 1 else line for place, line in told if line]
    return "\n".join(lines) or None


def _name(place: Place) -> str:
    return place.name if isinstance(place, Reference) else str(place)


def _for_a_screen(runtime: Runtime, selection: Selection) -> bool:
    """Whether a person reads this off a terminal: then a screenful is enough at first."""
    on_terminal = runtime.output.stdout_is_terminal
    return on_terminal and selection.format in {None, "table"} and selection.query is None


def _told_by(runtime: Runtime, place: Place) -> Sequence[str]:
    """What a registry tells at once; one that does not answer will fail in its turn."""
    if not isinstance(place, Reference):
        return ("digest",)
    try:
        return told_by(runtime.session, place)
    except HubcliError:
        return ()


def _view(runtime: Runtime, asked: Sequence[Place], wish: Wish, full_ref: bool) -> View:
    """The columns that are of use: Hub's, or the name with what is told or was asked for."""
    if any(isinstance(place, Reference) and place.on_hub for place in asked):
        # What tags of one image have in common: the rest is that of one of them, and takes room.
        columns = [*_OF_IMAGES] if wish.aliases else [field.name for field in TAG.defaults]
    else:
        known = {name for one in asked for name in _told_by(runtime, one)}
        columns = ["name", *(one.name for one in TAG.fields if one.name in known | wish.columns)]
    if wish.aliases:
        columns.append("aliases")
    if len(asked) > 1 and not full_ref:
        columns.append("repository")
    key = "reference" if full_ref else "digest" if wish.untagged else "name"
    others = [name for name in columns if name != "name"] if key != "name" else columns
    return showing(TAG, tuple(others), key)
