"""Content codings undone in small pieces: a few bytes may say that there are very many.

httpx undoes them a whole piece at a time, one inside the other if it is told so, and a bomb has
filled the memory before anybody has counted its bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from hubcli.errors import Unavailable

CODINGS = "gzip, deflate"
"""What is asked for."""

_PIECE = 256 << 10
_GZIP = 16 + zlib.MAX_WBITS
_DEFLATE = zlib.MAX_WBITS
_GZIP_STARTS, _DEFLATED = 0x1F, 8
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _DEFLATE}


def decoded(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """What is in `chunks`, by the Content-Encoding of their answer (RFC 9110, 8.4).

    A coding that was not asked for is left as it is: whoever reads the bytes says what is wrong
    with them. Unavailable where they are damaged, or coded more than once.
    """
    names = [name for part in coding.lower().split(",") if (name := part.strip()) != "identity"]
    known = [name for name in names if name in _WINDOWS]
    if not known:
        yield from chunks
    elif len(names) > 1:
        raise Unavailable("the server's answer is compressed more than once")
    else:
        try:
            yield from _inflated(chunks, _WINDOWS[known[0]])
        except zlib.error as error:
            raise Unavailable("the server's answer is compressed, and damaged") from error


def _inflated(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    """The bytes of one member after the other; what follows the last is nobody's."""
    inflater = None
    members = 0
    for data in chunks:
        while data:
            if inflater is None:
                if members and (window == _DEFLATE or data[0] != _GZIP_STARTS):
                    return
                bare = window == _DEFLATE and data[0] & 0x0F != _DEFLATED  # as some send it
                inflater = zlib.decompressobj(-window if bare else window)
                members += 1
            if piece := inflater.decompress(data, _PIECE):
                yield piece
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if inflater.eof:
                inflater = None
    if inflater is not None and (rest := inflater.flush()):
        yield rest
