"""Access tokens that may have been made without anybody having seen their secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hubcli.errors import HubcliError, TimedOut
from hubcli.http import doubt
from hubcli.hub.decoding import Row


def explain(
    error: HubcliError,
    tokens: Callable[[], Iterable[Row]],
    label: str,
    key: str,
    organization: str | None = None,
) -> None:
    """Let the failure of a creation whose answer was lost say what came of it, as far as the list
    of `tokens` tells. `key` is the field of their ids."""
    if not error.in_doubt:
        return
    where = "" if organization is None else f" {organization}"
    noun = "hubcli token" if organization is None else "hubcli org token"
    try:
        found = [row for row in tokens() if row["label"] == label]
    except HubcliError:
        error.hint = f"{noun} ls{where}"
        return
    if found or not isinstance(error, TimedOut):  # whoever takes so long may still be at it
        doubt.settle(error)
    if found:
        newest = max(found, key=lambda row: str(row["created"] or ""))
        error.in_doubt = True
        error.reason += (
            f"; the token {newest[key]}, created {newest['created']}, may be this one:"
            " its secret is lost"
        )
        error.hint = f"{noun} rm{where} {newest[key]}"
