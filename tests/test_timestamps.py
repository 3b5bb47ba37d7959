"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubcli import timestamps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", timedelta(days=90)),
        ("12h", timedelta(hours=12)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2w", timedelta(weeks=2)),
        ("45s", timedelta(seconds=45)),
        ("0s", timedelta()),
        ("", None),
        ("90", None),
        ("d", None),
        ("-1d", None),
        ("1.5h", None),
        ("1y", None),
        ("1d ", None),
        ("٣d", None),
        ("9999999d", None),
        ("999999w" * 200, None),
    ],
)
def test_a_length_of_time_is_read(text: str, expected: timedelta | None) -> None:
    assert timestamps.span(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1d", datetime(2026, 11, 27, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:00:00+01:00", datetime(2026, 1, 2, 2, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", None),
        ("999999w", None),
        ("soon", None),
    ],
)
def test_a_moment_is_a_time_or_how_long_ago_it_was(text: str, expected: datetime | None) -> None:
    assert timestamps.moment(text, datetime(2026, 11, 28, tzinfo=UTC)) == expected
