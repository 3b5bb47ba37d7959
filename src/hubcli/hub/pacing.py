"""Keeping many calls within what the Hub API allows in a minute, before it has to refuse any.

`X-RateLimit-Remaining` and `X-RateLimit-Reset` (a UNIX time) come with each answer. Whoever heeds
them meets no 429, and spends none of the patience that there is for one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

_RESERVE = 5
"""Calls that are left to others who share the limit, and to those that are under way."""

_LONGEST = 120.0
"""Seconds; the limit is one of minutes, so that a later reset is somebody's mistake."""


class Pace:
    """What the last answer said of the limit; safe between threads."""

    def __init__(
        self,
        notify: Callable[[str], None],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._notify = notify
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._left: int | None = None
        self._resets = 0.0

    def heed(self, headers: Mapping[str, str]) -> None:
        """Note what an answer says, if it says something."""
        left, resets = (headers.get(f"x-ratelimit-{what}", "") for what in ("remaining", "reset"))
        if left.isdecimal() and resets.isdecimal():
            with self._lock:
                self._left, self._resets = int(left[:9]), float(resets[:12])

    def wait(self) -> None:
        """Wait until the count starts anew where nearly all calls are used up."""
        with self._lock:
            delay = self._resets - self._clock()
            if self._left is None or self._left > _RESERVE or not 0 < delay <= _LONGEST:
                return
            self._left = None  # until an answer tells of the new count
        self._notify(f"the calls that Docker Hub allows are used up; going on in {delay:.0f} s")
        self._sleep(delay)
