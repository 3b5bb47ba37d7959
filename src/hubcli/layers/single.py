"""One file of an image, from as few layers as may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

from hubcli.files import keeping
from hubcli.layers.limits import Limits
from hubcli.layers.names import OPAQUE, Path, hidden_by, inside
from hubcli.layers.reading import Layer, members
from hubcli.layers.spool import Blobs
from hubcli.layers.tarstream import Header


def newest(
    blobs: Blobs, layers: Sequence[Layer], path: Path, into: IO[bytes], limits: Limits | None = None
) -> bool:
    """Write a regular file's content `into` a file, where the layers from the top settle what it
    is, and whether they do.

    They do not where there is a doubt: links, whiteouts, hard links, names that may be other names
    of it. The layers that were read are verified.
    """
    for layer in reversed(layers):
        found, doubtful = _look(blobs, layer, path, into, limits)
        if found or doubtful:
            return found and not doubtful
    return False


def _look(
    blobs: Blobs, layer: Layer, path: Path, into: IO[bytes], limits: Limits | None
) -> tuple[bool, bool]:
    """Whether a layer has the file, and whether it leaves a doubt; its last word counts."""
    found = doubtful = False
    directories: set[Path] = set()
    others: list[Path] = []
    for member in members(blobs, layer, limits):
        header, name = member.header, inside(member.name)
        if header.kind == "directory":
            directories.add(name)
        if name == path and header.kind == "file":
            found = True
            _write(into, member.content)
        elif name == path or _hides(name, path) or _stands_above(header, name, path):
            doubtful = True
        elif name[-1:] == path[-1:]:
            others.append(name)
    # Below a symbolic link of a lower layer they might be the very same file.
    return found, doubtful or any(not _listed(name, directories) for name in others)


def _listed(name: Path, directories: set[Path]) -> bool:
    return all(name[:end] in directories for end in range(1, len(name)))


def _hides(name: Path, path: Path) -> bool:
    """Whether a whiteout is about a path, or about a directory on the way to it."""
    if not name or hidden_by(name[-1]) is None:
        return False
    if name[-1] == OPAQUE:
        return name[:-1] == path[: len(name) - 1]
    hidden = (*name[:-1], hidden_by(name[-1]))
    return hidden == path[: len(hidden)]


def _stands_above(header: Header, name: Path, path: Path) -> bool:
    """Whether it is in the way to a path, and no directory."""
    return header.kind != "directory" and name == path[: len(name)]


def _write(into: IO[bytes], content: Iterator[bytes]) -> None:
    into.seek(0)
    into.truncate()
    for chunk in content:
        with keeping():
            into.write(chunk)
