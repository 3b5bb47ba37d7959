"""Shards: every target is of exactly one, the same on every machine."""

from __future__ import annotations

import hashlib

import pytest

from hubcli.errors import UsageError
from hubcli.mirroring.shard import Shard, number_of, parse_shard

TARGETS = [f"ghcr.io/acme/app-{number}" for number in range(200)]


def test_a_target_is_of_one_shard_and_all_have_about_as_many() -> None:
    shards = [Shard(index, 4) for index in range(4)]
    found = [[target for target in TARGETS if shard.has(target)] for shard in shards]
    assert sorted(target for part in found for target in part) == sorted(TARGETS)
    assert all(30 < len(part) < 70 for part in found)


def test_the_number_is_what_anybody_can_compute() -> None:
    target = "ghcr.io/acme/redis"
    digest = hashlib.sha256(target.encode()).hexdigest()
    assert number_of(target, 7) == int(digest[:16], 16) % 7


@pytest.mark.parametrize(
    ("text", "environ", "shard"),
    [
        ("1/4", {}, Shard(1, 4)),
        ("0/4", {}, Shard(0, 4)),
        ("4/4", {}, Shard(0, 4)),
        ("auto/4", {"JOB_COMPLETION_INDEX": "0"}, Shard(0, 4)),
        ("auto/4", {"JOB_COMPLETION_INDEX": "3"}, Shard(3, 4)),
        ("auto", {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "2"}, Shard(0, 2)),
        ("auto", {"CIRCLE_NODE_INDEX": "1", "CIRCLE_NODE_TOTAL": "2"}, Shard(1, 2)),
        ("auto/3", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}, Shard(1, 3)),
    ],
)
def test_shards_are_counted_from_zero_or_from_one(
    text: str, environ: dict[str, str], shard: Shard
) -> None:
    assert parse_shard(text, environ) == shard


@pytest.mark.parametrize(
    ("text", "environ", "reason"),
    [
        ("5/4", {}, "none with the number 5"),
        ("1/0", {}, "1 to 10,000"),
        ("a/4", {}, "I/N, auto/N or auto"),
        ("-1/4", {}, "I/N, auto/N or auto"),
        ("auto", {}, "JOB_COMPLETION_INDEX"),
        ("auto", {"JOB_COMPLETION_INDEX": "1"}, "auto/N"),
        ("auto/4", {"JOB_COMPLETION_INDEX": "x"}, "no number"),
        ("auto/4", {"JOB_COMPLETION_INDEX": "7"}, "none with the number 7"),
    ],
)
def test_what_is_no_shard(text: str, environ: dict[str, str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_shard(text, environ)
