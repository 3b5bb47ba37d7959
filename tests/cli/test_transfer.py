"""`pull`, `push` and `copy` as people use them, with skopeo as the second opinion."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from hubcli import oci
from hubcli.reference import parse
from hubcli.stores.layout import LayoutDirectory
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer
from support.skopeo import Skopeo
from support.terminal import Terminal

HOST = str(oci.host())


@pytest.fixture
def remote(
    docker_registry: Callable[..., DockerRegistry], repository: str, image: Image, skopeo: Skopeo
) -> str:
    """The reference of `image` in a real registry, where skopeo put it."""
    reference = f"{docker_registry().host}/{repository}:v1"
    skopeo.copy(image.source, f"docker://{reference}")
    return reference


def digest(skopeo: Skopeo, source: str) -> str:
    """What skopeo says an image's digest is, in any store."""
    found = skopeo("inspect", "--raw", "--tls-verify=false", source)
    return oci.digest_of(found.encode())


def report(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = result.json()
    return found


# Pull


def test_pull_writes_a_layout_that_skopeo_reads(
    cli: InProcess, remote: str, image: Image, skopeo: Skopeo, tmp_path: Path
) -> None:
    result = cli("pull", "--all-platforms", remote)
    assert (result.exit_code, result.stdout) == (0, "")
    assert digest(skopeo, f"oci:{tmp_path}/app:v1") == image.digest
    skopeo.copy(f"oci:{tmp_path}/app:v1", f"oci:{tmp_path}/again:v1")


def test_pull_takes_this_machines_platform(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    oci_layout: Layout, skopeo: Skopeo,
) -> None:  # fmt: skip
    image = oci_layout.image("v1", platforms=["linux/s390x", HOST])
    reference = f"{docker_registry().host}/{repository}:v1"
    skopeo.copy(image.source, f"docker://{reference}")
    found = report(cli("pull", reference, "oci:out", "--format", "json"))
    assert found["digest"] == image.platforms[HOST]["digest"]
    assert found["platforms"] == [HOST]
    assert found["destination"] == "oci:out:v1"


def test_pull_takes_the_only_platform_there_is(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    oci_layout: Layout, skopeo: Skopeo,
) -> None:  # fmt: skip
    image = oci_layout.image("v1", platforms=["linux/s390x"])
    reference = f"{docker_registry().host}/{repository}:v1"
    skopeo.copy(image.source, f"docker://{reference}")
    assert report(cli("pull", reference, "--format", "json"))["digest"] == image.digest
    refused = cli("pull", reference, "oci:other", "--platform", "linux/amd64")
    assert refused.exit_code == 3
    assert "linux/s390x" in refused.stderr


def test_a_platform_that_is_not_there(cli: InProcess, remote: str, tmp_path: Path) -> None:
    result = cli("pull", remote, "oci:out", "--platform", "linux/riscv64")
    assert result.exit_code == 3
    assert "linux/riscv64; there is linux/amd64, linux/arm64/v8" in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_not_there_leaves_nothing(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], tmp_path: Path
) -> None:
    result = cli("pull", f"{docker_registry().host}/none/none", "oci:out")
    assert result.exit_code == 3
    assert result.stderr.startswith("error: cannot read 127.0.0.1:")
    assert "(MANIFEST_UNKNOWN)" in result.stderr or "(NAME_UNKNOWN)" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("destination", "seen_as"),
    [
        ("oci:out:other", "oci:out:other"),
        ("ocidir://out:other", "oci:out:other"),
        ("out", "oci:out:v1"),
        ("./out", "oci:out:v1"),
        ("out.tar", "oci-archive:out.tar:v1"),
        ("out.tgz", "oci-archive:out.tgz:v1"),
        ("out.tar.gz", "oci-archive:out.tar.gz:v1"),
        ("oci-archive:out:x", "oci-archive:out:x"),
    ],
)
def test_where_a_pull_may_go(
    cli: InProcess, remote: str, image: Image, skopeo: Skopeo, tmp_path: Path,
    destination: str, seen_as: str,
) -> None:  # fmt: skip
    found = report(cli("pull", "--all-platforms", remote, destination, "--format", "json"))
    assert found["digest"] == image.digest
    kind, path = seen_as.split(":", 1)
    assert digest(skopeo, f"{kind}:{tmp_path}/{path}") == image.digest
    assert sorted(path.name for path in tmp_path.glob("out*")) == [path.partition(":")[0]]


