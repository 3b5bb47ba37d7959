"""Images as real tools make them pass through every kind of local store, digest for digest."""

from __future__ import annotations

import gzip
import io
import json
import posixpath
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from support.images import CONFIG, MANIFEST, Layout
from support.real_images import NAMES, RealImage, RealImages
from support.running import InProcess, Subprocess
from support.skopeo import Skopeo

# What skopeo does not find in an OCI layout: it looks for OCI's own media types only.
NOT_FOR_SKOPEO = {"docker"}


@pytest.mark.parametrize("name", NAMES)
def test_through_an_archive_and_back(
    cli: InProcess, real_image: RealImages, tmp_path: Path, name: str
) -> None:
    image = real_image(name)
    archive, again = f"oci-archive:{tmp_path / 'x.tar'}:v1", f"oci:{tmp_path / 'again'}:v1"
    for source, destination in ((image.source, archive), (archive, again)):
        result = cli("copy", source, destination, "--format", "json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["digest"] == image.digest
    assert blobs_below(image.layout, image.digest) <= blobs_below(tmp_path / "again", image.digest)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_FOR_SKOPEO])
def test_skopeo_reads_the_archives(
    cli: InProcess, real_image: RealImages, skopeo: Skopeo, tmp_path: Path, name: str
) -> None:
    image = real_image(name)
    archive = f"oci-archive:{tmp_path / 'x.tar'}:v1"
    assert cli("copy", image.source, archive).exit_code == 0
    assert skopeo("inspect", "--raw", archive).encode() == image.read(image.digest)


def test_dockers_archives_hold_no_zstd(
    cli: InProcess, real_image: RealImages, tmp_path: Path
) -> None:
    for name in ("zstd", "mixed"):
        result = cli("copy", real_image(name).source, f"docker-archive:{tmp_path / 'x.tar'}")
        assert result.exit_code == 1
        assert result.stderr.startswith(f"error: cannot write to docker-archive:{tmp_path}/x.tar")
        assert "zstd" in result.stderr
        assert "oci-archive" in result.stderr
        assert not (tmp_path / "x.tar").exists()


def test_dockers_archives_hold_no_layers_named_by_url(
    cli: InProcess, real_image: RealImages, tmp_path: Path
) -> None:
    archive = tmp_path / "x.tar"
    result = cli("copy", real_image("foreign").source, f"docker-archive:{archive}")
    assert result.exit_code == 1
    assert "URL" in result.stderr
    assert "copied" not in result.stderr, "it is known before anything is moved"
    assert not archive.exists()


def test_a_layer_that_is_not_its_diff_id(cli: InProcess, tmp_path: Path) -> None:
    """A plain layer under somebody else's diff id goes into no archive; 7 is INTEGRITY."""
    layout = Layout(tmp_path / "lying")
    layer = layout.blob("application/vnd.oci.image.layer.v1.tar", bytes(1024))
    config = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{'0' * 64}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.blob(CONFIG, json.dumps(config).encode()),
        "layers": [layer],
    }
    layout.tag("v1", layout.blob(MANIFEST, json.dumps(manifest).encode()))
    archive = tmp_path / "x.tar"
    result = cli("copy", f"oci:{layout.directory}:v1", f"docker-archive:{archive}")
    assert result.exit_code == 7, result.stderr
    assert f"error: cannot write to docker-archive:{archive}" in result.stderr
    assert not archive.exists()


