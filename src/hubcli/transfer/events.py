"""What a transfer tells about itself while it runs; who shows it is none of its business."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from hubcli.oci import Descriptor
from hubcli.stores import OpenAt

_LARGEST_KEPT = 1 << 20


class Events(Protocol):
    """Called from any thread. `key` is a blob's digest; counts and totals are bytes."""

    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None:
        """A blob starts, or starts again, after `done` bytes."""

    def advance(self, key: str, count: int) -> None:
        """`count` more bytes have moved."""

    def finish(self, key: str, outcome: str) -> None:
        """The blob is `copied`, `skipped`, `mounted` or `resumed`; or it is `failed`."""


class Meter:
    """Counts the bytes of blobs as they pass, and tells the events of it."""

    def __init__(self, events: Events, check: Callable[[], None]) -> None:
        self._events = events
        self._check = check
        self._lock = threading.Lock()
        self.moved = 0
        """Bytes read from the source so far."""

    def measured(
        self, descriptor: Descriptor, open_at: OpenAt, kept: list[bytes] | None = None
    ) -> OpenAt:
        """`open_at`, watched; a small blob that is read from its start is put into `kept`."""
        key = descriptor.digest

        @contextmanager
        def opened(offset: int) -> Iterator[Iterator[bytes]]:
            self._events.begin(key, key, descriptor.size, done=offset)
            with open_at(offset) as chunks:
                yield self._passing(key, chunks, kept if offset == 0 else None)

        return opened

    def _passing(
        self, key: str, chunks: Iterator[bytes], kept: list[bytes] | None
    ) -> Iterator[bytes]:
        if kept is not None:
            kept.clear()
        for chunk in chunks:
            self._check()
            with self._lock:
                self.moved += len(chunk)
            self._events.advance(key, len(chunk))
            if kept is not None and sum(map(len, kept)) < _LARGEST_KEPT:
                kept.append(chunk)
            yield chunk