def test_an_archive_on_stdout(
    cli: InProcess, remote: str, image: Image, skopeo: Skopeo, tmp_path: Path
) -> None:
    result = cli("pull", "--all-platforms", remote, "-")
    assert result.exit_code == 0
    (tmp_path / "out.tar").write_bytes(result.stdout_bytes)
    assert digest(skopeo, f"oci-archive:{tmp_path}/out.tar:v1") == image.digest
    refused = cli("pull", remote, "-", "--format", "json")
    assert (refused.exit_code, refused.stdout) == (2, "")
    refused = cli("pull", remote, "-", terminal=True)
    assert refused.exit_code == 2


@pytest.mark.parametrize("destination", ["docker-archive:out.tar", "out.tar"])
def test_an_archive_for_docker_load(
    cli: InProcess, remote: str, image: Image, skopeo: Skopeo, tmp_path: Path, destination: str
) -> None:
    """Digests of layers are those of plain tars there, so that the config is what stays equal."""
    kind = [] if destination.startswith("docker") else ["--archive", "docker"]
    result = cli("pull", remote, destination, "--platform", "linux/amd64", *kind)
    assert result.exit_code == 0, result.stderr
    found = json.loads(skopeo("inspect", "--config", f"docker-archive:{tmp_path}/out.tar"))
    manifest = json.loads(image.read(image.platforms["linux/amd64"]["digest"]))
    assert found == json.loads(image.read(manifest["config"]["digest"]))
    with tarfile.open(tmp_path / "out.tar") as archive:
        (entry,) = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert set(entry["Layers"]) | {entry["Config"]} <= set(archive.getnames())
    assert entry["RepoTags"] == [str(parse(remote))]
    skopeo("copy", f"docker-archive:{tmp_path}/out.tar", f"oci:{tmp_path}/again:v1")


def test_a_second_pull_moves_nothing(cli: InProcess, remote: str) -> None:
    first = report(cli("pull", "--all-platforms", remote, "--format", "json"))
    assert first["blobs"] == {"copied": 5, "skipped": 0, "mounted": 0, "resumed": 0}
    assert first["bytes"] > 0
    second = report(cli("pull", "--all-platforms", remote, "--format", "json"))
    assert (second["bytes"], second["digest"]) == (0, first["digest"])
    assert second["platforms"] == first["platforms"] == ["linux/amd64", "linux/arm64/v8"]
    forced = report(cli("pull", "--all-platforms", remote, "--force", "--format", "json"))
    assert forced["blobs"]["copied"] == 5


def test_a_second_pull_of_one_platform_is_no_pull(
    hubcli: Subprocess, sandbox: SandboxServer
) -> None:
    """A registry counts a manifest that is fetched, but not a HEAD."""
    first = report(hubcli("pull", "hello-world", "oci:out", "--format", "json"))
    sandbox.forget()
    again = report(hubcli("pull", "hello-world", "oci:out", "--format", "json"))
    assert [str(one) for one in sandbox.requests("/v2/library")] == [
        "HEAD /v2/library/hello-world/manifests/latest"
    ]
    assert (again["digest"], again["platforms"]) == (first["digest"], first["platforms"])
    other = report(
        hubcli("pull", "hello-world", "oci:out", "--platform", "linux/arm/v7", "--format", "json")
    )
    assert other["platforms"] == ["linux/arm/v7"]
    assert other["digest"] != first["digest"]


def test_docker_is_told_a_name(cli: InProcess, image: Image, tmp_path: Path) -> None:
    """An OCI store knows a tag only: the name is that of the directory then."""
    arguments = ["docker-archive:out.tar", "--platform", "linux/amd64"]
    assert cli("copy", image.source, *arguments).exit_code == 0
    with tarfile.open(tmp_path / "out.tar") as archive:
        (entry,) = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert entry["RepoTags"] == ["docker.io/library/layout:v1"]


