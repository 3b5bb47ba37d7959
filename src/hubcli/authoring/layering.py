"""Layers on top of an image, or one in the place of all of them."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from hubcli.authoring import mediatypes
from hubcli.authoring.draft import Draft, Piece
from hubcli.authoring.parts import Parts
from hubcli.errors import UsageError
from hubcli.files import keeping
from hubcli.layers import Limits, flattened
from hubcli.layers.inflating import inflated
from hubcli.oci import Descriptor, Hasher
from hubcli.stores import OpenAt, Source

_CHUNK = 1 << 20
_MAGIC = {b"\x1f\x8b": mediatypes.GZIP, b"\x28\xb5": mediatypes.ZSTD}
_BLOCK = 512


@dataclass(frozen=True)
class NewLayer:
    """A layer in a file; `diff_id` is the digest of the tar in it."""

    file: BinaryIO
    compression: str
    digest: str
    size: int
    diff_id: str

    def added(self, draft: Draft, *, docker: bool) -> Descriptor:
        """Its descriptor in an image of a family, once the draft has it."""
        media_type = mediatypes.layer_type(self.compression, docker=docker)
        descriptor = Descriptor(media_type, self.digest, self.size)
        draft.pieces[self.digest] = Piece(descriptor, opened_at(self.file))
        return descriptor


def read_layer(file: BinaryIO, shown: str) -> NewLayer:
    """A tar, plain or compressed with gzip or zstd, read once; UsageError for anything else.

    IntegrityFailure where it is damaged.
    """
    head = file.read(2)
    file.seek(0)
    packed, unpacked = Hasher(), Hasher()
    first = b""
    for chunk in inflated(_hashed(file, packed), shown):
        if len(first) < _BLOCK:
            first += chunk[:_BLOCK]
        unpacked.update(chunk)
    if not _is_tar(first[:_BLOCK]):
        raise UsageError(f"{shown} is no tar archive, not even a compressed one")
    compression = _MAGIC.get(head, mediatypes.TAR)
    return NewLayer(file, compression, packed.digest, packed.size, unpacked.digest)


def append(parts: Parts, draft: Draft, layers: Sequence[NewLayer]) -> None:
    """Put layers on top of an image."""
    diff_ids, history = parts.diff_ids, parts.history
    docker = mediatypes.is_docker(parts.original)
    for layer in layers:
        parts.layers.append(layer.added(draft, docker=docker).to_json())
        diff_ids.append(layer.diff_id)
        if history is not None:
            history.append({"created_by": "hubcli append"})


def flatten(
    parts: Parts, draft: Draft, source: Source, spool: Callable[[], BinaryIO], limits: Limits
) -> None:
    """Put one layer in the place of all; `spool` makes the file that it is kept in.

    Unsupported for what is no image.
    """
    config = parts.config
    if len(parts.original.layers) < 2:
        return
    file, tar = spool(), Hasher()
    # Without name and time in its header the same tar is the same gzip.
    with (
        keeping(),
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packing,
    ):
        flattened(source, parts.original, _Hashing(packing, tar), limits=limits)
    file.seek(0)
    packed = Hasher()
    for _ in _hashed(file, packed):
        pass
    layer = NewLayer(file, mediatypes.GZIP, packed.digest, packed.size, tar.digest)
    docker = mediatypes.is_docker(parts.original)
    parts.document["layers"] = [layer.added(draft, docker=docker).to_json()]
    rootfs = config.get("rootfs")
    kept = rootfs if isinstance(rootfs, dict) else {"type": "layers"}
    config["rootfs"] = {**kept, "diff_ids": [tar.digest]}
    config["history"] = [{"created_by": "hubcli flatten"}]


class _Hashing:
    """Writes on, and hashes what passes."""

    def __init__(self, file: gzip.GzipFile, hasher: Hasher) -> None:
        self._file = file
        self._hasher = hasher

    def write(self, data: bytes, /) -> int:
        self._hasher.update(data)
        return self._file.write(data)


def opened_at(file: BinaryIO) -> OpenAt:
    """An open file as a blob's source: it is read from one place at a time."""

    @contextmanager
    def opened(offset: int) -> Iterator[Iterator[bytes]]:
        file.seek(offset)
        yield iter(lambda: file.read(_CHUNK), b"")

    return opened


def _hashed(file: BinaryIO, hasher: Hasher) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        hasher.update(chunk)
        yield chunk


def _is_tar(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return len(block) == _BLOCK and not any(block)
    return True
