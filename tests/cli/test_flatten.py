"""`flatten`: one layer that holds what all of them did."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.docker_registry import DockerRegistry
from support.images import Layout
from support.layered import image_of, member, tar_of
from support.real_images import RealImages
from support.running import InProcess
from support.skopeo import Skopeo


@pytest.fixture
def name(docker_registry: Callable[..., DockerRegistry], repository: str) -> str:
    return f"{docker_registry().host}/{repository}"


def test_layers_become_one(cli: InProcess, oci_layout: Layout, skopeo: Skopeo, name: str) -> None:
    layers = [{"a": b"1", "gone": b"x"}, {"a": b"2", ".wh.gone": b""}]
    image = oci_layout.image("v1", layers=layers, config={"User": "x"})
    skopeo.copy(image.source, f"docker://{name}:v1")
    result = cli("flatten", f"{name}:v1", "--tag", "flat", "-q")
    assert result.exit_code == 0, result.stderr
    (layer,) = json.loads(skopeo.raw(f"{name}:flat"))["layers"]
    config = skopeo.inspect(f"{name}:flat", "--config")
    assert (len(config["rootfs"]["diff_ids"]), len(config["history"])) == (1, 1)
    assert config["config"]["User"] == "x"
    content = cli("blob", "get", f"{name}@{layer['digest']}").stdout_bytes
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert sorted(archive.getnames()) == ["a"]
        member = archive.extractfile("a")
        assert member is not None
        assert member.read() == b"2"
    # skopeo checks layers against the configuration where it unpacks them.
    skopeo("copy", "--quiet", "--src-tls-verify=false", "--dest-decompress",
           f"docker://{name}:flat", f"dir:{skopeo.directory}/out")  # fmt: skip
    again = cli("flatten", f"{name}:v1", "--tag", "again", "-q")
    assert again.lines() == result.lines()


def test_one_layer_stays_as_it_is(cli: InProcess, oci_layout: Layout) -> None:
    image = oci_layout.image("v1")
    assert cli("flatten", image.source, "-q").lines() == [image.digest]


def test_what_cannot_be_flattened(cli: InProcess, real_image: RealImages) -> None:
    artifact = cli("flatten", real_image("artifact").source, "--to", "oci:out:v1")
    assert artifact.exit_code == 1
    assert "it is no image, but an artifact of type application/spdx+json" in artifact.stderr
    foreign = cli("flatten", real_image("foreign").source, "--to", "oci:out:v1")
    assert foreign.exit_code == 1
    assert "is not there: it is only named by URL (UNSUPPORTED)" in foreign.stderr


def test_a_bomb_is_stopped(cli: InProcess, tmp_path: Path) -> None:
    hole = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": f"{2 << 30}"}
    holes = tar_of(member("zeros", b"1\n0\n0\n".ljust(512, b"\0"), pax_headers=hole))
    bomb = image_of(tmp_path / "bomb", [holes, tar_of(member("a", b"1"))]).source
    refused = cli("flatten", bomb, "--to", "oci:out:v1")
    assert refused.exit_code == 7
    assert "unpacks to more than 1073741824 bytes (INTEGRITY)" in refused.stderr
    assert "hint: raise the limit with --max-unpacked if you trust the image" in refused.stderr


def test_every_platform_is_flattened(cli: InProcess, oci_layout: Layout) -> None:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64"])
    result = cli("flatten", image.source, "--to", "oci:out:v1")
    assert result.exit_code == 0, result.stderr
    for platform in ("linux/amd64", "linux/arm64"):
        raw = cli("inspect", "--raw", "oci:out:v1", "--platform", platform).stdout
        assert len(json.loads(raw)["layers"]) == 1
