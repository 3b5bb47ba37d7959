"""`tag cp`: on a real registry, and on Docker Hub as the sandbox has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubcli.authoring.moving import moved_along
from hubcli.errors import UsageError
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.skopeo import Skopeo


@pytest.fixture
def registry(docker_registry: Callable[..., DockerRegistry]) -> DockerRegistry:
    return docker_registry()


@pytest.fixture
def name(registry: DockerRegistry, repository: str, skopeo: Skopeo, image: Image) -> str:
    """A repository with `image` as v1.2.3."""
    name = f"{registry.host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1.2.3")
    return name


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = result.json()
    return found


def test_tags_are_given(
    cli: InProcess, registry: DockerRegistry, repository: str, name: str, image: Image,
    skopeo: Skopeo,
) -> None:  # fmt: skip
    seen = len(registry.requests(repository))
    found = rows(cli("tag", "cp", f"{name}:v1.2.3", "stable", f"{name}:x", "--format", "json"))
    methods = [one.method for one in registry.requests(repository)[seen:]]
    assert sorted(methods) == sorted(["GET"] + 2 * ["HEAD", "PUT"])
    assert [(row["reference"], row["action"]) for row in found] == [
        (f"{name}:stable", "create"),
        (f"{name}:x", "create"),
    ]
    assert skopeo.raw(f"{name}:stable") == skopeo.raw(f"{name}:x") == image.read(image.digest)


def test_what_is_so_already_is_left(
    cli: InProcess, registry: DockerRegistry, repository: str, name: str
) -> None:
    cli("tag", "cp", f"{name}:v1.2.3", "stable")
    seen = len(registry.requests(repository))
    (row,) = rows(cli("tag", "cp", f"{name}:v1.2.3", "stable", "--format", "json"))
    assert row["action"] == "keep"
    assert [one.method for one in registry.requests(repository)[seen:]] == ["GET", "HEAD"]
    seen = len(registry.requests(repository))
    cli("tag", "cp", f"{name}:v1.2.3", "stable", "--force")
    assert [one.method for one in registry.requests(repository)[seen:]] == ["GET", "PUT"]


def test_no_clobber(
    cli: InProcess, name: str, oci_layout: Layout, skopeo: Skopeo, image: Image
) -> None:
    other = oci_layout.image("other", config={"User": "x"})
    skopeo.copy(other.source, f"docker://{name}:stable")
    refused = cli("tag", "cp", f"{name}:v1.2.3", "stable", "new", "--no-clobber")
    assert refused.exit_code == 1
    assert "(CONFLICT)" in refused.stderr
    assert skopeo.raw(f"{name}:stable") == other.read(other.digest)
    assert skopeo.raw(f"{name}:new") == image.read(image.digest)
    (row,) = rows(cli("tag", "cp", f"{name}:v1.2.3", "stable", "--format", "json"))
    assert (row["action"], row["previous"]) == ("move", other.digest)


def test_bump(cli: InProcess, name: str, skopeo: Skopeo) -> None:
    planned = cli("tag", "cp", f"{name}:v1.2.3", "--bump", "--dry-run", "-q")
    assert planned.lines() == [f"{name}:{tag}" for tag in ("v1.2", "v1", "latest")]
    assert skopeo.tags(name) == ["v1.2.3"]
    assert cli("tag", "cp", f"{name}:v1.2.3", "v1.3.0", "--bump").exit_code == 0
    assert sorted(skopeo.tags(name)) == ["latest", "v1", "v1.2.3", "v1.3", "v1.3.0"]
    older = cli("tag", "cp", f"{name}:v1.2.3", "--bump", "-q")
    assert older.lines() == [f"{name}:v1.2"]


@pytest.mark.parametrize(
    ("name", "tags", "moving", "staying"),
    [
        ("v1.2.3", [], ["v1.2", "v1", "latest"], []),
        ("1.2.3", ["1.2.4"], [], ["1.2", "1", "latest"]),
        ("1.2.3", ["1.10.0"], ["1.2"], ["1", "latest"]),
        ("1.10.0", ["1.9.9", "1.9"], ["1.10", "1", "latest"], []),
        ("v1.2.3", ["v2.0.0"], ["v1.2", "v1"], ["latest"]),
        ("v1.2.3", ["v2.0.0-rc1", "v2.0.0-alpine"], ["v1.2", "v1", "latest"], []),
        ("1.2.3-alpine", ["1.2.4"], ["1.2-alpine", "1-alpine"], []),
        ("1.2.3-alpine", ["alpine"], ["1.2-alpine", "1-alpine", "alpine"], []),
        ("1.2.3-alpine", ["1.3.0-alpine", "latest-alpine"], ["1.2-alpine"],
         ["1-alpine", "latest-alpine"]),
    ],
)  # fmt: skip
def test_a_release_moves_the_lines_in_which_it_is_the_newest(
    name: str, tags: list[str], moving: list[str], staying: list[str]
) -> None:
    assert moved_along(name, {*tags, name}) == (moving, staying)


@pytest.mark.parametrize("name", ["latest", "v1.2", "v1.2.3-rc1", "1.2.3-beta.2", "main"])
def test_what_is_no_release_moves_nothing(name: str) -> None:
    with pytest.raises(UsageError):
        moved_along(name, {name})


@pytest.mark.parametrize(
    "arguments",
    [["a/b:v1"], ["a/b:v1", "c/d:v1"], ["a/b:v1", "x", "--force", "--no-clobber"],
     ["a/b:v1", "a b"]],
)  # fmt: skip
def test_wrong_command_lines(cli: InProcess, arguments: list[str]) -> None:
    assert cli("tag", "cp", *arguments).exit_code == 2


def test_a_layout_is_told_another_way(cli: InProcess) -> None:
    result = cli("tag", "cp", "oci:app:v1", "v2")
    assert result.exit_code == 2
    assert "hint: hubcli copy oci:DIR:OLD oci:DIR:NEW" in result.stderr


def test_an_immutable_tag_of_docker_hub_is_explained(
    cli: InProcess, sandbox: SandboxServer, repository: str, oci_layout: Layout
) -> None:
    name = f"alice/{repository.partition('/')[0]}"
    first = oci_layout.image("v1").source
    other = oci_layout.image("v2", config={"User": "x"}).source
    env = sandbox.signed_in
    for source, tag in ((first, "v1"), (other, "v2")):
        assert cli("push", source, f"{name}:{tag}", env=env).exit_code == 0
    assert cli("tag", "cp", f"{name}:v1", "stable", env=env).exit_code == 0
    rules = cli("repo", "edit", name, "--immutable-tags", "stable", env=env)
    assert rules.exit_code == 0, rules.stderr
    result = cli("tag", "cp", f"{name}:v2", "stable", "next", env=env)
    assert result.exit_code != 0
    assert "the repository's rules make this tag immutable" in result.stderr
    assert result.lines()[0].startswith(f"{name}:next\t")
