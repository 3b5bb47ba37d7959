"""Layers on their way through: downloaded once, read as often as need be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, Self

from hubcli.files import keeping
from hubcli.oci import Descriptor, Verifier
from hubcli.stores import Chunks
from hubcli.stores.tree import write_all

_CHUNK = 1 << 20


class Blobs(Protocol):
    """Where layers are read from: a store's blobs, or a spool of them."""

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks: ...


class Spool(AbstractContextManager["Spool"]):
    """Blobs that are kept, compressed as they came, in a temporary directory once they have been
    read to their end and are what their digest says; not for several threads.

    What another spool `before` it has is read from there.
    """

    def __init__(self, blobs: Blobs, *, before: Spool | None = None) -> None:
        self._blobs = blobs
        self._before = before
        self._directory = tempfile.TemporaryDirectory(prefix="hubcli-")
        self._kept: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()

    @contextmanager
    def open(self, descriptor: Descriptor, offset: int = 0) -> Iterator[Iterator[bytes]]:
        """The blob's bytes; from the spool where they are there."""
        path = Path(self._directory.name, descriptor.digest.replace(":", "-"))
        if descriptor.digest in self._kept:
            with path.open("rb") as file:
                file.seek(offset)
                yield iter(lambda: file.read(_CHUNK), b"")
        elif self._before is not None and descriptor.digest in self._before._kept:
            with self._before.open(descriptor, offset) as chunks:
                yield chunks
        elif offset:
            with self._blobs.open(descriptor, offset) as chunks:
                yield chunks
        else:
            with self._blobs.open(descriptor) as chunks:
                yield self._keeping(path, descriptor, chunks)

    def _keeping(
        self, path: Path, descriptor: Descriptor, chunks: Iterator[bytes]
    ) -> Iterator[bytes]:
        verifier = Verifier(descriptor.digest, descriptor.size)
        with path.open("wb", buffering=0) as file:
            for chunk in chunks:
                verifier.update(chunk)
                with keeping():
                    write_all(file, chunk)
                yield chunk
        verifier.finish()
        self._kept.add(descriptor.digest)
