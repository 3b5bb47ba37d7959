"""How much Docker Hub still allows, as `registry limits` and `account limits` show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.output import Row
from hubcli.reference import HUB

if TYPE_CHECKING:
    from hubcli.registry import Registry

_UNLIMITED = "unlimited"


def hub_limits(runtime: Runtime) -> Iterator[Row]:
    """As the signed-in user, where there is one; as anybody; and of calls of Hub's API."""
    session = runtime.session
    if session.keychain.find(HUB) is not None:
        yield _pull_limit(session.registry(HUB), "pull")
    yield _pull_limit(session.anonymous_registry(HUB), "pull-anonymous")
    yield session.hub.account.api_limit()


def displayed(row: Row) -> Row:
    """A row as `LIMIT` shows it: no limit is a word in tables."""
    return {**row, "limit_display": _UNLIMITED} if row["limit"] is None else row


def _pull_limit(registry: Registry, kind: str) -> Row:
    from hubcli.hub.account import PULL_PREVIEW
    from hubcli.registry.limits import pull_limit

    return pull_limit(registry.repository(PULL_PREVIEW), "latest", kind=kind)
