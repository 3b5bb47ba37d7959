"""`hubcli manifest`: manifests as they are, in registries and layouts."""

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


# put


def test_a_manifest_is_put_byte_for_byte(
    cli: InProcess, name: str, image: Image, skopeo: Skopeo
) -> None:
    content = json.dumps(json.loads(image.read(image.digest)), indent=3).encode()
    result = cli("manifest", "put", f"{name}:v2", "-", "-q", stdin=content)
    assert result.exit_code == 0, result.stderr
    assert result.lines() == [f"sha256:{hashlib.sha256(content).hexdigest()}"]
    assert skopeo.raw(f"{name}:v2") == content


def test_a_manifest_is_put_by_its_digest(cli: InProcess, name: str, image: Image) -> None:
    content = image.read(image.digest)
    assert cli("manifest", "put", f"{name}@{image.digest}", "-", stdin=content).exit_code == 0
    wrong = cli("manifest", "put", f"{name}@{image.digest}", "-", stdin=content + b"\n")
    assert wrong.exit_code == 7


def test_what_it_needs_must_be_there(cli: InProcess, name: str, image: Image) -> None:
    manifest = json.loads(image.read(next(iter(image.platforms.values()))["digest"]))
    absent = f"sha256:{'0' * 64}"
    manifest["layers"].append({**manifest["layers"][0], "digest": absent})
    result = cli("manifest", "put", f"{name}:v2", "-", stdin=json.dumps(manifest))
    assert result.exit_code == 1
    assert f"it refers to what is not there: {absent} (MANIFEST_BLOB_UNKNOWN)" in result.stderr
    assert f"hint: hubcli blob put {name} FILE" in result.stderr


def test_a_layout_takes_a_manifest_too(cli: InProcess, image: Image) -> None:
    content = image.read(image.digest) + b"\n"
    place = f"oci:{image.layout}:v2"
    assert cli("manifest", "put", place, "-", stdin=content).exit_code == 0
    assert cli("inspect", "--raw", place).stdout_bytes == content
    lacking = cli("manifest", "put", "oci:empty:v1", "-", stdin=content)
    assert lacking.exit_code == 1
    assert "MANIFEST_BLOB_UNKNOWN" in lacking.stderr


def test_a_dry_run_puts_nothing(cli: InProcess, name: str, image: Image) -> None:
    content = image.read(image.digest)
    result = cli("manifest", "put", f"{name}:v2", "-", "--dry-run", "-q", stdin=content)
    assert result.lines() == [image.digest]
    assert cli("digest", f"{name}:v2").exit_code == 3


@pytest.mark.parametrize(
    ("options", "content"),
    [([], b"no JSON"), ([], b"[]"), ([], b"{}"), (["--media-type", "text/plain"], b"{}"),
     ([], b" " * ((4 << 20) + 1))],
)  # fmt: skip
def test_what_is_no_manifest(cli: InProcess, options: list[str], content: bytes) -> None:
    assert cli("manifest", "put", "a/b:v1", "-", *options, stdin=content).exit_code == 2


# rm


def test_rm_shows_the_tags_and_asks(cli: InProcess, name: str, image: Image) -> None:
    manifest = f"{name}@{image.digest}"
    refused = cli("manifest", "rm", manifest)
    assert refused.exit_code == 2
    assert "needed by v1" in refused.stderr
    assert "--yes" in refused.stderr
    planned = cli("manifest", "rm", manifest, "--dry-run", "--format", "json")
    assert planned.json()[0]["tags"] == ["v1"]
    assert cli("digest", f"{name}:v1").exit_code == 0
    assert cli("manifest", "rm", manifest, "--yes").exit_code == 0
    assert cli("digest", f"{name}:v1").exit_code == 3


def test_a_tag_is_none_of_its_business(cli: InProcess, name: str) -> None:
    result = cli("manifest", "rm", f"{name}:v1", "--yes")
    assert result.exit_code == 2
    assert f"hint: hubcli tag rm {name}:v1" in result.stderr
    assert cli("digest", f"{name}:v1").exit_code == 0


def test_a_deleted_referrer_leaves_the_list_that_hubcli_keeps(
    cli: InProcess, docker_registry: Registries, repository: str, image: Image
) -> None:
    name = f"{docker_registry().host}/{repository}"
    assert cli("push", image.source, f"{name}:v1", "-q").exit_code == 0
    attach = ("referrer", "attach", f"{name}:v1", "--type", "application/x", "-q")
    first, second = (
        cli(*attach, "--annotation", f"number={number}").lines()[0] for number in (1, 2)
    )
    assert cli("referrer", "ls", f"{name}:v1", "-q").lines() == [first, second]
    assert cli("manifest", "rm", f"{name}@{first}", "--yes").exit_code == 0
    assert cli("referrer", "ls", f"{name}:v1", "-q").lines() == [second]


# layouts


def test_a_manifest_of_a_layout_or_archive(cli: InProcess, image: Image, skopeo: Skopeo) -> None:
    skopeo("copy", "--quiet", "--all", image.source, f"oci-archive:{image.layout}.tar:v1")
    for source in (image.source, f"oci-archive:{image.layout}.tar"):
        assert cli("manifest", "get", source).stdout_bytes == image.read(image.digest)
        one = cli("manifest", "get", source, "--platform", "linux/arm64").stdout_bytes
        assert one == image.read(image.platforms["linux/arm64/v8"]["digest"])


def test_rm_in_a_layout(cli: InProcess, image: Image) -> None:
    place = f"oci:{image.layout}"
    assert cli("manifest", "put", f"{place}:same", "-", stdin=image.read(image.digest))
    by_name = cli("manifest", "rm", image.source, "--yes")
    assert by_name.exit_code == 2
    assert f"hint: hubcli digest {image.source}" in by_name.stderr
    manifest = f"{place}@{image.digest}"
    refused = cli("manifest", "rm", manifest)
    assert refused.exit_code == 2
    assert "needed by same, v1" in refused.stderr
    planned = cli("manifest", "rm", manifest, "--dry-run", "--format", "json")
    assert planned.json()[0]["tags"] == ["same", "v1"]
    assert cli("digest", image.source).exit_code == 0
    assert cli("manifest", "rm", manifest, "--yes").exit_code == 0
    assert cli("digest", image.source).exit_code == 3
    assert json.loads((image.layout / "index.json").read_bytes())["manifests"] == []
    assert cli("manifest", "rm", manifest, "--yes").exit_code == 3


def test_the_reference_is_told_where_the_digest_is_wrong(cli: InProcess, image: Image) -> None:
    wanted = f"docker.io/acme/api@sha256:{'0' * 64}"
    result = cli("manifest", "put", wanted, "-", stdin=image.read(image.digest))
    assert result.exit_code == 7
    assert result.stderr.startswith(f"error: cannot write {wanted}: ")
