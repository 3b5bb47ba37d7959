"""Images as real tools make them pass through every kind of local store, digest for digest."""

from __future__ import annotations

import gzip
import io
import json
import posixpath
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from support.real_images import NAMES, RealImage, RealImages
from support.running import InProcess
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
