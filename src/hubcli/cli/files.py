"""`hubcli files`: the files in an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Rows, Shown
from hubcli.cli.contents import MaxUnpacked, Opened, limits, opened
from hubcli.cli.options import Platform
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound
from hubcli.output import Field, Kind, Row, View

if TYPE_CHECKING:
    from hubcli.layers import Limits
    from hubcli.layers.tarstream import Header

_ACTION = "list the files of"

verbs = Commands()

FILE = View(
    "file",
    (
        Field("path", default=True),
        Field("type", default=True),
        Field("size", Kind.SIZE, default=True),
        Field("mode", default=True),
        Field("uid", Kind.NUMBER, default=True),
        Field("gid", Kind.NUMBER, default=True),
        Field("layer", Kind.DIGEST),
        Field("link", default=True),
    ),
    key="path",
)


@verbs.command("files", shows=FILE)
def files(
    runtime: Runtime,
    reference: Annotated[str, typer.Argument(metavar="REF", help="An image.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH…]", help="Only these, with what is below; or patterns."),
    ] = None,
    platform: Platform = None,
    all_layers: Annotated[
        bool,
        typer.Option("--all-layers", help="What each layer holds, hidden and deleted files too."),
    ] = False,
    max_unpacked: MaxUnpacked = None,
) -> Shown:
    """List the files in an image.

    A PATH stands for itself and what is below it. In a pattern `*` stands for anything, slashes
    too; one without a slash is compared with the last part of a path. Types are file, directory,
    symlink, hardlink, char, block and fifo; with --all-layers also whiteout and opaque, which
    delete a file, or all in a directory, of the layers below.

    An image of more than 1,000,000 files is refused, for their names are kept in memory.

    \b
    Examples:
      hubcli files alpine
      hubcli files alpine /etc '*.conf' -q
      hubcli files oci:app:latest --all-layers --format json
    """
    wanted = _Wanted(paths or [])

    def rows() -> Iterator[Row]:
        with opened(runtime, reference, platform, _ACTION) as image:
            listed = _by_layer if all_layers else _merged
            for row in listed(image, limits(max_unpacked)):
                if wanted(str(row["path"])):
                    yield row
            for path in wanted.missed():
                reason = f"there is no {path} in the image"
                runtime.report(NotFound(reason, reference=image.shown, action=_ACTION))

    return Rows(rows())


class _Wanted:
    """Whether a path is asked for; remembers what found nothing."""

    def __init__(self, asked: list[str]) -> None:
        self._tests = {text: _test(text) for text in asked}
        self._found: set[str] = set()

    def __call__(self, path: str) -> bool:
        found = [text for text, matches in self._tests.items() if matches(path)]
        self._found.update(found)
        return bool(found) or not self._tests

    def missed(self) -> list[str]:
        return [text for text in self._tests if text not in self._found]


def _test(asked: str) -> Callable[[str], bool]:
    import fnmatch
    import re

    if any(char in asked for char in "*?["):
        if "/" not in asked:
            name = re.compile(fnmatch.translate(asked))
            return lambda path: name.match(path.rpartition("/")[2]) is not None
        whole = re.compile(fnmatch.translate("/" + asked.lstrip("/")))
        return lambda path: whole.match(path) is not None
    from hubcli.layers.names import inside, shown

    exact = shown(inside(asked))
    below = exact.rstrip("/") + "/"
    return lambda path: path == exact or path.startswith(below)


def _merged(image: Opened, limits: Limits) -> Iterator[Row]:
    """What the image holds in the end; further names of a file are hard links to its first."""
    from hubcli.layers import read_tree
    from hubcli.layers.names import shown
    from hubcli.layers.tree import Inode

    tree = read_tree(image.store.blobs, image.layers, limits)
    first: dict[Inode, str] = {}
    for path, node in tree.walk():
        if not path:
            continue
        header, name = node.inode.header, shown(path)
        known = name if node.is_directory else first.setdefault(node.inode, name)
        layer = image.layers[node.layer].descriptor.digest
        yield _row(name, header, layer, known if known != name else None)


def _by_layer(image: Opened, limits: Limits) -> Iterator[Row]:
    """What each layer holds, as it streams by."""
    from hubcli.layers import members
    from hubcli.layers.names import OPAQUE, hidden_by, inside, shown

    for layer in image.layers:
        for member in members(image.store.blobs, layer, limits):
            header, path = member.header, inside(member.name)
            digest = layer.descriptor.digest
            hidden = hidden_by(path[-1]) if path else None
            if hidden is None:
                target = None
                if header.kind == "hardlink":
                    target = shown(inside(header.link or ""))
                yield _row(shown(path), header, digest, target)
            elif hidden or path[-1] == OPAQUE:
                kind = "whiteout" if hidden else "opaque"
                name = shown((*path[:-1], hidden) if hidden else path[:-1])
                yield {**_row(name, header, digest, None), "type": kind}


def _row(name: str, header: Header, layer: str, hard_link: str | None) -> Row:
    return {
        "path": name,
        "type": "hardlink" if hard_link else header.kind,
        "size": header.size,
        "mode": f"{header.mode:04o}",
        "uid": header.uid,
        "gid": header.gid,
        "layer": layer,
        "link": hard_link or header.link,
    }
