"""Tar archives: as trees, indexed once and read in place, never unpacked to paths of their own.

They are read strictly (POSIX ustar and pax, GNU's long names and large numbers), since anybody
may have written them: what a header promises is checked against the bytes that are there.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from hubcli.errors import IntegrityFailure, NotFound
from hubcli.stores.tree import CHUNK

BLOCK = 512
MOST_MEMBERS = 1_000_000
"""Members of an archive before it is refused; an image has some ten, or with many platforms some
thousand, and an archive may hold ten thousands of images."""

_LARGEST_EXTENSION = 1 << 20
_LONGEST_NUMBER = 19
_LENGTH = re.compile(rf"\d{{1,{_LONGEST_NUMBER}}}")
_DEEPEST_LINK = 8
_FILE, _HARD_LINK, _SYMBOLIC_LINK = b"0\07", b"1", b"2"
_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"


class Sink(Protocol):
    """Where an archive is written to: a file, or stdout."""

    def write(self, data: bytes, /) -> object: ...


Add = Callable[[str, Path], None]
"""`add(name, file)` puts a file into an archive that is being written."""


def entry(name: str, size: int, known: set[str]) -> bytes:
    """The header of a file, after those of its directories that are not `known` by then.

    Directories have entries, and all is the user's own: skopeo, run by anybody but root, cannot
    unpack what belongs to others, nor make a directory that it was not told of. The same files of
    the same user give the same bytes.
    """
    parent = name.rpartition("/")[0]
    member = _member(name, 0o644)
    member.size = size
    return _directories(parent, known) + _header(member)


def padding(size: int) -> bytes:
    """What follows the `size` bytes of a file."""
    return bytes(-size % BLOCK)


END = bytes(2 * BLOCK)
"""What an archive ends with."""


def _directories(name: str, known: set[str]) -> bytes:
    if not name or name in known:
        return b""
    known.add(name)
    member = _member(name, 0o755)
    member.type = tarfile.DIRTYPE
    return _directories(name.rpartition("/")[0], known) + _header(member)


@contextmanager
def writing(sink: Sink) -> Iterator[Add]:
    """Write an archive of files."""
    known: set[str] = set()

    def add(name: str, file: Path) -> None:
        with file.open("rb") as content:
            size = content.seek(0, 2)
            content.seek(0)
            sink.write(entry(name, size, known))
            while chunk := content.read(CHUNK):
                sink.write(chunk)
        sink.write(padding(size))

    yield add
    sink.write(END)


def _member(name: str, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode = mode
    if sys.platform != "win32":
        member.uid, member.gid = os.getuid(), os.getgid()
    return member


def _header(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Member:
    """Where in the archive a file's bytes are; of a link, the name that it leads to."""

    offset: int
    size: int
    leads_to: str | None = None


@dataclass(slots=True)
class _Extension:
    """What headers before a member say of it."""

    name: str | None = None
    link: str | None = None
    size: int | None = None


