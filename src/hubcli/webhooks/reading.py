"""HTTP requests read within bounds: of time, of bytes, and of what a body may be framed by."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Mapping

LARGEST_BODY = 1 << 20
"""Bytes of a body; Hub's payloads have a few kilobytes, most of them the overview."""

LARGEST_HEAD = 64 << 10
"""Bytes of a request line with its headers."""

_LONGEST_LINE = 1 << 10
_MOST_TRAILERS = 32


class Refused(Exception):
    """A request that is answered with the error `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class BoundedReader(io.RawIOBase):
    """What comes through a socket until `seconds` have passed, and no more than `most` bytes.

    TimeoutError once the time is up, however slowly or fast bytes came; Refused (431) beyond the
    bytes. `allow` grants more of them.
    """

    def __init__(self, connection: socket.socket, seconds: float, most: int) -> None:
        self._connection = connection
        self._deadline = time.monotonic() + seconds
        self._left = most

    def allow(self, more: int) -> None:
        self._left += more

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as BufferedReader calls it
        if self._left <= 0:
            raise Refused(431)
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        count = self._connection.recv_into(buffer[: self._left])
        self._left -= count
        return count


def body(stream: io.BufferedIOBase, headers: Mapping[str, list[str]]) -> bytes:
    """The body that `headers`, by their names in lower case, announce.

    Refused: 400 for what is framed in no way or in two, 411 without a length, 413 beyond
    `LARGEST_BODY`.
    """
    lengths = headers.get("content-length", [])
    codings = [coding.strip().lower() for coding in headers.get("transfer-encoding", [])]
    if codings:
        # Both: what one reader takes for a body another takes for the next request.
        if lengths or codings != ["chunked"]:
            raise Refused(400)
        return _chunked(stream)
    if not lengths:
        raise Refused(411)
    if len(lengths) > 1 or not _is_number(lengths[0]):
        raise Refused(400)
    return _exactly(stream, _within(int(lengths[0].strip()), LARGEST_BODY))


def _chunked(stream: io.BufferedIOBase) -> bytes:
    content = bytearray()
    while size := _chunk_size(stream):
        content += _exactly(stream, _within(size, LARGEST_BODY - len(content)))
        if _line(stream):
            raise Refused(400)
    for _ in range(_MOST_TRAILERS):
        if not _line(stream):
            return bytes(content)
    raise Refused(431)


def _chunk_size(stream: io.BufferedIOBase) -> int:
    digits = _line(stream).partition(b";")[0].strip()
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
        raise Refused(400)
    return int(digits, 16)


def _line(stream: io.BufferedIOBase) -> bytes:
    line = stream.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise Refused(400)
    return line.rstrip(b"\r\n")


def _exactly(stream: io.BufferedIOBase, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise Refused(400)
    return content


def _within(size: int, most: int) -> int:
    if size > most:
        raise Refused(413)
    return size


def _is_number(text: str) -> bool:
    plain = text.strip()
    return plain.isascii() and plain.isdigit() and len(plain) <= 18
