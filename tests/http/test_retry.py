"""How long is waited, and for how long in all."""

from __future__ import annotations

import pytest

from hubcli.http import retry

NOW = 1_800_000_000.0


def test_back_off_doubles_up_to_a_cap() -> None:
    assert [retry.backoff(attempt, 0.5) for attempt in (1, 2, 3)] == [0.25, 0.5, 1.0]
    assert retry.backoff(30, 0.5) == 5.0


def test_back_off_is_jittered() -> None:
    assert retry.backoff(1, 0.0) == 0.125
    assert retry.backoff(1, 0.999) < 0.375
    assert len({retry.backoff(1) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"x-retry-after": str(int(NOW) + 30)}, 30.0),
        ({"retry-after": "soon", "x-retry-after": "5"}, 5.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 99 Jan 2027"}, None),
        ({"retry-after": f"Fri, 15 Jan {10**20} 08:01:00 GMT"}, None),
        ({"retry-after": f"Fri, 15 Jan 2027 08:01:00 +{10**20}"}, None),
        ({}, None),
    ],
)
def test_what_the_server_asks_for(headers: dict[str, str], delay: float | None) -> None:
    assert retry.asked_delay(headers, NOW) == delay


def test_a_moment_no_calendar_has() -> None:
    assert retry.moment_after(1e30, NOW) is None


def test_threads_that_wait_at_once_wait_together() -> None:
    budget = retry.WaitBudget(60)
    assert budget.claim(40, NOW)
    assert budget.claim(40, NOW + 1)  # ends one second later than the first: takes 1 s more
    assert budget.claim(19, NOW + 41)
    assert not budget.claim(1, NOW + 60)
