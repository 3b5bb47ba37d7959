"""The Hub API's limit of calls in a minute: counted and announced, not enforced."""

from __future__ import annotations

import threading
import time

from starlette.requests import Request

from hubcli.sandbox.accounts import Identity

ANONYMOUS_CALLS = 180
SIGNED_IN_CALLS = 600
_MINUTE = 60


class ApiLimits:
    """Calls of each account, or address, in the current minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._used: dict[str, int] = {}

    def headers(self, request: Request, identity: Identity | None) -> dict[str, str]:
        """`X-RateLimit-*` of an answer; counts the call that is answered."""
        address = request.client.host if request.client else "unknown"
        limit = ANONYMOUS_CALLS if identity is None else SIGNED_IN_CALLS
        used, resets = self._count(f"@{address}" if identity is None else identity.account)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": str(resets),
        }

    def _count(self, caller: str) -> tuple[int, int]:
        with self._lock:
            minute = int(time.time()) // _MINUTE
            if minute != self._minute:
                self._minute, self._used = minute, {}
            used = self._used[caller] = self._used.get(caller, 0) + 1
        return used, (minute + 1) * _MINUTE