def test_images_share_what_is_there(cli: InProcess, remote: str) -> None:
    cli("pull", remote, "oci:out:one", "--platform", "linux/amd64")
    second = cli("pull", remote, "oci:out:two", "--platform", "linux/arm64", "--format", "json")
    assert report(second)["blobs"] == {"copied": 2, "skipped": 1, "mounted": 0, "resumed": 0}


def test_a_dry_run_writes_nothing(cli: InProcess, remote: str, tmp_path: Path) -> None:
    for destination in ("oci:out", "out.tar"):
        found = report(cli("pull", remote, destination, "--dry-run", "--format", "json"))
        assert found["dry_run"] is True
        assert found["blobs"]["copied"] == 3
        assert found["bytes"] == 0
    assert list(tmp_path.glob("out*")) == []


def test_progress_is_on_stderr_and_quiet_is_silent(cli: InProcess, remote: str) -> None:
    loud = cli("pull", "--all-platforms", remote, "oci:one")
    assert len([line for line in loud.stderr.splitlines() if line.startswith("copied ")]) == 5
    assert loud.stdout == ""
    quiet = cli("pull", "--all-platforms", remote, "oci:two", "-q")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_on_a_terminal_it_ends_with_how_to_run_the_image(
    terminal: Callable[..., AbstractContextManager[Terminal]], remote: str
) -> None:
    with terminal("pull", remote, columns=200) as screen:
        assert screen.wait() == 0
        *_, podman, docker = screen.left
    assert podman == "run it with podman: podman run --rm oci:./app:v1"
    assert docker == (
        "take it to docker: hubcli copy oci:./app:v1 - --archive docker | docker load"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--platform", "linux/amd64", "--all-platforms"],
        ["--platform", "nonsense/a/b/c"],
        ["--jobs", "0"],
        ["--archive", "zip"],
        ["--force", "--no-clobber"],
        ["docker-archive:x.tar", "--referrers"],
        ["docker-daemon:x", "--digest-tags"],
    ],
)
def test_wrong_options(cli: InProcess, arguments: list[str]) -> None:
    assert cli("pull", "127.0.0.1:9/x", *arguments).exit_code == 2


# Push


@pytest.fixture
def destination(docker_registry: Callable[..., DockerRegistry], repository: str) -> str:
    return f"{docker_registry().host}/{repository}:pushed"


def test_push_from_a_layout_that_skopeo_wrote(
    cli: InProcess, image: Image, skopeo: Skopeo, tmp_path: Path, destination: str
) -> None:
    skopeo.copy(image.source, f"oci:{tmp_path}/theirs:x")
    found = report(cli("push", "oci:theirs:x", destination, "--format", "json"))
    assert found["digest"] == image.digest == digest(skopeo, f"docker://{destination}")
    skopeo.copy(f"docker://{destination}", f"oci:{tmp_path}/back:x")


@pytest.mark.parametrize("source", ["oci-archive:theirs.tar:x", "theirs.tar", "./theirs.tar", "-"])
def test_push_from_an_oci_archive_that_skopeo_wrote(
    cli: InProcess, image: Image, skopeo: Skopeo, tmp_path: Path, destination: str, source: str
) -> None:
    skopeo.copy(image.source, f"oci-archive:{tmp_path}/theirs.tar:x")
    stdin = (tmp_path / "theirs.tar").read_bytes() if source == "-" else b""
    assert cli("push", source, destination, stdin=stdin).exit_code == 0
    assert digest(skopeo, f"docker://{destination}") == image.digest


def test_push_from_dockers_archive_that_skopeo_wrote(
    cli: InProcess, oci_layout: Layout, skopeo: Skopeo, tmp_path: Path, destination: str
) -> None:
    image = oci_layout.image("v1", layers=[{"a": b"1"}, {"b": b"2" * 100_000}])
    skopeo("copy", image.source, f"docker-archive:{tmp_path}/theirs.tar:app:v1")
    found = report(cli("push", "docker-archive:theirs.tar:app:v1", destination, "--format", "json"))
    assert digest(skopeo, f"docker://{destination}") == found["digest"]
    theirs = skopeo("inspect", "--config", f"docker-archive:{tmp_path}/theirs.tar")
    ours = skopeo("inspect", "--config", "--tls-verify=false", f"docker://{destination}")
    assert json.loads(ours) == json.loads(theirs)
    layers = json.loads(skopeo.raw(destination))["layers"]
    assert [layer["mediaType"][-5:] for layer in layers] == [".gzip", ".gzip"]
    skopeo("copy", "--src-tls-verify=false", f"docker://{destination}", f"oci:{tmp_path}/back:x")


