"""Many repositories in one archive: out of registries, over the gap, and into another registry."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubcli import oci
from hubcli.stores import archive
from hubcli.stores.collection import repositories
from hubcli.stores.layout import Layout as OpenLayout
from hubcli.stores.spelling import OCI_ARCHIVE
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.peaks import peak
from support.proxy import Proxy
from support.repositories import content
from support.running import InProcess, Result, Subprocess, private_environ
from support.skopeo import Skopeo

SHARED = content(1 << 20, 7)


@dataclass(frozen=True)
class World:
    """Images in a registry, by `REPOSITORY:TAG`, below `space`; a list of them, and an archive."""

    registry: str
    space: str
    images: Mapping[str, Image]
    listed: str
    archive: bytes

    @property
    def digests(self) -> dict[str, str]:
        return {name: image.digest for name, image in self.images.items()}

    def path(self, tmp_path: Path) -> Path:
        """The archive, for a test of its own."""
        (tmp_path / "gap.tar").write_bytes(self.archive)
        return tmp_path / "gap.tar"


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, docker_registry: Callable[..., DockerRegistry]
) -> World:
    """Three images that share a layer; web:v1 is for two platforms."""
    directory = tmp_path_factory.mktemp("world")
    cli = InProcess(private_environ(directory / "home"), directory)
    made = Layout(directory / "layout")
    images = {
        "app:v1": made.image("v1", layers=[{"shared": SHARED}, {"own": b"one"}]),
        "app:v2": made.image("v2", layers=[{"shared": SHARED}, {"own": b"two"}]),
        "web:v1": made.image(
            "web", layers=[{"shared": SHARED}], platforms=["linux/amd64", "linux/arm64/v8"]
        ),
    }
    registry, space = docker_registry().host, f"gap-{secrets.token_hex(4)}"
    places = {name: f"{registry}/{space}/{name}" for name in images}
    lines = "".join(f"{images[name].source} {place}\n" for name, place in places.items())
    assert cli("push", "--from-file", "-", "-q", stdin=lines).exit_code == 0
    listed = f"# what goes along\n{registry}/{space}/app:v*\n{registry}/{space}/web:v1\n"
    out = cli("copy", "--from-file", "-", "oci-archive:gap.tar", "--format", "json", stdin=listed)
    assert {row["source"]: row["digest"] for row in report(out)} == {
        place: images[name].digest for name, place in places.items()
    }
    assert sum(row["bytes"] for row in report(out)) < len(SHARED) * 1.1, "each blob comes once"
    return World(registry, space, images, listed, (directory / "gap.tar").read_bytes())


@pytest.fixture
def carried(world: World, tmp_path: Path) -> Path:
    return world.path(tmp_path)


@pytest.fixture
def below(world: World, repository: str) -> str:
    """Where a test's copies go to."""
    return f"{world.registry}/{repository.partition('/')[0]}"


