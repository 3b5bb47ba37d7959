"""OCI archives (an image layout in a tar) as stores to be written, with nothing staged beside them.

In a file every blob gets room of its size as soon as the image is known, so that several grow side
by side, each in its place. An interrupted run leaves that file: the next one finds the same rooms
and, since what is not written yet reads as zeros, how far each of them is filled.

On a stream blobs follow each other: one at a time comes straight from its source, small ones may
wait for it in memory. `index.json` is the end of both; an archive without it is none.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest, Verifier
from hubcli.stores import Chunks, OpenAt, Outcome, tar
from hubcli.stores.layout import INDEX, MARK, MARKER, blob_name, empty_index, listed, listing
from hubcli.stores.tar import Sink
from hubcli.stores.tree import CHUNK, write_all

_SMALL = 1 << 20
"""Bytes of a blob that may wait in memory for its turn on a stream."""

Existing = Callable[[str], Descriptor]
"""What a tag or digest stands for in the archive that is to be replaced; NotFound."""


class _Listing:
    """The images of an archive that is being written, and what it holds by now."""

    def __init__(self, existing: Existing) -> None:
        self._existing = existing
        self._listed: list[dict[str, Any]] = []

    @property
    def is_empty(self) -> bool:
        """Whether no image was put into it."""
        return not self._listed

    def resolve(self, identifier: str) -> Descriptor:
        return self._existing(identifier)

    def manifest(self, identifier: str) -> Manifest:
        raise NotFound(f"{identifier} is not to be read from an archive that is being written")

    def put_manifest(self, identifier: str, manifest: Manifest) -> None:
        if identifier == manifest.digest:
            self._put(blob_name(manifest.digest), manifest.content)
        else:
            self.put_image(identifier, manifest)

    def put_image(self, name: str, manifest: Manifest, origin: Descriptor | None = None) -> None:
        self.put_manifest(manifest.digest, manifest)
        self._listed.append(listing(name, manifest, origin))

    def finish(self) -> None:
        """Write what the archive ends with."""
        self._put(INDEX, listed(empty_index(), *self._listed))

    def _put(self, name: str, content: bytes) -> None:
        raise NotImplementedError


class _Unread:
    """Blobs on their way out: there is no reading them."""

    def has(self, descriptor: Descriptor) -> bool:  # noqa: ARG002
        return False

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:  # noqa: ARG002
        raise NotFound(f"{descriptor.digest} is not to be read from an archive being written")

    def read(self, descriptor: Descriptor) -> bytes:
        with self.open(descriptor) as chunks:
            return b"".join(chunks)


class StreamedArchive(_Listing):
    """An archive that goes to a stream as its blobs come."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(_nothing)
        self.blobs = _StreamedBlobs(self)
        self._sink = sink
        self._known: set[str] = set()
        self._written: set[str] = set()
        self._lock = threading.Lock()

    def finish(self) -> None:
        super().finish()
        self._sink.write(tar.END)

    def write(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Write a file, unless it is there already; of others none is written meanwhile."""
        with self._lock:
            if not self._written:
                self._enter(MARKER, len(MARK), (MARK,))
            if name not in self._written:
                self._enter(name, size, chunks)

    def _enter(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        self._written.add(name)
        self._sink.write(tar.entry(name, size, self._known))
        for chunk in chunks:
            self._sink.write(chunk)
        self._sink.write(tar.padding(size))

    def _put(self, name: str, content: bytes) -> None:
        self.write(name, len(content), (content,))


class _StreamedBlobs(_Unread):
    def __init__(self, archive: StreamedArchive) -> None:
        self._archive = archive

    def upload(
        self,
        descriptor: Descriptor,
        open_at: OpenAt,
        *,
        mount_from: str | None = None,  # noqa: ARG002 - a stream mounts nothing
        chunk_size: int | None = None,  # noqa: ARG002 - nor does it count chunks
    ) -> Outcome:
        chunks = _verified(descriptor, open_at)
        if descriptor.size <= _SMALL:
            chunks = iter([b"".join(chunks)])
        self._archive.write(blob_name(descriptor.digest), descriptor.size, chunks)
        return "copied"


def _verified(descriptor: Descriptor, open_at: OpenAt) -> Iterator[bytes]:
    """A blob's bytes; IntegrityFailure at their end, or before there are too many of them."""
    verifier = Verifier(descriptor.digest, descriptor.size)
    with open_at(0) as chunks:
        for chunk in chunks:
            verifier.update(chunk)
            yield chunk
    verifier.finish()


@dataclass(frozen=True, slots=True)
class _Room:
    """Where a file's bytes are in the archive. `kept` says that it was there before this run."""

    start: int
    size: int
    kept: bool


class GrowingArchive(_Listing):
    """An archive that grows in the file `path`, which nobody else writes meanwhile."""

    def __init__(self, path: Path, existing: Existing) -> None:
        super().__init__(existing)
        self.path = path
        self.blobs = _GrowingBlobs(self)
        self._rooms: dict[str, _Room] = {}
        self._known: set[str] = set()
        self._end = 0
        self._lock = threading.Lock()

    def expect(self, root: Manifest, contents: Iterable[Descriptor]) -> None:  # noqa: ARG002
        """Make room for what belongs to an image: in the same order in each run."""
        for one in sorted(contents, key=lambda one: one.digest):
            self.room(blob_name(one.digest), one.size)

    def room(self, name: str, size: int) -> _Room:
        """The place of a file of `size` bytes; the next free one unless it has one already."""
        with self._lock:
            if not self._rooms:
                self._begin()
            if name not in self._rooms:
                self._rooms[name] = self._make_room(name, size)
            return self._rooms[name]

    def finish(self) -> None:
        super().finish()
        with self.path.open("r+b") as file:
            file.seek(self._end)
            file.write(tar.END)
            file.truncate()

    def has_begun(self) -> bool:
        """Whether the file has a byte of any blob, so that it is of use to the next run."""
        if not self.path.is_file():
            return False
        rooms = [room for name, room in self._rooms.items() if name != MARKER]
        with self.path.open("rb", buffering=0) as file:
            return any(_filled(file, room) for room in rooms)

    def _begin(self) -> None:
        """The file itself; what others than this class left in its place goes away."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        self.path.touch()
        room = self._rooms[MARKER] = self._make_room(MARKER, len(MARK))
        self._write(room, MARK)

    def _make_room(self, name: str, size: int) -> _Room:
        header = tar.entry(name, size, self._known)
        start = self._end + len(header)
        with self.path.open("r+b", buffering=0) as file:
            file.seek(self._end)
            kept = file.read(len(header)) == header
            if not kept:
                file.truncate(self._end)
                file.seek(self._end)
                file.write(header)
            self._end = start + size + len(tar.padding(size))
            if file.seek(0, 2) < self._end:
                file.truncate(self._end)
        return _Room(start, size, kept)

    def _put(self, name: str, content: bytes) -> None:
        self._write(self.room(name, len(content)), content)

    def _write(self, room: _Room, content: bytes) -> None:
        with self.path.open("r+b") as file:
            file.seek(room.start)
            file.write(content)


class _GrowingBlobs(_Unread):
    def __init__(self, archive: GrowingArchive) -> None:
        self._archive = archive

    def upload(
        self,
        descriptor: Descriptor,
        open_at: OpenAt,
        *,
        mount_from: str | None = None,  # noqa: ARG002 - a file mounts nothing
        chunk_size: int | None = None,  # noqa: ARG002 - nor does it count chunks
    ) -> Outcome:
        room = self._archive.room(blob_name(descriptor.digest), descriptor.size)
        with self._archive.path.open("r+b", buffering=0) as file:
            kept = _filled(file, room) if room.kept else 0
            if kept:
                with suppress(IntegrityFailure):
                    _fill(file, room, descriptor, open_at, kept)
                    return "skipped" if kept == room.size else "resumed"
            _fill(file, room, descriptor, open_at, 0)
        return "copied"


def _filled(file: BinaryIO, room: _Room) -> int:
    """Bytes of a room that are written: up to the last that is no zero, at least."""
    end = room.start + room.size
    while end > room.start:
        first = max(room.start, end - CHUNK)
        file.seek(first)
        if written := len(file.read(end - first).rstrip(b"\0")):
            return first + written - room.start
        end = first
    return 0


def _fill(file: BinaryIO, room: _Room, descriptor: Descriptor, open_at: OpenAt, kept: int) -> None:
    """Hash the bytes that are `kept`, fetch the others, and verify all of them."""
    verifier = Verifier(descriptor.digest, descriptor.size)
    file.seek(room.start)
    while verifier.seen < kept:
        verifier.update(file.read(min(CHUNK, kept - verifier.seen)))
    if kept < descriptor.size:
        with open_at(kept) as chunks:
            for chunk in chunks:
                verifier.update(chunk)
                write_all(file, chunk)
    verifier.finish()


def _nothing(identifier: str) -> Descriptor:
    raise NotFound(f"there is no {identifier or 'image'} in an archive that goes to a stream")
