"""`index`: skopeo reads what it made of images in a real registry and in layouts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.docker_registry import DockerRegistry
from support.images import INDEX, Image, Layout
from support.running import InProcess, Result
from support.skopeo import Skopeo

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture
def registry(docker_registry: Callable[..., DockerRegistry]) -> DockerRegistry:
    return docker_registry()


@pytest.fixture
def name(registry: DockerRegistry, repository: str) -> str:
    return f"{registry.host}/{repository}"


@pytest.fixture
def images(oci_layout: Layout, skopeo: Skopeo, name: str) -> dict[str, Image]:
    """amd64, arm64 and s390x, each under its tag."""
    found = {}
    for architecture in ("amd64", "arm64", "s390x"):
        layers = [{"a": architecture.encode()}]
        image = oci_layout.image(architecture, platforms=[f"linux/{architecture}"], layers=layers)
        skopeo.copy(image.source, f"docker://{name}:{architecture}")
        found[architecture] = image
    return found


def row(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = result.json()
    return found


def test_an_index_is_made_of_images(
    cli: InProcess, skopeo: Skopeo, name: str, images: dict[str, Image]
) -> None:
    found = row(cli("index", "create", f"{name}:v1", f"{name}:amd64", f"{name}:arm64",
                    "--annotation", "a=b", "--format", "json"))  # fmt: skip
    assert json.loads(skopeo.raw(f"{name}:v1")) == {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {
                "mediaType": images[one].media_type,
                "digest": images[one].digest,
                "size": images[one].size,
                "platform": {"architecture": one, "os": "linux"},
            }
            for one in ("amd64", "arm64")
        ],
        "annotations": {"a": "b"},
    }
    assert found["platforms"] == ["linux/amd64", "linux/arm64"]
    assert found["digest"] in skopeo("inspect", "--tls-verify=false", f"docker://{name}:v1")
    skopeo.copy(f"docker://{name}:v1", f"dir:{skopeo.directory}/out")


def test_images_come_from_elsewhere(
    cli: InProcess, skopeo: Skopeo, registry: DockerRegistry, name: str, images: dict[str, Image]
) -> None:
    other = f"{name}-index"
    local = images["arm64"].source
    assert cli("index", "create", f"{other}:v1", f"{name}:amd64", local).exit_code == 0
    skopeo.copy(f"docker://{other}:v1", f"dir:{skopeo.directory}/out")
    path = other.removeprefix(f"{registry.host}/")
    mounted = [one for one in registry.requests(f"{path}/blobs/uploads/?") if one.status == 201]
    assert any("mount=" in one.path for one in mounted)


def test_added_and_taken_out_again(
    cli: InProcess, skopeo: Skopeo, name: str, images: dict[str, Image]
) -> None:
    first = cli("index", "create", f"{name}:v1", f"{name}:amd64", "-q").lines()
    added = row(cli("index", "add", f"{name}:v1", f"{name}:s390x", "--format", "json"))
    assert [added["previous"]] == first
    assert added["platforms"] == ["linux/amd64", "linux/s390x"]
    assert cli("index", "rm", f"{name}:v1", "linux/s390x", "-q").lines() == first
    assert cli("index", "rm", f"{name}:v1", "linux/s390x").exit_code == 3
    digest = images["amd64"].digest
    emptied = row(cli("index", "rm", f"{name}:v1", digest, "--dry-run", "--format", "json"))
    assert emptied["platforms"] == []
    assert [json.loads(skopeo.raw(f"{name}:v1"))["manifests"][0]["digest"]] == [digest]


def test_the_same_platform_is_replaced_but_never_there_twice(
    cli: InProcess, oci_layout: Layout, name: str, images: dict[str, Image]
) -> None:
    other = oci_layout.image("other", config={"User": "x"})
    twice = cli("index", "create", f"{name}:v1", f"{name}:amd64", other.source)
    assert twice.exit_code == 1
    assert twice.stderr.startswith(f"error: cannot make {name}:v1: there are two images for ")
    cli("index", "create", f"{name}:v1", f"{name}:amd64", f"{name}:arm64")
    added = cli("index", "add", f"{name}:v1", other.source)
    assert added.exit_code == 0
    assert "takes the place of " + images["amd64"].digest in added.stderr
    index = json.loads(cli("manifest", "get", f"{name}:v1").stdout)
    assert [one["digest"] for one in index["manifests"]] == [
        images["arm64"].digest,
        other.digest,
    ]


def test_a_platform_of_an_index(cli: InProcess, image: Image, name: str, skopeo: Skopeo) -> None:
    made = cli("index", "create", f"{name}:v1", image.source, "--platform", "linux/arm64")
    assert made.exit_code == 0, made.stderr
    (entry,) = json.loads(skopeo.raw(f"{name}:v1"))["manifests"]
    assert entry["digest"] == image.platforms["linux/arm64/v8"]["digest"]
    none = cli("index", "create", f"{name}:v2", image.source, "--platform", "linux/386")
    assert none.exit_code == 3


def test_docker_images_make_a_docker_list(
    cli: InProcess, skopeo: Skopeo, name: str, images: dict[str, Image]
) -> None:
    for one in ("amd64", "arm64"):
        skopeo("copy", "--quiet", "--format=v2s2", "--dest-tls-verify=false",
               images[one].source, f"docker://{name}:docker-{one}")  # fmt: skip
    sources = [f"{name}:docker-amd64", f"{name}:docker-arm64"]
    found = row(cli("index", "create", f"{name}:v1", *sources, "--format", "json"))
    assert found["media_type"] == DOCKER_LIST == json.loads(skopeo.raw(f"{name}:v1"))["mediaType"]
    as_oci = row(cli("index", "create", f"{name}:v2", *sources, "--oci", "--format", "json"))
    assert as_oci["media_type"] == INDEX
    refused = cli("index", "create", f"{name}:v3", f"{name}:amd64", "--docker")
    assert (refused.exit_code, "(UNSUPPORTED)" in refused.stderr) == (1, True)
    mixed = row(cli("index", "add", f"{name}:v1", f"{name}:s390x", "--format", "json"))
    assert mixed["media_type"] == INDEX == json.loads(skopeo.raw(f"{name}:v1"))["mediaType"]


def test_a_dry_run_writes_nothing(
    cli: InProcess, registry: DockerRegistry, repository: str, name: str, images: dict[str, Image]
) -> None:
    seen = len(registry.requests(repository))
    arguments = ("index", "create", f"{name}-2:v1", f"{name}:amd64", images["arm64"].source, "-q")
    planned = cli(*arguments, "--dry-run")
    methods = {one.method for one in registry.requests(repository)[seen:]}
    assert methods == {"GET"}
    assert cli(*arguments).lines() == planned.lines()


def test_an_index_in_a_layout(
    cli: InProcess, skopeo: Skopeo, name: str, images: dict[str, Image]
) -> None:
    place = f"oci:{skopeo.directory}/made:v1"
    assert cli("index", "create", place, f"{name}:amd64", f"{name}:arm64").exit_code == 0
    skopeo.copy(place, f"dir:{skopeo.directory}/out")


@pytest.mark.parametrize(
    "arguments",
    [["create", "a/b:v1"], ["create", f"a/b@sha256:{'0' * 64}", "c"], ["create", "x.tar", "c"],
     ["create", "oci-archive:x.tar", "c"], ["add", "a/b:v1"], ["rm", "a/b:v1"]],
)  # fmt: skip
def test_wrong_command_lines(cli: InProcess, arguments: list[str]) -> None:
    if arguments[1:2] == ["x.tar"]:
        arguments[1] = "./x.tar"
    assert cli("index", *arguments).exit_code == 2
