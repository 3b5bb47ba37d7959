"""skopeo's and regsync's files: what they say is said, and what cannot be is named."""

from __future__ import annotations

from typing import Any

import pytest

from hubcli.documents.writing import to_yaml
from hubcli.errors import UsageError
from hubcli.mirroring.document import read_document
from hubcli.mirroring.entry import Entry
from hubcli.mirroring.importing import regsync, skopeo
from hubcli.mirroring.importing.imported import Imported
from support.running import InProcess

DIGEST = "sha256:" + "0" * 64
SKOPEO = f"""\
registry.example.com:
  images:
    busybox: []
    redis: ["1.0", 2.0, "{DIGEST}"]
  images-by-tag-regex:
    nginx: ^1\\.13\\.[12]-alpine-perl$
    broken: (?<x
  images-by-semver:
    alpine: ["3.12 - 3.13", ">= 3.17"]
  credentials: {{username: john, password: secret}}
  tls-verify: true
  cert-dir: /home/john/certs
quay.io:
  tls-verify: false
  images:
    coreos/etcd: [latest]
"""
REGSYNC = """\
version: 1
x-anchor: {a: b}
creds:
  - {registry: 'localhost:5000', tls: disabled}
  - {registry: docker.io, user: me, pass: secret}
  - {registry: old.example, tls: insecure}
defaults:
  ratelimit: {min: 100, retry: 15m}
  parallel: 2
  interval: 60m
  backup: 'backup-{{.Ref.Tag}}'
  digestTags: true
sync:
  - {source: 'busybox:latest', target: 'localhost:5000/box:new', type: image, referrers: true}
  - source: alpine
    target: localhost:5000/alpine
    type: repository
    platforms: [linux/amd64]
    digestTags: false
    tags: {allow: ['3', '3\\.9.*'], deny: ['.*-rc.*']}
  - source: golang
    target: localhost:5000/golang
    tagSets: [{semverRange: ['>=1.20', '<1']}, {allow: [latest]}]
  - source: registry.example
    target: localhost:5000/all
    type: registry
    repos: {allow: ['library/.*', acme/app]}
    hooks: {pre: {type: url}}
    fastCheck: true
  - {source: registry.example, target: 'localhost:5000/x', type: registry, repos: {deny: [a]}}
  - {source: '{{ env "X" }}', target: 'localhost:5000/y'}
"""


def entries(found: Imported) -> list[Entry]:
    """As the file that was printed says them."""
    return read_document(to_yaml(found.document), "mirror.yaml")


def chosen(entry: Entry, *tags: str) -> list[str]:
    assert entry.choice is not None
    return [tag for tag in tags if entry.choice.names(tag)]


def test_skopeos_file() -> None:
    found = skopeo.read(SKOPEO, "sync.yml", "ghcr.io/me/{name}")
    busybox, redis, nginx, alpine, etcd = entries(found)
    assert busybox.named == ()
    assert redis.named == ("1.0", "2.0", DIGEST)
    assert chosen(nginx, "1.13.1-alpine-perl", "1.13.1-alpine-perl2") == ["1.13.1-alpine-perl"]
    assert chosen(alpine, "3.12.1", "3.15", "3.18", "3.18-slim", "3.18.0-rc1") == ["3.12.1", "3.18"]
    assert [str(each.sources[0].end) for each in (busybox, etcd)] == [
        "registry.example.com/busybox",
        "quay.io/coreos/etcd",
    ]
    assert etcd.sources[0].end is not None
    assert str(etcd.target.of(etcd.sources[0].end)) == "ghcr.io/me/etcd"
    told = "\n".join([*found.notes, *found.losses])
    for part in ("hubcli login registry.example.com", "cert-dir", "tls-verify", "--all", "(?<x"):
        assert part in told
    assert "secret" not in told + to_yaml(found.document)


