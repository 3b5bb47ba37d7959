"""The vocabulary that chooses tags, as keys of a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubcli import tags
from hubcli.documents.reading import Reading
from hubcli.documents.tree import read_tree
from hubcli.errors import UsageError

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def read(text: str, name: str = "policy.yaml") -> tags.Choice:
    document = Reading(name)
    value = read_tree(text, name)
    return tags.read_choice(document, document.keys(value, (), tags.KEYS), (), NOW)


def test_every_key_is_read() -> None:
    chosen = read("""
        filter: [v*, "release-*"]
        except: "*-debug"
        match: "[0-9]$"
        semver: ">=1.2 <2"
        variant: ""
        since: 90d
        until: 2026-11-01
        sort: version=desc
        limit: 5
    """)
    assert (chosen.names.globs, chosen.names.excepts) == (("v*", "release-*"), ("*-debug",))
    assert (chosen.since, chosen.until) == (
        NOW - timedelta(days=90),
        datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert (chosen.order, chosen.limit) == (tags.Order("version", True), 5)
    names = ("v1.2", "release-1.9", "v1.2-debug", "v1.3-alpine", "v2.0", "1.5")
    assert [name for name in names if chosen.names(name)] == ["v1.2", "release-1.9"]


def test_nothing_said_is_everything() -> None:
    assert read("{}") == tags.Choice()
    assert read('{"filter": "*"}', "policy.json").names.globs == ("*",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("match: (", "policy.yaml, line 1, column 8: match: '(' is no regular expression"),
        ("filter: {a: b}", "policy.yaml, line 1, column 9: filter: a list is wanted here"),
        ("filter: [a, []]", "policy.yaml, line 1, column 13: filter: a text is wanted here"),
        (
            "filer: a",
            "policy.yaml, line 1, column 1: filer: there is no such key; did you mean filter",
        ),
        ("semver: new", "line 1, column 9: semver: 'new' is no range"),
        ("limit: 0", "line 1, column 8: limit: a number from 1 up"),
        ("limit: 1.5", "limit: a number from 1 up"),
        ("since: soon", "since: it takes 7d, 12h"),
        ("since: 1d\nuntil: 2d", "line 2, column 8: until: it is not after since"),
        ("sort: colour", "sort: cannot sort by 'colour'"),
        (f"except: {'x' * 513}", "except: a pattern has at most 512 characters"),
        ("match: []", "match: a text is wanted here"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, told: str) -> None:
    with pytest.raises(UsageError) as failure:
        read(text)
    assert told in failure.value.reason
