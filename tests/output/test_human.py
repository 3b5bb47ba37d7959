"""Values as tables tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli.output import Field, Kind, human
from hubcli.output.human import Manner

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        # As `docker images` writes them.
        (0, "0B"),
        (999, "999B"),
        (1000, "1kB"),
        (13256, "13.3kB"),
        (999_499, "999kB"),
        (999_500, "1MB"),
        (72_800_000, "72.8MB"),
        (1_840_000_000, "1.84GB"),
        (5 * 10**12, "5TB"),
        (2 * 10**18, "2EB"),
        (2 * 10**21, "2000EB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert human.size(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (-1, "-1"),
        (957, "957"),
        (999_999, "999999"),
        (1_000_000, "1M"),
        (1_234_567, "1.23M"),
        (3_400_000_000, "3.4B"),
        (1.5, "1.5"),
        (4.0, "4"),
    ],
)
def test_number(count: float, text: str) -> None:
    assert human.number(count) == text


@pytest.mark.parametrize(
    ("age", "text", "short"),
    [
        (timedelta(0), "just now", "now"),
        (timedelta(milliseconds=900), "just now", "now"),
        (timedelta(seconds=1), "1 second ago", "1s ago"),
        (timedelta(seconds=59), "59 seconds ago", "59s ago"),
        (timedelta(minutes=1), "1 minute ago", "1m ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago", "59m ago"),
        (timedelta(hours=23), "23 hours ago", "23h ago"),
        (timedelta(days=3, hours=2), "3 days ago", "3d ago"),
        (timedelta(days=29), "29 days ago", "29d ago"),
        (timedelta(days=30), "1 month ago", "1mo ago"),
        (timedelta(days=364), "12 months ago", "12mo ago"),
        (timedelta(days=365), "1 year ago", "1y ago"),
        (timedelta(days=3650), "10 years ago", "10y ago"),
        (timedelta(hours=-2), "in 2 hours", "in 2h"),
        (timedelta(days=-90), "in 3 months", "in 3mo"),
    ],
)
def test_ago(age: timedelta, text: str, short: str) -> None:
    assert human.ago(NOW - age, NOW) == text
    assert human.ago(NOW - age, NOW, short=True) == short


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (4.21, "4.2 s"), (60, "1m 00s"), (200, "3m 20s"), (7500, "2h 05m")],
)
def test_span(seconds: float, text: str) -> None:
    assert human.span(seconds) == text


@pytest.mark.parametrize(
    ("digest", "text"),
    [
        ("sha256:" + "ab12" * 16, "sha256:ab12ab12ab12"),
        ("sha512:" + "0" * 128, "sha512:000000000000"),
        ("latest", "latest"),
        ("sha256:abc", "sha256:abc"),
    ],
)
def test_short_digest(digest: str, text: str) -> None:
    assert human.short_digest(digest) == text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.TEXT, None, ""),
        (Kind.TEXT, "a\x1bb", r"a\x1bb"),
        (Kind.TEXT, 5, "5"),
        (Kind.BOOL, True, "yes"),
        (Kind.BOOL, False, ""),
        (Kind.SIZE, 2000, "2kB"),
        (Kind.NUMBER, 2_000_000, "2M"),
        (Kind.TIME, "2026-11-20T10:00:00Z", "3 days ago"),
        (Kind.TIME, "no time\n", r"no time\n"),
        (Kind.DIGEST, "sha256:" + "a" * 64, "sha256:aaaaaaaaaaaa"),
        (Kind.LIST, ["linux/amd64", "linux/arm64"], "linux/amd64, linux/arm64"),
        (Kind.LIST, [], ""),
        (Kind.OBJECT, {"size": 2000, "a\x07": ["x", "y"]}, r"size=2kB, a\x07=x, y"),
    ],
)
def test_values(kind: Kind, value: object, text: str) -> None:
    assert Manner(NOW).value(kind, value) == text


def test_a_server_that_only_gives_a_rounded_number_is_quoted() -> None:
    field = Field("pulls", Kind.NUMBER, display="pulls_display")
    assert Manner(NOW).text(field, {"pulls": 10**9, "pulls_display": "1B+"}) == "1B+"
    assert Manner(NOW).text(field, {"pulls": 10**9, "pulls_display": None}) == "1B"
    assert Manner(NOW).text(field, {"pulls": 7}) == "7"


@given(st.integers(min_value=0, max_value=10**20))
def test_a_size_is_within_its_rounding(count: int) -> None:
    text = human.size(count)
    unit = next(u for u in ("EB", "PB", "TB", "GB", "MB", "kB", "B") if text.endswith(u))
    power = ("B", "kB", "MB", "GB", "TB", "PB", "EB").index(unit)
    told = float(text.removesuffix(unit)) * 1000**power
    assert abs(told - count) <= count * 0.005
    assert len(text) <= 6
