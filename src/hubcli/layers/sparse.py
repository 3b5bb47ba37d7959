"""Sparse files in tar archives: GNU's own header, and the three ways to say it in pax headers.

GNU tar's manual, "Storing Sparse Files". They are given back with their holes filled.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hubcli.errors import IntegrityFailure
from hubcli.layers.bytestream import ByteStream

_BLOCK = 512
_MOST_PIECES = 65_536
_HOLE = bytes(1 << 18)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the data of a file stand in it, `(offset, bytes)`, and how long it is in all."""

    size: int
    pieces: Sequence[tuple[int, int]]

    def spread(self, data: Iterator[bytes], shown: str) -> Iterator[bytes]:
        """The file as it is, from the data that are stored of it."""
        at, rest = 0, b""
        for offset, size in self.pieces:
            if offset < at or offset + size > self.size:
                raise _malformed(shown)
            yield from _zeros(offset - at)
            at = offset + size
            while size:
                rest = rest or next(data, b"")
                if not rest:
                    raise _malformed(shown)
                yield rest[:size]
                rest, size = rest[size:], size - len(rest[:size])
        yield from _zeros(self.size - at)


def of_gnu(block: bytes, stream: ByteStream, shown: str) -> Layout:
    """What GNU's header says, and the blocks that go on with it."""
    size = _number(block[483:495], shown)
    pieces = _pairs(block[386:482], shown)
    more = block[482]
    while more and len(pieces) < _MOST_PIECES:
        block = stream.read(_BLOCK)
        pieces += _pairs(block[:504], shown)
        more = block[504]
    return Layout(size, pieces)


def of_pax(
    records: Mapping[str, str], told: Sequence[int], stream: ByteStream, stored: int, shown: str
) -> tuple[Layout | None, int]:
    """The layout, where the file is sparse, and how many of its `stored` bytes said it (1.0)."""
    size = records.get("GNU.sparse.realsize") or records.get("GNU.sparse.size")
    if size is None:
        return None, 0
    taken = 0
    if records.get("GNU.sparse.major") == "1":
        numbers, taken = _map_before_data(stream, stored, shown)
    elif "GNU.sparse.map" in records:
        numbers = [_decimal(text, shown) for text in records["GNU.sparse.map"].split(",")]
    else:
        numbers = [*told]
    if len(numbers) % 2:
        raise _malformed(shown)
    pairs = [*zip(numbers[::2], numbers[1::2], strict=True)]
    return Layout(_decimal(size, shown), pairs), taken


def _map_before_data(stream: ByteStream, stored: int, shown: str) -> tuple[list[int], int]:
    """Decimal lines in blocks of their own: how many pieces, then offset and size of each."""
    content = bytearray()
    ended, wanted = 0, 1
    while ended < wanted:
        if len(content) >= stored or wanted > 2 * _MOST_PIECES:
            raise _malformed(shown)
        block = stream.read(_BLOCK)
        content += block
        ended += block.count(b"\n")
        if wanted == 1 and ended:
            wanted += 2 * _decimal(content.partition(b"\n")[0].decode("latin-1"), shown)
    lines = content.decode("latin-1").split("\n")[1:wanted]
    return [_decimal(line, shown) for line in lines], len(content)


def _pairs(structs: bytes, shown: str) -> list[tuple[int, int]]:
    found = []
    for at in range(0, len(structs), 24):
        if structs[at] == 0:
            break
        offset, size = structs[at : at + 12], structs[at + 12 : at + 24]
        found.append((_number(offset, shown), _number(size, shown)))
    return found


def _number(field: bytes, shown: str) -> int:
    try:
        found = int(tarfile.nti(field))  # type: ignore[attr-defined]  # typeshed leaves it out
    except (tarfile.HeaderError, ValueError) as error:
        raise _malformed(shown) from error
    if found < 0:
        raise _malformed(shown)
    return found


def _decimal(text: str, shown: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _malformed(shown)
    return int(text)


def _zeros(size: int) -> Iterator[bytes]:
    while size > 0:
        yield _HOLE[:size]
        size -= len(_HOLE)


def _malformed(shown: str) -> IntegrityFailure:
    return IntegrityFailure(f"{shown} is no readable tar: a sparse file is malformed")
