"""Many calls of the Hub API stay within its limit."""

from __future__ import annotations

import pytest

from hubcli.hub.pacing import Pace

NOW = 1_790_000_000.0


class Clock:
    """A time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def time(self) -> float:
        return self.now


def limited(remaining: object, resets: object) -> dict[str, str]:
    return {"x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(resets)}


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({}, []),
        (limited(100, int(NOW) + 30), []),
        (limited(0, int(NOW) + 30), [30.0]),
        (limited(5, int(NOW) + 30), [30.0]),
        (limited(0, int(NOW)), []),
        (limited(0, int(NOW) - 30), []),
        (limited(0, int(NOW) + 3600), []),
        (limited(0, "soon"), []),
        (limited(-1, int(NOW) + 30), []),
        (limited("9" * 5000, "9" * 5000), []),
    ],
)
def test_it_waits_where_the_calls_of_a_minute_are_used_up(
    headers: dict[str, str], slept: list[float]
) -> None:
    clock, said = Clock(), list[str]()
    pace = Pace(said.append, sleep=clock.sleep, clock=clock.time)
    pace.heed(headers)
    pace.wait()
    pace.wait()
    assert clock.slept == slept
    assert said == [
        f"the calls that Docker Hub allows are used up; going on in {each:.0f} s" for each in slept
    ]


def test_ten_thousand_deletions_meet_no_refusal() -> None:
    """A server with 180 calls a minute; each deletion takes two of them."""
    clock, refused, served = Clock(), 0, 0
    pace = Pace(lambda _: None, sleep=clock.sleep, clock=clock.time)
    used: dict[int, int] = {}
    for _ in range(10_000):
        pace.wait()
        for _ in range(2):
            minute = int(clock.now) // 60
            used[minute] = used.get(minute, 0) + 1
            served += 1
            refused += used[minute] > 180
            pace.heed(limited(max(0, 180 - used[minute]), (minute + 1) * 60))
            clock.now += 0.05
    assert (served, refused) == (20_000, 0)
    assert clock.now - NOW < 10_000 * 2 / 180 * 60 * 1.05