def report(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = result.json()
    return found


def digests(result: Result) -> dict[str, str]:
    return {row["destination"].rpartition("/")[2]: row["digest"] for row in report(result)}


def held(path: Path) -> dict[str, list[str]]:
    with archive.opened(path, OCI_ARCHIVE, "it") as store:
        assert isinstance(store, OpenLayout)
        return {name: sorted(tags) for name, tags in repositories(store).items()}


def test_in_below_another_prefix(
    cli: InProcess, world: World, carried: Path, below: str, skopeo: Skopeo, tmp_path: Path
) -> None:
    assert held(carried) == {
        f"{world.registry}/{world.space}/app": ["v1", "v2"],
        f"{world.registry}/{world.space}/web": ["v1"],
    }
    back = cli("copy", "oci-archive:gap.tar", f"{below}/", "--format", "json")
    assert digests(back) == world.digests
    for name, digest in world.digests.items():
        assert oci.digest_of(skopeo.raw(f"{below}/{world.space}/{name}")) == digest
        inside = f"oci-archive:{carried}:{world.registry}/{world.space}/{name}"
        assert oci.digest_of(skopeo("inspect", "--raw", inside).encode()) == digest
    skopeo.copy(inside, f"oci:{tmp_path}/by-skopeo:web")
    assert cli("digest", "oci:by-skopeo:web").stdout.strip() == world.digests["web:v1"]


def test_what_there_is_costs_a_head_for_each_image(
    cli: InProcess, world: World, carried: Path, below: str, proxy: Callable[..., Proxy]
) -> None:
    between = proxy(world.registry)
    there = f"{below.replace(world.registry, between.host)}/"
    assert cli("copy", f"oci-archive:{carried}", there).exit_code == 0
    between.forget()
    again = cli("copy", f"oci-archive:{carried}", there)
    assert again.exit_code == 0
    assert {line.rpartition(" ")[2] for line in again.stderr.splitlines()} == {"already"}
    methods = [request.partition(" ")[0] for request in between.requests if "/v2/ " not in request]
    assert [one for one in methods if one != "GET"] == ["HEAD"] * 3


def test_the_same_list_again_fetches_nothing(cli: InProcess, world: World, carried: Path) -> None:
    """And another one only what is new: the rest comes out of the archive that is replaced."""
    inode = carried.stat().st_ino
    again = cli("copy", "--from-file", "-", "oci-archive:gap.tar", stdin=world.listed)
    assert again.stderr.count(" already") == 3
    assert carried.stat().st_ino == inode
    space = f"{world.registry}/{world.space}"
    other = f"{space}/app:v*\n{space}/web:v1 oci-archive:gap.tar:web:old\n"
    result = cli("copy", "--from-file", "-", "oci-archive:gap.tar", "--format", "json", stdin=other)
    assert [row["digest"] for row in report(result)] == list(world.digests.values())
    assert sum(row["blobs"]["copied"] for row in report(result)) == 0
    assert held(carried) == {"docker.io/library/web": ["old"], f"{space}/app": ["v1", "v2"]}


def test_through_a_pipe(
    cli: InProcess, hubcli: Subprocess, world: World, below: str, tmp_path: Path
) -> None:
    (tmp_path / "list").write_text(world.listed)
    with (tmp_path / "piped").open("wb") as file:
        process = subprocess.run(
            hubcli.command("copy", "--from-file", "list", "-"),
            env=hubcli.environ,
            cwd=tmp_path,
            stdout=file,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert process.returncode == 0, process.stderr
    result = cli("push", "./piped", f"{below}/", "--format", "json")
    assert digests(result) == world.digests


def test_one_repository_of_many_and_a_single_image(
    cli: InProcess, world: World, carried: Path, below: str
) -> None:
    source = f"oci-archive:{carried}:{world.registry}/{world.space}"
    result = cli("copy", f"{source}/app", f"{below}/", "--format", "json")
    assert sorted(digests(result)) == ["app:v1", "app:v2"]
    single = cli("copy", f"{source}/app:v2", f"{below}/other:x", "--format", "json")
    assert single.json()["digest"] == world.digests["app:v2"]
    none = cli("copy", f"{source}/none", f"{below}/")
    assert none.exit_code == 3
    assert "it holds nothing of" in none.stderr


def test_what_is_in_it(cli: InProcess, world: World, carried: Path) -> None:
    """As the repositories and tags of a registry; each name can be handed back."""
    names = cli("repo", "ls", "oci-archive:gap.tar", "-q").lines()
    here = f"oci-archive:gap.tar:{world.registry}/{world.space}"
    assert names == [f"{here}/app", f"{here}/web"]
    assert cli("repo", "ls", "oci-archive:gap.tar", "-q", "--filter", "w*").lines() == names[1:]
    both = report(cli("tag", "ls", *names, "--details", "--format", "json"))
    assert [row["reference"] for row in both] == [f"{here}/{name}" for name in world.images]
    assert [row["name"] for row in both] == ["v1", "v2", "v1"]
    assert [row["digest"] for row in both] == [*world.digests.values()]
    assert both[2]["platforms"] == ["linux/amd64", "linux/arm64/v8"]
    everything = report(cli("tag", "ls", "oci-archive:gap.tar", "--format", "json"))
    assert [row["reference"] for row in everything] == [row["reference"] for row in both]
    newest = cli("tag", "ls", names[0], "--sort", "version=desc", "--filter", "v*", "-q")
    assert newest.lines() == ["v2", "v1"]
    assert cli("tag", "ls", f"{names[0]}:v1").exit_code == 2


def test_what_is_in_a_layout_without_whole_names(cli: InProcess, world: World) -> None:
    source = f"oci:{world.images['app:v1'].layout}"
    assert cli("repo", "ls", source, "-q").lines() == [source]
    assert cli("tag", "ls", source, "-q").lines() == ["v1", "v2", "web"]
    assert cli("tag", "ls", "oci:none").exit_code == 3
    assert cli("repo", "ls", "oci:none").exit_code == 3


def test_what_is_attached_is_carried_too(
    cli: InProcess, world: World, below: str, tmp_path: Path
) -> None:
    """Signatures by cosign's tags, and by subject, into a registry without the referrers API."""
    image, other = world.images["app:v1"], world.images["app:v2"]
    assert cli("push", image.source, f"{below}/app:v1").exit_code == 0
    (tmp_path / "sbom.json").write_text("{}")
    attach = ("referrer", "attach", f"{below}/app:v1", "sbom.json", "--type", "a/sbom")
    assert cli(*attach).exit_code == 0
    signature = f"{image.digest.replace(':', '-')}.sig"
    assert cli("push", other.source, f"{below}/app:{signature}").exit_code == 0
    options = ("--referrers", "--digest-tags", "--format", "json")
    out = cli("copy", "--from-file", "-", "oci-archive:a.tar", *options, stdin=f"{below}/app:v1")
    assert [row["attached"] for row in report(out)] == [2]
    back = cli("copy", "oci-archive:a.tar", f"{below}/m/", "--format", "json")
    assert digests(back) == {"app:v1": image.digest, f"app:{signature}": other.digest}
    there = f"{below}/m/{below.rpartition('/')[2]}/app:v1"
    assert "a/sbom" in cli("referrer", "ls", there, "--fields", "artifact_type").lines()
    again = cli("copy", "oci-archive:a.tar", f"{below}/m/")
    assert again.stderr.count(" already") == 2


def test_an_archive_that_lacks_an_image_is_not_completed(
    cli: InProcess, world: World, carried: Path
) -> None:
    space = f"{world.registry}/{world.space}"
    more = f"{world.listed}{space}/none:v1\n{space}/no:*\n"
    result = cli("copy", "--from-file", "-", "oci-archive:gap.tar", stdin=more)
    assert result.exit_code == 3
    assert result.stderr.count(" already") == 3
    assert (
        "error: cannot complete gap.tar: it lacks 2 images; what there is waits in "
        "gap.tar.partial for the next run (FAILED)" in result.stderr
    )
    assert carried.read_bytes() == world.archive
    piped = cli("copy", "--from-file", "-", "-", stdin=more)
    assert piped.exit_code == 3
    assert b"index.json" not in piped.stdout_bytes


@pytest.mark.parametrize("share", [0.1, 0.999])
def test_what_was_cut_off_on_the_way(
    cli: InProcess, world: World, carried: Path, below: str, share: float
) -> None:
    carried.write_bytes(world.archive[: int(len(world.archive) * share)])
    result = cli("copy", f"oci-archive:{carried}", f"{below}/")
    assert result.exit_code == 7
    assert f"{carried} is no readable tar archive: it is cut off" in result.stderr
    assert cli("tag", "ls", f"{below}/{world.space}/app").exit_code == 3


def test_what_was_damaged_on_the_way(
    cli: InProcess, world: World, carried: Path, below: str
) -> None:
    """The images that need it are not pushed, the others are."""
    image = world.images["app:v2"]
    damaged = bytearray(world.archive)
    damaged[damaged.index(image.read(image.layers[1]["digest"])) + 20] ^= 1
    carried.write_bytes(damaged)
    result = cli("copy", f"oci-archive:{carried}", f"{below}/", "--format", "json")
    assert result.exit_code == 7
    name = f"oci-archive:{carried}:{world.registry}/{world.space}/app:v2"
    assert f"cannot read {name}: {image.layers[1]['digest']} was promised" in result.stderr
    assert cli("tag", "ls", f"{below}/{world.space}/app", "-q").lines() == ["v1"]


def test_names_that_meet(cli: InProcess, world: World, below: str) -> None:
    """Repositories of the same path in two registries, and images that have no whole name."""
    source = world.images["app:v1"].source
    lines = "".join(f"{source} oci-archive:two.tar:{host}/x/app:v1\n" for host in ("a.io", "b.io"))
    assert cli("copy", "--from-file", "-", stdin=lines).exit_code == 0
    result = cli("copy", "oci-archive:two.tar", f"{below}/")
    assert result.exit_code == 2
    assert "x/app:v1 is where both a.io/x/app:v1 and b.io/x/app:v1 would go" in result.stderr
    assert cli("copy", source, "oci-archive:plain.tar").exit_code == 0
    result = cli("copy", "oci-archive:plain.tar", f"{below}/")
    assert result.exit_code == 2
    assert "it does not say of which repositories its images are" in result.stderr
    result = cli("copy", f"{below}/app", f"{below}/")
    assert (result.exit_code, "takes what an archive" in result.stderr) == (2, True)


def test_killed_on_the_way_out(
    cli: InProcess, hubcli: Subprocess, world: World, proxy: Callable[..., Proxy], tmp_path: Path
) -> None:
    between = proxy(world.registry)
    (tmp_path / "list").write_text(world.listed.replace(world.registry, between.host))
    between.stall_answers(after=len(SHARED) * 3 // 4, times=20)
    process = hubcli.start("copy", "--from-file", "list", "oci-archive:gap.tar")
    killed(process, lambda: on_disk(tmp_path / "gap.tar.partial") > len(SHARED) // 2)
    assert [path.name for path in tmp_path.glob("gap.tar*")] == ["gap.tar.partial"]
    between.forget()
    result = cli("copy", "--from-file", "list", "oci-archive:gap.tar", "--format", "json")
    assert [row["digest"] for row in report(result)] == list(world.digests.values())
    assert sum(row["blobs"]["resumed"] for row in report(result)) >= 1
    assert between.bytes_down < len(SHARED) * 3 // 4
    assert [path.name for path in tmp_path.glob("gap.tar*")] == ["gap.tar"]


def test_killed_on_the_way_in(
    cli: InProcess, hubcli: Subprocess, world: World, carried: Path, below: str,
    proxy: Callable[..., Proxy],
) -> None:  # fmt: skip
    """What has arrived by then does not go up once more."""
    between = proxy(world.registry, round_trip=0.03)
    there = f"{below.replace(world.registry, between.host)}/"
    process = hubcli.start("copy", "--jobs", "1", f"oci-archive:{carried}", there)
    killed(process, lambda: any("manifests" in one for one in puts(between)))
    between.forget()
    again = ("copy", "--jobs", "1", f"oci-archive:{carried}", there, "--format", "json")
    assert digests(cli(*again)) == world.digests
    assert between.bytes_up < len(SHARED) // 2
    assert cli("digest", f"{below}/{world.space}/app:v1").lines() == [world.digests["app:v1"]]


def on_disk(path: Path) -> int:
    """Bytes that were written: an archive has room for what is still to come."""
    return path.stat().st_blocks * 512 if path.exists() else 0


def puts(between: Proxy) -> list[str]:
    return [request for request in list(between.requests) if request.startswith("PUT")]


def killed(process: subprocess.Popen[bytes], is_time: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_time():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_the_memory_it_takes_does_not_grow_with_the_images(
    cli: InProcess, environ: dict[str, str], oci_layout: Layout, below: str, tmp_path: Path
) -> None:
    """Neither on the way out nor in; measured after a first run, which imports what is needed."""
    image = oci_layout.image("v1", layers=[{"data": content(12 << 20)}])
    assert cli("push", image.source, f"{below}/app:v1").exit_code == 0
    gap, first = f"oci-archive:{tmp_path}/gap.tar", f"oci:{tmp_path}/first"
    for words, before in (
        ((f"{below}/app:v*", gap), (f"{below}/app:v1", first)),
        ((gap, f"{below}/m/"), (first, f"{below}/first:v1")),
    ):
        command = ("copy", "--jobs", "2", *words)
        assert peak(command, ("copy", *before), environ, tmp_path / "output") < 6 << 20
