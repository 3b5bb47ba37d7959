"""`hubcli tag prune`: the plan, a yes, and what is done; on Docker Hub by its API alone."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from hubcli.hub.pacing import Pace
from hubcli.retention import undo
from support.docker_registry import DockerRegistry
from support.grown import OLD, YOUNG, Grown, attached_tag
from support.hub_repositories import hub_repository
from support.repositories import repository_at
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.terminal import Terminal

TAGS = {"v1": "one", "v2": "two", "pr-1": "one", "pr-2": "three", "latest": "two"}
"""The newest last."""

_HUB = re.compile(r"/v2/(namespaces|repositories|auth|users)/")


@pytest.fixture
def on_hub(
    sandbox: SandboxServer, repository: str, environ: dict[str, str]
) -> Iterator[dict[str, str]]:
    """Digests of the tags of `repository` on Hub, which the signed-in alice owns.

    Whatever a test does to it, its registry is never asked for anything.
    """
    environ.update(sandbox.signed_in)
    digests = hub_repository(sandbox, repository, TAGS)
    sandbox.forget()
    yield digests
    assert [str(one) for one in sandbox.requests() if not _HUB.match(one.path)] == []


def tags(cli: InProcess, repository: str) -> list[str]:
    return sorted(cli("tag", "ls", repository, "-q").lines())


def test_a_dry_run_shows_what_stays_and_what_goes(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "prune", repository, "--keep", "3", "--keep-tag", "v2", "--dry-run")
    assert result.exit_code == 0
    assert result.lines() == [
        f"{repository}:{tag}\t{on_hub[tag]}\t{action}\t{reason}"
        for tag, action, reason in (
            ("latest", "keep", "among the newest 3"),
            ("pr-2", "keep", "among the newest 3"),
            ("pr-1", "keep", "among the newest 3"),
            ("v2", "keep", "to be kept by name"),
            ("v1", "delete", "not among the newest 3"),
        )
    ]
    assert result.stderr == f"{repository}: 1 of 5 tags to remove\n"
    assert sandbox.requests("DELETE ") == []


def test_the_plan_is_json_for_programs(
    cli: InProcess, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "prune", repository, "--filter", "pr-2", "--dry-run", "--format", "json")
    rows = {row["name"]: row for row in result.json()}
    size = rows["pr-2"]["size"]
    assert size > 0
    assert rows["pr-2"] == {
        "reference": f"{repository}:pr-2",
        "digest": on_hub["pr-2"],
        "action": "delete",
        "reason": "selected",
        "rule": "selection",
        "size": size,
        "updated": "2026-01-01T00:00:03Z",
        "pulled": None,
        "status": "planned",
        "error": None,
        "name": "pr-2",
        "repository": repository,
    }
    assert {
        (row["action"], row["rule"], row["status"]) for name, row in rows.items() if name != "pr-2"
    } == {("keep", "selection", None)}
    assert result.stderr == f"{repository}: 1 of 5 tags to remove, up to {size}B become free\n"


@pytest.mark.parametrize(
    ("flags", "exit_code", "output"),
    [(("--filter", "pr-*"), 1, ["pr-2", "pr-1"]), (("--filter", "x-*"), 0, [])],
)
def test_ci_is_told_by_the_exit_code(
    cli: InProcess,
    on_hub: dict[str, str],
    repository: str,
    flags: tuple[str, ...],
    exit_code: int,
    output: list[str],
) -> None:
    result = cli("tag", "prune", repository, *flags, "--dry-run", "--exit-code", "-q")
    assert (result.exit_code, result.stderr) == (exit_code, "")
    assert result.lines() == [f"{repository}:{name}" for name in output]


def test_tags_go_after_a_yes(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "prune", repository, "--filter", "pr-*", "-y")
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(result.stderr.splitlines()[1:]) == [
        f"deleted {repository}:pr-1",
        f"deleted {repository}:pr-2",
        f"{repository}: 2 deleted",
    ]
    assert tags(cli, repository) == ["latest", "v1", "v2"]
    assert sorted(str(one) for one in sandbox.requests("DELETE ")) == [
        f"DELETE /v2/repositories/{repository}/tags/pr-1/",
        f"DELETE /v2/repositories/{repository}/tags/pr-2/",
    ]
    result = cli("tag", "prune", repository, "--filter", "pr-*", "-y")
    assert (result.exit_code, result.stderr) == (
        0,
        f"{repository}: nothing to remove, 3 tags stay\n",
    )


def test_what_became_of_each_is_json_for_programs(
    cli: InProcess, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "prune", repository, "--filter", "pr-*", "-y", "--format", "json", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(row["reference"] for row in result.json()) == [
        f"{repository}:pr-1",
        f"{repository}:pr-2",
    ]
    result = cli("tag", "prune", repository, "--filter", "pr-*", "-y", "--format", "json")
    assert result.json() == []


def test_without_a_terminal_nobody_is_asked(
    cli: InProcess, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "prune", repository, "--filter", "pr-*")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert tags(cli, repository) == sorted(TAGS)


@pytest.mark.parametrize(("answer", "exit_code", "left"), [("y\n", 0, 3), ("n\n", 1, 5)])
def test_a_person_is_shown_the_plan_and_asked(
    terminal: Callable[..., AbstractContextManager[Terminal]],
    cli: InProcess,
    on_hub: dict[str, str],
    repository: str,
    answer: str,
    exit_code: int,
    left: int,
) -> None:
    command = ("tag", "prune", repository, "--older-than", "1d", "--filter", "pr-*")
    with terminal(*command, columns=200) as screen:
        screen.expect(f"{repository}: 2 of 5 tags to remove")
        screen.expect(f"{repository}:pr-1  older than 1d")
        screen.expect("Delete these 2 tags? [y/N]")
        screen.send(answer)
        assert screen.wait() == exit_code
    assert len(tags(cli, repository)) == left


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ((), "no repository was named"),
        (("acme/api",), "say which tags may go: --keep, --older-than"),
        (("acme/api", "--except", "v*", "--keep-tag", "x"), "say which tags may go"),
        (("acme/api", "--keep", "0"), "0 is not in the range"),
        (("acme/api", "--older-than", "90"), "--older-than takes a length of time such as 90d"),
        (("acme/api", "--semver-keep", "newest"), "'newest' is none of latest-patch"),
        (("acme/api", "--keep", "1", "--exit-code"), "--exit-code goes with --dry-run"),
        (("acme/api", "--keep", "1", "--undo-file", "-"), "--undo-file takes a file"),
        (("acme/api:v1", "--keep", "1"), "without a tag or digest"),
        (("acme*", "--keep", "1"), "a pattern stands behind a namespace"),
        (("acme/api", "--match", "(", "--dry-run"), "no regular expression"),
        (("acme/api", "--policy", "p.yaml", "--keep", "1"), "--keep does not go with --policy"),
        (("--policy", "missing.yaml"), "cannot read missing.yaml"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    cli: InProcess, sandbox: SandboxServer, argv: tuple[str, ...], reason: str
) -> None:
    result = cli("tag", "prune", *argv)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert sandbox.requests() == []


def test_a_repository_is_not_emptied_unless_told(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "prune", repository, "--older-than", "1d", "-y")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: cannot prune {repository}: nothing would be left of its 5 tags (CONFLICT)\n"
        "hint: with --allow-empty they may all go\n"
    )
    assert sandbox.requests("DELETE ") == []
    result = cli("tag", "prune", repository, "--older-than", "1d", "-y", "--allow-empty")
    assert result.exit_code == 0
    assert tags(cli, repository) == []


def test_immutable_tags_are_planned_as_kept(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    frozen = sandbox.parts.repositories.find(repository)
    assert frozen is not None
    sandbox.parts.repositories.change(frozen, immutable_tags=True, immutable_rules=["v.*"])
    plan = cli("tag", "prune", repository, "--keep", "1", "--dry-run", "--format", "json").json()
    assert {row["name"]: row["reason"] for row in plan if row["rule"] == "immutable"} == {
        "v1": "immutable by the rule v.*",
        "v2": "immutable by the rule v.*",
    }
    result = cli("tag", "prune", repository, "--keep", "1", "-y", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert tags(cli, repository) == ["latest", "v1", "v2"]
    # Who may delete tags need not be one who may see to the rules.
    sandbox.fault("immutabletags/verify", status=403)
    result = cli("tag", "prune", repository, "--filter", "v*", "-y")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        0,
        f"{repository}: nothing to remove, 3 tags stay",
    )
    # A rule that Python would try for ever, as Docker Hub would not, may mean any tag.
    sandbox.parts.repositories.change(frozen, immutable_rules=[r"(\w+-?)+x"])
    result = cli("tag", "prune", repository, "--filter", "v*", "-y")
    assert result.stderr.splitlines()[-1] == f"{repository}: nothing to remove, 3 tags stay"


def test_signatures_go_with_their_image(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str]
) -> None:
    environ.update(sandbox.signed_in)
    digests = hub_repository(sandbox, repository, {"v1": "one", "v2": "two"})
    content = Grown()
    for tag, suffix in (("v1", ".sig"), ("v1", ".att"), ("v2", ".sig")):
        signature = content.attachment(tag + suffix, None)
        content.tags[attached_tag(digests[tag], suffix)] = signature.digest
    content.store(sandbox.parts.storage, repository)
    result = cli("tag", "prune", repository, "--keep", "1", "-y")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[-2:] == [
        f"deleted {repository}:v1",
        f"{repository}: 3 deleted",
    ]
    assert tags(cli, repository) == sorted(["v2", attached_tag(digests["v2"], ".sig")])


@pytest.mark.parametrize("signature_is", ["newest", "oldest"])
def test_on_hub_too_an_index_keeps_the_signatures_of_its_images(
    cli: InProcess,
    sandbox: SandboxServer,
    repository: str,
    environ: dict[str, str],
    signature_is: str,
) -> None:
    environ.update(sandbox.signed_in)
    hub_repository(sandbox, repository, {"x": "one"})
    content = Grown()
    images = [content.image(OLD.format(each), [f"layer {each}"]) for each in (1, 2)]
    content.tags["v1"] = content.index(images).digest
    content.tags["v1-amd64"] = images[0].digest
    name = attached_tag(images[0].digest, ".sig")
    content.tags[name] = content.attachment("signature", None).digest
    if signature_is == "oldest":
        content.manifests = dict(reversed(content.manifests.items()))
    content.store(sandbox.parts.storage, repository)
    result = cli("tag", "prune", repository, "--filter", "*-amd64", "-y", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert tags(cli, repository) == sorted(["x", "v1", name])
    result = cli("tag", "prune", repository, "--filter", "v1", "-y", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert tags(cli, repository) == ["x"]


def test_what_could_not_be_removed_keeps_its_image(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str]
) -> None:
    environ.update(sandbox.signed_in)
    digests = hub_repository(sandbox, repository, {"v1": "one", "v2": "two", "v3": "three"})
    content = Grown()
    name = attached_tag(digests["v1"], ".sig")
    content.tags[name] = content.attachment("signature", None).digest
    content.store(sandbox.parts.storage, repository)
    sandbox.fault(rf"DELETE .*/{re.escape(name)}/", status=403)
    result = cli("tag", "prune", repository, "--keep", "1", "-y", "--format", "json")
    assert result.exit_code == 4
    assert {row["name"]: (row["status"], row["error"]) for row in result.json()} == {
        name: ("failed", json.loads(result.stderr.splitlines()[1])["error"]),
        "v1": ("left", f"{name}, which belongs to it, is still there"),
        "v2": ("done", None),
    }
    sandbox.clear_faults()
    assert cli("tag", "prune", repository, "--keep", "1", "-y").exit_code == 0
    assert tags(cli, repository) == ["v3"]


def test_a_batch_does_all_it_can_and_another_run_the_rest(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    sandbox.fault("DELETE .*/tags/pr-1/", status=403)
    result = cli("tag", "prune", repository, "nobody/nothing", "--keep", "1", "-y")
    assert result.exit_code == 4
    assert "cannot prune nobody/nothing" in result.stderr
    assert f"cannot delete docker.io/{repository}:pr-1" in result.stderr
    assert result.stderr.splitlines()[-1] == f"{repository}: 3 deleted, 1 failed"
    sandbox.clear_faults()
    assert cli("tag", "prune", repository, "--keep", "1", "-y").exit_code == 0
    assert tags(cli, repository) == ["latest"]


def test_a_limit_ends_it_at_once_and_says_what_is_left(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    sandbox.fault("DELETE ", retry_after=3600, skip=1)
    result = cli("tag", "prune", repository, "--keep", "1", "-y")
    assert result.exit_code == 5
    assert result.stderr.count("error: ") == 1
    assert result.stderr.splitlines()[-1] == (
        f"{repository}: 1 deleted, 1 failed, 2 left, run it again for them"
    )
    assert len(sandbox.requests("DELETE ")) == 2
    sandbox.clear_faults()
    assert cli("tag", "prune", repository, "--keep", "1", "-y").exit_code == 0
    assert tags(cli, repository) == ["latest"]


def test_a_short_wait_is_waited(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    sandbox.fault("DELETE ", retry_after=1, times=1)
    result = cli("tag", "prune", repository, "--keep", "3", "-y")
    assert result.exit_code == 0
    assert "asks to wait; going on in 1 s" in result.stderr


def test_a_server_that_is_gone_is_not_asked_for_each_tag(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    sandbox.fault("DELETE ", status=503, headers={"Retry-After": "0.01"})
    result = cli("tag", "prune", repository, "--keep", "1", "-y")
    assert result.exit_code == 6
    assert result.stderr.splitlines()[-1] == (
        f"{repository}: 3 failed, 1 left, run it again for them"
    )


def test_what_hub_tells_may_be_of_any_kind(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """Old tags have no digest; a name that is none cannot be asked for, nor written down."""
    environ.update(sandbox.signed_in)
    hub_repository(sandbox, repository, {"a": "one"})
    rows = [
        {"name": "old", "last_updated": "2020-01-01T00:00:00Z", "full_size": -7, "images": None},
        {
            "name": "evil\x1b[31m\n",
            "last_updated": "2020-01-01T00:00:00Z",
            "images": [{"size": "x"}],
        },
        {"name": "dated", "last_updated": "soon", "images": [{"digest": 7, "size": 10**15}]},
    ]
    body = {"count": 3, "next": None, "previous": None, "results": rows}
    sandbox.fault("GET /v2/namespaces/.*/tags$", status=200, body=body)
    command = ("tag", "prune", repository, "--older-than", "1d")
    result = cli(*command, "--dry-run", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert {row["name"]: row["rule"] for row in result.json()} == {
        "old": "older-than",
        "dated": "age-unknown",
    }
    file = tmp_path / "undo.jsonl"
    result = cli(*command, "--undo-file", file, "-y")
    assert "warning: 1 of these cannot come back: nobody tells their digest" in result.stderr
    assert [*undo.read(file)] == []


def test_who_may_delete_nothing_is_not_told_so_for_each_tag(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str]
) -> None:
    environ.update(sandbox.signed_in)
    hub_repository(sandbox, repository, {f"t{number}": "same" for number in range(30)})
    sandbox.forget()
    sandbox.fault("DELETE ", status=403)
    result = cli("tag", "prune", repository, "--keep", "5", "-y")
    assert result.exit_code == 4
    assert result.stderr.splitlines()[-1] == (
        f"{repository}: 10 failed, 15 left, run it again for them"
    )
    assert len(sandbox.requests("DELETE ")) == 10


def test_the_limit_of_the_api_is_heeded_before_it_has_to_refuse(
    cli: InProcess,
    sandbox: SandboxServer,
    on_hub: dict[str, str],
    repository: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("hubcli.sandbox.hub.limits.SIGNED_IN_CALLS", 4)
    monkeypatch.setattr("hubcli.hub.pacing.Pace", partial(Pace, sleep=slept.append))
    result = cli("tag", "prune", repository, "--keep", "2", "-y")
    assert result.exit_code == 0
    assert len(slept) == 3
    assert all(0 < each <= 60 for each in slept)
    said = re.findall(
        r"the calls that Docker Hub allows are used up; going on in \d+ s", result.stderr
    )
    assert len(said) == 3


def test_two_requests_are_made_for_a_tag(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str]
) -> None:
    """A page of 100 tags each, whether there are rules, and for each tag whether it moved."""
    environ.update(sandbox.signed_in)
    hub_repository(sandbox, repository, {f"t{number}": "same" for number in range(250)})
    cli("account", "info")
    sandbox.forget()
    result = cli("tag", "prune", repository, "--keep", "230", "-y", "-q")
    assert result.exit_code == 0, result.stderr
    assert len(sandbox.requests()) == 3 + 1 + 2 * 20
    assert len(sandbox.requests("DELETE ")) == 20


def test_an_interrupted_run_is_finished_by_another(
    hubcli: Subprocess,
    cli: InProcess,
    sandbox: SandboxServer,
    repository: str,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    environ.update(sandbox.signed_in)
    hub_repository(sandbox, repository, {f"t{number}": "same" for number in range(40)})
    sandbox.fault("DELETE ", delay_seconds=0.05)
    command = ("tag", "prune", repository, "--keep", "4", "--undo-file", "undo.jsonl", "-y")
    running = subprocess.Popen(
        hubcli.command(*command), env=environ, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("deleted "):
            break
    running.send_signal(signal.SIGKILL)
    running.communicate()
    left = len(tags(cli, repository))
    assert 4 < left < 40
    # The undo file was complete before anything was deleted; another run loses nothing of it.
    file = tmp_path / "undo.jsonl"
    first = {entry.reference.tag for entry in undo.read(file)}
    assert len(first) == 36
    sandbox.clear_faults()
    result = cli(*command)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == f"{repository}: {left - 4} deleted"
    assert {entry.reference.tag for entry in undo.read(file)} == first


def test_patterns_and_policies_are_for_many_repositories(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str], tmp_path: Path
) -> None:
    environ.update(sandbox.signed_in)
    namespace = repository.partition("/")[0]
    for name in ("api", "web", "web-old", "other"):
        hub_repository(sandbox, f"{namespace}/{name}", TAGS)
    policy = tmp_path / "prune.json"
    policies = [
        {"repositories": f"{namespace}/web*", "filter": "pr-*"},
        {"repositories": [f"{namespace}/api", f"{namespace}/web"], "keep": 3, "keep_tags": "v1"},
        {"repositories": f"{namespace}/web", "filter": ["pr-1", "v2"], "keep_tags": ["v2"]},
    ]
    policy.write_text(json.dumps({"policies": policies}))
    plan = cli("tag", "prune", "--policy", policy, "--dry-run", "--exit-code", "-q")
    assert plan.exit_code == 1
    assert sorted(plan.lines()) == [
        f"{namespace}/{tag}" for tag in ("api:v2", "web-old:pr-1", "web-old:pr-2")
    ]  # of web pr-1 and pr-2 are among the newest 3, and v2 is kept by name
    result = cli("tag", "prune", f"{namespace}/*", "--policy", policy, "-y")
    assert result.exit_code == 0, result.stderr
    assert f"{namespace}/other: no policy is for it" in result.stderr
    assert tags(cli, f"{namespace}/web-old") == ["latest", "v1", "v2"]
    assert tags(cli, f"{namespace}/web") == sorted(TAGS)
    result = cli("tag", "prune", f"{namespace}/w*", "--filter", "v1", "-y", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "v1" not in tags(cli, f"{namespace}/web")
    assert "v1" in tags(cli, f"{namespace}/api")
    missing = cli("tag", "prune", f"{namespace}/x*", "--filter", "v1", "-y")
    assert (missing.exit_code, "no repository matches" in missing.stderr) == (3, True)


def test_a_policy_says_where_it_is_wrong(cli: InProcess, tmp_path: Path) -> None:
    policy = "policies:\n  - repositories: acme/a:b:c\n    keep: 1\n"
    result = cli("tag", "prune", "--policy", "-", stdin=policy)
    assert result.exit_code == 2
    assert "stdin, line 2, column 19: policies.1.repositories: invalid reference" in result.stderr


# Elsewhere


def test_elsewhere_the_age_is_the_image_s(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    registry = docker_registry()
    content = Grown()
    for tag, when in (("old", OLD), ("new", YOUNG), ("unknown", "1970-01-{:02}T00:00:00Z")):
        content.tags[tag] = content.image(when.format(1), ["shared", tag]).digest
    name = f"{registry.host}/{repository}"
    with repository_at(registry.host, repository) as client:
        content.push(client)
    result = cli("tag", "prune", name, "--older-than", "30d", "--dry-run", "--format", "json")
    assert {row["name"]: (row["action"], row["rule"]) for row in result.json()} == {
        "old": ("delete", "older-than"),
        "new": ("keep", "older-than"),
        "unknown": ("keep", "age-unknown"),
    }
    old = content.manifests[content.tags["old"]]
    free = len(old.content) + (old.config.size if old.config else 0) + len("old")
    assert result.stderr == f"{name}: 1 of 3 tags to remove, up to {free}B become free\n"
    result = cli("tag", "prune", name, "--unused-for", "30d", "--dry-run")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: cannot prune {name}: {registry.host} does not tell when tags were pulled"
        " (UNSUPPORTED)\n"
    )


def test_elsewhere_a_few_requests_are_made_for_a_tag(
    cli: InProcess, sandbox: SandboxServer, repository: str, environ: dict[str, str]
) -> None:
    """The list; of each tag what it points at, and that manifest; of what goes what refers to it,
    that it did not move, and that it is to go. The first one tells what comes of that."""
    hub_repository(sandbox, repository, {f"t{number}": f"image {number}" for number in range(40)})
    credentials = {"username": sandbox.username, "password": sandbox.password}
    environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {sandbox.host: credentials}})
    name = f"{sandbox.host}/{repository}"
    cli("tag", "ls", name)
    sandbox.forget()
    result = cli("tag", "prune", name, "--filter", "t1*", "-y", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(sandbox.requests("DELETE ")) == 11
    assert len(sandbox.requests()) <= 1 + 2 * 40 + 3 * 11 + 8


def test_a_catalog_finds_what_a_pattern_means(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    registry = docker_registry()
    namespace = repository.partition("/")[0]
    content = Grown()
    content.tags = {name: content.image(OLD.format(1), [name]).digest for name in ("a", "b")}
    for name in ("one", "two", "deeper/one"):
        with repository_at(registry.host, f"{namespace}/{name}") as client:
            content.push(client)
    place = f"{registry.host}/{namespace}"
    result = cli("tag", "prune", f"{place}/*", "--filter", "a", "--dry-run", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(result.lines()) == [f"{place}/one:a", f"{place}/two:a"]
