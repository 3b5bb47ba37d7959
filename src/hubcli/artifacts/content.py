"""Small contents whole, verified, and unpacked where they are compressed."""

from __future__ import annotations

from collections.abc import Iterator

from hubcli.errors import IntegrityFailure, Unsupported
from hubcli.layers.inflating import inflated
from hubcli.oci import Descriptor, Verifier
from hubcli.stores import Source

LARGEST = 128 << 20
"""Bytes of a document, as it is stored and unpacked, before it is refused."""


def whole(store: Source, descriptor: Descriptor, most: int = LARGEST) -> bytes:
    """A blob, verified, and unpacked from gzip or zstd; Unsupported beyond `most` bytes."""
    shown = f"the blob {descriptor.digest}"
    if descriptor.size > most:
        raise Unsupported(
            f"{shown} has {descriptor.size:,} bytes; {most:,} are read",
            hint="hubcli referrer get REF -o FILE",
        )
    verifier = Verifier(descriptor.digest, descriptor.size)
    with store.blobs.open(descriptor) as chunks:
        packed = b"".join(_seen(verifier, chunks))
    verifier.finish()
    return _bounded(inflated(iter((packed,)), shown), most, shown)


def _seen(verifier: Verifier, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        verifier.update(chunk)
        yield chunk


def _bounded(chunks: Iterator[bytes], most: int, shown: str) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > most:
            raise IntegrityFailure(f"{shown} unpacks to more than {most:,} bytes")
    return bytes(content)
