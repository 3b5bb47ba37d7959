"""`annotate`: annotations of manifests, indexes and images inside indexes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support.docker_registry import DockerRegistry
from support.images import CONFIG, MANIFEST, Image, Layout
from support.real_images import RealImages
from support.running import InProcess
from support.skopeo import Skopeo


@pytest.fixture
def name(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> str:
    """A repository with `image`, an index, as v1."""
    name = f"{docker_registry().host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    return name


def test_an_index_keeps_its_entries(
    cli: InProcess, skopeo: Skopeo, name: str, image: Image
) -> None:
    result = cli("annotate", f"{name}:v1", "a=1", "b=x=y", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert result.json()["previous"] == image.digest
    index = json.loads(skopeo.raw(f"{name}:v1"))
    assert index.pop("annotations") == {"a": "1", "b": "x=y"}
    assert index == json.loads(image.read(image.digest))


def test_set_and_removed_again_it_is_the_same_image(
    cli: InProcess, skopeo: Skopeo, name: str, image: Image
) -> None:
    assert cli("annotate", f"{name}:v1", "a=1").exit_code == 0
    assert cli("annotate", f"{name}:v1", "--rm", "a", "-q").lines() == [image.digest]
    assert skopeo.raw(f"{name}:v1") == image.read(image.digest)


def test_an_image_inside_an_index(cli: InProcess, skopeo: Skopeo, name: str, image: Image) -> None:
    found = cli("annotate", f"{name}:v1", "a=1", "--platform", "linux/amd64", "--tag", "v2")
    assert found.exit_code == 0, found.stderr
    amd64, arm64 = json.loads(skopeo.raw(f"{name}:v2"))["manifests"]
    assert arm64["digest"] == image.platforms["linux/arm64/v8"]["digest"]
    assert json.loads(skopeo.raw(f"{name}@{amd64['digest']}"))["annotations"] == {"a": "1"}


def test_attestations_of_a_changed_image_go(
    cli: InProcess, oci_layout: Layout, image: Image
) -> None:
    digest = image.platforms["linux/amd64"]["digest"]
    about = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": oci_layout.blob(CONFIG, b"{}"),
        "layers": [],
    }
    attestation = {
        **oci_layout.blob(MANIFEST, json.dumps(about).encode()),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": digest,
        },
    }
    index = json.loads(image.read(image.digest))
    top = {**index, "manifests": [*index["manifests"], attestation], "x-unknown": [1]}
    oci_layout.tag("v1", oci_layout.blob(image.media_type, json.dumps(top).encode()))
    result = cli("annotate", image.source, "a=1", "--platform", "linux/amd64")
    assert result.exit_code == 0, result.stderr
    assert "1 attestation was left out" in result.stderr
    after = json.loads(cli("inspect", "--raw", image.source).stdout)
    assert len(after["manifests"]) == 2
    assert after["x-unknown"] == [1]
    kept = cli("annotate", f"oci:{image.layout}:v1", "a=2", "--platform", "linux/arm64")
    assert "attestation" not in kept.stderr


def test_dockers_manifests_are_annotated_with_a_warning(
    cli: InProcess, real_image: RealImages
) -> None:
    image = real_image("docker")
    result = cli("annotate", image.source, "a=b", "--to", "oci:out:v1")
    assert result.exit_code == 0, result.stderr
    assert "warning: Docker's manifests have no annotations" in result.stderr
    document = json.loads(cli("inspect", "--raw", "oci:out:v1").stdout)
    before = json.loads(image.read(image.digest))
    assert document == {**before, "annotations": {"a": "b"}}


@pytest.mark.parametrize("arguments", [[], ["a"], ["=b"], ["a=b", "--platform", "a/b/c/d"]])
def test_wrong_command_lines(cli: InProcess, arguments: list[str]) -> None:
    assert cli("annotate", "oci:nowhere", *arguments).exit_code == 2
