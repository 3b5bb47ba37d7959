"""What is new in a log that is listed newest first: asked for again and again, told in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice, takewhile

from hubcli import timestamps
from hubcli.errors import HubcliError

_OVERLAP = timedelta(minutes=1)
"""How much later than its neighbours an event may come into the log."""

_MOST = 20_000

Event = Mapping[str, object]
"""A row with a `time` and a `key` that tells it from all others."""


class Tail:
    """Events of a log, oldest first, each of them once.

    `fetch` lists those from a time on (None: all), newest first.
    Without `since` only what comes after the first `poll` is told. The clock is the log's own.
    """

    def __init__(
        self, fetch: Callable[[datetime | None], Iterable[Event]], since: datetime | None = None
    ) -> None:
        self._fetch = fetch
        self._since = since
        self._known: set[object] | None = None if since is None else set()

    def poll(self) -> list[Event]:
        """What is new since the last call; a failure leaves everything as it was.

        HubcliError where that is more than can be put in order.
        """
        if self._known is None:
            found = self._newest()
            self._known = set()
            self._remember(found)
            return []
        found = list(islice(self._fetch(self._since), _MOST + 1))
        if len(found) > _MOST:
            raise HubcliError(f"there are more than {_MOST:,} events to catch up with")
        new = [row for row in reversed(found) if row["key"] not in self._known]
        self._remember(found)
        return new

    def _newest(self) -> list[Event]:
        """The events that the next call will list again."""
        rows = iter(self._fetch(None))
        first = next(rows, None)
        if first is None:
            return []
        edge = _before(timestamps.parse(first["time"]))
        late = takewhile(lambda row: _is_after(row, edge), rows)
        return [first, *islice(late, _MOST)]

    def _remember(self, found: list[Event]) -> None:
        if not found:
            return
        # Whatever is not among them is older than what will be asked for, or new.
        self._known = {row["key"] for row in found}
        times = [time for row in found if (time := timestamps.parse(row["time"])) is not None]
        edge = _before(max(times, default=None))
        if edge is not None and (self._since is None or edge > self._since):
            self._since = edge


def _before(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment - _OVERLAP


def _is_after(row: Event, edge: datetime | None) -> bool:
    moment = timestamps.parse(row["time"])
    return edge is not None and (moment is None or moment >= edge)
