"""One request to a registry, before it is known where exactly the registry is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hubcli.http.client import Body

ANY_ERROR = range(400, 600)
"""For `Call.accepted`: every error status is the caller's own business."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, with the scopes its token must be good for.

    `target` is a path (`/v2/…`), or an absolute URL that the registry gave, on its own origin;
    `Repository.send` also takes what follows the repository's name (`manifests/latest`).
    `accepted` are error statuses that the caller deals with; all others are raised. `repeatable`
    is as in `http.client.Request`; `repository` is the path that the request is about.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = None
    scopes: tuple[str, ...] = ()
    accepted: Collection[int] = ()
    repeatable: bool | None = None
    repository: str | None = None
