"""OCI archives (an image layout in a tar) as stores to be written, with nothing staged beside them.

In a file every blob gets room of its size as soon as its image is known, so that several grow side
by side, each in its place (`rooms`). An interrupted run leaves that file to the next one.

On a stream blobs follow each other: one at a time comes straight from its source, small ones may
wait for it in memory. `index.json` is the end of both; an archive without it is none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from hubcli.errors import HubcliError, IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest, Verifier
from hubcli.stores import BlobSource, Chunks, OpenAt, Outcome, index, tar
from hubcli.stores.index import INDEX, listed, listing
from hubcli.stores.layout import MARK, MARKER, Layout, blob_name
from hubcli.stores.rooms import Room, Rooms
from hubcli.stores.tar import Sink
from hubcli.stores.tree import CHUNK, write_all

_SMALL = 1 << 20
"""Bytes of a blob that may wait in memory for its turn on a stream."""

Replaced = Callable[[], Layout | None]
"""The archive that is to be replaced, if there is one that can be read."""


class _Listing:
    """The images of an archive that is being written, and what it holds by now."""

    def __init__(self, replaced: Replaced) -> None:
        self.replaced = replaced
        self.listed: list[Mapping[str, Any]] = []
        self.asked: set[str] = set()
        """What was asked for by name, or, with its digest, as what others refer to."""

    @property
    def is_empty(self) -> bool:
        """Whether no image was put into it."""
        return not self.listed

    def resolve(self, identifier: str) -> Descriptor:
        """What the archive that is to be replaced calls so."""
        self.asked.add(identifier)
        replaced = self.replaced()
        if replaced is None:
            raise NotFound(f"there is no {identifier or 'image'} in the archive yet")
        try:
            return replaced.resolve(identifier)
        except HubcliError as error:
            raise NotFound("there is no such image in the archive") from error

    def manifest(self, identifier: str) -> Manifest:
        raise NotFound(f"{identifier} is not to be read from an archive that is being written")

    def put_manifest(self, identifier: str, manifest: Manifest) -> None:
        if identifier == manifest.digest:
            self._put(blob_name(manifest.digest), manifest.content)
        else:
            self.put_image(identifier, manifest)

    def put_image(self, name: str, manifest: Manifest, origin: Descriptor | None = None) -> None:
        self.put_manifest(manifest.digest, manifest)
        self.listed.append(listing(name, manifest, origin))

    def finish(self) -> None:
        """Write what the archive ends with."""
        self._put(INDEX, listed(index.empty(), *self.listed))

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
        super().__init__(_no_archive)
        self.blobs = _StreamedBlobs(self)
        self._sink = sink
        self._known: set[str] = set()
        self._written: set[str] = set()
        self._lock = threading.Lock()

    def finish(self) -> None:
        super().finish()
        self._sink.write(tar.END)

    def has(self, name: str) -> bool:
        """Whether a file is written, or is being so."""
        return name in self._written

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
        if self._archive.has(blob_name(descriptor.digest)):
            return "skipped"
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


class GrowingArchive(_Listing):
    """An archive that grows in the file `path`, which nobody else writes meanwhile.

    What the archive that it is to replace has of its blobs comes from there.
    """

    def __init__(self, path: Path, replaced: Replaced) -> None:
        super().__init__(replaced)
        self.path = path
        self.rooms = Rooms(path)
        self._beginning = threading.Lock()
        self._has_begun = False
        self.blobs = _GrowingBlobs(self)

    def expect(self, root: Manifest, contents: Iterable[Descriptor]) -> None:  # noqa: ARG002
        """Make room for what belongs to an image: in the same order in each run."""
        for one in sorted(contents, key=lambda one: one.digest):
            self.room(blob_name(one.digest), one.size)

    def room(self, name: str, size: int) -> Room:
        """The place of a file of `size` bytes."""
        with self._beginning:
            if not self._has_begun:
                self._has_begun = True
                self.rooms.put(MARKER, MARK)
        return self.rooms.take(name, size)

    def finish(self) -> None:
        super().finish()
        self.rooms.close()

    def is_useless(self) -> bool:
        """Whether there is no byte of any blob, which would be of use to the next run."""
        return self.rooms.are_empty(MARKER)

    def old_blobs(self) -> BlobSource | None:
        """The blobs of the archive that is to be replaced, if there is one."""
        replaced = self.replaced()
        return None if replaced is None else replaced.blobs

    def _put(self, name: str, content: bytes) -> None:
        self.room(name, len(content))
        self.rooms.put(name, content)


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
        with room.lock:
            if room.is_whole:
                return "skipped"
            with self._archive.rooms.writing() as file:
                outcome = self._filled(file, room, descriptor, open_at)
            room.is_whole = True
        return outcome

    def _filled(
        self, file: BinaryIO, room: Room, descriptor: Descriptor, open_at: OpenAt
    ) -> Outcome:
        kept = room.filled(file) if room.kept else 0
        if kept:
            with suppress(IntegrityFailure):
                _fill(file, room, descriptor, open_at, kept)
                return "skipped" if kept == room.size else "resumed"
        old = self._archive.old_blobs()
        if old is not None and old.has(descriptor):
            with suppress(IntegrityFailure):
                _fill(file, room, descriptor, lambda at: old.open(descriptor, at), 0)
                return "skipped"
        _fill(file, room, descriptor, open_at, 0)
        return "copied"


def _fill(file: BinaryIO, room: Room, descriptor: Descriptor, open_at: OpenAt, kept: int) -> None:
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


def _no_archive() -> None:
    """A stream replaces nothing."""