class Tar:
    """An uncompressed archive in a seekable file, as a tree; safe between threads."""

    def __init__(self, file: BinaryIO, shown: str) -> None:
        self._file = file
        self._shown = shown
        self._lock = threading.Lock()
        self._members, self._is_ended = _index(file, shown)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def size(self, name: str) -> int | None:
        member = self._find(name)
        return None if member is None else member.size

    @contextmanager
    def open(self, name: str, offset: int = 0) -> Iterator[Iterator[bytes]]:
        member = self._find(name)
        if member is None:
            self.check_ended(f"there is no {name}")
            raise NotFound(f"there is no {name} in {self._shown}")
        yield self._chunks(member, offset)

    def check_ended(self, lack: str) -> None:
        """To be called where something is missing: IntegrityFailure where what marks the end is
        missing, too, since the archive was cut off between two members then."""
        if self._members and not self._is_ended:
            raise _damaged(self._shown, f"it is cut off, {lack}")

    def _find(self, name: str) -> Member | None:
        """The file of that name, through links inside the archive."""
        for _ in range(_DEEPEST_LINK):
            member = self._members.get(name)
            if member is None or member.leads_to is None:
                return member
            name = member.leads_to
        return None

    def _chunks(self, member: Member, offset: int) -> Iterator[bytes]:
        while offset < member.size:
            with self._lock:
                self._file.seek(member.offset + offset)
                chunk = self._file.read(min(CHUNK, member.size - offset))
            if not chunk:
                raise _damaged(self._shown, "it has become shorter")
            offset += len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class Entry:
    """What an archive has in one place: from `begin` on its headers, from `start` on its bytes."""

    name: str
    kind: bytes
    begin: int
    start: int
    size: int
    link: str = ""

    @property
    def is_file(self) -> bool:
        return self.kind in _FILE

    @property
    def is_directory(self) -> bool:
        return self.kind == tarfile.DIRTYPE

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + -(-self.size // BLOCK) * BLOCK


def entries(file: BinaryIO, shown: str) -> Iterator[Entry]:
    """What is in an archive, up to its end; IntegrityFailure from where it is damaged or cut off.

    The names are as they are written: they may lead anywhere.
    """
    end, at = file.seek(0, 2), 0
    begin = at
    extension = _Extension()
    count = 0
    while at < end:
        file.seek(at)
        header = file.read(BLOCK)
        if len(header) < BLOCK or not header.strip(b"\0"):
            return
        kind, size = _checked(header, shown), _number(header[124:136], shown)
        if extension.size is not None and kind in _FILE:
            size = extension.size
        start, at = at + BLOCK, at + BLOCK + -(-size // BLOCK) * BLOCK
        if start + size > end:
            raise _damaged(shown, "it is cut off")
        count += 1
        if count > MOST_MEMBERS:
            raise IntegrityFailure(f"{shown} has more than {MOST_MEMBERS} members")
        if kind in {_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK}:
            _extend(extension, kind, _small(file, start, size, shown))
            continue
        name = extension.name or _header_name(header)
        link = extension.link or _text(header[157:257])
        yield Entry(name, kind, begin, start, size, link)
        extension, begin = _Extension(), at


def _index(file: BinaryIO, shown: str) -> tuple[dict[str, Member], bool]:
    """The members by name, and whether the archive's end is marked; IntegrityFailure where it is
    damaged or cut off inside a member."""
    members: dict[str, Member] = {}
    end = 0
    for one in entries(file, shown):
        _add(members, one)
        end = one.end
    file.seek(end)
    return members, file.read(BLOCK) == bytes(BLOCK)


def _add(members: dict[str, Member], entry: Entry) -> None:
    name = _inside(entry.name)
    if name is None:
        return  # nobody can ask for it
    if entry.is_file:
        members[name] = Member(entry.start, entry.size)
    elif entry.kind in {_HARD_LINK, _SYMBOLIC_LINK}:
        target = entry.link
        if entry.kind == _SYMBOLIC_LINK:
            target = posixpath.join(posixpath.dirname(name), target)
        leads_to = _inside(target)
        if leads_to is not None:
            members[name] = Member(0, 0, leads_to)


def _inside(name: str) -> str | None:
    """A name in its plainest form; None where it is none inside the archive."""
    plain = posixpath.normpath(name)
    if plain.startswith(("/", "../")) or plain in {".", ".."}:
        return None
    return plain


def _header_name(header: bytes) -> str:
    name, prefix = _text(header[:100]), _text(header[345:500])
    return f"{prefix}/{name}" if prefix and header[257:262] == b"ustar" else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _checked(header: bytes, shown: str) -> bytes:
    """The type of a member, once the header's checksum is right."""
    told = _number(header[148:156], shown)
    if told != sum(header[:148]) + 8 * 0x20 + sum(header[156:]):
        raise _damaged(shown, "a header has the wrong checksum")
    return header[156:157]


def _number(field: bytes, shown: str) -> int:
    """Octal digits, or GNU's binary form for what they cannot hold."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    try:
        found = int(digits or b"0", 8)
    except ValueError:
        found = -1
    if found < 0:
        raise _damaged(shown, "a header is malformed")
    return found


def _small(file: BinaryIO, start: int, size: int, shown: str) -> bytes:
    if size > _LARGEST_EXTENSION:
        raise _damaged(shown, "a header is too long")
    file.seek(start)
    return file.read(size)


def _extend(extension: _Extension, kind: bytes, content: bytes) -> None:
    if kind == _LONG_NAME:
        extension.name = _text(content)
    elif kind == _LONG_LINK:
        extension.link = _text(content)
    elif kind == _PAX:
        values = dict(_records(content))
        extension.name = values.get("path", extension.name)
        extension.link = values.get("linkpath", extension.link)
        if _LENGTH.fullmatch(values.get("size", "")):
            extension.size = int(values["size"])


def _records(content: bytes) -> Iterator[tuple[str, str]]:
    """Pax records, `LENGTH KEY=VALUE\\n`; what follows a malformed one is left out."""
    while content:
        length, space, _ = content.partition(b" ")
        if not space or not length.isdigit() or len(length) > _LONGEST_NUMBER:
            return
        if not len(length) < int(length) <= len(content):
            return
        record, content = content[: int(length)], content[int(length) :]
        key, equals, value = record[len(length) + 1 : -1].partition(b"=")
        if equals:
            yield key.decode("utf-8", "replace"), value.decode("utf-8", "surrogateescape")


def _damaged(shown: str, reason: str) -> IntegrityFailure:
    return IntegrityFailure(f"{shown} is no readable tar archive: {reason}")
