"""How many pulls a registry still allows, as its answers to a HEAD say.

`ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 20;w=21600` and `docker-ratelimit-source`:
Docker's documentation of pull limits. A HEAD is no pull, so that asking costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hubcli.registry.calls import ANY_ERROR, Call
from hubcli.registry.client import Registry
from hubcli.registry.repository import Repository

Row = dict[str, Any]

_QUOTA = re.compile(r"\s*(\d{1,15})\s*(?:;\s*w=(\d{1,10}))?\s*(?:[;,].*)?")


def pull_limit(repository: Repository, tag: str, *, kind: str = "pull") -> Row:
    """The limit that reading manifests of `repository` counts against.

    `limit` and the rest are None where no limit is announced: there is none for this user or
    address. `window_seconds` is how long a pull counts. Raises what a refused HEAD means.
    """
    return _row(kind, repository.send(Call("HEAD", f"manifests/{tag}")).headers)


def announced_limit(registry: Registry, path: str | None = None) -> Row | None:
    """The limit that a registry announces on its answers, those about `path` if there is one.

    None where it announces none.
    """
    if path is None:
        answer = registry.send(Call("GET", "/v2/", accepted=ANY_ERROR))
    else:
        repository = registry.repository(path)
        answer = repository.send(Call("HEAD", "manifests/latest", accepted=ANY_ERROR))
    row = _row("pull", answer.headers)
    return None if row["limit"] is None else row


def _row(kind: str, headers: Mapping[str, str]) -> Row:
    limit, window = _quota(headers.get("ratelimit-limit", ""))
    remaining, other_window = _quota(headers.get("ratelimit-remaining", ""))
    return {
        "kind": kind,
        "limit": limit,
        "remaining": remaining,
        "window_seconds": window or other_window,
        "resets": None,
        "source": headers.get("docker-ratelimit-source") if limit is not None else None,
    }


def _quota(text: str) -> tuple[int | None, int | None]:
    found = _QUOTA.fullmatch(text)
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] else None
