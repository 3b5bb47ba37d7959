"""Calls of Artifact Registry's API: lists by page tokens, and operations that take their time.

API: the discovery document of artifactregistry v1. What is empty is left out of its answers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hubcli.errors import (
    Conflict,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    TimedOut,
    Unavailable,
    Unsupported,
)
from hubcli.http.client import Authorizer, Client
from hubcli.providers.calls import Api, number, text
from hubcli.registry.pages import MOST_PAGES

_PAGE = 1000
_LONGEST_TOKEN = 8 << 10
_PATIENCE = 120.0
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
_OPERATION = re.compile(r"projects/\w[\w.:-]*/locations/\w[\w-]*/operations/\w[\w.-]*", re.ASCII)
_KINDS: Mapping[int | None, type[HubcliError]] = {
    4: TimedOut,
    5: NotFound,
    6: Conflict,
    7: Denied,
    8: RateLimited,
    10: Conflict,
    12: Unsupported,
    13: Unavailable,
    14: Unavailable,
    16: NotSignedIn,
}
"""What the codes of google.rpc mean in the end of an operation; others are plain failures."""

Object = Mapping[str, Any]


class ArtifactsApi(Api):
    """`/v1`. Safe between threads; `sleep` and `clock` (seconds) are the waiting."""

    def __init__(
        self,
        http: Client,
        url: str,
        host: str,
        authorizer: Authorizer,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(http, url, host, authorizer)
        self._sleep = sleep
        self._clock = clock

    def all(self, path: str, **query: object) -> Iterator[Object]:
        """What a list has, page by page; its member is called as the last part of its path."""
        member = path.rpartition("/")[2]
        asked, before = {"pageSize": _PAGE, **query}, set[int]()
        for _ in range(MOST_PAGES):
            answer = self.get(f"/v1/{path}", asked).object()
            if not isinstance(answer.get(member, []), list):
                raise Unavailable(f"the API answers without the list of {member}")
            yield from named(answer.get(member))
            following = text(answer.get("nextPageToken"))
            if following is None:
                return
            if hash(following) in before or len(following) > _LONGEST_TOKEN:
                break
            before.add(hash(following))
            asked["pageToken"] = following
        raise Unavailable(f"the list of {member} does not end")

    def finish(self, operation: Object) -> Object:
        """What becomes of an operation: its answer, or the failure that it ended with.

        TimedOut where it goes on for two minutes; it goes on after that, too.
        """
        deadline, delay = self._clock() + _PATIENCE, _FIRST_DELAY
        while operation.get("done") is not True:
            name = str(operation.get("name"))
            if not _OPERATION.fullmatch(name):
                raise Unavailable("the API names no operation to wait for")
            if self._clock() >= deadline:
                raise TimedOut(f"Google has not finished it after {_PATIENCE:.0f} s: {name}")
            self._sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)
            operation = self.get(f"/v1/{name}").object()
        error, answer = operation.get("error"), operation.get("response")
        if isinstance(error, dict):
            reason = " ".join(str(error.get("message") or "it failed, without a reason").split())
            raise _KINDS.get(number(error.get("code")), HubcliError)(reason)
        return answer if isinstance(answer, dict) else {}


def named(value: object) -> list[Object]:
    """The resources in a list, each of which has a `name`."""
    found = value if isinstance(value, list) else []
    return [one for one in found if isinstance(one, dict) and text(one.get("name"))]
