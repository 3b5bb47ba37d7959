"""When a request is repeated, and how long is waited before."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from hubcli import timestamps

ATTEMPTS = 4
"""How often a request is tried in all."""

RETRIED = frozenset({408, 429, 499, 500, 502, 503, 504, 522})
"""Statuses after which an idempotent request is tried again."""

DOUBTFUL = RETRIED - {429}
"""Those after which nobody knows whether the request was acted upon."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})

_FIRST_DELAY = 0.25
_LONGEST_DELAY = 5.0
_EPOCH_FROM = 1_000_000_000


def backoff(attempt: int, draw: float | None = None) -> float:
    """Seconds to wait after the failed try number `attempt` (from 1): doubling, with jitter."""
    chance = random.random() if draw is None else draw  # noqa: S311 - no secret depends on it
    return min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** (attempt - 1)) * (0.5 + chance)


def asked_delay(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks us to wait; None where it does not say.

    `Retry-After` holds seconds or a date (RFC 9110, 10.2.3); Hub has also sent `X-Retry-After`
    with a UNIX time.
    """
    for name in ("retry-after", "x-retry-after"):
        value = headers.get(name, "").strip()
        if value:
            delay = _delay(value, now)
            if delay is not None:
                return delay
    return None


def _delay(value: str, now: float) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return _until(value, now)
    if not 0 <= seconds < float("inf"):
        return None
    return max(0.0, seconds - now) if seconds >= _EPOCH_FROM else seconds


def _until(value: str, now: float) -> float | None:
    moment = timestamps.of_header(value)
    return None if moment is None else max(0.0, moment.timestamp() - now)


def moment_after(delay: float, now: float) -> datetime | None:
    """The UTC time `delay` seconds from `now`; None where no calendar has it."""
    try:
        return datetime.fromtimestamp(now + delay, UTC).replace(microsecond=0)
    except (OverflowError, OSError, ValueError):
        return None


class WaitBudget:
    """The seconds one command may spend waiting because servers ask it to; shared by threads.

    Threads that are told to wait at the same time wait together: what counts is the time that
    passes, not the sum of their naps.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._until = 0.0
        self._lock = threading.Lock()

    def claim(self, delay: float, now: float) -> bool:
        """Take what waiting `delay` seconds from `now` adds; False where it is not there."""
        with self._lock:
            added = max(0.0, now + delay - max(self._until, now))
            if added > self._left:
                return False
            self._left -= added
            self._until = max(self._until, now + delay)
            return True
