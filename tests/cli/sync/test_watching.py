"""`hubcli sync --watch`: when the next round is, and how it ends."""

from __future__ import annotations

import pytest

from hubcli.cli.sync.watching import interval, repeated
from hubcli.errors import UsageError


def test_rounds_begin_so_many_seconds_apart() -> None:
    now = 0.0
    begun: list[float] = []
    lengths = iter([10.0, 100.0, 0.0, 1.0])

    def work() -> None:
        nonlocal now
        begun.append(now)
        now += next(lengths)

    def wait(seconds: float) -> bool:
        nonlocal now
        now += seconds
        return len(begun) == 4

    repeated(work, 60.0, wait, lambda: now)
    assert begun == [0.0, 60.0, 160.0, 220.0]


@pytest.mark.parametrize(("text", "seconds"), [("1h", 3600), ("90s", 90), ("1h30m", 5400)])
def test_how_often(text: str, seconds: float) -> None:
    assert interval(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "0s", "soon", "-1h"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(UsageError, match="how often"):
        interval(text)
