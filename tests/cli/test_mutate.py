"""`mutate`: skopeo reads what it wrote to a real registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess
from support.skopeo import Skopeo

Registries = Callable[..., DockerRegistry]
WRITES = {"PUT", "POST", "PATCH", "DELETE"}


@pytest.fixture
def registry(docker_registry: Registries) -> DockerRegistry:
    return docker_registry()


@pytest.fixture
def name(registry: DockerRegistry, repository: str) -> str:
    return f"{registry.host}/{repository}"


@pytest.fixture
def single(oci_layout: Layout, skopeo: Skopeo, name: str) -> Image:
    """An image for amd64, as NAME:v1."""
    config = {"Env": ["PATH=/bin", "A=1"], "Cmd": ["/hello"], "Labels": {"old": "1"}}
    image = oci_layout.image("v1", config=config)
    skopeo.copy(image.source, f"docker://{name}:v1")
    return image


@pytest.fixture
def multi(skopeo: Skopeo, image: Image, name: str) -> Image:
    """An image for two platforms, as NAME:v1."""
    skopeo.copy(image.source, f"docker://{name}:v1")
    return image


def config(skopeo: Skopeo, reference: str) -> dict[str, Any]:
    return skopeo.inspect(reference, "--config")


def row(cli: InProcess, *arguments: str) -> dict[str, Any]:
    result = cli(*arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = result.json()
    return found


def test_settings_are_changed_and_the_rest_stays(
    cli: InProcess, skopeo: Skopeo, name: str, single: Image
) -> None:
    before = config(skopeo, f"{name}:v1")
    found = row(
        cli, "mutate", f"{name}:v1", "--label", "team=core", "--rm-label", "old", "--env", "A=2",
        "--env", "B=x=y", "--user", "1000", "--workdir", "/srv", "--port", "80", "--port",
        "53/udp", "--volume", "/data", "--created", "2026-01-02T03:04:05Z",
    )  # fmt: skip
    after = config(skopeo, f"{name}:v1")
    assert after.pop("config") == {
        "Env": ["PATH=/bin", "A=2", "B=x=y"],
        "Cmd": ["/hello"],
        "Labels": {"team": "core"},
        "User": "1000",
        "WorkingDir": "/srv",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Volumes": {"/data": {}},
    }
    del before["config"]
    assert after == {**before, "created": "2026-01-02T03:04:05Z"}
    assert found["previous"] == single.digest
    assert found["digest"] == skopeo.inspect(f"{name}:v1")["Digest"] != single.digest
    assert found["reference"] == f"{name}:v1"
    assert json.loads(skopeo.raw(f"{name}:v1"))["layers"] == list(single.layers)


@pytest.mark.parametrize(
    ("options", "entrypoint", "cmd"),
    [
        (["--entrypoint", "/a 'b c'"], ["/a", "b c"], None),
        (["--entrypoint", '["/a","-b"]', "--cmd", "c"], ["/a", "-b"], ["c"]),
        (["--cmd", ""], None, None),
    ],
)
def test_entrypoint_and_command(
    cli: InProcess, skopeo: Skopeo, name: str, single: Image,
    options: list[str], entrypoint: list[str] | None, cmd: list[str] | None,
) -> None:  # fmt: skip
    row(cli, "mutate", f"{name}:v1", *options)
    run = config(skopeo, f"{name}:v1")["config"]
    assert (run.get("Entrypoint"), run.get("Cmd")) == (entrypoint, cmd)


def test_every_platform_is_changed(cli: InProcess, skopeo: Skopeo, name: str, multi: Image) -> None:
    found = row(cli, "mutate", f"{name}:v1", "--label", "a=b", "--tag", "v2")
    assert found["platforms"] == ["linux/amd64", "linux/arm64/v8"]
    assert skopeo.raw(f"{name}:v1") == multi.read(multi.digest)
    index = json.loads(skopeo.raw(f"{name}:v2"))
    for entry, old in zip(index["manifests"], multi.platforms.values(), strict=True):
        assert entry["digest"] != old["digest"]
        assert config(skopeo, f"{name}@{entry['digest']}")["config"]["Labels"] == {"a": "b"}


def test_one_platform_is_changed(cli: InProcess, skopeo: Skopeo, name: str, multi: Image) -> None:
    row(cli, "mutate", f"{name}:v1", "--label", "a=b", "--platform", "linux/arm64")
    amd64, arm64 = json.loads(skopeo.raw(f"{name}:v1"))["manifests"]
    assert amd64["digest"] == multi.platforms["linux/amd64"]["digest"]
    assert arm64["digest"] != multi.platforms["linux/arm64/v8"]["digest"]
    assert arm64["platform"] == {"os": "linux", "architecture": "arm64", "variant": "v8"}


def test_what_it_costs(cli: InProcess, registry: DockerRegistry, name: str, single: Image) -> None:
    path = name.removeprefix(f"{registry.host}/")
    seen = len(registry.requests(path))
    row(cli, "mutate", f"{name}:v1", "--label", "a=b", "--tag", "v2")
    methods = [one.method for one in registry.requests(path)[seen:]]
    # The manifest, its configuration; is the new one there, upload, manifest.
    assert methods == ["GET", "GET", "HEAD", "POST", "PUT", "PUT"]


def test_a_dry_run_writes_nothing(
    cli: InProcess, registry: DockerRegistry, skopeo: Skopeo, name: str, single: Image
) -> None:
    path = name.removeprefix(f"{registry.host}/")
    seen = len(registry.requests(path))
    planned = row(cli, "mutate", f"{name}:v1", "--label", "a=b", "--dry-run")
    assert not {one.method for one in registry.requests(path)[seen:]} & WRITES
    assert planned["dry_run"] is True
    assert skopeo.raw(f"{name}:v1") == single.read(single.digest)
    done = row(cli, "mutate", f"{name}:v1", "--label", "a=b")
    assert done["digest"] == planned["digest"]


def test_what_is_so_already_is_left_alone(
    cli: InProcess, registry: DockerRegistry, name: str, single: Image
) -> None:
    path = name.removeprefix(f"{registry.host}/")
    seen = len(registry.requests(path))
    found = row(cli, "mutate", f"{name}:v1", "--label", "old=1")
    assert found["digest"] == found["previous"] == single.digest
    assert not {one.method for one in registry.requests(path)[seen:]} & WRITES


def test_quiet_prints_the_digest(cli: InProcess, skopeo: Skopeo, name: str, single: Image) -> None:
    result = cli("mutate", f"{name}:v1", "--label", "a=b", "-q")
    assert result.lines() == [skopeo.inspect(f"{name}:v1")["Digest"]]
    assert result.stderr == ""


def test_another_repository_gets_all_of_it(
    cli: InProcess, skopeo: Skopeo, name: str, multi: Image
) -> None:
    found = row(cli, "mutate", f"{name}:v1", "--label", "a=b", "--to", f"{name}-other:x")
    assert skopeo.inspect(f"{name}-other:x")["Digest"] == found["digest"]
    skopeo.copy(f"docker://{name}-other:x", "dir:" + str(skopeo.directory / "out"))
    assert skopeo.raw(f"{name}:v1") == multi.read(multi.digest)


def test_the_time_of_a_build(cli: InProcess, oci_layout: Layout) -> None:
    image = oci_layout.image("v1")
    for number, created in enumerate(("1577836800", "2020-01-01T01:00:00+01:00")):
        found = row(cli, "mutate", image.source, "--created", created, "--tag", f"new{number}")
        shown = row(cli, "inspect", found["reference"])
        assert shown["created"] == "2020-01-01T00:00:00Z"
    digests = cli("digest", *(f"oci:{image.layout}:new{number}" for number in (0, 1))).lines()
    assert len(set(digests)) == 1


def test_a_layout_is_changed_in_place(
    cli: InProcess, skopeo: Skopeo, oci_layout: Layout, tmp_path: Path
) -> None:
    image = oci_layout.image("v1")
    found = row(cli, "mutate", f"oci:{image.layout}", "--label", "a=b")
    shown = json.loads(skopeo("inspect", image.source))
    assert shown["Labels"] == {"a": "b"}
    assert shown["Digest"] == found["digest"]
    listed = json.loads((image.layout / "index.json").read_bytes())["manifests"]
    assert [one["digest"] for one in listed] == [found["digest"]]


def test_by_digest_no_tag_moves(cli: InProcess, skopeo: Skopeo, name: str, single: Image) -> None:
    found = row(cli, "mutate", f"{name}@{single.digest}", "--label", "a=b")
    assert found["reference"] == f"{name}@{found['digest']}"
    assert skopeo.raw(f"{name}:v1") == single.read(single.digest)
    assert config(skopeo, found["reference"])["config"]["Labels"] == {"old": "1", "a": "b"}


@pytest.mark.parametrize(
    "options",
    [[], ["--label", "a"], ["--port", "x"], ["--port", "0"], ["--port", "65536"],
     ["--port", "90-80"], ["--created", "soon"], ["--created", "9" * 20], ["--cmd", "'"],
     ["--cmd", "[1]"], ["--label", "a=b", "--tag", "x", "--to", "y"]],
)  # fmt: skip
def test_wrong_command_lines(cli: InProcess, options: list[str]) -> None:
    result = cli("mutate", "oci:nowhere", *options)
    assert result.exit_code == 2