def test_regsyncs_file() -> None:
    found = regsync.read(REGSYNC, "regsync.yml")
    box, alpine, versions, latest, registry = entries(found)
    assert str(box.sources[0].end) == "docker.io/library/busybox:latest"
    assert box.sources[0].end is not None
    assert str(box.target.of(box.sources[0].end)) == "localhost:5000/box:new"
    assert (box.referrers, box.digest_tags) == (True, True)
    assert chosen(alpine, "3", "33", "3.9", "3.9.1", "3.9-rc1", "x3") == ["3", "3.9", "3.9.1"]
    assert [str(one) for one in alpine.platforms or ()] == ["linux/amd64"]
    assert not alpine.digest_tags
    assert chosen(versions, "1.21", "0.9", "1.1", "latest", "1.21-alpine") == ["1.21", "0.9"]
    assert latest.named == ("latest",)
    assert [one.pattern or str(one.end) for one in registry.sources] == [
        "registry.example/library/**",
        "registry.example/acme/app",
    ]
    assert registry.target.text == "localhost:5000/all/{path}"


def test_what_regsyncs_file_says_and_ours_does_not() -> None:
    found = regsync.read(REGSYNC, "regsync.yml")
    notes, losses = "\n".join(found.notes), "\n".join(found.losses)
    for part in (
        "registries.localhost:5000.plain_http true",
        "hubcli login docker.io",
        "--keep-quota 100",
        "--images 2",
        "--watch 60m",
        "fastCheck",
    ):
        assert part in notes
    for part in ("backup", "old.example", "sync.4: hooks", "sync.5", "sync.6"):
        assert part in losses
    assert "secret" not in notes + losses


def test_a_long_list_of_expressions_becomes_several_entries() -> None:
    allow = [f"release-{number}\\\\..*" for number in range(80)]
    listed = ", ".join(f'"{each}"' for each in allow)
    text = f"sync: [{{source: a/b, target: c/d, tags: {{allow: [{listed}], deny: ['.*-rc']}}}}]"
    found = entries(regsync.read(text, "x.yml"))
    assert len(found) > 1
    assert len({each.name for each in found}) == len(found)
    for tag, count in (("release-0.1", 1), ("release-79.1", 1), ("release-7.1-rc", 0), ("x", 0)):
        assert sum(len(chosen(each, tag)) for each in found) == count


def test_an_expression_that_may_take_for_ever_is_left_out() -> None:
    text = "sync: [{source: a/b, target: c/d, tags: {allow: ['(a+)+']}}]"
    found = regsync.read(text, "x.yml")
    assert found.entries == []
    assert "sync.1.tags is left out" in found.losses[0]


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (regsync.read, "sync: [{source: a}]", "sync.1: source and target"),
        (regsync.read, "sync: [{source: a, target: b, type: x}]", "sync.1.type"),
        (regsync.read, "sync: [{source: a, target: b, tags: {alow: []}}]", "did you mean allow?"),
    ],
)
def test_what_is_no_such_file(read: Any, text: str, reason: str) -> None:
    with pytest.raises(UsageError) as failure:
        read(text, "x.yml")
    assert reason in failure.value.reason


def test_the_printed_file_runs(cli: InProcess, tmp_path: Any) -> None:
    (tmp_path / "sync.yml").write_text("quay.io:\n  images:\n    a/b: [latest]\n")
    printed = cli("sync", "--from-skopeo", "sync.yml", "--to", "oci:./mirror/{name}")
    assert printed.exit_code == 0
    assert "skopeo copies the image for its own platform" in printed.stderr
    (tmp_path / "mirror.yaml").write_text(printed.stdout)
    assert cli("sync", "mirror.yaml", "--shard", "0/1", "--dry-run").exit_code == 6, "no network"
    (tmp_path / "regsync.yml").write_text("sync:\n  - {source: a, target: 'b/c'}\n")
    assert cli("sync", "--from-regsync", "regsync.yml").stdout == (
        "sync:\n  - source: a\n    target: b/c\n"
    )


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("--from-skopeo", "x"), "--to"),
        (("--from-regsync", "x", "--to", "y"), "leave --to out"),
        (("f.yaml", "--schema"), "exclude each other"),
        (("f.yaml", "--to", "x"), "--to goes with --from-skopeo"),
        (("f.yaml", "--exit-code"), "--exit-code goes with --dry-run"),
        (("f.yaml", "--watch", "1h", "--dry-run"), "--watch"),
        (("-", "--watch", "1h"), "--watch"),
        ((), "say which FILE"),
        (("missing.yaml",), "cannot read missing.yaml"),
    ],
)
def test_what_does_not_go_together(cli: InProcess, argv: tuple[str, ...], reason: str) -> None:
    result = cli("sync", *argv)
    assert result.exit_code == 2
    assert reason in result.stderr
