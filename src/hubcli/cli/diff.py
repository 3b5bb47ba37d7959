"""`hubcli diff`: what two images differ in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli.commands import Commands, One, Shown
from hubcli.cli.contents import MaxUnpacked, Opened, limits, opened
from hubcli.cli.options import Platform
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Field, Kind, Row, Selection, View

if TYPE_CHECKING:
    from hubcli.layers import Limits

verbs = Commands()

_SECTIONS = ("platforms", "config", "history", "layers", "files", "packages")
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "shared": "="}

DIFF = View(
    "diff",
    (
        Field("a", default=True),
        Field("b", default=True),
        Field("a_digest", Kind.DIGEST),
        Field("b_digest", Kind.DIGEST),
        Field("a_platform"),
        Field("b_platform"),
        Field("different", Kind.BOOL, default=True),
        *(Field(name, Kind.LIST, default=True) for name in _SECTIONS),
    ),
    key="different",
)


@verbs.command("diff", shows=DIFF)
def diff(
    runtime: Runtime,
    selection: Selection,
    a: Annotated[str, typer.Argument(metavar="A", help="An image.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="A,B",
            help="Some of platforms, config, history, layers, files, packages.",
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where they are different.")
    ] = False,
    platform: Platform = None,
    all_layers: Annotated[
        bool,
        typer.Option(
            "--all-layers", help="Read what images in registries share, too: tells what was there."
        ),
    ] = False,
    max_unpacked: MaxUnpacked = None,
) -> Shown:
    """Show what two images differ in.

    Lines begin with + (only in B), - (only in A), ~ (changed) or = (shared). With --format json it
    is one object; sections that were not asked for are null. Times of files do not count. Of
    indexes, images for one platform are compared, and which platforms each has.

    Layers are read where files or packages are asked for and layers differ, each once. Those that
    both begin with are not downloaded, unless only one image has changed the list of packages:
    what replaces or hides one of their files then counts as added or removed.

    \b
    Examples:
      hubcli diff alpine:3.20 alpine:3.21
      hubcli diff app:v1 app:v2 --only config,packages --exit-code
      hubcli diff oci:build:app acme/app:latest --platform linux/arm64
    """
    sections = _chosen(only)
    with ExitStack() as stack:
        one = stack.enter_context(opened(runtime, a, platform, "compare"))
        other = stack.enter_context(opened(runtime, b, platform, "compare"))
        row = _compared(runtime, one, other, sections, limits(max_unpacked), all_layers)
    shown: Shown = None
    if selection.format or selection.fields or selection.query or selection.quiet:
        shown = One(row)
    else:
        for line in _lines(row):
            runtime.output.text(line)
    if exit_code and row["different"]:
        if shown is not None:
            runtime.output.item(DIFF, row, selection)
        raise typer.Exit(1)
    return shown


def _chosen(only: str | None) -> tuple[str, ...]:
    chosen = _SECTIONS if only is None else tuple(only.split(","))
    for name in chosen:
        if name not in _SECTIONS:
            raise UsageError(f"--only takes {', '.join(_SECTIONS)}, not {name!r}")
    return chosen


def _compared(
    runtime: Runtime, a: Opened, b: Opened, sections: tuple[str, ...], limits: Limits, whole: bool
) -> dict[str, Any]:
    from hubcli.layers import comparing

    found: dict[str, Any] = dict.fromkeys(_SECTIONS)
    if "platforms" in sections:
        found["platforms"] = comparing.platforms(a.platforms, b.platforms)
    if "config" in sections:
        found["config"] = comparing.config(a.picked.config, b.picked.config)
    if "history" in sections:
        found["history"] = comparing.history(a.picked.config, b.picked.config)
    if "layers" in sections:
        found["layers"] = comparing.layers(a.layers, b.layers)
    found |= _contents(runtime, a, b, sections, limits, whole)
    different = any(row.get("status") != "shared" for name in sections for row in found[name] or ())
    digests = {"a_digest": a.picked.manifest.digest, "b_digest": b.picked.manifest.digest}
    platforms = {"a_platform": _platform(a), "b_platform": _platform(b)}
    told = {"a": a.shown, "b": b.shown, **digests, **platforms}
    return {**told, "different": different, **found}


def _platform(image: Opened) -> str | None:
    return None if image.picked.platform is None else str(image.picked.platform)


def _contents(
    runtime: Runtime, a: Opened, b: Opened, sections: tuple[str, ...], limits: Limits, whole: bool
) -> dict[str, list[Row]]:
    """Files and packages; nothing is read where the layers are the same."""
    from hubcli.layers import Spool, comparing
    from hubcli.layers.pairs import Nearest, read_pair, shared

    wanted = [name for name in ("files", "packages") if name in sections]
    common = shared(a.layers, b.layers)
    if not wanted or common == len(a.layers) == len(b.layers):
        return {name: [] for name in wanted}
    near, far = (b, a) if b.is_local and not a.is_local else (a, b)
    has = [layer.descriptor.digest for layer in near.layers]
    below = near.layers[:common]
    found: dict[str, list[Row]] = {}
    with Spool(Nearest(near.store.blobs, has, far.store.blobs)) as spool:
        pair = read_pair(
            spool,
            (*below, *a.layers[common:]),
            (*below, *b.layers[common:]),
            limits,
            hashed="files" in sections,
            packages="packages" in sections,
            # What is on this machine costs no download.
            whole=whole or near.is_local,
            names=(a.shown, b.shown),
        )
        if "files" in sections:
            compare = comparing.own_files if pair.start else comparing.files
            rows = compare(pair.a, pair.b)
            found["files"] = [*rows]
            if pair.start and any(None in (row["a_size"], row["b_size"]) for row in rows):
                runtime.output.notice(
                    "what replaces or hides files of shared layers is told as added or removed, "
                    "for these are not read: --all-layers reads them"
                )
        if "packages" in sections:
            left, right = pair.installed
            for path in dict.fromkeys([*left.unread, *right.unread]):
                runtime.output.warning(f"the packages in {path} are not read: only rpmdb.sqlite is")
            found["packages"] = [*comparing.packages(left.versions, right.versions)]
    return found


def _lines(row: dict[str, Any]) -> Iterator[str]:
    """For people; names come from the images, so they are made visible."""
    from hubcli.output.text import visible

    for name in _SECTIONS:
        for one in row[name] or ():
            status = one.get("status") or _status(one)
            words = [name, _SIGNS[status], *_words(one)]
            yield visible(" ".join(words))


def _status(one: dict[str, Any]) -> str:
    if one["a"] is None:
        return "added"
    return "removed" if one["b"] is None else "changed"


def _words(one: dict[str, Any]) -> Iterator[str]:
    keys = ("platform", "field", "key", "name", "architecture", "path", "digest", "created_by")
    yield from (str(one[key]) for key in keys if one.get(key))
    for before, after in (("a", "b"), ("a_size", "b_size")):
        if before in one:
            sides = [_text(one[side]) for side in (before, after) if one[side] is not None]
            yield " -> ".join(sides)
    if "size" in one:
        yield str(one["size"])


def _text(value: object) -> str:
    """A list as JSON: where its words begin and end can be seen."""
    from hubcli.output.jsontext import to_json

    return to_json(value) if isinstance(value, list) else str(value)
