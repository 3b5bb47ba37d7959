"""Compressed layers as the tar that is in them: gzip (RFC 1952), zstd (RFC 8878), or plain.

The first bytes say which: media types lie, and docker's archives have none.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from hubcli.errors import IntegrityFailure, Unsupported

CHUNK = 1 << 18

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_LONGEST_MAGIC = 6


class _Member(Protocol):
    """A gzip member or zstd frame on its way."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def more(self, data: bytes) -> bytes:
        """At most CHUNK bytes more; `data` is taken before what was not needed yet."""
        ...

    @property
    def hungry(self) -> bool:
        """Whether nothing comes any more without further input."""
        ...


def inflated(chunks: Iterator[bytes], shown: str) -> Iterator[bytes]:
    """The bytes of the tar, in pieces of at most CHUNK or the size of `chunks`.

    IntegrityFailure where the layer is damaged or cut off, Unsupported for other compressions.
    """
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _LONGEST_MAGIC:
            break
    for start, name in _OTHERS.items():
        if head.startswith(start):
            raise Unsupported(f"{shown} is compressed with {name}; gzip and zstd are read")
    if head.startswith(_GZIP):
        yield from _members(_Gzip, head, chunks, shown)
    elif head.startswith(_ZSTD) or head[1:4] == _SKIPPABLE:
        yield from _members(_zstd(), head, chunks, shown)
    else:
        if head:
            yield head
        yield from chunks


def _members(
    begin: Callable[[], _Member], data: bytes, chunks: Iterator[bytes], shown: str
) -> Iterator[bytes]:
    """One member after the other; zeros after the last are padding, as for gzip(1)."""
    while data:
        member = begin()
        while not member.eof:
            if not data and member.hungry:
                data = next(chunks, b"")
                if not data:
                    raise IntegrityFailure(f"{shown} is cut off")
            out = _more(member, data, shown)
            data = b""
            if out:
                yield out
        data = _after_padding(member.unused_data, chunks)


def _more(member: _Member, data: bytes, shown: str) -> bytes:
    try:
        return member.more(data)
    except zlib.error as error:
        raise IntegrityFailure(f"{shown} is damaged: {error}") from error


def _after_padding(data: bytes, chunks: Iterator[bytes]) -> bytes:
    data = data.lstrip(b"\0")
    while not data:
        chunk = next(chunks, b"")
        if not chunk:
            return b""
        data = chunk.lstrip(b"\0")
    return data


class _Gzip:
    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    @property
    def hungry(self) -> bool:
        return not self._full and not self._inflater.unconsumed_tail

    def more(self, data: bytes) -> bytes:
        out = self._inflater.decompress(self._inflater.unconsumed_tail + data, CHUNK)
        # It may hold back output without any input that it has not taken.
        self._full = len(out) == CHUNK
        return out


def _zstd() -> Callable[[], _Member]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    class Zstd:
        def __init__(self) -> None:
            self._inflater = zstd.ZstdDecompressor()

        @property
        def eof(self) -> bool:
            return self._inflater.eof

        @property
        def unused_data(self) -> bytes:
            return self._inflater.unused_data

        @property
        def hungry(self) -> bool:
            return self._inflater.needs_input

        def more(self, data: bytes) -> bytes:
            try:
                return self._inflater.decompress(data, CHUNK)
            except zstd.ZstdError as error:
                raise zlib.error(str(error)) from error

    return Zstd
