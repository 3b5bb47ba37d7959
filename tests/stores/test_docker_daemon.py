"""`docker-daemon:` against a real engine's API: podman's service, and skopeo as second opinion."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image
from support.podman import Podman, podman_service
from support.real_images import RealImages
from support.running import InProcess, Subprocess
from support.skopeo import Skopeo


@pytest.fixture(scope="module")
def shared_podman() -> Iterator[Podman]:
    with podman_service() as running:
        yield running


@pytest.fixture
def podman(shared_podman: Podman, environ: dict[str, str]) -> Podman:
    """An engine, which `cli` and `hubcli` use; tests share it, by names of their own."""
    environ["DOCKER_HOST"] = shared_podman.host
    return shared_podman


def config_digest(real_image: RealImages, name: str) -> str:
    image = real_image(name)
    digest: str = json.loads(image.read(image.digest))["config"]["digest"]
    return digest


@pytest.mark.parametrize("name", ["whiteouts", "opaque", "hardlinks", "longnames"])
def test_the_engine_takes_an_image(
    cli: InProcess, podman: Podman, real_image: RealImages, name: str
) -> None:
    result = cli("copy", real_image(name).source, f"docker-daemon:taken/{name}:v1")
    assert result.exit_code == 0, result.stderr
    assert podman.image_id(f"docker.io/taken/{name}:v1") == config_digest(real_image, name)


def test_from_a_registry_into_the_engine_and_back(
    cli: InProcess,
    podman: Podman,
    real_image: RealImages,
    docker_registry: Callable[..., DockerRegistry],
    repository: str,
    skopeo: Skopeo,
) -> None:
    there = f"{docker_registry().host}/{repository}"
    assert cli("push", real_image("docker").source, f"{there}:v1").exit_code == 0
    pulled = cli("pull", f"{there}:v1", "docker-daemon:back/app", "--format", "json")
    assert pulled.exit_code == 0, pulled.stderr
    assert json.loads(pulled.stdout)["destination"] == "docker-daemon:back/app:latest"
    assert podman.image_id("docker.io/back/app:latest") == config_digest(real_image, "docker")
    pushed = cli("push", "docker-daemon:back/app", f"{there}:v2", "--format", "json")
    assert pushed.exit_code == 0, pushed.stderr
    manifest = json.loads(skopeo.raw(f"{there}:v2"))
    assert manifest["config"]["digest"] == config_digest(real_image, "docker")
    assert [layer["mediaType"] for layer in manifest["layers"]] == [
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    ]


def test_what_skopeo_put_there_is_read(
    cli: InProcess, podman: Podman, real_image: RealImages, skopeo: Skopeo, tmp_path: Path
) -> None:
    skopeo(
        "copy", "--quiet", "--dest-daemon-host", podman.host,
        real_image("hardlinks").source, "docker-daemon:skopeos/app:v1",
    )  # fmt: skip
    result = cli("copy", "docker-daemon:skopeos/app:v1", f"oci:{tmp_path / 'read'}:v1")
    assert result.exit_code == 0, result.stderr
    by_id = podman.image_id("docker.io/skopeos/app:v1")
    assert by_id == config_digest(real_image, "hardlinks")
    inspected = cli("inspect", f"docker-daemon:{by_id}", "--format", "json")
    assert inspected.exit_code == 0, inspected.stderr


def test_skopeo_reads_what_was_put_there(
    cli: InProcess, podman: Podman, real_image: RealImages, skopeo: Skopeo
) -> None:
    assert cli("copy", real_image("hardlinks").source, "docker-daemon:hers/app:v1").exit_code == 0
    found = skopeo("inspect", "--raw", "--daemon-host", podman.host, "docker-daemon:hers/app:v1")
    document = json.loads(found)
    assert document["config"]["digest"] == config_digest(real_image, "hardlinks")
    ours = cli("digest", "docker-daemon:hers/app:v1")
    assert ours.exit_code == 0, ours.stderr


def test_an_image_that_is_not_there(cli: InProcess, podman: Podman, tmp_path: Path) -> None:
    result = cli("copy", "docker-daemon:nobody/none:v1", f"oci:{tmp_path / 'none'}")
    assert result.exit_code == 3
    assert "cannot read docker-daemon:nobody/none:v1" in result.stderr
    assert not (tmp_path / "none").exists()


def test_a_name_that_is_taken_stays(cli: InProcess, podman: Podman, real_image: RealImages) -> None:
    name = "docker-daemon:taken/once:v1"
    assert cli("copy", real_image("hardlinks").source, name, "--no-clobber").exit_code == 0
    result = cli("copy", real_image("longnames").source, name, "--no-clobber")
    assert result.exit_code == 1
    assert "(CONFLICT)" in result.stderr
    expected = config_digest(real_image, "hardlinks")
    assert podman.image_id("docker.io/taken/once:v1") == expected


def test_a_dry_run_loads_nothing(cli: InProcess, podman: Podman, real_image: RealImages) -> None:
    source = real_image("hardlinks").source
    result = cli("copy", source, "docker-daemon:dry/app:v1", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert b"dry/app" not in podman("images", "--all")


@pytest.mark.parametrize("kind", ["docker", "oci"])
def test_podman_loads_what_goes_to_stdout(
    hubcli: Subprocess, podman: Podman, real_image: RealImages, tmp_path: Path, kind: str
) -> None:
    written = hubcli("copy", real_image("hardlinks").source, "-", "--archive", kind)
    assert written.exit_code == 0, written.stderr
    (tmp_path / "written.tar").write_bytes(written.stdout_bytes)
    loaded = podman("load", "--input", tmp_path / "written.tar").decode().split()[-1]
    assert podman.image_id(loaded) == config_digest(real_image, "hardlinks")


@pytest.mark.parametrize("format", ["docker-archive", "oci-archive"])
def test_what_podman_saves(
    cli: InProcess, podman: Podman, real_image: RealImages, skopeo: Skopeo, tmp_path: Path,
    format: str,
) -> None:  # fmt: skip
    name = f"saved/{format}:v1"
    assert cli("copy", real_image("hardlinks").source, f"docker-daemon:{name}").exit_code == 0
    archive = tmp_path / "saved.tar"
    podman("save", "--format", format, "--output", archive, f"docker.io/{name}")
    result = cli("copy", str(archive), f"oci:{tmp_path / 'read'}:v1", "--format", "json")
    assert result.exit_code == 0, result.stderr
    digest = json.loads(result.stdout)["digest"]
    ours = json.loads((tmp_path / "read" / "blobs" / digest.replace(":", "/")).read_bytes())
    theirs = json.loads(skopeo("inspect", "--raw", f"{format}:{archive}"))
    assert ours["config"]["digest"] == theirs["config"]["digest"]


def test_several_images_that_podman_saves_in_one_archive(
    cli: InProcess, podman: Podman, real_image: RealImages, tmp_path: Path
) -> None:
    names = {"one": "hardlinks", "two": "longnames"}
    for name, image in names.items():
        loaded = cli("copy", real_image(image).source, f"docker-daemon:several/{name}:v1")
        assert loaded.exit_code == 0, loaded.stderr
    archive = tmp_path / "several.tar"
    podman("save", "-m", "-o", archive, *(f"docker.io/several/{name}:v1" for name in names))
    assert cli("digest", f"docker-archive:{archive}").exit_code == 2  # which one?
    for name, image in names.items():
        target = f"oci:{tmp_path / name}:v1"
        result = cli("copy", f"docker-archive:{archive}:several/{name}:v1", target)
        assert result.exit_code == 0, result.stderr
        expected = config_digest(real_image, image).partition(":")[2]
        assert (tmp_path / name / "blobs/sha256" / expected).exists()


def test_an_archive_on_stdin(
    hubcli: Subprocess, podman: Podman, real_image: RealImages, tmp_path: Path
) -> None:
    name = "piped/app:v1"
    loaded = hubcli("copy", real_image("hardlinks").source, f"docker-daemon:{name}")
    assert loaded.exit_code == 0, loaded.stderr
    with subprocess.Popen(
        podman.command("save", f"docker.io/{name}"), stdout=subprocess.PIPE, env=podman.environ()
    ) as saving:
        done = subprocess.run(
            Subprocess.command("copy", "-", f"oci:{tmp_path / 'read'}:v1", "--format", "json"),
            stdin=saving.stdout,
            capture_output=True,
            env=hubcli.environ,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    digest = json.loads(done.stdout)["digest"]
    document = json.loads((tmp_path / "read/blobs" / digest.replace(":", "/")).read_bytes())
    assert document["config"]["digest"] == config_digest(real_image, "hardlinks")


# No engine is needed for what follows


def test_no_engine(cli: InProcess, tmp_path: Path) -> None:
    """Said before anything is read, with how another engine is named; 6 is UNAVAILABLE."""
    nowhere = f"unix://{tmp_path / 'none.sock'}"
    result = cli(
        "copy", "docker-daemon:app:v1", f"oci:{tmp_path / 'x'}", "--format", "json",
        env={"DOCKER_HOST": nowhere},
    )  # fmt: skip
    assert result.exit_code == 6
    error = json.loads(result.stderr.splitlines()[-1])
    assert nowhere in error["error"]
    assert "DOCKER_HOST" in error["hint"]


def test_an_engine_that_has_gone(cli: InProcess, image: Image) -> None:
    with TemporaryDirectory() as directory:
        path = f"{directory}/s"
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(path)
        result = cli(
            "copy", image.source, "docker-daemon:app", env={"DOCKER_HOST": f"unix://{path}"}
        )
    assert result.exit_code == 6
    assert "nobody answers" in result.stderr


@pytest.mark.parametrize(
    ("host", "exit_code", "said"),
    [
        ("ssh://somebody@engine.example", 1, "by ssh"),
        ("npipe:////./pipe/docker_engine", 1, "by npipe"),
        ("nonsense", 2, "no address of a docker engine"),
        ("tcp://127.0.0.1:9", 6, "the docker engine at tcp://127.0.0.1:9"),
    ],
)
def test_other_hosts(cli: InProcess, image: Image, host: str, exit_code: int, said: str) -> None:
    result = cli("copy", image.source, "docker-daemon:app", env={"DOCKER_HOST": host})
    assert result.exit_code == exit_code
    assert said in result.stderr


def test_a_digest_is_for_the_engine_to_give(cli: InProcess, image: Image) -> None:
    result = cli("copy", image.source, f"docker-daemon:{image.digest}")
    assert result.exit_code == 2
