"""`inspect` and `digest`: of references and of images in local stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.attested import attested
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.skopeo import Skopeo


@pytest.fixture
def remote(
    docker_registry: Callable[..., DockerRegistry], repository: str, image: Image, skopeo: Skopeo
) -> str:
    reference = f"{docker_registry().host}/{repository}:v1"
    skopeo.copy(image.source, f"docker://{reference}")
    return reference


# digest


@pytest.mark.parametrize("terminal", [False, True])
def test_digest_prints_the_digest_alone(
    cli: InProcess, remote: str, image: Image, terminal: bool
) -> None:
    result = cli("digest", remote, terminal=terminal)
    assert (result.exit_code, result.lines()) == (0, [image.digest])
    assert cli("digest", remote, "-q").lines() == [image.digest]


def test_digest_costs_one_request(hubcli: Subprocess, sandbox: SandboxServer) -> None:
    """Once a token is at hand; and none that counts as a pull."""
    assert hubcli("digest", "hello-world").exit_code == 0
    sandbox.forget()
    assert hubcli("digest", "hello-world").exit_code == 0
    assert [str(one) for one in sandbox.requests()] == [
        "HEAD /v2/library/hello-world/manifests/latest"
    ]


def test_digests_come_in_the_order_asked_for_and_failures_do_not_stop_them(
    cli: InProcess, remote: str, image: Image
) -> None:
    missing = remote.replace(":v1", ":v2")
    result = cli("digest", image.source, missing, remote)
    assert result.exit_code == 3
    assert result.lines() == [image.digest, image.digest]
    assert missing in result.stderr


def test_digest_as_json(cli: InProcess, remote: str, image: Image) -> None:
    expected = {
        "digest": image.digest,
        "reference": remote,
        "media_type": image.media_type,
        "size": image.size,
    }
    assert cli("digest", remote, "--format", "json").json() == expected
    both = cli("digest", remote, image.source, "--format", "json").json()
    assert both == [expected, {**expected, "reference": image.source}]


def test_digest_of_one_platform(cli: InProcess, remote: str, image: Image) -> None:
    result = cli("digest", remote, "--platform", "linux/arm64")
    assert result.lines() == [image.platforms["linux/arm64/v8"]["digest"]]
    assert cli("digest", remote, "--platform", "linux/s390x").exit_code == 3


def test_an_arm_takes_the_image_of_an_older_one_as_a_pull_does(
    cli: InProcess, oci_layout: Layout
) -> None:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm/v5", "linux/arm/v6"])
    wished = cli("digest", image.source, "--platform", "linux/arm/v7")
    assert wished.lines() == [image.platforms["linux/arm/v6"]["digest"]], wished.stderr
    assert cli("copy", image.source, "oci:own", "--platform", "linux/arm/v7").exit_code == 0
    assert cli("digest", "oci:own").lines() == wished.lines()


def test_on_an_arm_an_older_one_is_shown_rather_than_the_first(
    cli: InProcess, oci_layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm/v6"])
    monkeypatch.setattr("platform.machine", lambda: "armv7l")
    found = cli("inspect", image.source, "--format", "json").json()
    assert found["platform"] == "linux/arm/v6"


@pytest.mark.parametrize("spelling", ["./a.tar", "oci-archive:a.tar", "oci-archive:a.tar:v1", "-"])
def test_digest_of_an_archive(
    cli: InProcess, image: Image, skopeo: Skopeo, tmp_path: Path, spelling: str
) -> None:
    skopeo.copy(image.source, f"oci-archive:{tmp_path}/a.tar:v1")
    stdin = (tmp_path / "a.tar").read_bytes() if spelling == "-" else b""
    assert cli("digest", spelling, stdin=stdin).lines() == [image.digest]


def test_no_archive_is_expected_from_a_person(cli: InProcess) -> None:
    result = cli("digest", "-", terminal=True)
    assert result.exit_code == 2
    assert "stdin" in result.stderr


# inspect


def test_inspect_tells_the_same_of_a_layout_and_of_a_registry(
    cli: InProcess, remote: str, image: Image
) -> None:
    there = cli("inspect", remote, "--format", "json").json()
    here = cli("inspect", image.source, "--format", "json").json()
    assert (there.pop("reference"), here.pop("reference")) == (remote, image.source)
    assert there == here
    assert there["digest"] == image.digest
    assert [one["digest"] for one in there["platforms"]] == [
        descriptor["digest"] for descriptor in image.platforms.values()
    ]


def test_inspect_shows_the_image_of_a_platform(cli: InProcess, oci_layout: Layout) -> None:
    image = oci_layout.image(
        platforms=["linux/amd64", "linux/arm64/v8"],
        config={"Env": ["A=1"], "Cmd": ["/hello"], "ExposedPorts": {"80/tcp": {}}},
    )
    found = cli("inspect", image.source, "--platform", "linux/arm64", "--format", "json").json()
    assert found["platform"] == "linux/arm64/v8"
    assert found["config"]["env"] == ["A=1"]
    assert found["config"]["cmd"] == ["/hello"]
    assert found["config"]["ports"] == ["80/tcp"]


def test_inspect_raw_is_the_manifest_byte_for_byte(
    cli: InProcess, remote: str, image: Image
) -> None:
    assert cli("inspect", "--raw", remote).stdout_bytes == image.read(image.digest)
    amd64 = image.platforms["linux/amd64"]["digest"]
    raw = cli("inspect", "--raw", remote, "--platform", "linux/amd64")
    assert raw.stdout_bytes == image.read(amd64)


def test_inspect_tells_what_it_can_of_a_sparse_index(cli: InProcess, oci_layout: Layout) -> None:
    image = attested(oci_layout)
    index = json.loads(image.read(image.digest))
    _, arm, statement, _ = index["manifests"]
    for entry in (arm, statement):
        (image.layout / "blobs" / entry["digest"].replace(":", "/")).unlink()
    found = cli("inspect", image.source, "--platform", "linux/amd64", "--format", "json").json()
    sizes = {one["architecture"]: one["size"] is None for one in found["platforms"]}
    assert sizes == {"amd64": False, "arm64": True}
    assert [one["predicate_types"] for one in found["attestations"]] == [None, None]
    assert cli("sbom", image.source, "--platform", "linux/amd64").exit_code == 3


def test_several_raw_ones_are_parted(cli: InProcess, remote: str, image: Image) -> None:
    result = cli("inspect", "--raw", remote, image.source)
    assert result.stdout_bytes == (image.read(image.digest) + b"\n") * 2


def test_an_archive_that_is_none_is_told_with_what_was_wanted(cli: InProcess) -> None:
    result = cli("digest", "-", stdin=b"")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: cannot read -: the archive on stdin is neither ")


def test_inspect_several(cli: InProcess, remote: str, image: Image) -> None:
    result = cli("inspect", remote, "oci:none", image.source, "--format", "json")
    assert result.exit_code == 3
    assert [one["reference"] for one in result.json()] == [remote, image.source]
    assert "oci:none" in result.stderr


def test_inspect_in_a_pipe_is_one_line(cli: InProcess, remote: str, image: Image) -> None:
    (line,) = cli("inspect", remote).lines()
    assert line.split("\t")[:2] == [remote, image.digest]
