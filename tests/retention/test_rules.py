"""Which tags go: candidates that no rule keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubcli.errors import UsageError
from hubcli.retention.facts import Tag, tag_of
from hubcli.retention.rules import Rules, span
from hubcli.tags import Keep, names

DAY = 86_400.0
NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def tag(name: str, days: float | None = 0, pulled: float | None = None) -> Tag:
    """A tag that was pushed so many days ago, and pulled so many days ago."""
    return Tag(
        name,
        f"sha256:{name}",
        None if days is None else NOW - days * DAY,
        None if pulled is None else NOW - pulled * DAY,
    )


def going(rules: Rules, *tags: Tag) -> list[str]:
    return [one.tag.name for one in rules.judge(tags, NOW) if one.goes]


def why(rules: Rules, *tags: Tag) -> dict[str, tuple[str, str]]:
    return {one.tag.name: (one.rule, one.reason) for one in rules.judge(tags, NOW)}


AGES = [tag("a", 1), tag("b", 10), tag("c", 100), tag("d", 200), tag("e", None)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (Rules(keep=2), ["c", "d"]),
        (Rules(keep=9), []),
        (Rules(older_than=timedelta(days=30)), ["c", "d"]),
        (Rules(older_than=timedelta(days=100)), ["d"]),
        (Rules(keep=1, older_than=timedelta(days=5)), ["b", "c", "d"]),
        (Rules(keep=3, older_than=timedelta(days=5)), ["d"]),
        (Rules(names("[cd]")), ["c", "d"]),
        (Rules(names("[cd]"), keep=1), ["d"]),
        (Rules(names("[bcde]"), older_than=timedelta(days=5), keep_tags=("c",)), ["b", "d"]),
        (Rules(names(excepting=["b"]), keep=1), ["c", "d"]),
        (Rules(names("*")), ["a", "b", "c", "d", "e"]),
    ],
)
def test_a_candidate_goes_if_no_rule_keeps_it(rules: Rules, expected: list[str]) -> None:
    assert going(rules, *AGES) == expected


def test_what_is_excepted_does_not_count_and_what_is_kept_by_name_does() -> None:
    tags = [tag("latest", 0), tag("a", 1), tag("b", 2)]
    assert going(Rules(names(excepting=["latest"]), keep=1), *tags) == ["b"]
    assert going(Rules(keep=1, keep_tags=("latest",)), *tags) == ["a", "b"]


def test_use_is_a_pull_or_a_push() -> None:
    rules = Rules(unused_for=timedelta(days=30))
    tags = [tag("new", 5), tag("old", 90), tag("used", 90, 5), tag("stale", 90, 60)]
    assert going(rules, *tags) == ["old", "stale"]
    assert why(rules, *tags)["used"] == ("unused-for", "used within 30d")


def test_of_the_same_age_the_higher_versions_are_newer() -> None:
    tags = [tag("1.9", 3), tag("1.10", 3), tag("1.2", 3)]
    assert going(Rules(keep=1), *tags) == ["1.9", "1.2"]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (Keep("latest-patch"), ["v1.0.0", "v2.0.0-rc1"]),
        (Keep("latest-minor"), ["v1.0.0", "v1.0.1", "v2.0.0-rc1"]),
        (Keep("latest-major"), ["v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0-rc1"]),
        (Keep("latest-patch", 2), ["v2.0.0-rc1"]),
    ],
)
def test_versions(kept: Keep, expected: list[str]) -> None:
    """A variant has lines of its own, and what names no version is not judged by it."""
    tags = [
        tag(name)
        for name in (
            *("v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0-rc1", "v2.0.0"),
            *("v1.0.0-alpine", "latest", "stable"),
        )
    ]
    assert going(Rules(semver_keep=(kept,)), *tags) == expected


def test_reasons_say_which_rule_decided() -> None:
    rules = Rules(
        names(["[a-e]", "latest"]), keep=1, older_than=timedelta(hours=36), keep_tags=("latest",)
    )
    assert why(rules, *AGES, tag("latest", 2), tag("x", 500)) == {
        "a": ("keep", "among the newest 1"),
        "b": ("keep,older-than", "not among the newest 1; older than 36h"),
        "c": ("keep,older-than", "not among the newest 1; older than 36h"),
        "d": ("keep,older-than", "not among the newest 1; older than 36h"),
        "e": ("age-unknown", "nobody tells how old it is"),
        "latest": ("keep-tag", "to be kept by name"),
        "x": ("selection", "not selected"),
    }
    versions = Rules(semver_keep=(Keep("latest-patch"), Keep("latest-minor", 3)))
    assert why(versions, tag("1.0.0"), tag("1.0.1"), tag("x"))["1.0.1"] == (
        "semver-keep",
        "latest-patch of 1.0",
    )


@pytest.mark.parametrize(
    ("rules", "removes"),
    [
        (Rules(), False),
        (Rules(names(excepting=["a"])), False),
        (Rules(keep_tags=("a",)), False),
        (Rules(names("a")), True),
        (Rules(names(variant="")), True),
        (Rules(keep=1), True),
        (Rules(unused_for=timedelta(days=1)), True),
        (Rules(semver_keep=(Keep("latest-patch"),)), True),
    ],
)
def test_rules_that_only_keep_remove_nothing(rules: Rules, removes: bool) -> None:
    assert rules.removes is removes


@pytest.mark.parametrize(
    ("row", "moment"),
    [
        ({"updated": "2026-01-02T00:00:00Z", "pushed": "2025-01-01T00:00:00Z"}, "2026-01-02"),
        ({"updated": None, "pushed": "2025-01-01T00:00:00Z"}, "2025-01-01"),
        ({"created": "2024-01-01T00:00:00Z"}, "2024-01-01"),
        ({"created": "1970-01-01T00:00:00Z"}, None),
        ({"created": "1980-01-01T00:00:01Z"}, None),
        ({"created": "yesterday"}, None),
        ({}, None),
    ],
)
def test_dates_of_repeatable_builds_say_nothing(row: dict[str, str], moment: str | None) -> None:
    expected = None if moment is None else datetime.fromisoformat(f"{moment}T00:00:00Z").timestamp()
    assert tag_of({"name": "a", **row}).moment == expected


@pytest.mark.parametrize("text", ["", "90", "d", "90 days", "-1d", "1y"])
def test_a_length_of_time_is_spelled_as_everywhere(text: str) -> None:
    assert span("90d", "--older-than") == timedelta(days=90)
    with pytest.raises(UsageError, match="--older-than takes a length of time such as 90d"):
        span(text, "--older-than")
