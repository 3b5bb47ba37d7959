"""Room in a tar for files that grow side by side, which the next run finds again.

A file gets room of its size as soon as it is known, after what is there by then. What an
interrupted run left is read from its headers, whatever the order in which it came; since what is
not written yet reads as zeros, a room itself tells how far it is filled. Rooms that nobody has
filled by the end are closed up.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hubcli.errors import IntegrityFailure
from hubcli.files import naming
from hubcli.stores import tar
from hubcli.stores.tree import CHUNK, write_all


@dataclass(slots=True)
class Room:
    """Where a file is: from `begin` on its header, from `start` on its `size` bytes.

    `kept` says that it was there before this run, `is_whole` that its bytes are right: those that
    are not by the end have no place in the archive. Who fills it holds the `lock`.
    """

    begin: int
    start: int
    size: int
    kept: bool = False
    is_whole: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def end(self) -> int:
        return self.start + self.size + len(tar.padding(self.size))

    def filled(self, file: BinaryIO) -> int:
        """Bytes of it that are written: up to the last that is no zero, at least."""
        end = self.start + self.size
        while end > self.start:
            first = max(self.start, end - CHUNK)
            file.seek(first)
            if written := len(file.read(end - first).rstrip(b"\0")):
                return first + written - self.start
            end = first
        return 0


class Rooms:
    """The rooms of the file `path`, which nobody else writes meanwhile; safe between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rooms: dict[tuple[str, int], Room] = {}
        self._known: set[str] = set()
        self._end = 0
        self._lock = threading.Lock()
        self._is_open = False

    def take(self, name: str, size: int) -> Room:
        """The room of a file of `size` bytes: the one that it has, else a new one at the end."""
        with self._lock:
            if not self._is_open:
                self._open()
            key = name, size
            if key not in self._rooms:
                self._rooms[key] = self._make(name, size)
            return self._rooms[key]

    def put(self, name: str, content: bytes) -> None:
        """Write a file whole."""
        room = self.take(name, len(content))
        with self.writing() as file:
            file.seek(room.start)
            write_all(file, content)
        room.is_whole = True

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        with self.path.open("r+b", buffering=0) as file:
            yield file

    def close(self) -> None:
        """End the archive: what this run has made whole is in it, and nothing else."""
        with self.writing() as file:
            end = self._closed_up(file)
            file.seek(end)
            write_all(file, tar.END)
            file.truncate()

    def are_empty(self, *besides: str) -> bool:
        """Whether this run has looked, and no file has a byte by now, those `besides` left out."""
        if not self._is_open or not self.path.is_file():
            return self._is_open
        with self.path.open("rb", buffering=0) as file:
            rooms = [room for (name, _), room in self._rooms.items() if name not in besides]
            return not any(room.filled(file) for room in rooms)

    def _open(self) -> None:
        """Find what is there; what others than this class left in its place goes away."""
        self._is_open = True
        if self.path.is_dir():
            shutil.rmtree(self.path)
        self.path.touch()
        with self.path.open("rb") as file, suppress(IntegrityFailure):
            for one in tar.entries(file, str(self.path)):
                if one.is_directory:
                    self._known.add(one.name.rstrip("/"))
                elif one.is_file and (one.name, one.size) not in self._rooms:
                    room = Room(one.begin, one.start, one.size, kept=True)
                    self._rooms[one.name, one.size] = room
                else:
                    break
                self._end = one.end

    def _make(self, name: str, size: int) -> Room:
        header = tar.entry(name, size, self._known)
        room = Room(self._end, self._end + len(header), size)
        with self.writing() as file:
            file.truncate(self._end)
            file.seek(self._end)
            write_all(file, header)
            with naming(self.path):
                file.truncate(room.end)
        self._end = room.end
        return room

    def _closed_up(self, file: BinaryIO) -> int:
        """Move what follows a room that is not whole into its place; where the file ends then.

        A crash in the middle of that leaves a file that the next run finds less in, no wrong one:
        whatever is found is verified before it is used.
        """
        unwanted = [room for room in self._rooms.values() if not room.is_whole]
        gaps = sorted(((room.begin, room.end) for room in unwanted), reverse=True)
        if not gaps:
            return self._end
        to, at = gaps.pop()
        while at < self._end:
            if gaps and gaps[-1][0] == at:
                at = gaps.pop()[1]
                continue
            until = gaps[-1][0] if gaps else self._end
            to, at = _moved(file, at, until, to), until
        return to


def _moved(file: BinaryIO, start: int, end: int, to: int) -> int:
    """Move bytes towards the front of the file; where they end."""
    while start < end:
        file.seek(start)
        chunk = file.read(min(CHUNK, end - start))
        file.seek(to)
        write_all(file, chunk)
        start, to = start + len(chunk), to + len(chunk)
    return to
