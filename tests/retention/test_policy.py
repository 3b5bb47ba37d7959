"""Policy files: the same words as the flags, every key known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hubcli.errors import UsageError
from hubcli.retention.policy import Policy, read_policies
from hubcli.retention.rules import Rules
from hubcli.tags import Keep, names

YAML = """
policies:
  - repositories: [acme/api, 'acme/web-*']
    filter: 'pr-*'
    older_than: 7d
  - repositories: acme/*
    keep: 20
    unused_for: 180d
    except: [keep-*, '*-lts']
    match: '[0-9]$'
    semver: '>=1'
    variant: ''
    semver_keep: [latest-patch, latest-minor=3]
    keep_tags: [latest, stable]
    allow_empty: true
"""
EXPECTED = [
    Policy(["acme/api", "acme/web-*"], Rules(names("pr-*"), older_than=timedelta(days=7))),
    Policy(
        ["acme/*"],
        Rules(
            names(None, "[0-9]$", ">=1", excepting=["keep-*", "*-lts"], variant=""),
            keep=20,
            unused_for=timedelta(days=180),
            semver_keep=[Keep("latest-patch"), Keep("latest-minor", 3)],
            keep_tags=["latest", "stable"],
        ),
        allow_empty=True,
    ),
]


def shown(policies: object) -> str:
    """Policies as they print: ranges of versions are functions, which equal only themselves."""
    import re

    return re.sub(r" at 0x[0-9a-f]+|\[|\]|\(|\)|,", "", repr(policies))


def test_a_policy_is_sets_of_rules() -> None:
    assert shown(read_policies(YAML, "prune.yaml")) == shown(EXPECTED)


def test_json_and_toml_say_the_same() -> None:
    found = read_policies('{"policies": [{"repositories": "a/b", "keep": 3}]}', "prune.json")
    assert found == [Policy(["a/b"], Rules(keep=3))]
    dashed = "policies: [{repositories: a/b, keep: 3, allow-empty: false}]"
    assert read_policies(dashed, "prune.yaml") == found
    toml = '[[policies]]\nrepositories = "a/b"\nkeep = 3\nallow_empty = false\n'
    assert read_policies(toml, "prune.toml") == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "p.yaml.*: policies: a list of 1 to 1,000 is wanted here"),
        ("policies: []", "line 1, column 11: policies: a list of 1 to 1,000"),
        ("polices: []", "line 1, column 1: polices: there is no such key; did you mean policies"),
        ("policies:\n  - keep: 3", "line 2, column 5: policies.1: it names no repositories"),
        (
            "policies:\n  - repositories: a/b\n    older: 3d",
            "line 3, column 5: policies.1.older: there is no such key; did you mean older_than",
        ),
        (
            "policies: [{repositories: a/b, keep-tags: [a], keep_tags: [b]}]",
            "policies.1.keep_tags: keep_tags is there twice",
        ),
        (
            "policies:\n  - repositories: a/b\n    keep_tags: [latest]",
            "line 2, column 5: policies.1: it says which tags stay, and not which go",
        ),
        ("policies: [{repositories: a/b, keep: 0}]", "policies.1.keep: a number from 1 up"),
        ("policies: [{repositories: a/b, keep: x}]", "policies.1.keep: a number from 1 up"),
        (
            "policies: [{repositories: a/b, older_than: 3 weeks}]",
            "column 44: policies.1.older_than: it takes a length of time such as 90d",
        ),
        ("policies: [{repositories: a/b, match: '['}]", "policies.1.match: .* regular expression"),
        ("policies: [{repositories: a/b, semver: x.y}]", "policies.1.semver: .* range"),
        (
            "policies: [{repositories: a/b, semver_keep: [oldest]}]",
            "policies.1.semver_keep: 'oldest' is none of latest-patch",
        ),
        (
            "policies: [{repositories: a/b, keep: 1, allow_empty: perhaps}]",
            "policies.1.allow_empty: one of true, false",
        ),
        ("policies: [{repositories: [[a]], keep: 1}]", "policies.1.repositories: a text"),
        ("policies: [{repositories: bad, keep: 1}]", "policies.1.repositories: not that"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, reason: str) -> None:
    def checked(name: str) -> str:
        if name == "bad":
            raise UsageError("not that")
        return name

    with pytest.raises(UsageError, match=reason):
        read_policies(text, "p.yaml", checked)
