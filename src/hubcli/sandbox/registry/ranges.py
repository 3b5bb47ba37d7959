"""Byte ranges: of downloads (RFC 9110, section 14) and of upload chunks (distribution-spec)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REQUEST = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.IGNORECASE)
_CHUNK = re.compile(r"(\d+)-(\d+)")
# More digits than any file has bytes; int() refuses thousands of them with an error of its own.
_LONGEST = 60


class Unsatisfiable(Exception):
    """There is no such part."""


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def requested(header: str | None, size: int) -> Span | None:
    """The part that a `Range` header asks of `size` bytes; None where it means all of them.

    Several ranges at once and units other than bytes are ignored, as a server may. Unsatisfiable
    for a range that begins behind the end or ends before its beginning.
    """
    match = _REQUEST.fullmatch(header) if header and len(header) <= _LONGEST else None
    if match is None or match.group(1, 2) == ("", ""):
        return None
    first, last = match.group(1, 2)
    if not first:
        span = Span(max(size - int(last), 0), size - 1)
    else:
        span = Span(int(first), min(int(last), size - 1) if last else size - 1)
    if span.first > span.last:
        raise Unsatisfiable
    return span


def chunk(header: str) -> Span | None:
    """The `first-last` of an upload chunk; None where the header says nothing of the kind."""
    match = _CHUNK.fullmatch(header) if len(header) <= _LONGEST else None
    if match is None or int(match[1]) > int(match[2]):
        return None
    return Span(int(match[1]), int(match[2]))
