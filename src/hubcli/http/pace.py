"""How slow an answer may be: a byte now and then keeps every time-out from running out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import httpx


def paced(chunks: Iterable[bytes], seconds: float, slowest: int) -> Iterator[bytes]:
    """`chunks`, of which `seconds` of waiting must bring `slowest` bytes a second.

    Only what is waited for the server counts, not what is done with the bytes meanwhile.
    httpx.ReadTimeout where it keeps us waiting.
    """
    source = iter(chunks)
    waited, come = 0.0, 0
    while True:
        started = time.monotonic()
        chunk = next(source, None)
        if chunk is None:
            return
        waited += time.monotonic() - started
        come += len(chunk)
        if waited >= seconds:
            if come < slowest * waited:
                raise httpx.ReadTimeout(f"{come} bytes came in {waited:.0f} s")
            waited, come = 0.0, 0
        yield chunk