def test_push_again_moves_nothing(cli: InProcess, image: Image, destination: str) -> None:
    assert report(cli("push", image.source, destination, "--format", "json"))["bytes"] > 0
    again = report(cli("push", image.source, destination, "--format", "json"))
    assert again["bytes"] == 0
    assert again["blobs"] == {"copied": 0, "skipped": 0, "mounted": 0, "resumed": 0}


def test_a_tag_of_another_image_can_be_kept(
    cli: InProcess, oci_layout: Layout, destination: str, skopeo: Skopeo
) -> None:
    first = oci_layout.image("one")
    second = oci_layout.image("two", layers=[{"x": b"y"}])
    assert cli("push", first.source, destination).exit_code == 0
    refused = cli("push", second.source, destination, "--no-clobber")
    assert refused.exit_code == 1
    assert "(CONFLICT)" in refused.stderr
    assert first.digest in refused.stderr
    assert digest(skopeo, f"docker://{destination}") == first.digest
    assert cli("push", first.source, destination, "--no-clobber").exit_code == 0
    assert cli("push", second.source, destination).exit_code == 0
    assert digest(skopeo, f"docker://{destination}") == second.digest


@pytest.mark.parametrize("destination", ["oci-archive:there.tar:v2", "docker-archive:there.tar"])
def test_a_file_with_something_else_can_be_kept(
    cli: InProcess, oci_layout: Layout, tmp_path: Path, destination: str
) -> None:
    first = oci_layout.image("one")
    second = oci_layout.image("two", layers=[{"x": b"y"}])
    assert cli("copy", first.source, "oci-archive:there.tar:v1").exit_code == 0
    before = (tmp_path / "there.tar").read_bytes()
    refused = cli("copy", second.source, destination, "--no-clobber")
    assert refused.exit_code == 1
    assert "(CONFLICT)" in refused.stderr
    assert (tmp_path / "there.tar").read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("there*")) == ["there.tar"]
    assert cli("copy", second.source, destination).exit_code == 0


def test_several_platforms_for_docker_are_refused_before_anything_is_moved(
    cli: InProcess, image: Image, tmp_path: Path
) -> None:
    refused = cli("copy", image.source, "docker-archive:all.tar:app:v1", "--all-platforms")
    assert refused.exit_code == 1
    assert "cannot write to docker-archive:all.tar:app:v1: docker's archives hold one" in (
        refused.stderr
    )
    assert "copied" not in refused.stderr
    assert list(tmp_path.glob("all*")) == []


@pytest.mark.parametrize("there", [["v1"], ["v1", "v2"]])
def test_a_pull_by_digest_is_added_to_the_images_that_are_there(
    cli: InProcess, image: Image, oci_layout: Layout, destination: str, there: list[str]
) -> None:
    other = oci_layout.image("other", layers=[{"x": b"y"}])
    assert cli("push", other.source, destination).exit_code == 0
    for name in there:
        assert cli("copy", image.source, f"oci:app:{name}").exit_code == 0
    by_digest = f"{destination.rpartition(':')[0]}@{other.digest}"
    for _ in range(2):
        pulled = cli("pull", by_digest, "oci:app", "--no-clobber")
        assert pulled.exit_code == 0, pulled.stderr
    assert cli("digest", f"oci:app@{other.digest}").lines() == [other.digest]
    assert cli("digest", "oci:app:v1").lines() == [image.digest]


def test_a_destination_with_tag_and_digest_gets_the_tag(
    cli: InProcess, image: Image, destination: str
) -> None:
    named = f"{destination}@{image.digest}"
    for _ in range(2):
        assert cli("copy", image.source, named).exit_code == 0
        assert cli("digest", destination).lines() == [image.digest]


