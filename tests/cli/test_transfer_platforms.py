"""`--platform` in transfers: an image, an index that is filtered, or one that is sparse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli import oci
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.skopeo import Skopeo

PLATFORMS = ("linux/amd64", "linux/arm64/v8", "linux/s390x")
TWO = ("--platform", "linux/s390x,linux/arm64")


@pytest.fixture
def three(oci_layout: Layout) -> Image:
    return oci_layout.image("v1", platforms=PLATFORMS)


@pytest.fixture
def destination(docker_registry: Callable[..., DockerRegistry], repository: str) -> str:
    return f"{docker_registry().host}/{repository}:v1"


def images(layout: Path, image: Image) -> list[str]:
    """The platforms whose images a layout holds."""
    return [
        platform
        for platform, entry in image.platforms.items()
        if (layout / "blobs" / entry["digest"].replace(":", "/")).exists()
    ]


def test_a_filtered_index_has_the_chosen_entries_only(
    cli: InProcess, three: Image, destination: str, skopeo: Skopeo
) -> None:
    result = cli("push", three.source, destination, *TWO, "--format", "json")
    assert result.exit_code == 0, result.stderr
    report = result.json()
    assert f"copying 2 of 3 platforms; the index is filtered, and becomes {report['digest']}" in (
        result.stderr
    )
    raw = skopeo.raw(destination)
    assert oci.digest_of(raw) == report["digest"]
    kept = [entry["digest"] for entry in json.loads(raw)["manifests"]]
    assert kept == [three.platforms[name]["digest"] for name in ("linux/arm64/v8", "linux/s390x")]


def test_a_sparse_index_stays_what_it_was(
    cli: InProcess, three: Image, tmp_path: Path, skopeo: Skopeo
) -> None:
    result = cli("copy", three.source, "oci:out:v1", *TWO, "--sparse", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert "copying 2 of 3 platforms; the index is sparse" in result.stderr
    assert result.json()["digest"] == three.digest
    assert result.json()["platforms"] == ["linux/arm64/v8", "linux/s390x"]
    assert images(tmp_path / "out", three) == ["linux/arm64/v8", "linux/s390x"]
    chosen = ["--override-arch", "s390x"]
    skopeo("copy", "--quiet", *chosen, f"oci:{tmp_path}/out:v1", f"oci:{tmp_path}/again:v1")


def test_of_one_platform_it_is_the_index_too(cli: InProcess, three: Image, tmp_path: Path) -> None:
    options = ["--platform", "linux/s390x", "--sparse", "--format", "json"]
    assert cli("copy", three.source, "oci:out:v1", *options).json()["digest"] == three.digest
    assert images(tmp_path / "out", three) == ["linux/s390x"]


def test_what_a_sparse_index_lacks_is_copied_later(
    cli: InProcess, three: Image, tmp_path: Path
) -> None:
    """The digest is right by then, so that it is no sign that all is there."""
    assert cli("copy", three.source, "oci:out:v1", *TWO, "--sparse").exit_code == 0
    more = ["--platform", "linux/amd64", "--sparse"]
    assert cli("copy", three.source, "oci:out:v1", *more).exit_code == 0
    assert images(tmp_path / "out", three) == list(PLATFORMS)
    (
        tmp_path / "out" / "blobs" / three.platforms["linux/amd64"]["digest"].replace(":", "/")
    ).unlink()
    assert cli("copy", three.source, "oci:out:v1").exit_code == 0
    assert images(tmp_path / "out", three) == list(PLATFORMS)
    assert "dev.hubcli.sparse" not in (tmp_path / "out" / "index.json").read_text()


@pytest.mark.parametrize("options", [(), ("--all-platforms",), ("--platform", "linux/amd64")])
def test_what_a_sparse_index_lacks_is_said_with_what_it_has(
    cli: InProcess, three: Image, destination: str, options: tuple[str, ...]
) -> None:
    assert cli("copy", three.source, "oci:out:v1", *TWO, "--sparse").exit_code == 0
    result = cli("push", "oci:out:v1", destination, *options)
    assert result.exit_code == 3
    lacking = three.platforms["linux/amd64"]["digest"]
    assert result.stderr == (
        f"error: cannot read oci:out:v1: {lacking} is not in oci:out: of its index only "
        "linux/arm64/v8, linux/s390x were copied (MANIFEST_UNKNOWN)\n"
        "hint: --platform linux/arm64/v8 --platform linux/s390x\n"
    )
    hint = result.stderr.rpartition("hint: ")[2].split()
    assert cli("push", "oci:out:v1", destination, *hint).exit_code == 0


def test_what_else_is_missing_in_a_layout_is_said_alone(
    cli: InProcess, three: Image, tmp_path: Path
) -> None:
    assert cli("copy", three.source, "oci:out:v1", *TWO, "--sparse").exit_code == 0
    other = "sha256:" + "0" * 64
    result = cli("digest", f"oci:out@{other}")
    assert result.exit_code == 3
    assert f"{other} is not in oci:out (MANIFEST_UNKNOWN)" in result.stderr
    assert "hint" not in result.stderr


def test_a_registry_that_takes_no_sparse_index(
    cli: InProcess, three: Image, destination: str
) -> None:
    """distribution 2.8 looks whether all is there that an index names."""
    result = cli("push", three.source, destination, *TWO, "--sparse", "--format", "json")
    assert result.exit_code == 1
    error = json.loads(result.stderr.splitlines()[-1])
    assert error["code"] == "MANIFEST_BLOB_UNKNOWN"
    assert "--sparse" in error["hint"]


@pytest.mark.parametrize("command", ["push", "copy"])
def test_a_sparse_index_of_everything_is_a_mistake(
    cli: InProcess, three: Image, destination: str, command: str
) -> None:
    assert cli(command, three.source, destination, "--sparse").exit_code == 2


@pytest.mark.parametrize("platforms", ["linux/s390x", "linux/s390x,linux/arm64"])
def test_what_is_there_of_them_is_left_alone(
    hubcli: Subprocess, three: Image, destination: str, platforms: str
) -> None:
    first = hubcli("push", three.source, destination, "--platform", platforms)
    assert first.exit_code == 0, first.stderr
    again = hubcli("push", three.source, destination, "--platform", platforms, "--debug")
    assert again.exit_code == 0
    sent = [line.split()[1] for line in again.stderr.splitlines() if line.startswith("> ")]
    assert sent == ["HEAD"]
    assert again.stderr.splitlines()[-1].endswith(" already")


def test_a_pull_of_several_platforms(
    cli: InProcess, sandbox: SandboxServer, tmp_path: Path, skopeo: Skopeo
) -> None:
    options = ["--platform", "linux/amd64", "--platform", "linux/arm64", "--format", "json"]
    found = cli("pull", "hello-world", "out.tar", *options)
    assert found.exit_code == 0, found.stderr
    raw = skopeo("inspect", "--raw", f"oci-archive:{tmp_path}/out.tar:latest")
    assert oci.digest_of(raw.encode()) == found.json()["digest"]
