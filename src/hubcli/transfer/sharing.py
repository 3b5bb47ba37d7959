"""What transfers that run side by side have in common: each blob moves once, and few at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Check = Callable[[], None]
"""Raises once the work is of no use any more."""

_POLL = 0.2


class Claim:
    """One blob on its way into a registry. `repository` has it already, if it is not None."""

    def __init__(self, repository: str | None) -> None:
        self.repository = repository


class Sharing:
    """How many blobs may move at once, and which have been brought into which registry."""

    def __init__(self, jobs: int) -> None:
        self._slots = threading.BoundedSemaphore(jobs)
        self._changed = threading.Condition()
        self._under_way: set[tuple[str, str]] = set()
        self._there: dict[tuple[str, str], str] = {}

    def note(self, registry: str | None, digest: str, repository: str | None) -> None:
        """Have it known that a repository has a blob, as part of what was found there."""
        if registry is not None and repository is not None:
            with self._changed:
                self._there.setdefault((registry, digest), repository)

    @contextmanager
    def slot(self, check: Check) -> Iterator[None]:
        """Be one of those that move a blob."""
        while not self._slots.acquire(timeout=_POLL):
            check()
        try:
            yield
        finally:
            self._slots.release()

    @contextmanager
    def claim(self, registry: str | None, digest: str, check: Check) -> Iterator[Claim]:
        """Be the only one to bring a blob into a registry; wait for whoever does so by now.

        Who has done it puts the repository into the claim. Directories and archives (None) have
        locks of their own.
        """
        if registry is None:
            yield Claim(None)
            return
        key = registry, digest
        with self._changed:
            while key in self._under_way:
                self._changed.wait(_POLL)
                check()
            self._under_way.add(key)
            claim = Claim(self._there.get(key))
        try:
            yield claim
        finally:
            with self._changed:
                self._under_way.discard(key)
                if claim.repository is not None:
                    self._there[key] = claim.repository
                self._changed.notify_all()