@pytest.mark.parametrize("name", ["whiteouts", "opaque", "hardlinks", "longnames", "sparse"])
def test_dockers_archives_are_skopeos(
    cli: InProcess, real_image: RealImages, skopeo: Skopeo, tmp_path: Path, name: str
) -> None:
    """Ours is read by skopeo, skopeo's by us, and both hold the same image."""
    image, ours, theirs = real_image(name), tmp_path / "ours.tar", tmp_path / "theirs.tar"
    assert cli("copy", image.source, f"docker-archive:{ours}:app:v1").exit_code == 0
    skopeo("copy", "--quiet", image.source, f"docker-archive:{theirs}:app:v1")
    config = json.loads(image.read(image.digest))["config"]["digest"]
    for archive in (ours, theirs):
        told = json.loads(skopeo("inspect", "--raw", f"docker-archive:{archive}:app:v1"))
        assert told["config"]["digest"] == config
        result = cli("copy", f"docker-archive:{archive}:app:v1", f"oci:{tmp_path / 'read'}:v1")
        assert result.exit_code == 0, result.stderr
        digest = cli("digest", f"oci:{tmp_path / 'read'}:v1").stdout.strip()
        path = tmp_path / "read" / "blobs" / digest.replace(":", "/")
        document = json.loads(path.read_bytes())
        assert document["config"]["digest"] == config
        assert [one["digest"] for one in document["layers"]] == [
            one["digest"] for one in told["layers"]
        ]


def blobs_below(layout: Path, digest: str) -> set[str]:
    """The names of the blobs below a manifest or index, and its own."""
    path = layout / "blobs" / digest.replace(":", "/")
    if not path.exists():
        return set()  # named by URL
    found = {path.name}
    with suppress(ValueError):
        document = json.loads(path.read_bytes())
        parts = [
            document.get("config"),
            *document.get("layers", []),
            *document.get("manifests", []),
        ]
        for part in parts:
            if isinstance(part, dict) and "digest" in part:
                found |= blobs_below(layout, part["digest"])
    return found


def test_what_they_say_of_themselves(real_image: RealImages) -> None:
    """The images are what the table says; else the tests that use them would show nothing."""
    assert [kind.rpartition("+")[2] for kind in layer_types(real_image("zstd"))] == ["zstd"]
    assert layer_types(real_image("docker")) == [
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    ]
    assert names_in(real_image("whiteouts"), -1) >= {"dir/.wh.gone"}
    assert names_in(real_image("opaque"), -1) >= {"dir/.wh..wh..opq", "dir/new"}


def layer_types(image: RealImage) -> list[str]:
    layers = json.loads(image.read(image.digest))["layers"]
    return [layer["mediaType"] for layer in layers]


def names_in(image: RealImage, number: int) -> set[str]:
    layer = json.loads(image.read(image.digest))["layers"][number]
    # umoci leaves out what ends a tar, and fills up no last block.
    content = gzip.decompress(image.read(layer["digest"])) + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {posixpath.normpath(member.name).lstrip("/") for member in archive}


@pytest.mark.parametrize("kind", ["oci", "docker"])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_stdin_is_recognised(
    hubcli: Subprocess, real_image: RealImages, tmp_path: Path, kind: str, compressed: bool
) -> None:
    """What one hubcli writes to a pipe is read from one by another, whatever it is."""
    image = real_image("hardlinks")
    written = hubcli("copy", image.source, "-", "--archive", kind)
    assert written.exit_code == 0, written.stderr
    content = written.stdout_bytes
    sent = gzip.compress(content) if compressed else content
    config = json.loads(image.read(image.digest))["config"]["digest"]
    for command in (
        ["copy", "-", f"oci:{tmp_path / 'read'}:v1"],
        ["inspect", "-"],
        ["digest", "-"],
    ):
        done = subprocess.run(
            Subprocess.command(*command),
            input=sent,
            capture_output=True,
            env=hubcli.environ,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "read/blobs" / config.replace(":", "/")).exists()


def test_half_an_archive_on_stdin(
    hubcli: Subprocess, real_image: RealImages, tmp_path: Path
) -> None:
    written = hubcli("copy", real_image("hardlinks").source, "-")
    cut = gzip.compress(written.stdout_bytes)[:-20]
    done = subprocess.run(
        Subprocess.command("copy", "-", f"oci:{tmp_path / 'read'}:v1"),
        input=cut,
        capture_output=True,
        env=hubcli.environ,
        timeout=60,
    )
    assert done.returncode == 7, done.stderr
    assert not (tmp_path / "read").exists()