@pytest.mark.parametrize("options", [[], ["--dry-run"], ["--platform", HOST]])
@pytest.mark.parametrize("local", [None, "oci:out:v1", "oci-archive:out.tar:v1"])
def test_another_image_than_the_destinations_digest_is_refused_before_anything_is_moved(
    cli: InProcess, image: Image, destination: str, tmp_path: Path, options: list[str],
    local: str | None,
) -> None:  # fmt: skip
    digest = image.digest if HOST in options else f"sha256:{'0' * 64}"
    refused = cli("copy", image.source, f"{local or destination}@{digest}", *options)
    assert refused.exit_code == 7
    assert f"error: cannot write to {local or destination}@{digest}: {digest} was promised" in (
        refused.stderr
    )
    assert "copied" not in refused.stderr
    assert cli("digest", destination).exit_code == 3
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize("destination", ["docker-archive:all.tar", "-"])
def test_a_dry_run_refuses_what_docker_cannot_hold(
    cli: InProcess, image: Image, destination: str
) -> None:
    refused = cli(
        "copy", image.source, destination, "--archive", "docker", "--all-platforms", "--dry-run"
    )
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "docker's archives hold one platform" in refused.stderr


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_directory_of_something_else_is_refused_before_anything_is_moved(
    cli: InProcess, image: Image, tmp_path: Path, options: list[str]
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "notes").write_text("mine")
    refused = cli("copy", image.source, "oci:work:v1", *options)
    assert refused.exit_code == 1
    assert refused.stderr == (
        "error: cannot write to oci:work:v1: work is neither empty nor an OCI layout (CONFLICT)\n"
    )
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["notes"]


def test_a_damaged_blob_is_not_pushed(cli: InProcess, image: Image, destination: str) -> None:
    layer = image.layers[0]
    path = image.layout / "blobs" / layer["digest"].replace(":", "/")
    path.write_bytes(bytes(layer["size"]))
    result = cli("push", image.source, destination)
    assert result.exit_code == 7
    assert layer["digest"] in result.stderr
    assert cli("digest", destination).exit_code == 3


def test_a_missing_blob_is_said(cli: InProcess, image: Image, destination: str) -> None:
    (image.layout / "blobs" / image.layers[0]["digest"].replace(":", "/")).unlink()
    result = cli("push", image.source, destination)
    assert result.exit_code == 3
    assert f"cannot read {image.source}" in result.stderr


def test_push_needs_to_be_signed_in(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], image: Image, repository: str
) -> None:
    registry = docker_registry("htpasswd")
    result = cli("push", image.source, f"{registry.host}/{repository}:v1", "--format", "json")
    assert result.exit_code == 4
    assert json.loads(result.stderr.splitlines()[-1])["hint"] == f"hubcli login {registry.host}"


# Copy


def test_a_copy_within_a_registry_moves_no_blob(
    cli: InProcess, remote: str, image: Image, skopeo: Skopeo
) -> None:
    other = remote.replace("/app:v1", "/other:v2")
    found = report(cli("copy", remote, other, "--format", "json"))
    assert found["bytes"] == 0
    assert found["blobs"] == {"copied": 0, "skipped": 0, "mounted": 5, "resumed": 0}
    assert digest(skopeo, f"docker://{other}") == image.digest


def test_a_new_tag_in_the_same_repository_is_one_put(
    cli: InProcess, remote: str, docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo
) -> None:
    other = remote.replace(":v1", ":v2")
    found = report(cli("cp", remote, other, "--format", "json"))
    assert sum(found["blobs"].values()) == 0
    assert digest(skopeo, f"docker://{other}") == found["digest"]


def test_a_copy_of_what_is_there_is_two_requests(
    hubcli: Subprocess, remote: str, docker_registry: Callable[..., DockerRegistry]
) -> None:
    other = remote.replace("/app:v1", "/other:v2")
    assert hubcli("copy", remote, other).exit_code == 0
    traced = hubcli("copy", remote, other, "--debug")
    assert traced.exit_code == 0
    sent = [line for line in traced.stderr.splitlines() if line.startswith("> ")]
    assert [line.split()[1] for line in sent if not line.endswith("/v2/")] == ["HEAD", "HEAD"]


