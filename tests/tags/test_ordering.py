"""In which order tags are, and which are the same image."""

from __future__ import annotations

import itertools
import random
import time
from typing import Any

import pytest

from hubcli import tags
from hubcli.errors import UsageError

IN_ORDER = [
    "0.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0-alpine",
    "1.0.1",
    "v1.9",
    "1.9-slim",
    "v1.9.1",
    "v1.10-rc1",
    "v1.10",
    "v1.10-alpine3.9",
    "v1.10-alpine3.10",
    "2",
    "3.13.0a2",
    "3.13.0b1",
    "3.13.0rc1",
    "3.13.0",
    "20240101",
    "alpine",
    "edge-2",
    "edge-10",
    "latest",
]


def test_versions_sort_as_people_read_them() -> None:
    shuffled = list(IN_ORDER)
    random.Random(7).shuffle(shuffled)
    assert sorted(shuffled, key=tags.version) == IN_ORDER


def test_any_two_names_can_be_compared() -> None:
    odd = [*IN_ORDER, "", "v", "1.", "1..2", "v1.x", "1-", "1.0-rc", "1.0-rc.x", "_", "1.2.3.4.5"]
    odd += ["9" * 128, "1." * 64, "٣", "1-rc" + "1" * 100]
    for first, second in itertools.combinations(odd, 2):
        assert (tags.version(first) < tags.version(second)) in {True, False}


def test_a_long_name_does_not_hang_the_reader() -> None:
    started = time.monotonic()
    for name in ("1" * 128, "1-" * 64, "rc" * 64, "1.rc" * 32, "1" + "-a" * 63):
        tags.version(name)
    assert time.monotonic() - started < 20  # what backtracks without end takes years


def row(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, **members}


def order(text: str, *rows: dict[str, Any]) -> list[str]:
    return [found["name"] for found in tags.parse_order(text).sorted(rows)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name", ["v1.10", "v1.9", "v2"]),
        ("name=desc", ["v2", "v1.9", "v1.10"]),
        ("version", ["v1.9", "v1.10", "v2"]),
        ("version=desc", ["v2", "v1.10", "v1.9"]),
        ("size", ["v1.10", "v2", "v1.9"]),
        ("size=asc", ["v2", "v1.10", "v1.9"]),
        ("updated", ["v2", "v1.9", "v1.10"]),
        ("updated=asc", ["v1.9", "v2", "v1.10"]),
    ],
)
def test_rows_are_sorted_with_the_unknown_last(text: str, expected: list[str]) -> None:
    rows = (
        row("v1.9", size=None, updated="2024-01-01T00:00:00Z"),
        row("v1.10", size=7),
        row("v2", size=3, updated="2025-01-01T00:00:00Z"),
    )
    assert order(text, *rows) == expected


@pytest.mark.parametrize(
    "text", ["", "colour", "name=up", "name=asc=desc", "=asc", "NAME", "name="]
)
def test_an_order_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot sort by"):
        tags.parse_order(text)


def test_tags_of_a_digest_are_one_row() -> None:
    rows = [
        row("latest", digest="sha256:a", repository="x", size=1),
        row("v2", digest="sha256:b", repository="x"),
        row("v1", digest="sha256:a", repository="x"),
        row("v1.2", digest="sha256:a", repository="x"),
        row("v1.2.3-slim", digest="sha256:a", repository="x"),
        row("v1.2.3", digest="sha256:a", repository="x", size=2),
        row("20240101", digest="sha256:a", repository="x"),
        row("old", digest=None, repository="x"),
        row("older", digest=None, repository="x"),
        row("v1", digest="sha256:a", repository="y"),
    ]
    found = list(tags.grouped(rows))
    assert [(one["name"], one["aliases"]) for one in found] == [
        ("v1.2.3", ["v1.2.3", "v1.2.3-slim", "v1.2", "v1", "20240101", "latest"]),
        ("v2", ["v2"]),
        ("old", ["old"]),
        ("older", ["older"]),
        ("v1", ["v1"]),
    ]
    assert found[0]["size"] == 2
    wanted = tags.grouped(rows, lambda one: one["name"] in {"latest", "old"})
    assert [one["name"] for one in wanted] == ["v1.2.3", "old"]


@pytest.mark.parametrize("text", ["version=desc", "size", "updated=asc"])
def test_the_first_few_are_those_of_all(text: str) -> None:
    order = tags.parse_order(text)
    numbers = list(range(1000))
    random.Random(7).shuffle(numbers)
    rows = [row(f"v1.{n}", size=n // 2 or None, updated=f"{n:04}") for n in numbers]
    expected = order.sorted(rows)
    assert order.first(iter(rows), 3) == expected[:3]
    assert order.first(iter(rows), 5000) == expected
    if order.by_name:
        assert order.names(one["name"] for one in rows) == [one["name"] for one in expected]
