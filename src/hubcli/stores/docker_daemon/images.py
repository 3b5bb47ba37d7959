"""An engine's images as stores: one is read from the archive it saves, one is written for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from hubcli import oci
from hubcli.errors import UsageError, doing
from hubcli.files import keeping, temporary
from hubcli.oci import Descriptor
from hubcli.stores import Source, archive
from hubcli.stores.docker_daemon.engine import Engine
from hubcli.stores.spelling import ARCHIVE
from hubcli.stores.tree import CHUNK


@contextmanager
def saved(engine: Engine, name: str, shown: str, *, compress: bool) -> Iterator[Source]:
    """An image of the engine; it is spooled into a temporary file, since layers are read in any
    order. NotFound where there is no such image."""
    with ExitStack() as stack:
        with doing("read", shown), ExitStack() as spooling:
            engine.image_id(name)  # not every engine says of a save that there is no such image
            chunks = spooling.enter_context(engine.saved(name))
            stream = cast(BinaryIO, BufferedReader(_Reading(chunks), CHUNK))
            opened = archive.opened(stream, ARCHIVE, shown, compress=compress)
            store = stack.enter_context(opened)
        yield store


@contextmanager
def loading(engine: Engine, name: str, shown: str) -> Iterator[archive.Staging]:
    """A layout whose image the engine takes, as `name`, once the block has ended well.

    UsageError for a digest or an id: those are for the engine to give.
    """
    if "sha256:" in name:
        raise UsageError(f"{shown} names no tag that the engine could give the image")
    with temporary() as whole:
        with archive.packed(_Kept(whole), name) as staging:
            yield _Destination(staging.directory, engine, name)
        if size := whole.tell():
            with doing("write to", shown):
                engine.load(lambda: _chunks(whole), size)


class _Destination(archive.Staging):
    """A layout on its way into the engine; what is there already is what the engine has."""

    def __init__(self, directory: Path, engine: Engine, name: str) -> None:
        super().__init__(directory)
        self._engine = engine
        self._name = name

    def resolve(self, identifier: str) -> Descriptor:  # noqa: ARG002 - there is one image only
        return Descriptor(oci.DOCKER_MANIFEST, self._engine.image_id(self._name), 0)


class _Kept:
    """A temporary file to write to; it says where there is no more room."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes, /) -> object:
        with keeping():
            return self._file.write(data)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


class _Reading(RawIOBase):
    """What comes in chunks, as a file that can be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is no name at run time
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
