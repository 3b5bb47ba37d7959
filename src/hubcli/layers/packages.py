"""The packages of an operating system that are installed in an image, by its own databases.

dpkg (`status`, and `status.d` of distroless images), apk (`installed`), rpm (`rpmdb.sqlite`).
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hubcli.errors import IntegrityFailure
from hubcli.files import keeping
from hubcli.layers.flattening import contents
from hubcli.layers.reading import Layer
from hubcli.layers.spool import Blobs
from hubcli.layers.tree import Inode, Tree

_DPKG, _DPKG_PARTS = "/var/lib/dpkg/status", "/var/lib/dpkg/status.d"
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_RPM = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
_UNREAD = ("Packages", "Packages.db")
_WHOLE = (_DPKG, _DPKG_PARTS, *_APK, *(f"{one}/rpmdb.sqlite" for one in _RPM), *_RPM)
LARGEST = 512 << 20
"""Bytes of a database before it is refused."""

_LARGEST_TEXT = 64 << 20
_LARGEST_HEADER = 16 << 20
_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE = 1000, 1001, 1002, 1003, 1022
_INT32, _STRING = 4, 6

Key = tuple[str, str]
"""Name and architecture."""


class Installed(NamedTuple):
    """Versions by package, sorted, for some may be there twice; databases that are not read."""

    versions: dict[Key, str]
    unread: list[str]


def installed(tree: Tree, blobs: Blobs, layers: Sequence[Layer]) -> Installed:
    """What is installed; IntegrityFailure where a database is too long or damaged."""
    wanted: dict[Inode, str] = {}
    unread: list[str] = []
    for path in (_DPKG, *_APK):
        _want(tree, path, "apk" if path in _APK else "dpkg", wanted)
    for name in _names(tree, _DPKG_PARTS):
        if not name.endswith(".md5sums"):
            _want(tree, f"{_DPKG_PARTS}/{name}", "dpkg", wanted)
    for directory in _RPM:
        names = _names(tree, directory)
        if "rpmdb.sqlite" in names:
            _want(tree, f"{directory}/rpmdb.sqlite", "rpm", wanted)
        else:
            unread += [f"{directory}/{name}" for name in _UNREAD if name in names]
    found: dict[Key, set[str]] = {}
    for inode, chunks in contents(wanted, blobs, layers, tree.limits):
        for key, version in _read(wanted[inode], chunks, inode.header.size):
            found.setdefault(key, set()).add(version)
    return Installed({key: " ".join(sorted(them)) for key, them in found.items()}, unread)


def decided(a: Tree, b: Tree) -> bool:
    """Whether trees of some layers tell what is installed, or that it is the same: both, or
    neither, have the databases, each of which is one file."""
    one, other = ({path for path in _WHOLE if _touched(tree, path)} for tree in (a, b))
    return one == other and _DPKG_PARTS not in one


def _touched(tree: Tree, path: str) -> bool:
    """Whether layers bring, or hide, what is at a path."""
    parts = tuple(path.split("/")[1:])
    above = [parts[:count] for count in range(len(parts) + 1)]
    gone = any(one in tree.hidden or one in tree.emptied for one in above)
    return gone or tree.find(parts) is not None


def _want(tree: Tree, path: str, kind: str, wanted: dict[Inode, str]) -> None:
    node = tree.find(tree.real_path(tuple(path.split("/")[1:])))
    if node is not None and node.inode.header.kind == "file":
        wanted[node.inode] = kind


def _names(tree: Tree, path: str) -> list[str]:
    node = tree.find(tree.real_path(tuple(path.split("/")[1:])))
    return sorted(node.children or ()) if node is not None else []


def _read(kind: str, chunks: Iterator[bytes], size: int) -> Iterator[tuple[Key, str]]:
    if size > (LARGEST if kind == "rpm" else _LARGEST_TEXT):
        raise IntegrityFailure(f"the database of {kind} has {size} bytes")
    if kind == "rpm":
        yield from _rpm(chunks)
        return
    text = b"".join(chunks).decode("utf-8", "replace")
    if kind == "dpkg":
        yield from _stanzas(text, "Package", "Version", "Architecture")
    else:
        yield from _stanzas(text, "P", "V", "A")


def _stanzas(text: str, name: str, version: str, arch: str) -> Iterator[tuple[Key, str]]:
    """`Key: value` lines in paragraphs; dpkg's removed packages are left out."""
    for paragraph in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in paragraph.splitlines():
            key, colon, value = line.partition(":")
            if colon and not line[0].isspace():
                fields.setdefault(key, value.strip())
        there = fields.get("Status", "installed").split()[-1:] == ["installed"]
        if name in fields and version in fields and there:
            yield (fields[name], fields.get(arch, "")), fields[version]


def _rpm(chunks: Iterator[bytes]) -> Iterator[tuple[Key, str]]:
    with tempfile.NamedTemporaryFile(prefix="hubcli-", suffix=".sqlite") as file:
        for chunk in chunks:
            with keeping():
                file.write(chunk)
        with keeping():
            file.flush()
        database = sqlite3.connect(f"file:{file.name}?mode=ro&immutable=1", uri=True)
        try:
            query = "SELECT blob FROM Packages WHERE typeof(blob) = 'blob' AND length(blob) <= ?"
            for (blob,) in database.execute(query, (_LARGEST_HEADER,)):
                found = _rpm_package(blob)
                if found is not None:
                    yield found
        except sqlite3.Error as error:
            raise IntegrityFailure(f"the database of rpm is damaged: {error}") from error
        finally:
            database.close()


def _rpm_package(blob: bytes) -> tuple[Key, str] | None:
    """Of a header as rpm stores it: numbers of entries and bytes, the entries, the data."""
    if len(blob) < 8:
        return None
    count, size = struct.unpack_from(">II", blob)
    start = 8 + 16 * count
    if start + size > len(blob):
        raise IntegrityFailure("the database of rpm holds a damaged header")
    values: dict[int, str] = {}
    for at in range(8, start, 16):
        tag, kind, offset, _ = struct.unpack_from(">iiiI", blob, at)
        if not 0 <= offset < size:
            continue
        if kind == _STRING:
            end = blob.find(b"\0", start + offset, start + size)
            values.setdefault(tag, blob[start + offset : max(end, 0)].decode("utf-8", "replace"))
        elif kind == _INT32 and tag == _EPOCH and offset + 4 <= size:
            values[tag] = str(struct.unpack_from(">I", blob, start + offset)[0])
    if _NAME not in values or _VERSION not in values:
        return None
    epoch = f"{values[_EPOCH]}:" if _EPOCH in values else ""
    version = f"{epoch}{values[_VERSION]}-{values.get(_RELEASE, '')}"
    return (values[_NAME], values.get(_ARCHITECTURE, "")), version
