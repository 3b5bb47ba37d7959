"""A mirror's file: what it means, and where it is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hubcli.errors import UsageError
from hubcli.mirroring.document import read_document
from hubcli.mirroring.ends import shown
from hubcli.reference import parse
from hubcli.stores.spelling import Local

DIGEST = "sha256:" + "a" * 64
FILE = """\
defaults:
  platforms: [linux/amd64, linux/arm64]
  semver: '>=1'
  existing: keep
sync:
  - source: docker.io/library/redis
    target: ghcr.io/acme/redis
    filter: [v*, 7*]
    variant: alpine
    since: 2026-01-01
    digest-tags: true
    referrers: yes
    delete-extra: false
    existing: update
  - name: everything
    source: quay.io/prometheus/*
    target: registry.example/mirror/
  - source: [alpine, oci:./own]
    target: ghcr.io/acme/{registry}/{name}
    tags: ['3.19', '3.18@%s']
  - source: busybox:1
    target: ghcr.io/acme/box:one
"""


def test_a_file() -> None:
    redis, glob, several, one = read_document(FILE % DIGEST, "m.yaml", datetime.now(UTC))
    assert redis.name == "docker.io/library/redis"
    assert redis.sources[0].end == parse("redis")
    assert redis.choice is not None
    assert redis.choice.names("7.2-alpine")
    assert not redis.choice.names("7.2")
    assert redis.choice.since == datetime(2026, 1, 1, tzinfo=UTC)
    assert (redis.digest_tags, redis.referrers, redis.delete_extra) == (True, True, False)
    assert (redis.existing, glob.existing) == ("update", "keep")
    assert [str(platform) for platform in redis.platforms or ()] == ["linux/amd64", "linux/arm64"]
    assert (glob.name, glob.sources[0].pattern) == ("everything", "quay.io/prometheus/*")
    assert shown(glob.target.of(parse("quay.io/prometheus/node"))) == (
        "registry.example/mirror/prometheus/node"
    )
    assert glob.choice is not None
    assert not glob.choice.names("latest"), "the range of the defaults"
    assert several.choice is None, "named tags, and nothing else"
    assert several.named == ("3.19", f"3.18@{DIGEST}")
    assert [shown(several.target.of(source.end)) for source in several.sources if source.end] == [
        "ghcr.io/acme/docker.io/alpine",
        "ghcr.io/acme/local/own",
    ]
    assert one.sources[0].end == parse("busybox:1")
    assert one.choice is None


def test_the_same_in_json() -> None:
    entry = {"source": "redis", "target": "oci:./mirror/", "limit": 3, "referrers": True}
    (found,) = read_document(json.dumps({"sync": [entry]}), "m.json")
    assert found.referrers
    assert found.choice is not None
    assert found.choice.limit == 3
    assert found.target.of(parse("redis")) == Local("oci", "./mirror/library/redis")


def test_keys_may_be_spelled_with_either_dash() -> None:
    entry = {"source": "redis", "target": "ghcr.io/acme/redis", "delete_extra": True}
    (found,) = read_document(json.dumps({"sync": [entry]}), "m.json")
    assert found.delete_extra
    with pytest.raises(UsageError, match="delete-extra is there twice"):
        read_document(json.dumps({"sync": [{**entry, "delete-extra": True}]}), "m.json")


SOURCE = "source: redis, target: ghcr.io/acme/redis"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "nothing to mirror"),
        ("sync:\n- {source: redis}", "line 2, column 3: sync.1: it has no target"),
        (f"sync:\n- {{{SOURCE}, platform: x}}", "line 2, column 47: sync.1.platform: there is no"),
        (f"sync:\n- {{{SOURCE}, plaforms: x}}", "did you mean platforms?"),
        (f"defaults: {{source: x}}\nsync: [{{{SOURCE}}}]", "defaults.source: there is no such key"),
        (f"sync: [{{{SOURCE}, referrers: maybe}}]", "sync.1.referrers: one of true, yes, on"),
        (f"sync: [{{{SOURCE}, existing: replace}}]", "one of update, keep"),
        (f"sync: [{{{SOURCE}, tags: []}}]", "tags or digests are wanted"),
        (f"sync: [{{{SOURCE}, tags: ['a b']}}]", "sync.1.tags"),
        (f"sync: [{{{SOURCE}, semver: '>>1'}}]", "sync.1.semver"),
        (f"sync: [{{{SOURCE}, platforms: a/b/c/d}}]", "sync.1.platforms"),
        (f"sync: [{{{SOURCE}, tags: '{DIGEST}', platforms: linux/amd64}}]", "TAG@DIGEST"),
        ("sync: [{source: 'acme/*', target: ghcr.io/acme}]", "let it end with /"),
        ("sync: [{source: [a/b, a/c], target: ghcr.io/acme/x}]", "let it end with /"),
        ("sync: [{source: '*', target: ghcr.io/acme/}]", "behind a namespace"),
        ("sync: [{source: 'a/*/b', target: ghcr.io/acme/}]", "behind a namespace"),
        ("sync: [{source: redis, target: 'ghcr.io/{tag}'}]", "{tag} stands for nothing here"),
        ("sync: [{source: redis, target: 'ghcr.io/{name'}]", "brace has no partner"),
        ("sync: [{source: redis, target: 'ghcr.io/UPPER'}]", "lower case"),
        ("sync: [{source: redis, target: 'ghcr.io/acme/x:tag'}]", "without a tag"),
        ("sync: [{source: redis, target: '-'}]", "not mirrored to"),
        ("sync: [{source: '-', target: ghcr.io/acme/x}]", "not mirrored from"),
        ("sync: [{source: 'redis:7', target: ghcr.io/acme/x, filter: a}]", "one image already"),
        ("sync: [{source: 'redis:7', target: ghcr.io/acme/x, tags: a}]", "one image already"),
        (f"sync: [{{{SOURCE}}}, {{{SOURCE}}}]", "give each a name of its own"),
        ("sync: [x]", "sync.1: a mapping of names"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as failure:
        read_document(text, "m.yaml")
    assert reason in failure.value.reason
    assert failure.value.reason.startswith("m.yaml")
