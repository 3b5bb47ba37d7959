"""Files by name: what a directory and an archive have in common for those who read from them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Protocol

from hubcli.errors import IntegrityFailure, NotFound
from hubcli.files import naming
from hubcli.stores import Chunks

CHUNK = 256 << 10
"""Bytes read of a file at once: they stay in the processor's cache while they are hashed."""


class Tree(Protocol):
    """Regular files by their path with `/`; the names are those of the store's format."""

    def size(self, name: str) -> int | None:
        """Bytes of a file, None where there is none."""
        ...

    def open(self, name: str, offset: int = 0) -> Chunks:
        """A file's bytes from `offset` on; NotFound where there is none."""
        ...


def read(tree: Tree, name: str, most: int) -> bytes:
    """A small file whole; NotFound, or IntegrityFailure once it is longer than `most` bytes."""
    size = tree.size(name)
    if size is not None and size > most:
        raise IntegrityFailure(f"{name} is longer than {most} bytes")
    with tree.open(name) as chunks:
        return b"".join(chunks)


class Directory:
    """A directory as a tree. Nothing outside of it is ever asked for: names come from digests."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self, name: str) -> int | None:
        try:
            return (self.path / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextmanager
    def open(self, name: str, offset: int = 0) -> Iterator[Iterator[bytes]]:
        try:
            file = (self.path / name).open("rb", buffering=0)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"there is no {name} in {self.path}") from None
        with file:
            os.lseek(file.fileno(), offset, os.SEEK_SET)
            yield _chunks(file)


def _chunks(file: FileIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def write_all(file: BinaryIO, chunk: bytes) -> None:
    """Write all of `chunk`: an unbuffered file may take less of it at once."""
    view = memoryview(chunk)
    with naming(file.name):
        while view:
            view = view[file.write(view) :]
