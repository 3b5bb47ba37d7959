"""Which versions are the newest of their line."""

from __future__ import annotations

import pytest

from hubcli import tags
from hubcli.errors import UsageError

NAMES = (
    *("v1.2.3", "v1.2.10", "v1.3.0", "v1.3", "v1.2", "v1", "v2.0.0-rc1", "latest", "pr-7"),
    *("1.2.3", "v1.2.3-alpine", "v1.2.4-alpine", "v1.2-alpine", "v1.2.11-rc1", "20240101"),
)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (
            "latest-patch",
            {
                "v1.2.10": "v1.2", "v1.3.0": "v1.3", "v1.3": "v1.3", "v1.2": "v1.2", "v1": "v1",
                "v2.0.0-rc1": "v2.0", "1.2.3": "1.2", "v1.2.4-alpine": "v1.2-alpine",
                "v1.2-alpine": "v1.2-alpine",
            },
        ),
        (
            "latest-minor",
            {
                "v1.3.0": "v1", "v1.3": "v1.3", "v1": "v1", "v2.0.0-rc1": "v2", "1.2.3": "1",
                "v1.2.4-alpine": "v1-alpine", "v1.2-alpine": "v1.2-alpine",
            },
        ),
        (
            "latest-major",
            {
                "v1.3.0": "v*", "v1.3": "v1.3", "v1": "v1", "1.2.3": "*",
                "v1.2.4-alpine": "v*-alpine", "v1.2-alpine": "v1.2-alpine",
            },
        ),
    ],
)  # fmt: skip
def test_the_newest_of_each_line(keep: str, expected: dict[str, str]) -> None:
    assert tags.parse_keep(keep).newest(NAMES) == expected


def test_the_newest_few_of_each_line() -> None:
    names = ["1.2.1", "1.2.2", "1.2.3", "1.2.3_2", "1.3.0", "1.2"]
    assert tags.parse_keep("latest-patch=2").newest(names) == {
        "1.2.2": "1.2", "1.2.3": "1.2", "1.2.3_2": "1.2_2", "1.3.0": "1.3", "1.2": "1.2",
    }  # fmt: skip


def test_versions_of_two_numbers_are_versions_where_there_are_no_longer_ones() -> None:
    assert set(tags.parse_keep("latest-minor").newest(["3.18", "3.19", "3", "2.9"])) == {
        "3.19", "3", "2.9",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "latest", "latest-patch=", "latest-patch=0", "Latest-Patch"])
def test_a_rule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="latest-minor"):
        tags.parse_keep(text)