def test_nothing_but_a_head_asks_for_a_tag_that_is_to_come(
    cli: InProcess, image: Image, docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    registry = docker_registry()
    name = f"{repository}/new"
    assert cli("push", image.source, f"{registry.host}/{name}:v1").exit_code == 0
    assert [one.method for one in registry.requests(f"{name}/manifests/v1")] == ["HEAD", "PUT"]


def test_a_copy_between_registries_takes_what_the_token_server_grants(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], remote: str, skopeo: Skopeo,
    repository: str, image: Image,
) -> None:  # fmt: skip
    registry = docker_registry("token")
    credentials = {
        "DOCKER_AUTH_CONFIG": json.dumps(
            {
                "auths": {
                    registry.host: {"username": registry.username, "password": registry.password}
                }
            }
        )
    }
    target = f"{registry.host}/{repository}:v1"
    result = cli("copy", remote, target, env=credentials)
    assert result.exit_code == 0, result.stderr
    inside = target.replace("/app:", "/other:")
    found = report(cli("copy", target, inside, "--format", "json", env=credentials))
    assert found["blobs"]["mounted"] == 5
    login = ["--creds", f"{registry.username}:{registry.password}"]
    assert oci.digest_of(skopeo.raw(inside, *login)) == image.digest


def test_one_token_is_enough_for_a_copy_within_a_registry(
    hubcli: Subprocess, sandbox: SandboxServer
) -> None:
    result = hubcli("copy", "hello-world", "alice/copied:v1", env=sandbox.signed_in)
    assert result.exit_code == 0, result.stderr
    assert len(sandbox.requests("GET /token")) + len(sandbox.requests("POST /token")) <= 1
    assert sandbox.requests("GET /v2/library/hello-world/blobs/") == []
    assert sandbox.requests("PUT /v2/alice/copied/blobs/") == []


def test_a_copy_to_docker_takes_one_platform(cli: InProcess, image: Image, skopeo: Skopeo) -> None:
    """Docker's archives hold one: this machine's, unless another is named."""
    result = cli("copy", image.source, "docker-archive:out.tar:app:v1")
    if HOST in image.platforms:
        assert result.exit_code == 0, result.stderr
    refused = cli("copy", image.source, "docker-archive:all.tar:app:v1", "--all-platforms")
    assert refused.exit_code == 1
    assert "one platform" in refused.stderr


def test_local_stores_are_copied_too(
    cli: InProcess, image: Image, skopeo: Skopeo, tmp_path: Path
) -> None:
    assert cli("copy", image.source, "oci-archive:a.tar:x").exit_code == 0
    assert cli("copy", "oci-archive:a.tar:x", "oci:b").exit_code == 0
    assert cli("copy", "./b", "ocidir://c:y").exit_code == 0
    assert digest(skopeo, f"oci:{tmp_path}/c:y") == image.digest


def test_foreign_layers_stay_where_they_are(
    cli: InProcess, image: Image, tmp_path: Path, destination: str
) -> None:
    """Registries take a manifest that names such a layer without having it."""
    layout = image.layout
    amd64 = json.loads(image.read(image.platforms["linux/amd64"]["digest"]))
    amd64["layers"].append(
        {
            "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "digest": "sha256:" + "5" * 64,
            "size": 5,
            "urls": ["https://example.com/layer"],
        }
    )
    content = json.dumps(amd64).encode()
    manifest = oci.digest_of(content)
    (layout / "blobs" / manifest.replace(":", "/")).write_bytes(content)
    source = f"oci:{layout}@{manifest}"
    found = report(cli("copy", source, "oci:out:v1", "--format", "json"))
    assert found["blobs"]["copied"] == 3


# What is attached


