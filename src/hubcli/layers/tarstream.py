"""A tar as it streams by, read strictly: ustar, pax and GNU's extensions, sparse files included.

`tarfile` would take a header of any length into memory, and keep every member.
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from hubcli.errors import IntegrityFailure
from hubcli.layers import headers, sparse
from hubcli.layers.bytestream import ByteStream
from hubcli.layers.headers import Raw
from hubcli.layers.names import checked

BLOCK = 512
LARGEST_EXTENSION = 1 << 20
"""Bytes of a pax header, or of a GNU long name."""

Kind = Literal["file", "directory", "symlink", "hardlink", "char", "block", "fifo"]
_KINDS: Mapping[bytes, Kind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.GNUTYPE_SPARSE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
    tarfile.FIFOTYPE: "fifo",
}
_XATTR = "SCHILY.xattr."
_EXTENSIONS = {
    tarfile.XHDTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a member says of itself, but for its name. `mtime` are seconds since 1970 as they stood
    there, decimals and all; `size` counts the holes of a sparse file."""

    kind: Kind
    mode: int
    uid: int
    gid: int
    mtime: str
    size: int = 0
    link: str | None = None
    device: tuple[int, int] | None = None
    xattrs: Mapping[str, str] | None = None


@dataclass(slots=True)
class Member:
    """A header, and its content for as long as no further member has been asked for.

    `number` counts the members of a layer from 0.
    """

    number: int
    name: str
    header: Header
    content: Iterator[bytes]


@dataclass(slots=True)
class _Extension:
    """What headers before a member say of it."""

    name: str | None = None
    link: str | None = None
    records: dict[str, str] = field(default_factory=dict)
    pieces: list[int] = field(default_factory=list)


def members(stream: ByteStream, shown: str) -> Iterator[Member]:
    """The members in their order; IntegrityFailure where the tar is damaged or cut off.

    That it ends without the blocks of zeros which should end it is no damage: umoci does that.
    """
    extension, number = _Extension(), 0
    while True:
        block = stream.read(BLOCK, at_end=True)
        if not block.strip(b"\0"):
            return
        info = _info(block, shown)
        if info.type in _EXTENSIONS:
            _extend(extension, info, _small(stream, info.size, shown), shown)
            continue
        yield from _member(stream, block, info, extension, number, shown)
        number += 1
        extension = _Extension()


def _member(
    stream: ByteStream,
    block: bytes,
    info: Raw,
    extension: _Extension,
    number: int,
    shown: str,
) -> Iterator[Member]:
    """One, and what is left of its content afterwards skipped."""
    kind = _KINDS.get(info.type, "file")
    records = extension.records
    stored = info.size
    if "size" in records:
        stored = _whole(records["size"], shown)
    if kind != "file":
        # A link may tell the size of what it leads to; nothing of it follows (pax, "ustar").
        stored = 0
    layout = None
    taken = 0
    if info.type == tarfile.GNUTYPE_SPARSE:
        layout = sparse.of_gnu(block, stream, shown)
    elif kind == "file":
        layout, taken = sparse.of_pax(records, extension.pieces, stream, stored, shown)
    size = layout.size if layout is not None else stored
    stream.count_holes(max(0, size - stored))
    name = checked(_name(info, extension))
    header = _header(info, kind, extension, size, shown)
    end = stream.at + stored - taken
    padding = -stored % BLOCK
    content = stream.chunks(stored - taken)
    yield Member(number, name, header, content if layout is None else layout.spread(content, shown))
    stream.skip(end - stream.at)
    stream.pad(padding)


def _name(info: Raw, extension: _Extension) -> str:
    records = extension.records
    return records.get("GNU.sparse.name") or records.get("path") or extension.name or info.name


def _header(info: Raw, kind: Kind, extension: _Extension, size: int, shown: str) -> Header:
    records = extension.records
    link = records.get("linkpath") or extension.link or info.link
    xattrs = {key: value for key, value in records.items() if key.startswith(_XATTR)}
    return Header(
        kind=kind,
        mode=info.mode & 0o7777,
        uid=_whole(records["uid"], shown) if "uid" in records else max(0, info.uid),
        gid=_whole(records["gid"], shown) if "gid" in records else max(0, info.gid),
        mtime=_time(records.get("mtime"), info.mtime),
        size=size,
        link=checked(link) if kind in {"symlink", "hardlink"} else None,
        device=info.device if kind in {"char", "block"} else None,
        xattrs=xattrs or None,
    )


def _info(block: bytes, shown: str) -> Raw:
    try:
        return headers.parse(block)
    except headers.Malformed as error:
        raise _damaged(shown, f"a header is malformed: {error}") from error


def _small(stream: ByteStream, size: int, shown: str) -> bytes:
    if size > LARGEST_EXTENSION:
        raise _damaged(shown, "a header is too long")
    content = stream.read(size)
    stream.skip(-size % BLOCK)
    return content


def _extend(extension: _Extension, info: Raw, content: bytes, shown: str) -> None:
    text = content.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    if info.type == tarfile.GNUTYPE_LONGNAME:
        extension.name = text
    elif info.type == tarfile.GNUTYPE_LONGLINK:
        extension.link = text
    elif info.type != tarfile.XGLTYPE:  # what holds for a whole archive is no file's
        for key, value in _records(content, shown):
            extension.records[key] = value
            if key in {"GNU.sparse.offset", "GNU.sparse.numbytes"}:
                extension.pieces.append(_whole(value, shown))


def _records(content: bytes, shown: str) -> Iterator[tuple[str, str]]:
    """Pax records, `LENGTH KEY=VALUE\\n`."""
    at = 0
    while at < len(content) and content[at] != 0:
        space = content.find(b" ", at, at + 20)
        digits = content[at:space] if space > 0 else b""
        end = at + int(digits) if digits.isdigit() else -1
        if not space < end <= len(content) or content[end - 1 : end] != b"\n":
            raise _damaged(shown, "a pax header is malformed")
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if equals:
            yield key.decode("utf-8", "replace"), value.decode("utf-8", "surrogateescape")
        at = end


def _whole(text: str, shown: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _damaged(shown, f"a pax header has {text[:40]!r} for a number")
    return int(text)


def _time(told: str | None, seconds: int) -> str:
    """As pax has it, where that is a number; tar readers fail over others. Many files of an image
    have the same: they share it."""
    if told is not None and len(told) < 40:
        whole, _, decimals = told.removeprefix("-").partition(".")
        if (whole + (decimals or "0")).isdecimal() and told.isascii() and whole:
            return sys.intern(told)
    return sys.intern(str(seconds))


def _damaged(shown: str, reason: str) -> IntegrityFailure:
    return IntegrityFailure(f"{shown} is no readable tar: {reason}")
