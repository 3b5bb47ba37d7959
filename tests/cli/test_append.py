"""`append`: layers from files and stdin, read back by skopeo."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image, Layout, tar
from support.running import InProcess
from support.skopeo import Skopeo

TAR = tar({"etc/new": b"new\n"})
PACKED = gzip.compress(TAR, mtime=0)
DIFF_ID = f"sha256:{hashlib.sha256(TAR).hexdigest()}"
OCI = "application/vnd.oci.image.layer.v1.tar"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar"


@pytest.fixture
def name(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> str:
    """A repository with `image`, an index, as v1."""
    name = f"{docker_registry().host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    return name


def zstd(content: bytes) -> bytes:
    backports = pytest.importorskip("backports.zstd")
    packed: bytes = backports.compress(content)
    return packed


@pytest.mark.parametrize(
    ("pack", "suffix"), [(bytes, ""), (lambda _: PACKED, "+gzip"), (zstd, "+zstd")]
)
def test_a_layer_is_taken_as_it_is(
    cli: InProcess, skopeo: Skopeo, name: str, image: Image, tmp_path: Path,
    pack: Callable[[bytes], bytes], suffix: str,
) -> None:  # fmt: skip
    content = pack(TAR)
    (tmp_path / "layer").write_bytes(content)
    result = cli("append", f"{name}:v1", "--layer", "layer", "--tag", "v2")
    assert result.exit_code == 0, result.stderr
    for entry in json.loads(skopeo.raw(f"{name}:v2"))["manifests"]:
        manifest = json.loads(skopeo.raw(f"{name}@{entry['digest']}"))
        assert manifest["layers"][-1] == {
            "mediaType": OCI + suffix,
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "size": len(content),
        }
        config = skopeo.inspect(f"{name}@{entry['digest']}", "--config")
        assert config["rootfs"]["diff_ids"][-1] == DIFF_ID
        assert len(config["history"]) == len(manifest["layers"]) == 3
    skopeo.copy(f"docker://{name}:v2", f"oci:{tmp_path}/out:v2")
    assert skopeo.raw(f"{name}:v1") == image.read(image.digest)


def test_several_layers_and_stdin(cli: InProcess, oci_layout: Layout, tmp_path: Path) -> None:
    image = oci_layout.image("v1")
    (tmp_path / "first").write_bytes(PACKED)
    arguments = ("append", image.source, "--layer", "first", "--layer", "-")
    result = cli(*arguments, "--to", "oci:out:x", stdin=tar({"b": b""}))
    assert result.exit_code == 0, result.stderr
    manifest = json.loads(cli("inspect", "--raw", "oci:out:x").stdout)
    assert [layer["mediaType"] for layer in manifest["layers"][1:]] == [f"{OCI}+gzip", OCI]


def test_a_layer_in_a_pipe(cli: InProcess, oci_layout: Layout, tmp_path: Path) -> None:
    """As shells make one of `--layer <(tar c …)`."""
    image = oci_layout.image("v1")
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(PACKED,))
    writer.start()
    result = cli("append", image.source, "--layer", "pipe", "--to", "oci:out:x")
    writer.join()
    assert result.exit_code == 0, result.stderr
    manifest = json.loads(cli("inspect", "--raw", "oci:out:x").stdout)
    assert manifest["layers"][-1]["digest"] == f"sha256:{hashlib.sha256(PACKED).hexdigest()}"


def test_docker_images_get_dockers_layers(
    cli: InProcess, skopeo: Skopeo, name: str, oci_layout: Layout
) -> None:
    image = oci_layout.image("one")
    skopeo("copy", "--quiet", "--format=v2s2", "--dest-tls-verify=false",
           image.source, f"docker://{name}:schema2")  # fmt: skip
    assert cli("append", f"{name}:schema2", "--layer", "-", stdin=PACKED).exit_code == 0
    manifest = json.loads(skopeo.raw(f"{name}:schema2"))
    assert manifest["layers"][-1]["mediaType"] == f"{DOCKER}.gzip"
    assert skopeo.inspect(f"{name}:schema2")["Layers"][-1] == manifest["layers"][-1]["digest"]


def test_a_docker_image_with_a_zstd_layer_is_an_oci_image(
    cli: InProcess, skopeo: Skopeo, name: str, oci_layout: Layout, tmp_path: Path
) -> None:
    """skopeo, and with it podman, refuses zstd in Docker's manifests."""
    image = oci_layout.image("one", platforms=["linux/amd64", "linux/arm64"])
    skopeo("copy", "--quiet", "--all", "--format=v2s2", "--dest-tls-verify=false",
           image.source, f"docker://{name}:list")  # fmt: skip
    assert "docker.distribution.manifest.list" in skopeo.raw(f"{name}:list").decode()
    before = json.loads(cli("manifest", "get", f"{name}:list", "--platform", "linux/amd64").stdout)
    (tmp_path / "layer").write_bytes(zstd(TAR))
    command = ("append", f"{name}:list", "--layer", "layer", "--platform", "linux/amd64")
    result = cli(*command)
    assert result.exit_code == 0, result.stderr
    assert "a Docker image becomes an OCI image" in result.stderr
    index = json.loads(skopeo.raw(f"{name}:list"))
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    kinds = [entry["mediaType"] for entry in index["manifests"]]
    assert kinds == [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
    new = json.loads(skopeo.raw(f"{name}@{index['manifests'][0]['digest']}"))
    assert new["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    assert [layer["mediaType"] for layer in new["layers"]] == [
        *(layer["mediaType"].replace(f"{DOCKER}.", f"{OCI}+") for layer in before["layers"]),
        f"{OCI}+zstd",
    ]
    skopeo.copy(f"docker://{name}:list", f"oci:{tmp_path}/out:v2")


def test_an_image_without_layers_or_history(cli: InProcess, oci_layout: Layout) -> None:
    config = oci_layout.blob(
        "application/vnd.oci.image.config.v1+json", b'{"architecture":"amd64","os":"linux"}'
    )
    document = {
        "schemaVersion": 2, "config": config, "layers": [], "x-more": {"kept": 1},
    }  # fmt: skip
    manifest = "application/vnd.oci.image.manifest.v1+json"
    oci_layout.tag("v1", oci_layout.blob(manifest, json.dumps(document).encode()))
    place = f"oci:{oci_layout.directory}:v1"
    result = cli("append", place, "--layer", "-", stdin=PACKED)
    assert result.exit_code == 0, result.stderr
    after = json.loads(cli("inspect", "--raw", place).stdout)
    assert (after["x-more"], len(after["layers"])) == ({"kept": 1}, 1)
    blob = oci_layout.directory / "blobs" / after["config"]["digest"].replace(":", "/")
    written = json.loads(blob.read_bytes())
    assert written["rootfs"] == {"type": "layers", "diff_ids": [DIFF_ID]}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no tar at all" * 100, 2),
        (b"", 2),
        (PACKED[:-10], 7),
        (gzip.compress(b"x" * 600, mtime=0), 2),
        (b"BZh91AY", 1),
    ],
)
def test_what_is_no_layer(cli: InProcess, image: Image, content: bytes, code: int) -> None:
    result = cli("append", image.source, "--layer", "-", stdin=content)
    assert result.exit_code == code
    assert cli("digest", image.source).lines() == [image.digest]


@pytest.mark.parametrize("options", [[], ["--layer", "none"], ["--layer", "-", "--layer", "-"]])
def test_wrong_command_lines(cli: InProcess, options: list[str]) -> None:
    assert cli("append", "oci:nowhere", *options).exit_code == 2
