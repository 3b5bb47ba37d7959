"""Content codings, undone piece by piece (RFC 9110, 8.4; RFC 1950 to 1952)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest

from hubcli.errors import Unavailable
from hubcli.http.decoding import decoded

CONTENT = bytes(range(256)) * 4096


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    yield from (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", CONTENT[:5000]),
        ("identity", CONTENT[:5000]),
        ("gzip", gzip.compress(CONTENT[:5000])),
        ("x-gzip, identity", gzip.compress(CONTENT[:5000])),
        ("GZIP", gzip.compress(CONTENT[:2000]) + gzip.compress(CONTENT[2000:5000])),
        ("gzip", gzip.compress(CONTENT[:5000]) + b"\0\0padding"),
        ("deflate", zlib.compress(CONTENT[:5000])),
        ("deflate", raw_deflate(CONTENT[:5000])),
        ("aws-chunked", CONTENT[:5000]),
    ],
)
def test_one_coding_is_undone(coding: str, packed: bytes, size: int) -> None:
    assert b"".join(decoded(pieces(packed, size), coding)) == CONTENT[:5000]


def test_nothing_is_nothing() -> None:
    assert list(decoded(iter([]), "gzip")) == []


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_pieces_stay_small_however_much_is_in_them(coding: str) -> None:
    zeros = bytes(64 << 20)
    packed = gzip.compress(zeros) if coding == "gzip" else zlib.compress(zeros)
    found = [len(piece) for piece in decoded(iter([packed]), coding)]
    assert sum(found) == len(zeros)
    assert max(found) <= 256 << 10


@pytest.mark.parametrize(
    ("coding", "content", "told"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(CONTENT)), "more than once"),
        ("br, gzip", gzip.compress(CONTENT), "more than once"),
        ("gzip", b"no gzip", "damaged"),
        ("gzip", gzip.compress(CONTENT)[:-8] + bytes(8), "damaged"),
        ("deflate", b"\x78\x9c not at all", "damaged"),
    ],
)
def test_what_cannot_be_undone_is_refused(coding: str, content: bytes, told: str) -> None:
    with pytest.raises(Unavailable, match=told):
        list(decoded(iter([content]), coding))
