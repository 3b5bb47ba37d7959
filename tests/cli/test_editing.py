"""Where edited images come from and go to: archives, stdout, engines; and which platforms."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.images import Image, Layout
from support.layered import image_of, member, symlink, tar_of
from support.podman import Podman, podman_service
from support.running import InProcess, Subprocess
from support.skopeo import Skopeo

NAMED = "org.opencontainers.image.ref.name"


def packed(directory: Path, archive: Path) -> Path:
    """A layout directory as an OCI archive."""
    with tarfile.open(archive, "w") as file:
        for path in sorted(directory.rglob("*")):
            file.add(path, path.relative_to(directory), recursive=False)
    return archive


def held(archive: Path, name: str) -> Any:
    with tarfile.open(archive) as file:
        found = file.extractfile(name)
        assert found is not None
        return json.load(found)


def labels(cli: InProcess, source: str) -> object:
    return cli("inspect", source, "--format", "json", "--query", "config.labels").json()


# archives


def test_an_archive_keeps_its_kind_and_its_name(
    cli: InProcess, skopeo: Skopeo, tmp_path: Path, oci_layout: Layout
) -> None:
    image = oci_layout.image("v1")
    skopeo("copy", "--quiet", image.source, f"docker-archive:{tmp_path}/dockers.tar:acme/api:2")
    packed(image.layout, tmp_path / "ours.tar")
    for archive in ("./dockers.tar", "./ours.tar"):
        result = cli("mutate", archive, "--label", "a=b")
        assert result.exit_code == 0, result.stderr
        assert labels(cli, archive) == {"a": "b"}
    (entry,) = held(tmp_path / "dockers.tar", "manifest.json")
    assert entry["RepoTags"] == ["docker.io/acme/api:2"]
    index = held(tmp_path / "ours.tar", "index.json")
    assert [one["annotations"][NAMED] for one in index["manifests"]] == ["v1"]
    shown = json.loads(skopeo("inspect", f"docker-archive:{tmp_path}/dockers.tar"))
    assert shown["Labels"] == {"a": "b"}


@pytest.mark.parametrize("options", [[], ["--tag", "v3"], ["--to", "oci-archive:two.tar:v3"]])
def test_no_image_of_an_archive_is_lost(
    cli: InProcess, oci_layout: Layout, tmp_path: Path, options: list[str]
) -> None:
    oci_layout.image("v1")
    oci_layout.image("v2", config={"User": "x"})
    archive = packed(oci_layout.directory, tmp_path / "two.tar")
    before = archive.read_bytes()
    result = cli("mutate", "oci-archive:two.tar:v1", "--label", "a=b", *options)
    assert result.exit_code == 2
    assert "two.tar is written whole" in result.stderr
    assert "v2" in result.stderr
    assert "hint: give the new image a place of its own: --to DST" in result.stderr
    assert archive.read_bytes() == before
    assert cli("mutate", "oci-archive:two.tar:v1", "--label", "a=b", "--to", "./new.tar")
    assert labels(cli, "oci-archive:new.tar") == {"a": "b"}


# stdout


def test_an_archive_on_stdout_is_all_that_is_there(
    hubcli: Subprocess, oci_layout: Layout, tmp_path: Path
) -> None:
    image = oci_layout.image("v1", config={"Labels": {"a": "b"}})
    result = hubcli("mutate", image.source, "--label", "c=d", "--to", "-")
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes.endswith(bytes(1024))
    (tmp_path / "out.tar").write_bytes(result.stdout_bytes)
    (entry,) = held(tmp_path / "out.tar", "index.json")["manifests"]
    assert entry["digest"] in result.stderr
    # What is so already goes through as well: somebody waits for it at the other end.
    again = hubcli("mutate", "-", "--label", "a=b", stdin=result.stdout_bytes)
    with tarfile.open(fileobj=io.BytesIO(again.stdout_bytes)) as archive:
        assert f"blobs/{entry['digest'].replace(':', '/')}" in archive.getnames()


def test_rows_do_not_go_into_an_archive(cli: InProcess, oci_layout: Layout) -> None:
    image = oci_layout.image("v1")
    options = ("--label", "a=b", "--to", "-", "--format", "json")
    assert cli("mutate", image.source, *options).exit_code == 2
    planned = cli("mutate", image.source, *options, "--dry-run")
    assert planned.json()["dry_run"] is True


# engines


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    with podman_service() as service:
        yield service


def test_an_image_in_an_engine(
    cli: InProcess, environ: dict[str, str], podman: Podman, oci_layout: Layout
) -> None:
    environ["DOCKER_HOST"] = podman.host
    image = oci_layout.image("v1")
    assert cli("copy", image.source, "docker-daemon:edited:v1", "-q").exit_code == 0
    before = podman.image_id("docker.io/library/edited:v1")
    result = cli("mutate", "docker-daemon:edited:v1", "--label", "a=b", "--tag", "v2")
    assert result.exit_code == 0, result.stderr
    assert podman.image_id("docker.io/library/edited:v1") == before
    assert podman.image_id("docker.io/library/edited:v2") != before
    assert labels(cli, "docker-daemon:edited:v2") == {"a": "b"}
    nameless = cli("mutate", f"docker-daemon:{before}", "--label", "a=b", "--tag", "v3")
    assert nameless.exit_code == 2


def test_what_was_put_on_top_runs_there(
    cli: InProcess, environ: dict[str, str], podman: Podman, tmp_path: Path
) -> None:
    """podman unpacks every layer, and checks it against the configuration."""
    environ["DOCKER_HOST"] = podman.host
    below = tar_of(member("dir"), member("dir/gone", b"1"), member("dir/kept", b"1"))
    above = tar_of(member("dir/.wh.gone", b""), member("new", b"2"), symlink("link", "/new"))
    image_of(tmp_path / "layered", [below], tag="v1")
    (tmp_path / "above.tar").write_bytes(above)
    assert cli("append", "oci:layered:v1", "--layer", "above.tar", "--tag", "v2").exit_code == 0
    assert cli("flatten", "oci:layered:v2", "--tag", "v3").exit_code == 0
    listed = []
    for tag in ("v2", "v3"):
        assert cli("copy", f"oci:layered:{tag}", f"docker-daemon:layered:{tag}").exit_code == 0
        made = podman("create", f"docker.io/library/layered:{tag}", "/new").decode().strip()
        with tarfile.open(fileobj=io.BytesIO(podman("export", made))) as archive:
            names = {one.name: one for one in archive if one.name in {"new", "link", "dir/kept"}}
            assert "dir/gone" not in archive.getnames()
            listed.append({name: (one.type, one.mode, one.linkname) for name, one in names.items()})
    assert listed[0] == listed[1]
    assert set(listed[0]) == {"new", "link", "dir/kept"}


# platforms


@pytest.mark.parametrize(
    "options", [["--platform", "linux/amd64,linux/arm64"],
                ["--platform", "linux/amd64", "--platform", "linux/arm64"]],
)  # fmt: skip
def test_several_platforms(cli: InProcess, oci_layout: Layout, options: list[str]) -> None:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64", "linux/s390x"])
    result = cli("mutate", image.source, "--label", "a=b", *options, "--tag", "v2")
    assert result.exit_code == 0, result.stderr
    told = {
        platform: cli("inspect", f"oci:{image.layout}:v2", "--platform", platform,
                      "--format", "{{json .config.labels}}").stdout.strip()
        for platform in ("linux/amd64", "linux/arm64", "linux/s390x")
    }  # fmt: skip
    assert told == {"linux/amd64": '{"a":"b"}', "linux/arm64": '{"a":"b"}', "linux/s390x": "{}"}


def test_a_platform_that_is_not_there(cli: InProcess, image: Image) -> None:
    result = cli("mutate", image.source, "--label", "a=b", "--platform", "linux/amd64,linux/mips")
    assert result.exit_code == 3
    assert "there is no image for linux/mips" in result.stderr


def test_an_archive_that_holds_one_platform(
    cli: InProcess, image: Image, skopeo: Skopeo, tmp_path: Path
) -> None:
    to = ("--label", "a=b", "--to", "docker-archive:out.tar:acme/api:1")
    whole = cli("mutate", image.source, *to)
    assert whole.exit_code == 1
    assert "docker's archives hold one platform; say which one with --platform" in whole.stderr
    result = cli("mutate", image.source, *to, "--platform", "linux/arm64")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(skopeo("inspect", f"docker-archive:{tmp_path}/out.tar"))
    assert (shown["Architecture"], shown["Labels"]) == ("arm64", {"a": "b"})
