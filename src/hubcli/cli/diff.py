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

_SECTIONS = ("config", "history", "layers", "files", "packages")
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "shared": "="}

DIFF = View(
    "diff",
    (
        Field("a", default=True),
        Field("b", default=True),
        Field("a_digest", Kind.DIGEST),
        Field("b_digest", Kind.DIGEST),
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
            "--only", metavar="A,B", help="Some of config, history, layers, files, packages."
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where they are different.")
    ] = False,
    platform: Platform = None,
    max_unpacked: MaxUnpacked = None,
) -> Shown:
    """Show what two images differ in.

    Lines begin with + (only in B), - (only in A), ~ (changed) or = (shared). With --format json it
    is one object; sections that were not asked for are null. Times of files do not count. Layers
    are read where files or packages are asked for and layers differ, each once.

    \b
    Examples:
      hubcli diff alpine:3.20 alpine:3.21
      hubcli diff app:v1 app:v2 --only config,packages --exit-code
    """
    sections = _chosen(only)
    with ExitStack() as stack:
        one = stack.enter_context(opened(runtime, a, platform, "compare"))
        other = stack.enter_context(opened(runtime, b, platform, "compare"))
        row = _compared(runtime, one, other, sections, limits(max_unpacked))
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
    runtime: Runtime, a: Opened, b: Opened, sections: tuple[str, ...], limits: Limits
) -> dict[str, Any]:
    from hubcli.layers import comparing

    found: dict[str, Any] = dict.fromkeys(_SECTIONS)
    if "config" in sections:
        found["config"] = comparing.config(a.picked.config, b.picked.config)
    if "history" in sections:
        found["history"] = comparing.history(a.picked.config, b.picked.config)
    if "layers" in sections:
        found["layers"] = comparing.layers(a.layers, b.layers)
    found |= _contents(runtime, a, b, sections, limits)
    different = any(row.get("status") != "shared" for name in sections for row in found[name] or ())
    digests = {"a_digest": a.picked.manifest.digest, "b_digest": b.picked.manifest.digest}
    return {"a": a.shown, "b": b.shown, **digests, "different": different, **found}


def _contents(
    runtime: Runtime, a: Opened, b: Opened, sections: tuple[str, ...], limits: Limits
) -> dict[str, list[Row]]:
    """Files and packages; nothing is read where the layers are the same."""
    from hubcli.layers import Spool, comparing, read_tree
    from hubcli.layers.packages import installed

    wanted = [name for name in ("files", "packages") if name in sections]
    if not wanted or a.layers == b.layers:
        return {name: [] for name in wanted}
    found: dict[str, list[Row]] = {}
    with Spool(a.store.blobs) as spool, Spool(b.store.blobs, before=spool) as other:
        hashed = "files" in sections
        trees = [
            read_tree(blobs, image.layers, limits, hashed=hashed)
            for blobs, image in ((spool, a), (other, b))
        ]
        if "files" in sections:
            found["files"] = [*comparing.files(*trees)]
        if "packages" in sections:
            left = installed(trees[0], spool, a.layers)
            right = installed(trees[1], other, b.layers)
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
    keys = ("field", "key", "name", "architecture", "path", "digest", "created_by")
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
