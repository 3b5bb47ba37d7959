"""How slow an answer may be, by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hubcli.http.pace import paced


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("hubcli.http.pace.time.monotonic", lambda: self.now)

    def chunks(self, *come: tuple[float, int]) -> Iterator[bytes]:
        """Chunks that are waited for so many seconds and have so many bytes."""
        for seconds, size in come:
            self.now += seconds
            yield bytes(size)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_what_comes_fast_enough_passes_as_it_is(clock: Clock) -> None:
    source = clock.chunks(*[(9.0, 900)] * 10, (30.0, 1))
    assert sum(map(len, paced(source, 60, 100))) == 9001


def test_drops_are_not_waited_for(clock: Clock) -> None:
    source = clock.chunks(*[(9.0, 899)] * 10)
    with pytest.raises(httpx.ReadTimeout, match=r"6293 bytes came in 63 s"):
        list(paced(source, 60, 100))


def test_a_fast_start_buys_no_time(clock: Clock) -> None:
    source = clock.chunks((60.0, 10_000_000), (30.0, 1), (30.0, 1), (1.0, 1))
    with pytest.raises(httpx.ReadTimeout):
        list(paced(source, 60, 100))


def test_what_is_done_meanwhile_is_not_the_servers_fault(clock: Clock) -> None:
    found = 0
    for chunk in paced(clock.chunks(*[(0.1, 100)] * 50), 60, 100):
        found += len(chunk)
        clock.now += 100
    assert found == 5000


def test_a_floor_of_zero_is_none(clock: Clock) -> None:
    assert len(list(paced(clock.chunks(*[(500.0, 0)] * 5), 60, 0))) == 5
