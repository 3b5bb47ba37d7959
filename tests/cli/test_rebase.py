"""`rebase`: what an image added, on another base."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess
from support.skopeo import Skopeo

NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
OLD = [{"base": b"old"}]
NEW = [{"base": b"new"}, {"more": b"new"}]
OWN = [{"app": b"1"}]


class Made:
    """An old and a new base, and an image on the old one, in a registry."""

    def __init__(self, layout: Layout, skopeo: Skopeo, name: str) -> None:
        self.name = name
        self.old = layout.image("old", layers=OLD, config={"Env": ["PATH=/old", "A=1"]})
        self.new = layout.image("new", layers=NEW, config={"Env": ["PATH=/new", "B=2"]})
        self.image = layout.image(
            "app",
            layers=[*OLD, *OWN],
            config={"Env": ["PATH=/old", "A=1", "APP=x"], "Cmd": ["/app"]},
            annotations={NAME: f"{name}-base:1", DIGEST: self.old.digest},
        )
        skopeo.copy(self.old.source, f"docker://{name}-base:1")
        skopeo.copy(self.new.source, f"docker://{name}-base:2")
        skopeo.copy(self.image.source, f"docker://{name}:v1")


@pytest.fixture
def registry(docker_registry: Callable[..., DockerRegistry]) -> DockerRegistry:
    return docker_registry()


@pytest.fixture
def made(oci_layout: Layout, skopeo: Skopeo, registry: DockerRegistry, repository: str) -> Made:
    return Made(oci_layout, skopeo, f"{registry.host}/{repository}")


def check(skopeo: Skopeo, made: Made, reference: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(skopeo.raw(reference))
    config = skopeo.inspect(reference, "--config")
    assert manifest["layers"] == [*made.new.layers, made.image.layers[1]]
    assert len(config["rootfs"]["diff_ids"]) == len(config["history"]) == 3
    assert config["config"] == {"Env": ["PATH=/new", "B=2", "APP=x"], "Cmd": ["/app"]}
    return manifest


def test_named_bases(cli: InProcess, skopeo: Skopeo, made: Made, registry: DockerRegistry) -> None:
    base = f"{made.name}-base"
    result = cli(
        "rebase", f"{made.name}:v1", "--old-base", f"{base}:1", "--new-base", f"{base}:2",
        "--tag", "v2",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    manifest = check(skopeo, made, f"{made.name}:v2")
    assert manifest["annotations"] == {NAME: f"{base}:2", DIGEST: made.new.digest}
    skopeo("copy", "--quiet", "--src-tls-verify=false", "--dest-decompress",
           f"docker://{made.name}:v2", f"dir:{skopeo.directory}/out")  # fmt: skip
    path = base.removeprefix(f"{registry.host}/")
    read = [one for one in registry.requests(f"{path}/blobs/") if one.method == "GET"]
    layers = {layer["digest"] for layer in made.new.layers}
    assert not [one for one in read if one.path.rpartition("/")[2] in layers]


def test_bases_by_annotation(cli: InProcess, skopeo: Skopeo, made: Made) -> None:
    skopeo.copy(made.new.source, f"docker://{made.name}-base:1")
    assert cli("rebase", f"{made.name}:v1").exit_code == 0
    check(skopeo, made, f"{made.name}:v1")


def test_another_base_is_refused(cli: InProcess, skopeo: Skopeo, made: Made) -> None:
    base = f"{made.name}-base"
    result = cli("rebase", f"{made.name}:v1", "--old-base", f"{base}:2", "--new-base", f"{base}:1")
    assert result.exit_code == 1
    assert "is not based on" in result.stderr
    assert skopeo.raw(f"{made.name}:v1") == made.image.read(made.image.digest)


def test_an_image_that_names_no_base(cli: InProcess, image: Image) -> None:
    result = cli("rebase", image.source)
    assert result.exit_code == 2
    assert "--old-base" in result.stderr


def test_in_a_layout(cli: InProcess, made: Made) -> None:
    result = cli("rebase", made.image.source, "--old-base", made.old.source,
                 "--new-base", made.new.source, "--to", "oci:out:v1")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    manifest = json.loads(cli("inspect", "--raw", "oci:out:v1").stdout)
    assert manifest["layers"] == [*made.new.layers, made.image.layers[1]]
    # A directory is no name that others know, and what was told before is no longer true.
    assert "annotations" not in manifest