@pytest.fixture
def attached(cli: InProcess, sandbox: SandboxServer, repository: str, image: Image) -> str:
    """`image` in the sandbox with a referrer, a referrer of that, and a cosign tag."""
    reference = f"alice/{repository.partition('/')[0]}:v1"
    assert cli("push", image.source, reference, env=sandbox.signed_in).exit_code == 0
    sbom = Layout(image.layout)
    layout = LayoutDirectory(image.layout)
    subject = layout.resolve("v1")
    for name, kind in (("sbom", "application/spdx+json"), ("sig", "application/vnd.example.sig")):
        manifest = {
            "schemaVersion": 2,
            "mediaType": oci.OCI_MANIFEST,
            "artifactType": kind,
            "config": sbom.blob(oci.OCI_EMPTY, b"{}"),
            "layers": [sbom.blob(kind, name.encode())],
            "subject": subject.to_json(),
        }
        made = oci.parse_manifest(json.dumps(manifest).encode(), oci.OCI_MANIFEST)
        layout.put_manifest(name, made)
        subject = made.descriptor
        source = f"oci:{image.layout}:{name}"
        target = f"{reference.rpartition(':')[0]}:{name}"
        assert cli("push", source, target, env=sandbox.signed_in).exit_code == 0
    cosign = f"{reference.rpartition(':')[0]}:{image.digest.replace(':', '-')}.sig"
    assert cli("push", f"oci:{image.layout}:sig", cosign, env=sandbox.signed_in).exit_code == 0
    return reference


def test_referrers_come_along(
    cli: InProcess, sandbox: SandboxServer, attached: str, image: Image
) -> None:
    other = attached.replace(":v1", "-copy:v1")
    plain = report(cli("copy", attached, other, "--format", "json", env=sandbox.signed_in))
    assert plain["attached"] == 0
    found = report(
        cli("copy", attached, other, "--referrers", "--format", "json", env=sandbox.signed_in)
    )
    assert found["attached"] == 2
    shown = cli("inspect", other, "--format", "json", env=sandbox.signed_in).json()
    assert [one["artifact_type"] for one in shown["attestations"]] == ["application/spdx+json"]


def test_referrers_survive_a_layout(
    cli: InProcess, sandbox: SandboxServer, attached: str, image: Image
) -> None:
    """Out of a registry into a directory, and back into one without the referrers API."""
    options = ["--all-platforms", "--referrers", "--format", "json"]
    found = report(cli("pull", attached, "oci:out:v1", *options, env=sandbox.signed_in))
    assert found["attached"] == 2
    back = attached.replace(":v1", "-back:v1")
    found = report(
        cli("push", "oci:out:v1", back, "--referrers", "--format", "json", env=sandbox.signed_in)
    )
    assert (found["attached"], found["digest"]) == (2, image.digest)


def test_referrers_survive_an_archive(
    cli: InProcess, sandbox: SandboxServer, attached: str, image: Image
) -> None:
    options = ["--all-platforms", "--referrers", "--format", "json"]
    found = report(cli("pull", attached, "out.tar", *options, env=sandbox.signed_in))
    assert (found["attached"], found["digest"]) == (2, image.digest)
    again = report(cli("copy", "./out.tar", "oci:out", "--referrers", "--format", "json"))
    assert (again["attached"], again["digest"]) == (2, image.digest)


def test_cosigns_tags_come_along(
    cli: InProcess, sandbox: SandboxServer, attached: str, image: Image
) -> None:
    other = attached.replace(":v1", "-signed:v1")
    result = cli(
        "copy", attached, other, "--digest-tags", "--format", "json", env=sandbox.signed_in
    )
    assert report(result)["attached"] == 1
    tag = f"{image.digest.replace(':', '-')}.sig"
    there = cli("digest", other.replace(":v1", f":{tag}"), env=sandbox.signed_in)
    here = cli("digest", f"oci:{image.layout}:sig")
    assert there.lines() == here.lines()


@pytest.mark.parametrize("size", ["5M", "5242880", "5MiB", "1g", "10kb"])
def test_chunks_of_a_size(cli: InProcess, image: Image, destination: str, size: str) -> None:
    assert cli("push", image.source, destination, "--chunk-size", size).exit_code == 0


@pytest.mark.parametrize("size", ["0", "-1", "5 X", "", "M"])
def test_sizes_that_are_none(cli: InProcess, image: Image, destination: str, size: str) -> None:
    assert cli("push", image.source, destination, "--chunk-size", size).exit_code == 2
