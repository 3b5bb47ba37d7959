"""`hubcli manifest get`: manifests as they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from support.docker_registry import DockerRegistry
from support.images import INDEX, Image
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer
from support.skopeo import Skopeo

Registries = Callable[..., DockerRegistry]


@pytest.fixture
def name(docker_registry: Registries, skopeo: Skopeo, image: Image, repository: str) -> str:
    """A repository with `image` as v1."""
    name = f"{docker_registry().host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    return name


def test_a_pipe_gets_the_bytes(
    cli: InProcess, hubcli: Subprocess, name: str, image: Image, skopeo: Skopeo
) -> None:
    for options in ((), ("--raw",)):
        found = cli("manifest", "get", f"{name}:v1", *options)
        assert found.stdout_bytes == image.read(image.digest) == skopeo.raw(f"{name}:v1")
    result = hubcli("manifest", "get", f"{name}@{image.digest}")
    assert result.stderr == ""
    printed = result.stdout_bytes
    assert f"sha256:{hashlib.sha256(printed).hexdigest()}" == image.digest


def test_a_terminal_gets_it_laid_out(cli: InProcess, name: str, image: Image) -> None:
    shown = cli("manifest", "get", f"{name}:v1", terminal=True).stdout
    assert json.loads(shown) == json.loads(image.read(image.digest))
    assert len(shown.splitlines()) > 10
    raw = cli("manifest", "get", f"{name}:v1", "--raw", terminal=True)
    assert raw.stdout_bytes == image.read(image.digest)


def test_a_platform_is_picked(cli: InProcess, name: str, image: Image, hubcli: Subprocess) -> None:
    for platform, key in (("linux/arm64", "linux/arm64/v8"), ("amd64", "linux/amd64")):
        found = cli("manifest", "get", f"{name}:v1", "--platform", platform)
        assert found.stdout_bytes == image.read(image.platforms[key]["digest"])
    missing = cli("manifest", "get", f"{name}:v1", "--platform", "windows/amd64")
    assert (missing.exit_code, missing.stdout) == (3, "")
    assert "it has linux/amd64, linux/arm64/v8" in missing.stderr


def test_several_are_printed_one_to_a_line(cli: InProcess, name: str, image: Image) -> None:
    result = cli("manifest", "get", f"{name}:v1", f"{name}:v2", f"{name}:v1")
    content = image.read(image.digest) + b"\n"
    assert result.stdout_bytes == content + content
    assert result.exit_code == 3
    assert result.stderr.startswith(f"error: cannot get the manifest of {name}:v2: not found")


def test_several_raw_ones_could_not_be_told_apart(cli: InProcess, name: str) -> None:
    result = cli("manifest", "get", f"{name}:v1", f"{name}:v1", "--raw")
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_wrong_digest_is_an_integrity_failure(cli: InProcess) -> None:
    headers = {"Content-Type": INDEX, "Docker-Content-Digest": f"sha256:{'0' * 64}"}
    with ScriptedServer(lambda _: Answer(200, b'{"manifests":[]}', headers)) as server:
        result = cli("manifest", "get", f"127.0.0.1:{server.port}/a/b:v1")
    assert (result.exit_code, result.stdout) == (7, "")
    assert "(INTEGRITY)" in result.stderr


def test_what_hub_does_not_know_is_not_found(cli: InProcess, sandbox: SandboxServer) -> None:
    assert cli("manifest", "get", "nobody/nothing").exit_code == 3
    assert cli("manifest", "get", "library/hello-world").exit_code == 0


@pytest.mark.parametrize("arguments", [["a b"], ["x/Upper"], ["x", "--platform", "a/b/c/d"], []])
def test_a_wrong_command_line(cli: InProcess, arguments: list[str]) -> None:
    assert cli("manifest", "get", *arguments).exit_code == 2


def test_hostile_text_is_harmless_on_a_terminal(cli: InProcess) -> None:
    body = '{"manifests":[],"annotations":{"a":"\\u001b[31m\u202e"}}'.encode()
    with ScriptedServer(lambda _: Answer(200, body, {"Content-Type": INDEX})) as server:
        shown = cli("manifest", "get", f"127.0.0.1:{server.port}/a/b:v1", terminal=True).stdout
    assert "\x1b[31m" not in shown
    assert json.loads(shown)["annotations"] == {"a": "\x1b[31m\u202e"}
