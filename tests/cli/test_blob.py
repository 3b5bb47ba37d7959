"""`blob`: against a real registry, and broken answers of a scripted one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.docker_registry import DockerRegistry
from support.images import Image
from support.running import InProcess, Subprocess
from support.scripted import Answer, ScriptedServer
from support.skopeo import Skopeo

CONTENT = b"some content\n" * 1000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
ABSENT = f"sha256:{'0' * 64}"


@pytest.fixture
def registry(docker_registry: Callable[..., DockerRegistry]) -> DockerRegistry:
    return docker_registry()


@pytest.fixture
def name(registry: DockerRegistry, repository: str, skopeo: Skopeo, image: Image) -> str:
    """A repository with `image` as v1."""
    name = f"{registry.host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    return name


def test_a_file_goes_in_and_comes_out(cli: InProcess, name: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(CONTENT)
    assert cli("blob", "put", name, "in", "-q").lines() == [DIGEST]
    assert cli("blob", "get", f"{name}@{DIGEST}").stdout_bytes == CONTENT
    assert cli("blob", "get", f"{name}@{DIGEST}", "-o", "out").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in", "out"]
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_stdin_is_taken(hubcli: Subprocess, name: str) -> None:
    assert hubcli("blob", "put", name, "-", "-q", stdin=CONTENT).stdout == f"{DIGEST}\n"
    assert hubcli("blob", "get", f"{name}@{DIGEST}").stdout_bytes == CONTENT


def test_what_is_there_is_not_sent_again(
    cli: InProcess, registry: DockerRegistry, repository: str, name: str
) -> None:
    cli("blob", "put", name, "-", stdin=CONTENT)
    seen = len(registry.requests(repository))
    assert cli("blob", "put", name, "-", stdin=CONTENT).exit_code == 0
    assert [one.method for one in registry.requests(repository)[seen:]] == ["HEAD"]


def test_an_empty_blob(cli: InProcess, name: str) -> None:
    empty = f"sha256:{hashlib.sha256().hexdigest()}"
    assert cli("blob", "put", name, "-", "-q", stdin=b"").lines() == [empty]
    assert cli("blob", "get", f"{name}@{empty}").stdout_bytes == b""


def test_head(cli: InProcess, name: str, image: Image) -> None:
    layer = image.layers[0]
    result = cli(
        "blob", "head", f"{name}@{ABSENT}", f"{name}@{layer['digest']}", "--format", "json"
    )
    assert result.exit_code == 3
    (row,) = result.json()
    assert (row["digest"], row["size"]) == (layer["digest"], layer["size"])
    assert f"{name}@{ABSENT}" in result.stderr


def test_rm_asks_and_shows(cli: InProcess, name: str, image: Image) -> None:
    blob = f"{name}@{image.layers[0]['digest']}"
    assert cli("blob", "rm", blob).exit_code == 2
    assert cli("blob", "rm", blob, "--dry-run", "-q").lines() == [image.layers[0]["digest"]]
    assert cli("blob", "rm", blob, terminal=True, stdin="n\n").exit_code == 1
    assert cli("blob", "head", blob).exit_code == 0
    assert cli("blob", "rm", blob, "--yes").exit_code == 0
    assert cli("blob", "head", blob).exit_code == 3


@pytest.mark.parametrize("options", [[], ["-o", "out"]])
def test_wrong_bytes_leave_no_file(cli: InProcess, tmp_path: Path, options: list[str]) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    with ScriptedServer(lambda _: Answer(200, b"x" * len(CONTENT), headers)) as server:
        result = cli("blob", "get", f"127.0.0.1:{server.port}/a/b@{DIGEST}", *options)
    assert result.exit_code == 7
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_download_goes_on_where_it_stopped(cli: InProcess, tmp_path: Path) -> None:
    asked: list[str | None] = []
    broken = True

    def script(seen: object) -> Answer:
        headers = getattr(seen, "headers")  # noqa: B009
        if getattr(seen, "method") == "HEAD":  # noqa: B009
            return Answer(200, b"", {"Content-Length": str(len(CONTENT))})
        start = headers.get("range")
        asked.append(start)
        if broken:
            return Answer(200, CONTENT, cut=6000) if start is None else Answer(404)
        first = int(start.removeprefix("bytes=").rstrip("-")) if start else 0
        told = {"Content-Range": f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"}
        return Answer(206, CONTENT[first:], told)

    with ScriptedServer(script) as server:
        blob = f"127.0.0.1:{server.port}/a/b@{DIGEST}"
        assert cli("blob", "get", blob, "-o", "out").exit_code == 3
        assert not (tmp_path / "out").exists()
        broken = False
        assert cli("blob", "get", blob, "-o", "out").exit_code == 0
    assert asked == [None, "bytes=6000-", "bytes=6000-"]
    assert (tmp_path / "out").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "arguments",
    [["get", "a/b"], ["get", "a/b:tag"], ["head", "a/b"], ["rm", "a/b:v1", "--yes"],
     ["put", "a/b:v1", "-"], ["put", "a/b", "no-such-file"]],
)  # fmt: skip
def test_wrong_command_lines(cli: InProcess, arguments: list[str]) -> None:
    assert cli("blob", *arguments).exit_code == 2


def test_no_blob_on_a_terminal(cli: InProcess, name: str, image: Image) -> None:
    result = cli("blob", "get", f"{name}@{image.layers[0]['digest']}", terminal=True)
    assert (result.exit_code, result.stdout) == (2, "")


# layouts


def test_a_layout_keeps_blobs_too(cli: InProcess, image: Image, tmp_path: Path) -> None:
    place = f"oci:{image.layout}"
    put = cli("blob", "put", place, "-", stdin=CONTENT)
    assert put.exit_code == 0, put.stderr
    assert put.lines() == [f"{DIGEST}\t13000\tapplication/octet-stream\t{place}@{DIGEST}"]
    assert "13kB" in put.stderr
    assert cli("blob", "get", f"{place}:v1@{DIGEST}").stdout_bytes == CONTENT
    assert cli("blob", "get", f"{place}@{DIGEST}", "-o", "out").exit_code == 0
    assert (tmp_path / "out").read_bytes() == CONTENT
    head = cli("blob", "head", f"{place}@{DIGEST}", f"{place}@{ABSENT}", "--format", "json")
    assert head.exit_code == 3
    assert [(one["size"], one["media_type"]) for one in head.json()] == [(13000, None)]
    assert "BLOB_UNKNOWN" in head.stderr
    assert cli("blob", "rm", f"{place}@{DIGEST}").exit_code == 2
    assert cli("blob", "rm", f"{place}@{DIGEST}", "--yes").exit_code == 0
    assert cli("blob", "head", f"{place}@{DIGEST}").exit_code == 3
    assert cli("inspect", image.source).exit_code == 0


def test_an_archive_is_read_only(cli: InProcess, image: Image, skopeo: Skopeo) -> None:
    skopeo("copy", "--quiet", "--all", image.source, f"oci-archive:{image.layout}.tar:v1")
    place = f"oci-archive:{image.layout}.tar"
    layer = image.layers[0]
    content = cli("blob", "get", f"{place}@{layer['digest']}").stdout_bytes
    assert content == image.read(layer["digest"])
    for refused in (("put", place, "-"), ("rm", f"{place}@{layer['digest']}", "--yes")):
        assert cli("blob", *refused, stdin=CONTENT).exit_code == 2


def test_a_device_is_written_to_as_it_is(
    cli: InProcess, name: str, image: Image, tmp_path: Path
) -> None:
    layer = image.layers[0]
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        read = pool.submit((tmp_path / "pipe").read_bytes)
        assert cli("blob", "get", f"{name}@{layer['digest']}", "-o", "pipe").exit_code == 0
        assert read.result(10) == image.read(layer["digest"])
    assert (tmp_path / "pipe").is_fifo()
