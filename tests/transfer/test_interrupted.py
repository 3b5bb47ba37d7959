"""Transfers that are killed, cut off, run twice at once, or fed with something wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.proxy import Proxy
from support.repositories import content
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.sandbox_registry import registry_server
from support.skopeo import Skopeo
from support.terminal import Terminal

SIZE = 24 << 20


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """An image with one layer of 24 MiB that does not compress; it is only read."""
    layout = Layout(tmp_path_factory.mktemp("big") / "layout")
    return layout.image("v1", layers=[{"data": content(SIZE)}])


@pytest.fixture
def between(docker_registry: Callable[..., DockerRegistry], proxy: Callable[..., Proxy]) -> Proxy:
    """A proxy before a real registry."""
    return proxy(docker_registry().host)


@pytest.fixture
def remote(
    docker_registry: Callable[..., DockerRegistry],
    between: Proxy,
    repository: str,
    big: Image,
    skopeo: Skopeo,
) -> str:
    """`big`, in a registry behind the proxy."""
    skopeo.copy(big.source, f"docker://{docker_registry().host}/{repository}:v1")
    return f"{between.host}/{repository}:v1"


def growing(place: Path) -> int:
    """Bytes of the largest blob that is on its way into a layout, or of an archive that grows."""
    paths = [place] if place.is_file() else place.glob(".partial/*.partial")
    with suppress(FileNotFoundError):  # it was completed meanwhile
        # An archive has room for what is still to come: that takes no space on the disk.
        return max((path.stat().st_blocks * 512 for path in paths), default=0)
    return 0


def grown(place: Path, size: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a blob on its way is so large."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if growing(place) >= size:
            return
        time.sleep(0.002)
    raise AssertionError(f"it never grew to {size} bytes; exit code {process.poll()}")


def slow(between: Proxy) -> None:
    """Late enough to be killed in the middle: at most 16 MiB are under way at once."""
    between.round_trip = 0.2


def is_valid(layout: Path) -> bool:
    marker = json.loads((layout / "oci-layout").read_bytes())
    index = json.loads((layout / "index.json").read_bytes())
    whole = [path.name for path in layout.glob("blobs/*/*") if len(path.name) != 64]
    return bool(marker) and isinstance(index["manifests"], list) and not whole


@pytest.mark.parametrize("destination", ["oci:out:v1", "out.tar", "out.tgz", "docker-archive:out"])
def test_a_pull_killed_at_nine_tenths_moves_the_last_one_only(
    hubcli: Subprocess, between: Proxy, remote: str, big: Image, tmp_path: Path, destination: str
) -> None:
    """The connections stall there, so that it is killed at just that point."""
    between.forget()
    between.stall_answers(after=SIZE * 9 // 10, times=8)
    name = destination.removeprefix("docker-archive:")
    place = tmp_path / ("out" if name.startswith("oci:") else f"{name}.partial")
    process = hubcli.start("pull", remote, destination)
    grown(place, SIZE * 895 // 1000, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert place.is_file() or is_valid(place)
    assert not (tmp_path / name).exists()

    between.forget()
    result = hubcli("pull", remote, destination, "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert result.json()["blobs"]["resumed"] == 1
    assert between.bytes_down <= SIZE * 12 // 100
    assert result.json()["bytes"] <= SIZE * 12 // 100
    layer = config_of(hubcli, destination if ":" in destination else f"./{destination}")
    assert layer == config_of(hubcli, big.source)
    left = [path.name for path in tmp_path.rglob("*") if "partial" in path.name]
    assert left == [], "nothing is left of it"


def config_of(hubcli: Subprocess, source: str) -> str:
    """The digest of an image's configuration, which docker's archives keep as well."""
    found: str = hubcli("inspect", "--raw", source).json()["config"]["digest"]
    return found


def test_a_killed_push_is_begun_again(
    hubcli: Subprocess, between: Proxy, repository: str, big: Image
) -> None:
    slow(between)
    process = hubcli.start("push", big.source, f"{between.host}/{repository}:v2")
    deadline = time.monotonic() + 30
    while between.bytes_up < SIZE // 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    between.round_trip = 0
    assert hubcli("digest", f"{between.host}/{repository}:v2").exit_code == 3
    assert hubcli("push", big.source, f"{between.host}/{repository}:v2").exit_code == 0
    found = hubcli("digest", f"{between.host}/{repository}:v2")
    assert found.stdout.strip() == big.digest


@pytest.mark.parametrize("times", [1, 3])
def test_a_pull_survives_cut_connections(
    hubcli: Subprocess, between: Proxy, remote: str, big: Image, times: int
) -> None:
    between.forget()
    between.cut_answers(after=5 << 20, times=times)
    result = hubcli("pull", remote, "oci:out", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert result.json()["digest"] == big.digest
    assert between.bytes_down < SIZE + 100_000


def test_a_push_survives_cut_connections(
    hubcli: Subprocess, between: Proxy, repository: str, big: Image
) -> None:
    between.cut_uploads(after=5 << 20, times=2)
    reference = f"{between.host}/{repository}:v2"
    result = hubcli("push", big.source, reference)
    assert result.exit_code == 0, result.stderr
    assert hubcli("digest", reference).stdout.strip() == big.digest


def test_a_network_that_stays_away_is_exit_6(
    hubcli: Subprocess, between: Proxy, remote: str, tmp_path: Path
) -> None:
    between.cut_answers(after=0, times=1000)
    result = hubcli("pull", remote, "oci:out")
    assert result.exit_code == 6
    assert "cannot read 127.0.0.1:" in result.stderr


def test_ctrl_c_ends_it_quietly_and_the_layout_is_valid(
    terminal: Callable[..., AbstractContextManager[Terminal]],
    between: Proxy,
    remote: str,
    tmp_path: Path,
) -> None:
    slow(between)
    with terminal("pull", remote, "oci:out") as screen:
        grown(tmp_path / "out", SIZE // 4, screen.process)
        screen.send("\x03")
        started = time.monotonic()
        assert screen.wait() == 130
        assert time.monotonic() - started < 30
    assert [line for line in screen.left if line != "^C"] == [], "no bar is left behind"
    assert is_valid(tmp_path / "out")


def test_two_pulls_into_one_directory_both_succeed(
    hubcli: Subprocess, between: Proxy, remote: str, big: Image, tmp_path: Path
) -> None:
    """Each blob is moved once, by whichever of them comes first."""
    between.round_trip = 0.02
    between.forget()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda tag: hubcli("pull", remote, f"oci:out:{tag}"), ["a", "b"]))
    assert [one.exit_code for one in both] == [0, 0], [one.stderr for one in both]
    assert between.bytes_down < SIZE + 100_000
    digests = hubcli("digest", "oci:out:a", "oci:out:b").lines()
    assert digests == [big.digest] * 2


def test_two_pulls_into_one_archive_both_succeed(
    hubcli: Subprocess, between: Proxy, remote: str, big: Image, tmp_path: Path
) -> None:
    """The one that comes second finds that the first has done it."""
    between.round_trip = 0.02
    between.forget()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: hubcli("pull", remote, "out.tar"), range(2)))
    assert [one.exit_code for one in both] == [0, 0], [one.stderr for one in both]
    assert between.bytes_down < SIZE + 100_000
    assert hubcli("digest", "./out.tar").stdout.strip() == big.digest
    assert sorted(path.name for path in tmp_path.iterdir() if "partial" in path.name) == []


def test_a_registry_that_serves_wrong_bytes(
    cli: InProcess, sandbox: SandboxServer, repository: str, oci_layout: Layout, tmp_path: Path
) -> None:
    """Of the same length, so that only the digest tells."""
    image = oci_layout.image("v1", layers=[{"a": b"1"}])
    name = f"alice/{repository.partition('/')[0]}"
    assert cli("push", image.source, f"{name}:v1", env=sandbox.signed_in).exit_code == 0
    layer = image.layers[0]
    sandbox.fault(f"GET /v2/{name}/blobs/{layer['digest']}", status=200, body="x" * layer["size"])
    result = cli("pull", f"{name}:v1", "oci:out", env=sandbox.signed_in)
    assert result.exit_code == 7
    assert layer["digest"] in result.stderr
    assert list((tmp_path / "out").rglob(f"*{layer['digest'][7:]}*")) == []
    assert json.loads((tmp_path / "out" / "index.json").read_bytes())["manifests"] == []


def of_layers(oci_layout: Layout, *layers: bytes) -> str:
    """Where an image is that has just these layers, be they archives or not."""
    image = oci_layout.image("v1")
    manifest = json.loads(image.read(image.digest))
    config = json.loads(image.read(manifest["config"]["digest"]))
    manifest["layers"] = [
        oci_layout.blob("application/vnd.oci.image.layer.v1.tar", layer) for layer in layers
    ]
    config["rootfs"]["diff_ids"] = [layer["digest"] for layer in manifest["layers"]]
    kind = manifest["config"]["mediaType"]
    manifest["config"] = oci_layout.blob(kind, json.dumps(config).encode())
    top = oci_layout.blob(image.media_type, json.dumps(manifest).encode())
    return f"oci:{oci_layout.directory}@{top['digest']}"


def peak_memory(
    command: list[str], environ: dict[str, str], directory: Path, stdin: Path | None = None
) -> int:
    """MiB that a process held at most; it must succeed. Its stdout goes to the file `stdout`."""
    measured = (
        "import resource, subprocess, sys; "
        "done = subprocess.run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr); "
        "sys.exit(done.returncode)"
    )
    with (directory / "stdout").open("wb") as out, (stdin or Path("/dev/null")).open("rb") as into:
        done = subprocess.run(
            [sys.executable, "-c", measured, *command],
            env=environ,
            cwd=directory,
            stdin=into,
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


def test_memory_does_not_grow_with_the_image(
    environ: dict[str, str], oci_layout: Layout, tmp_path: Path
) -> None:
    """Four layers of 48 MiB at once, through every kind of store: no more than 80 MiB are held."""
    block = content(1 << 20)
    source = of_layers(oci_layout, *((block[at:] + block[:at]) * 48 for at in range(4)))
    piped = tmp_path / "piped.tar"
    with registry_server(tmp_path / "registry") as registry:
        reference = f"{registry.host}/app:v1"
        for stdin, *arguments in (
            (None, "push", source, reference),
            (None, "copy", reference, f"{registry.host}/other:v1"),
            (None, "pull", reference, "oci:out"),
            (None, "pull", reference, "out.tar"),
            (None, "pull", reference, "out.tgz"),
            (None, "pull", reference, "docker-archive:docker.tar:app:v1"),
            (None, "pull", reference, "-"),
            (piped, "push", "-", f"{registry.host}/piped:v1"),
            (None, "copy", "oci-archive:out.tgz", "oci:again"),
        ):
            command = Subprocess.command(*arguments)
            peak = peak_memory(command, environ, tmp_path, stdin)
            assert peak <= 80, f"{arguments} held {peak} MiB"
            if arguments[-1] == "-":
                (tmp_path / "stdout").rename(piped)


_PATIENT = """
import runpy
from hubcli.transfer import threads
threads._GRACE = 60
runpy.run_module("hubcli", run_name="__main__")
"""
"""hubcli, as patient with what cleans up as a busy machine needs: two seconds may be too short."""


def test_ctrl_c_cancels_an_upload(
    environ: dict[str, str], between: Proxy, oci_layout: Layout, tmp_path: Path
) -> None:
    """The registry need not keep what will never be completed."""
    source = of_layers(oci_layout, content(1 << 20) * 80)  # more than proxy and sockets hold
    slow(between)
    process = subprocess.Popen(
        [sys.executable, "-c", _PATIENT, "push", source, f"{between.host}/interrupted/app:v1"],
        stderr=subprocess.PIPE,
        env=environ,
        cwd=tmp_path,
    )
    deadline = time.monotonic() + 30
    while between.bytes_up < 4 << 20 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=70)
    assert process.returncode == 130
    assert b"Traceback" not in err
    deleted = [one for one in between.requests if one.startswith("DELETE ")]
    assert deleted
    assert all(one.startswith("DELETE /v2/interrupted/app/blobs/uploads/") for one in deleted)
