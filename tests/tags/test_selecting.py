"""Which tags are wanted: by name, by version, by time, and how many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hubcli import tags
from hubcli.errors import UsageError

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("glob", "match", "wanted"),
    [
        (None, None, {"v1", "v1.2", "pr-7", "V1"}),
        ("v1*", None, {"v1", "v1.2"}),
        ("v?", None, {"v1"}),
        ("[vp]*", None, {"v1", "v1.2", "pr-7"}),
        (None, r"\d$", {"v1", "v1.2", "pr-7", "V1"}),
        (None, "^v", {"v1", "v1.2"}),
        ("v*", r"\.", {"v1.2"}),
        ("", None, set()),
    ],
)
def test_names_are_filtered(glob: str | None, match: str | None, wanted: set[str]) -> None:
    chosen = tags.names(glob, match)
    assert {name for name in ("v1", "v1.2", "pr-7", "V1") if chosen(name)} == wanted


def test_a_range_of_versions_filters_as_well() -> None:
    chosen = tags.names("v*", None, ">=1.2 <2")
    names = ("v1.2", "1.3", "v2", "v1.9.9", "latest", "v1.3-rc1")
    assert [name for name in names if chosen(name)] == ["v1.2", "v1.9.9"]


@pytest.mark.parametrize("pattern", ["(", "*", "a{99999999999}", "x" * 513])
def test_a_regular_expression_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        tags.names(match=pattern)


@pytest.mark.parametrize(
    ("glob", "literal"),
    [
        (None, None),
        ("*", None),
        ("pr-*", "pr-"),
        ("*alpine?3*", "alpine"),
        ("[abc]-release", "-release"),
        ("[]v]1", "1"),
        ("[!]a]b", "b"),
        ("[ab", "ab"),
        ("v1", "v1"),
    ],
)
def test_what_every_match_contains(glob: str | None, literal: str | None) -> None:
    assert tags.names(glob).literal == literal


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"filter": ["v1*", "pr-*"]}, "v1 v1.2 v1.2-alpine pr-7"),
        ({"excepting": ["*-alpine", "pr-?"]}, "v1 v1.2 latest latest-alpine3"),
        ({"filter": "v*", "excepting": ["v1"]}, "v1.2 v1.2-alpine"),
        ({"match": "^v", "semver": ">=1.1"}, "v1.2 v1.2-alpine"),
        ({"variant": "alpine"}, "v1.2-alpine"),
        ({"variant": "alpine*"}, "v1.2-alpine latest-alpine3"),
        ({"variant": ""}, "v1 v1.2 latest pr-7"),
        ({"semver": "*", "variant": ""}, "v1 v1.2"),
    ],
)
def test_all_that_is_said_must_hold(asked: dict[str, Any], wanted: str) -> None:
    chosen = tags.names(**asked)
    everything = "v1 v1.2 v1.2-alpine latest latest-alpine3 pr-7"
    assert [name for name in everything.split() if chosen(name)] == wanted.split()
    assert not chosen.everything


def test_no_expression_is_tried_on_what_is_no_tag() -> None:
    assert not tags.names(match="a")("a" * 129)


def row(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, **members}


ROWS = (
    row("new", updated="2026-11-27T00:00:00Z", created="2020-01-01T00:00:00Z"),
    row("middle", updated=None, pushed="2026-11-01T00:00:00Z"),
    row("old", created="2026-01-01T00:00:00+01:00"),
    row("unknown", updated=None),
    row("odd", updated="yesterday"),
)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, "new middle old unknown odd"),
        ({"since": "7d"}, "new"),
        ({"until": "7d"}, "middle old"),
        ({"since": "2026-11-01", "until": "2026-11-27T00:00:00Z"}, "middle"),
        ({"since": "2025-12-31T23:00:00Z"}, "new middle old"),
        ({"until": "2025-12-31T23:00:00Z"}, ""),
        ({"sort": "name", "limit": 2}, "middle new"),
        ({"limit": 1}, "new"),
        ({"filter": "*d*", "limit": 1, "sort": "name=desc"}, "old"),
    ],
)
def test_rows_are_chosen_by_time_order_and_number(asked: dict[str, Any], wanted: str) -> None:
    chosen = tags.choice(**asked, now=NOW)
    assert [found["name"] for found in chosen.of(ROWS)] == wanted.split()


@pytest.mark.parametrize(
    ("asked", "everything"),
    [
        ({}, True),
        ({"sort": "name", "limit": 2}, True),
        ({"since": "1d"}, False),
        ({"variant": ""}, False),
    ],
)
def test_whether_every_tag_is_wanted(asked: dict[str, Any], everything: bool) -> None:
    assert tags.choice(**asked, now=NOW).everything == everything


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"since": "soon"}, "--since takes 7d"),
        ({"until": "9999999999w"}, "--until takes 7d"),
        ({"until": "999999w"}, "--until takes 7d"),
        ({"since": "1d", "until": "2d"}, "--since 1d is not before --until 2d"),
        ({"sort": "colour"}, "cannot sort by"),
        ({"excepting": ["x" * 513]}, "at most 512"),
        ({"variant": "x" * 513}, "at most 512"),
        ({"semver": "1.2.3-alpine"}, "a variant is no part of a range"),
    ],
)
def test_a_wish_that_is_none_is_refused(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        tags.choice(**asked, now=NOW)
