"""How many pulls a registry must have left: looked at before each, which costs none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Literal

from hubcli.errors import RateLimited
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import BlobSource, Referred, Source
from hubcli.transfer import Image

Action = Literal["stop", "wait"]

Remaining = Callable[[Image], int | None]
"""The pulls that are left to read an image; None where its registry announces no limit."""

_PAUSE = 60.0
"""Seconds between two looks while it is waited."""

_SLICE = 0.5
_MOMENT = 0.05


class QuotaReached(RateLimited):
    """No more may be pulled from a registry, for some pulls are to be left."""


@dataclass
class _Left:
    """What is left at one registry, as it was told, less the pulls since then.

    Those `under_way` may be counted in it or not: they are taken for not counted yet.
    """

    remaining: int | None
    under_way: int = 0


class Quota:
    """Sees to it that `keep` pulls are left at each registry, whoever else pulls there.

    `remaining` asks; `check` raises once the work is of no use any more, so that waiting ends.
    """

    def __init__(
        self,
        keep: int,
        action: Action,
        remaining: Remaining,
        notify: Callable[[str], None],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._keep = keep
        self._action = action
        self._remaining = remaining
        self._notify = notify
        self._sleep = sleep
        self._left: dict[str, _Left] = {}
        self._lock = threading.Lock()

    def guarded(self, image: Image, check: Callable[[], None]) -> Image:
        """The image, each of whose manifests is only read while that leaves enough."""
        if image.registry is None:
            return image
        self._look(image)

        @contextmanager
        def pulling() -> Iterator[None]:
            self._take(image, check)
            try:
                yield
            finally:
                self._taken(image)

        store = _Guarded(image.store, pulling)
        return Image(store, image.identifier, image.shown, image.registry, image.repository)

    def _look(self, image: Image) -> None:
        with self._lock:
            remaining = self._remaining(image)
            self._left.setdefault(str(image.registry), _Left(remaining)).remaining = remaining

    def _take(self, image: Image, check: Callable[[], None]) -> None:
        """Begin a pull; wait for it to be allowed, or QuotaReached."""
        told = False
        while not self._begun(image):
            check()
            if not self._is_reached(image):
                self._sleep(_MOMENT)
                continue
            if self._action == "stop":
                raise self._reached(image)
            if not told:
                self._notify(f"{self._reached(image).reason}; waiting for more")
                told = True
            for _ in range(int(_PAUSE / _SLICE)):
                check()
                self._sleep(_SLICE)

    def _is_reached(self, image: Image) -> bool:
        """Whether no more are left: looked at while nothing is under way, which is not counted
        twice then."""
        with self._lock:
            left = self._left[str(image.registry)]
            if left.under_way:
                return False
            left.remaining = self._remaining(image)
            return left.remaining is not None and left.remaining <= self._keep

    def _begun(self, image: Image) -> bool:
        with self._lock:
            left = self._left[str(image.registry)]
            if left.remaining is not None and left.remaining - left.under_way <= self._keep:
                return False
            left.under_way += 1
            return True

    def _taken(self, image: Image) -> None:
        with self._lock:
            left = self._left[str(image.registry)]
            left.under_way -= 1
            if left.remaining is not None:
                left.remaining -= 1

    def _reached(self, image: Image) -> QuotaReached:
        left = self._left[str(image.registry)]
        remaining = max(0, (left.remaining or 0) - left.under_way)
        return QuotaReached(
            f"{image.registry} allows {remaining} more pulls; {self._keep} are to be left",
            hint="hubcli registry limits",
        )


class _Guarded:
    """A store whose manifests are read inside `pulling`."""

    def __init__(self, store: Source, pulling: Callable[[], AbstractContextManager[None]]) -> None:
        self._store = store
        self._pulling = pulling

    @property
    def blobs(self) -> BlobSource:
        return self._store.blobs

    def resolve(self, identifier: str) -> Descriptor:
        return self._store.resolve(identifier)

    def manifest(self, identifier: str) -> Manifest:
        with self._pulling():
            return self._store.manifest(identifier)

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        if isinstance(self._store, Referred):
            yield from self._store.referrers(digest, artifact_type)
