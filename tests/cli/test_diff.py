"""`hubcli diff`: what two images differ in."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.docker_registry import DockerRegistry
from support.images import Layout
from support.layered import LayeredImage, image_of, member, tar_of
from support.running import InProcess
from support.sandbox_registry import RegistryServer, registry_server

Registries = Callable[..., DockerRegistry]

BASE = tar_of(member("same", b"same"), member("gone", b"gone"), member("new", b"old!"))
STATUS = "Package: {0}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {1}\n\n"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[LayeredImage, LayeredImage]:
    dpkg = "var/lib/dpkg/status"
    one = tar_of(member(dpkg, (STATUS.format("a", 1) + STATUS.format("b", 1)).encode()))
    two = tar_of(
        member(dpkg, (STATUS.format("a", 2) + STATUS.format("c", 1)).encode()),
        member(".wh.gone", b""),
        member("new", b"new!"),
        member("more", b"12345"),
    )
    return (
        image_of(tmp_path / "a", [BASE, one], config={"Env": ["A=1", "B=1"], "User": "x"}),
        image_of(tmp_path / "b", [BASE, two], config={"Env": ["A=2", "B=1"], "Cmd": ["run"]}),
    )


def test_all_sections(cli: InProcess, pair: tuple[LayeredImage, LayeredImage]) -> None:
    a, b = pair
    found = cli("diff", a.source, b.source, "--format", "json").json()
    assert found["different"] is True
    assert found["config"] == [
        {"field": "cmd", "key": None, "a": None, "b": ["run"]},
        {"field": "env", "key": "A", "a": "1", "b": "2"},
        {"field": "user", "key": None, "a": "x", "b": None},
    ]
    assert found["history"] == []
    statuses = {row["digest"]: row["status"] for row in found["layers"]}
    assert statuses == {a.layers[0]: "shared", a.layers[1]: "removed", b.layers[1]: "added"}
    files = {row["path"]: (row["status"], row["a_size"], row["b_size"]) for row in found["files"]}
    assert {path: row for path, row in files.items() if not path.startswith("/var")} == {
        "/gone": ("removed", 4, None),
        "/more": ("added", None, 5),
        "/new": ("changed", 4, 4),
    }
    versions = {row["name"]: (row["status"], row["a"], row["b"]) for row in found["packages"]}
    assert versions == {
        "a": ("changed", "1", "2"),
        "b": ("removed", "1", None),
        "c": ("added", None, "1"),
    }


def test_exit_code(cli: InProcess, pair: tuple[LayeredImage, LayeredImage]) -> None:
    a, b = pair
    assert cli("diff", a.source, b.source).exit_code == 0
    assert cli("diff", a.source, b.source, "--exit-code").exit_code == 1
    json = cli("diff", a.source, b.source, "--exit-code", "--format", "json", "--only", "config")
    assert (json.exit_code, json.json()["files"]) == (1, None)
    same = cli("diff", a.source, a.source, "--exit-code", "--only", "config,files")
    assert (same.exit_code, same.stdout) == (0, "")


def test_layers_are_read_only_where_they_have_to_be(
    cli: InProcess, pair: tuple[LayeredImage, LayeredImage]
) -> None:
    a, b = pair
    for digest in (*a.layers, *b.layers):
        for image in pair:
            image.blob(digest).unlink(missing_ok=True)
    assert cli("diff", a.source, a.source).exit_code == 0
    assert cli("diff", a.source, b.source, "--only", "config,history,layers").exit_code == 0
    assert cli("diff", a.source, b.source, "--only", "files").exit_code == 3


def test_text(cli: InProcess, pair: tuple[LayeredImage, LayeredImage]) -> None:
    a, b = pair
    lines = cli("diff", a.source, b.source).lines()
    assert {"config ~ env A 1 -> 2", "files + /more 5", "packages - b amd64 1"} <= {*lines}
    assert 'config + cmd ["run"]' in lines


def pushed(cli: InProcess, server: str, image: LayeredImage, tag: str) -> str:
    done = cli("push", image.source, f"{server}:{tag}")
    assert done.exit_code == 0, done.stderr
    return f"{server}:{tag}"


def blobs_read(server: DockerRegistry, repository: str, image: LayeredImage) -> list[bool]:
    """Which of its layers were downloaded."""
    gets = [one.path for one in server.requests(repository) if one.method == "GET"]
    return [any(path.endswith(digest) for path in gets) for digest in image.layers]


def files(cli: InProcess, *arguments: str) -> dict[str, tuple[object, ...]]:
    found = cli("diff", *arguments, "--only", "files", "--format", "json").json()
    return {row["path"]: (row["status"], row["a_size"], row["b_size"]) for row in found["files"]}


def test_a_layer_that_registries_share_is_not_downloaded(
    cli: InProcess,
    docker_registry: Registries,
    pair: tuple[LayeredImage, LayeredImage],
    repository: str,
) -> None:
    server = docker_registry()
    a, b = (
        pushed(cli, f"{server.host}/{repository}", one, tag)
        for one, tag in zip(pair, "ab", strict=True)
    )
    found = cli("diff", a, b, "--format", "json")
    assert blobs_read(server, repository, pair[0]) == [False, True]
    assert blobs_read(server, repository, pair[1]) == [False, True]
    assert "--all-layers reads them" in found.stderr
    rows = {row["path"]: row for row in found.json()["files"]}
    told = {path: (row["status"], row["a_size"], row["b_size"]) for path, row in rows.items()}
    assert told == {
        "/gone": ("removed", None, None),
        "/more": ("added", None, 5),
        "/new": ("added", None, 4),
        "/var/lib/dpkg/status": ("changed", 144, 144),
    }
    assert [row["name"] for row in found.json()["packages"]] == ["a", "b", "c"]
    exact = files(cli, a, b, "--all-layers")
    assert exact == told | {"/gone": ("removed", 4, None), "/new": ("changed", 4, 4)}
    assert blobs_read(server, repository, pair[0]) == [True, True]


def test_packages_that_only_one_has_changed_need_what_is_shared(
    cli: InProcess, docker_registry: Registries, tmp_path: Path, repository: str
) -> None:
    server = docker_registry()
    dpkg = "var/lib/dpkg/status"
    base = tar_of(member(dpkg, STATUS.format("a", 1).encode()), member("app", b"1"))
    more = STATUS.format("a", 1) + STATUS.format("b", 1)
    images = (
        image_of(tmp_path / "a", [base, tar_of(member("app", b"2"))]),
        image_of(tmp_path / "b", [base, tar_of(member(dpkg, more.encode()))]),
    )
    a, b = (
        pushed(cli, f"{server.host}/{repository}", one, tag)
        for one, tag in zip(images, "ab", strict=True)
    )
    assert files(cli, a, b) == {"/app": ("removed", 1, None), f"/{dpkg}": ("added", None, 144)}
    assert blobs_read(server, repository, images[0]) == [False, True]
    found = cli("diff", a, b, "--format", "json").json()
    assert [(row["status"], row["name"]) for row in found["packages"]] == [("added", "b")]
    told = {row["path"]: row["status"] for row in found["files"]}
    assert told == {"/app": "changed", f"/{dpkg}": "changed"}


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive", "ocidir"])
@pytest.mark.parametrize("local_first", [True, False])
def test_local_stores_and_registries_are_compared(
    cli: InProcess,
    shared: RegistryServer,
    pair: tuple[LayeredImage, LayeredImage],
    tmp_path: Path,
    repository: str,
    kind: str,
    local_first: bool,
) -> None:
    remote = pushed(cli, f"{shared.host}/{repository}", pair[1], "b")
    local = {
        "oci": f"oci:{tmp_path / 'copy'}:a",
        "ocidir": f"ocidir://{tmp_path / 'copy'}:a",
        "oci-archive": f"oci-archive:{tmp_path / 'a.tar'}:a",
        "docker-archive": f"docker-archive:{tmp_path / 'a.tar'}:x/app:a",
    }[kind]
    assert cli("copy", pair[0].source, local).exit_code == 0
    expected = {
        "/gone": ("removed", 4, None),
        "/more": ("added", None, 5),
        "/new": ("changed", 4, 4),
        "/var/lib/dpkg/status": ("changed", 144, 144),
    }
    if local_first:
        assert files(cli, local, remote) == expected
        return
    turned = {"removed": "added", "added": "removed", "changed": "changed"}
    assert files(cli, remote, local) == {
        path: (turned[str(status)], after, before)
        for path, (status, before, after) in expected.items()
    }


@pytest.fixture(scope="module")
def shared() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


def test_what_is_shared_is_read_from_this_machine(
    cli: InProcess,
    docker_registry: Registries,
    pair: tuple[LayeredImage, LayeredImage],
    repository: str,
) -> None:
    server = docker_registry()
    a = pushed(cli, f"{server.host}/{repository}", pair[0], "a")
    assert files(cli, a, pair[1].source)["/new"] == ("changed", 4, 4)
    assert blobs_read(server, repository, pair[0]) == [False, True]


def test_layers_that_are_packed_in_another_way_are_shared(
    cli: InProcess, pair: tuple[LayeredImage, LayeredImage], tmp_path: Path
) -> None:
    archive = f"docker-archive:{tmp_path / 'a.tar'}:x/app:a"
    assert cli("copy", pair[0].source, archive).exit_code == 0
    done = cli("diff", pair[0].source, archive, "--format", "json", "--exit-code")
    assert (done.exit_code, done.json()["different"]) == (0, False)
    assert {row["status"] for row in done.json()["layers"]} == {"shared"}


def test_indexes_are_compared_for_a_platform(
    cli: InProcess, oci_layout: Layout, tmp_path: Path
) -> None:
    both = oci_layout.image("both", platforms=["linux/amd64", "linux/arm64"])
    one = oci_layout.image("one", platforms=["linux/amd64"], index=True)
    found = cli("diff", both.source, one.source, "--format", "json").json()
    assert (found["a_platform"], found["b_platform"]) == ("linux/amd64", "linux/amd64")
    assert found["platforms"] == [{"status": "removed", "platform": "linux/arm64"}]
    assert cli("diff", both.source, one.source, "--only", "platforms", "--exit-code").lines() == [
        "platforms - linux/arm64"
    ]
    missing = cli("diff", both.source, one.source, "--platform", "linux/arm64")
    assert missing.exit_code == 3
    arm = cli("diff", both.source, both.source, "--platform", "linux/arm64", "--format", "json")
    assert (arm.json()["a_platform"], arm.json()["different"]) == ("linux/arm64", False)


def test_a_hard_link_to_what_is_shared_has_it_read(
    cli: InProcess, shared: RegistryServer, tmp_path: Path, repository: str
) -> None:
    link = member("link", b"", type=tarfile.LNKTYPE, linkname="same")
    a = image_of(tmp_path / "a", [BASE, tar_of(link)])
    b = image_of(tmp_path / "b", [BASE, tar_of(member("more", b"1"))])
    server = f"{shared.host}/{repository}"
    one, other = pushed(cli, server, a, "a"), pushed(cli, server, b, "b")
    assert files(cli, one, other) == {
        "/link": ("removed", 4, None),
        "/more": ("added", None, 1),
    }


@pytest.mark.parametrize("broken", [0, 1])
def test_a_failure_names_the_image_that_is_broken(
    cli: InProcess, tmp_path: Path, broken: int
) -> None:
    whole = image_of(tmp_path / "whole", [BASE])
    damaged = image_of(tmp_path / "damaged", [b"\1" * 2048])
    sources = [whole.source, whole.source]
    sources[broken] = damaged.source
    result = cli("diff", *sources)
    assert result.exit_code == 7
    assert result.stderr.startswith(f"error: cannot compare {damaged.source}: the layer ")
