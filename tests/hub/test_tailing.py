"""Following a log: in order, each event once, by the log's own clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from hubcli import timestamps
from hubcli.errors import HubcliError, Unavailable
from hubcli.hub.tailing import Tail

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Log:
    """A log of events by name and second; counts the events that were taken from it."""

    def __init__(self, **events: float) -> None:
        self.events = events
        self.asked: list[datetime | None] = []
        self.taken = 0

    def __call__(self, since: datetime | None) -> Iterator[Mapping[str, object]]:
        self.asked.append(since)
        for name, second in sorted(self.events.items(), key=lambda one: -one[1]):
            moment = START + timedelta(seconds=second)
            if since is None or moment >= since:
                self.taken += 1
                yield {"key": name, "time": timestamps.render(moment)}


def names(rows: list[Mapping[str, object]]) -> list[object]:
    return [row["key"] for row in rows]


def test_without_a_beginning_only_what_comes_is_told() -> None:
    log = Log(a=0, b=500, c=520)
    tail = Tail(log)
    assert tail.poll() == []
    assert tail.poll() == []
    log.events |= {"e": 540, "d": 530}
    assert names(tail.poll()) == ["d", "e"]
    assert tail.poll() == []


def test_a_beginning_is_told_first_and_the_oldest_of_it() -> None:
    log = Log(old=0, a=100, b=101)
    tail = Tail(log, START + timedelta(seconds=50))
    assert names(tail.poll()) == ["a", "b"]
    log.events["c"] = 102
    assert names(tail.poll()) == ["c"]


def test_an_empty_log_may_fill_later() -> None:
    log = Log()
    tail = Tail(log)
    assert tail.poll() == []
    log.events["a"] = -90_000  # the log's clock, not ours
    assert names(tail.poll()) == ["a"]
    assert tail.poll() == []


def test_an_event_that_comes_late_is_told_once() -> None:
    log = Log(a=100)
    tail = Tail(log, START)
    tail.poll()
    log.events |= {"late": 70, "b": 110}
    assert names(tail.poll()) == ["late", "b"]
    assert tail.poll() == []


def test_events_of_the_same_moment_are_not_lost() -> None:
    log = Log(a=100)
    tail = Tail(log)
    tail.poll()
    log.events |= {"b": 100}
    assert names(tail.poll()) == ["b"]


def test_little_is_asked_for_again() -> None:
    log = Log(**{f"e{number}": 10 * number for number in range(5000)})
    tail = Tail(log)
    tail.poll()
    assert log.taken <= 10
    log.taken = 0
    tail.poll()
    assert log.taken == 7  # what happened in the last minute, both ends of it included
    assert log.asked[-1] == START + timedelta(seconds=49_990 - 60)


def test_a_failure_loses_nothing() -> None:
    log = Log(a=100)
    broken = False

    def fetch(since: datetime | None) -> Iterator[Mapping[str, object]]:
        for number, row in enumerate(log(since)):
            if broken and number:
                raise Unavailable("gone")
            yield row

    tail = Tail(fetch)
    tail.poll()
    log.events |= {"b": 110, "c": 111}
    broken = True
    with pytest.raises(Unavailable):
        tail.poll()
    broken = False
    assert names(tail.poll()) == ["b", "c"]


def test_a_glitch_of_an_empty_answer_tells_nothing_twice() -> None:
    log = Log(a=100, b=110)
    tail = Tail(log, START)
    tail.poll()
    kept, log.events = log.events, {}
    assert tail.poll() == []
    log.events = kept
    assert tail.poll() == []


def test_events_without_a_time_are_told_once() -> None:
    rows: list[Mapping[str, object]] = [{"key": "a", "time": None}]
    tail = Tail(lambda _: rows, START)
    assert names(tail.poll()) == ["a"]
    rows.insert(0, {"key": "b", "time": None})
    assert names(tail.poll()) == ["b"]


def test_what_cannot_be_put_in_order_is_refused() -> None:
    log = Log(**{f"e{number}": number for number in range(20_001)})
    with pytest.raises(HubcliError, match="more than 20,000 events"):
        Tail(log, START).poll()
