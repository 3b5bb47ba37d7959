"""Artifacts: `push --artifact`, and `pull` of what is no image, into files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubcli import oci
from support.attested import EMPTY, encoded
from support.docker_registry import DockerRegistry
from support.images import CONFIG, MANIFEST, Image, Layout, tar
from support.running import InProcess
from support.sandbox_registry import RegistryServer, registry_server
from support.skopeo import Skopeo

MODEL = "application/vnd.acme.model"
TITLE = "org.opencontainers.image.title"


@pytest.fixture(scope="module")
def modern() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


@pytest.fixture(params=["OCI 1.1", "docker-registry"])
def name(
    request: pytest.FixtureRequest, modern: RegistryServer, repository: str,
    docker_registry: Callable[..., DockerRegistry],
) -> str:  # fmt: skip
    host = modern.host if request.param == "OCI 1.1" else docker_registry().host
    return f"{host}/{repository}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """`model.bin`, `docs/card.md` in the directory that hubcli runs in."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "model.bin").write_bytes(b"model" * 1000)
    (tmp_path / "docs" / "card.md").write_bytes(b"# card\n")
    return tmp_path


def push(cli: InProcess, name: str, *words: str, type_: str = MODEL) -> dict[str, Any]:
    result = cli("push", "--artifact", type_, *words, name, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = result.json()
    return found


def under(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def put(
    layout: Layout, skopeo: Skopeo, name: str, layers: list[dict[str, Any]], **more: Any
) -> str:
    """Push an artifact as other tools make it; its digest."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.blob(EMPTY, b"{}"),
        "layers": layers,
        **more,
    }
    written = layout.blob(MANIFEST, encoded(document))
    layout.tag("it", written)
    skopeo.copy(f"oci:{layout.directory}:it", f"docker://{name}")
    return str(written["digest"])


def test_what_is_pushed_is_as_oras_has_it(
    cli: InProcess, name: str, files: Path, skopeo: Skopeo
) -> None:
    row = push(
        cli, f"{name}:v1", "model.bin", "./docs/card.md:text/markdown", "--annotation", "a=b"
    )
    raw = skopeo.raw(f"{name}:v1")
    assert row["digest"] == oci.digest_of(raw)
    assert json.loads(raw) == {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": MODEL,
        "config": {"mediaType": EMPTY, "digest": oci.digest_of(b"{}"), "size": 2, "data": "e30="},
        "layers": [
            {
                "mediaType": "application/octet-stream",
                "digest": oci.digest_of(b"model" * 1000),
                "size": 5000,
                "annotations": {TITLE: "model.bin"},
            },
            {
                "mediaType": "text/markdown",
                "digest": oci.digest_of(b"# card\n"),
                "size": 7,
                "annotations": {TITLE: "docs/card.md"},
            },
        ],
        "annotations": {"a": "b"},
    }


def test_the_same_files_are_the_same_artifact(cli: InProcess, name: str, files: Path) -> None:
    first, second = (push(cli, f"{name}:{tag}", "model.bin") for tag in ("v1", "v2"))
    assert first["digest"] == second["digest"]
    assert (first["blobs"]["copied"], second["blobs"]["skipped"]) == (2, 2)


def test_there_and_back(cli: InProcess, name: str, files: Path, tmp_path: Path) -> None:
    pushed = push(cli, f"{name}:v1", "model.bin", "docs/card.md")
    result = cli("pull", f"{name}:v1", "out", "--format", "json")
    assert result.exit_code == 0, result.stderr
    row = result.json()
    assert (row["digest"], row["destination"]) == (pushed["digest"], "out")
    assert (row["bytes"], row["blobs"]["copied"]) == (5007, 2)
    assert under(tmp_path / "out") == {"model.bin": b"model" * 1000, "docs/card.md": b"# card\n"}
    again = cli("pull", f"{name}:v1", "out", "--format", "json").json()
    assert (again["bytes"], again["blobs"]["skipped"]) == (0, 2)


def test_the_default_is_the_current_directory(
    cli: InProcess, name: str, files: Path, tmp_path: Path
) -> None:
    push(cli, f"{name}:v1", "model.bin")
    (tmp_path / "model.bin").unlink()
    assert cli("pull", f"{name}:v1").exit_code == 0
    assert (tmp_path / "model.bin").read_bytes() == b"model" * 1000
    assert not (tmp_path / "app").exists()


def test_other_files_are_kept(cli: InProcess, name: str, files: Path, tmp_path: Path) -> None:
    push(cli, f"{name}:v1", "model.bin")
    (tmp_path / "model.bin").write_bytes(b"mine")
    refused = cli("pull", f"{name}:v1")
    assert refused.exit_code == 1
    assert "model.bin is there already" in refused.stderr
    assert (tmp_path / "model.bin").read_bytes() == b"mine"
    assert cli("pull", f"{name}:v1", "--force", "--dry-run").exit_code == 0
    assert (tmp_path / "model.bin").read_bytes() == b"mine"
    assert cli("pull", f"{name}:v1", "--force").exit_code == 0
    assert (tmp_path / "model.bin").read_bytes() == b"model" * 1000


def test_a_store_takes_it_whole(
    cli: InProcess, name: str, files: Path, tmp_path: Path, skopeo: Skopeo
) -> None:
    digest = push(cli, f"{name}:v1", "model.bin")["digest"]
    assert cli("pull", f"{name}:v1", "oci:out").exit_code == 0
    raw = skopeo("inspect", "--raw", f"oci:{tmp_path}/out:v1")
    assert oci.digest_of(raw.encode()) == digest
    assert cli("push", "oci:out:v1", f"{name}:v2").exit_code == 0
    assert cli("digest", f"{name}:v2").stdout.strip() == digest
    assert cli("copy", f"{name}:v2", f"{name}-copy:v3").exit_code == 0
    assert cli("digest", f"{name}-copy:v3").stdout.strip() == digest
    shown = cli("inspect", f"{name}:v1", "--format", "json").json()
    assert (shown["digest"], shown["config"]) == (digest, None)


def test_an_image_is_still_an_image(
    cli: InProcess, name: str, image: Image, skopeo: Skopeo, tmp_path: Path
) -> None:
    skopeo.copy(image.source, f"docker://{name}:v1")
    assert cli("pull", f"{name}:v1", "--platform", "linux/amd64").exit_code == 0
    assert (tmp_path / "app" / "oci-layout").is_file()


def test_no_manifest_is_asked_for_twice(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str, files: Path
) -> None:
    registry = docker_registry()
    push(cli, f"{registry.host}/{repository}:v1", "model.bin")
    seen = len(registry.requests(repository))
    assert cli("pull", f"{registry.host}/{repository}:v1", "out").exit_code == 0
    asked = [(one.method, one.path) for one in registry.requests(repository)[seen:]]
    digest = oci.digest_of(b"model" * 1000)
    assert asked == [
        ("GET", f"/v2/{repository}/manifests/v1"),
        ("GET", f"/v2/{repository}/blobs/{digest}"),
    ]


# What other tools push


@pytest.mark.parametrize("title", ["../evil", "/tmp/evil", "a/../../evil", "C:\\evil", "NUL"])
def test_a_hostile_name_writes_nothing(
    cli: InProcess, name: str, oci_layout: Layout, skopeo: Skopeo, tmp_path: Path, title: str
) -> None:
    good = {**oci_layout.blob("text/plain", b"good"), "annotations": {TITLE: "good"}}
    evil = {**oci_layout.blob("text/plain", b"evil"), "annotations": {TITLE: title}}
    put(oci_layout, skopeo, f"{name}:v1", [good, evil])
    result = cli("pull", f"{name}:v1", "deep/out")
    assert (result.exit_code, "refused" in result.stderr) == (7, True)
    assert not (tmp_path / "deep").exists()
    assert not (tmp_path / "evil").exists()


def test_a_helm_chart(
    cli: InProcess, name: str, oci_layout: Layout, skopeo: Skopeo, tmp_path: Path
) -> None:
    chart = oci_layout.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"chart")
    config = oci_layout.blob("application/vnd.cncf.helm.config.v1+json", b'{"name":"c"}')
    put(oci_layout, skopeo, f"{name}:v1", [chart], config=config)
    assert cli("pull", f"{name}:v1", "out").exit_code == 0
    assert under(tmp_path / "out") == {chart["digest"].replace(":", "-"): b"chart"}


def test_a_signature_of_cosign(
    cli: InProcess, name: str, oci_layout: Layout, skopeo: Skopeo, tmp_path: Path
) -> None:
    signed = oci_layout.blob("application/vnd.dev.cosign.simplesigning.v1+json", b"signed")
    put(oci_layout, skopeo, f"{name}:v1", [signed], config=oci_layout.blob(CONFIG, b"{}"))
    assert cli("pull", f"{name}:v1", "out").exit_code == 0
    assert under(tmp_path / "out") == {signed["digest"].replace(":", "-"): b"signed"}


def test_a_directory_of_oras(
    cli: InProcess, name: str, oci_layout: Layout, skopeo: Skopeo, tmp_path: Path
) -> None:
    packed = oci_layout.blob("application/vnd.oci.image.layer.v1.tar", tar({"dir/a": b"a"}))
    packed["annotations"] = {TITLE: "dir", "io.deis.oras.content.unpack": "true"}
    put(oci_layout, skopeo, f"{name}:v1", [packed])
    assert cli("pull", f"{name}:v1", "out").exit_code == 0
    assert under(tmp_path / "out") == {"dir.tar": tar({"dir/a": b"a"})}


# The command line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--artifact", MODEL, "localhost:1/x"), "last of all where to push"),
        (("--artifact", "nonsense", "model.bin", "localhost:1/x"), "--artifact takes a type"),
        (("--artifact", MODEL, "absent", "localhost:1/x"), "absent"),
        (("--artifact", MODEL, "docs", "localhost:1/x"), "directory"),
        (("--artifact", MODEL, "model.bin", "./model.bin", "localhost:1/x"), "exclude each other"),
        (
            ("--artifact", MODEL, "model.bin", "localhost:1/x", "--platform", "linux/arm"),
            "platforms",
        ),
        (("--artifact", MODEL, "--from-file", "list"), "exclude each other"),
        (("a", "b", "c"), "--artifact TYPE"),
        (("a", "b", "--annotation", "a=b"), "--artifact TYPE"),
    ],
)
def test_what_push_refuses(cli: InProcess, files: Path, words: tuple[str, ...], told: str) -> None:
    result = cli("push", *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_name_may_have_a_colon_only_before_a_type(
    cli: InProcess, name: str, files: Path, skopeo: Skopeo, tmp_path: Path
) -> None:
    absolute = tmp_path / "docs" / "card.md"
    push(cli, f"{name}:v1", f"{absolute}:text/markdown", "../" + tmp_path.name + "/model.bin")
    layers = json.loads(skopeo.raw(f"{name}:v1"))["layers"]
    assert [one["annotations"][TITLE] for one in layers] == ["card.md", "model.bin"]


def test_a_dry_run_pushes_nothing(cli: InProcess, name: str, files: Path) -> None:
    row = push(cli, f"{name}:v1", "model.bin", "--dry-run")
    assert row["dry_run"] is True
    assert cli("digest", f"{name}:v1").exit_code == 3
