"""`hubcli tag rm`: these tags, after a yes, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest

from support.docker_registry import DockerRegistry
from support.hub_repositories import hub_repository
from support.images import Image, Layout
from support.running import InProcess
from support.sandbox import SandboxServer
from support.skopeo import Skopeo
from support.terminal import Terminal

Registries = Callable[..., DockerRegistry]
TAGS = {"v1": "one", "v2": "two", "latest": "two", "pr-1": "one", "pr-2": "three"}


@pytest.fixture
def on_hub(sandbox: SandboxServer, repository: str, environ: dict[str, str]) -> dict[str, str]:
    """Digests of the tags of `repository` on Hub, which the signed-in alice owns."""
    environ.update(sandbox.signed_in)
    digests = hub_repository(sandbox, repository, TAGS)
    sandbox.forget()
    return digests


def tags(cli: InProcess, repository: str) -> set[str]:
    return set(cli("tag", "ls", repository, "-q").lines())


def push(skopeo: Skopeo, name: str, tags: Mapping[str, Image]) -> None:
    for tag, image in tags.items():
        skopeo.copy(image.source, f"docker://{name}:{tag}")


def test_hub_removes_one_tag(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "rm", f"{repository}:v2", "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"deleted {repository}:v2\n"
    assert tags(cli, repository) == {"v1", "latest", "pr-1", "pr-2"}
    deleted = [str(one) for one in sandbox.requests("DELETE ")]
    assert deleted == [f"DELETE /v2/repositories/{repository}/tags/v2/"]


def test_a_dry_run_shows_the_plan_and_does_nothing(
    cli: InProcess, sandbox: SandboxServer, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "rm", f"{repository}:pr-*", f"{repository}:v1", "--dry-run")
    assert result.exit_code == 0
    assert sorted(result.lines()) == [
        f"{repository}:pr-1\t{on_hub['pr-1']}\tdelete\tmatches pr-*",
        f"{repository}:pr-2\t{on_hub['pr-2']}\tdelete\tmatches pr-*",
        f"{repository}:v1\t{on_hub['v1']}\tdelete\tnamed",
    ]
    assert {one.method for one in sandbox.requests("/v2/")} == {"GET", "POST"}
    assert sandbox.requests("DELETE ") == []
    row = cli("tag", "rm", f"{repository}:v1", "--dry-run", "--format", "json").json()[0]
    assert row == {
        "reference": f"{repository}:v1",
        "digest": on_hub["v1"],
        "action": "delete",
        "reason": "named",
        "name": "v1",
        "repository": repository,
    }


def test_a_pattern_takes_what_it_matches(
    cli: InProcess, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "rm", f"{repository}:pr-*", "-y")
    assert result.exit_code == 0
    assert sorted(result.stderr.splitlines()) == [
        f"deleted {repository}:pr-1",
        f"deleted {repository}:pr-2",
    ]
    assert tags(cli, repository) == {"v1", "v2", "latest"}


def test_quiet_says_nothing(cli: InProcess, on_hub: dict[str, str], repository: str) -> None:
    result = cli("tag", "rm", f"{repository}:v1", "-y", "-q")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_without_a_terminal_nobody_is_asked(
    cli: InProcess, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "rm", f"{repository}:v1")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert "v1" in tags(cli, repository)


@pytest.mark.parametrize(
    ("answer", "exit_code", "left"), [("y\n", 0, 3), ("n\n", 1, 5), ("\n", 1, 5), ("\x03", 130, 5)]
)
def test_a_person_is_shown_the_plan_and_asked(
    terminal: Callable[..., AbstractContextManager[Terminal]],
    cli: InProcess,
    on_hub: dict[str, str],
    repository: str,
    answer: str,
    exit_code: int,
    left: int,
) -> None:
    with terminal("tag", "rm", f"{repository}:pr-*", columns=200) as screen:
        screen.expect(f"{repository}:pr-1  {on_hub['pr-1']}")
        screen.expect("Delete these 2 tags? [y/N]")
        screen.send(answer)
        assert screen.wait() == exit_code
    assert len(tags(cli, repository)) == left


def test_a_batch_does_all_it_can(
    cli: InProcess, on_hub: dict[str, str], repository: str, sandbox: SandboxServer
) -> None:
    result = cli(
        "tag", "rm", f"{repository}:v9", f"{repository}:v1", f"{repository}:x-*",
        "nobody/nothing:v1", "-y",
    )  # fmt: skip
    assert result.exit_code == 3
    lines = result.stderr.splitlines()
    assert lines[-1] == f"deleted {repository}:v1"
    assert [line.split(": ")[1] for line in lines[:-1]] == [
        f"cannot delete docker.io/{repository}:v9",
        f"cannot delete docker.io/{repository}:x-*",
        "cannot delete docker.io/nobody/nothing:v1",
    ]
    assert tags(cli, repository) == {"v2", "latest", "pr-1", "pr-2"}


def test_errors_are_json_where_json_was_asked_for(
    cli: InProcess, on_hub: dict[str, str], repository: str
) -> None:
    result = cli("tag", "rm", f"{repository}:v9", "-y", "--format", "json")
    assert json.loads(result.stderr)["exit_code"] == 3


def test_a_tag_that_moved_since_the_plan_stays(
    cli: InProcess, on_hub: dict[str, str], repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubcli.cli.tag.places import HubTags

    asked = HubTags.digest

    def moved(self: HubTags, tag: str) -> str | None:
        monkeypatch.setattr(HubTags, "digest", lambda *_: "sha256:" + "9" * 64)
        return asked(self, tag)

    monkeypatch.setattr(HubTags, "digest", moved)
    result = cli("tag", "rm", f"{repository}:v1", "-y")
    assert result.exit_code == 1
    assert "moved meanwhile" in result.stderr
    assert "(CONFLICT)" in result.stderr
    monkeypatch.undo()
    assert "v1" in tags(cli, repository)


def test_somebody_elses_tags_are_not_deleted(
    cli: InProcess, sandbox: SandboxServer, environ: dict[str, str]
) -> None:
    environ.update(sandbox.signed_in)
    result = cli("tag", "rm", "library/hello-world:latest", "-y")
    assert result.exit_code == 4
    assert cli("tag", "inspect", "library/hello-world").exit_code == 0


@pytest.mark.parametrize(
    "reference",
    ["acme/api", "acme/api@sha256:" + "0" * 64, "acme/api:v1@sha256:" + "0" * 64, "a b"],
)
def test_a_tag_must_be_named(cli: InProcess, sandbox: SandboxServer, reference: str) -> None:
    result = cli("tag", "rm", "acme/api:latest", reference, "-y")
    assert result.exit_code == 2
    assert sandbox.requests() == []


@pytest.mark.parametrize("auth", ["open", "htpasswd", "token"])
def test_a_registry_that_deletes_manifests_only(
    cli: InProcess,
    environ: dict[str, str],
    docker_registry: Registries,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
    auth: str,
) -> None:
    registry = docker_registry(auth)
    name = f"{registry.host}/{repository}"
    credentials = [] if auth == "open" else [f"--creds={registry.username}:{registry.password}"]
    images = {
        "v1": oci_layout.image("a", platforms=["linux/amd64", "linux/arm64"]),
        "v2": oci_layout.image("b", config={"User": "x"}),
    }
    images["pr-1"] = images["pr-2"] = images["keep"] = images["v1"]
    for tag, image in images.items():
        to = [one.replace("--creds", "--dest-creds") for one in credentials]
        skopeo.copy(image.source, f"docker://{name}:{tag}", *to)
    if auth != "open":
        environ["DOCKER_AUTH_CONFIG"] = json.dumps(
            {
                "auths": {
                    registry.host: {"username": registry.username, "password": registry.password}
                }
            }
        )
    result = cli("tag", "rm", f"{name}:pr-*", f"{name}:v1", f"{name}:v2", "-y")
    assert result.exit_code == 0, result.stderr
    assert skopeo.tags(name, *credentials) == ["keep"]
    assert skopeo.raw(f"{name}:keep", *credentials) == images["keep"].read(images["keep"].digest)


def test_a_registry_that_deletes_nothing_says_so(
    cli: InProcess, docker_registry: Registries, skopeo: Skopeo, image: Image, repository: str
) -> None:
    registry = docker_registry(delete=False)
    name = f"{registry.host}/{repository}"
    push(skopeo, name, {"v1": image})
    result = cli("tag", "rm", f"{name}:v1", "-y")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: cannot delete {name}:v1: {registry.host} deletes neither tags nor manifests"
        " (UNSUPPORTED)\n"
    )
    assert skopeo.tags(name) == ["v1"]


def test_a_modern_registry_reached_by_its_host(
    cli: InProcess, sandbox: SandboxServer, environ: dict[str, str], repository: str
) -> None:
    """The sandbox's registry under its own name: Hub's API has no part in it."""
    digests = hub_repository(sandbox, repository, TAGS)
    environ["DOCKER_AUTH_CONFIG"] = json.dumps(
        {"auths": {sandbox.host: {"username": sandbox.username, "password": sandbox.password}}}
    )
    sandbox.forget()
    name = f"{sandbox.host}/{repository}"
    result = cli("tag", "rm", f"{name}:v2", "-y")
    assert (result.exit_code, result.stderr) == (0, f"deleted {name}:v2\n")
    assert [str(one) for one in sandbox.requests("DELETE ")] == [
        f"DELETE /v2/{repository}/manifests/v2"
    ]
    result = cli("tag", "ls", name, "--digest", digests["latest"], "-q")
    assert result.stdout == "latest\n"
