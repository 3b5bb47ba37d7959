"""What engines say that podman's service does not: scripted, by the Docker Engine API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.images import Image
from support.running import InProcess
from support.scripted import Answer, Script, ScriptedServer, Seen


def engine(script: Script) -> ScriptedServer:
    return ScriptedServer(script)


def host(server: ScriptedServer) -> dict[str, str]:
    return {"DOCKER_HOST": f"tcp://127.0.0.1:{server.port}"}


def absent(request: Seen) -> Answer | None:
    """No image is there yet, as docker says it."""
    if request.method == "GET":
        return Answer(404, json.dumps({"message": "No such image: app:v1"}).encode())
    return None


def test_a_refusal_under_a_status_that_says_200(cli: InProcess, image: Image) -> None:
    """Docker's load reports progress and failures as JSON lines, once it has said 200."""
    lines = [{"stream": "x"}, {"errorDetail": {"message": "no space left"}, "error": "no space"}]
    body = b"\r\n".join(json.dumps(line).encode() for line in lines)
    with engine(lambda request: absent(request) or Answer(200, body)) as server:
        result = cli(
            "copy", image.source, "docker-daemon:app:v1", "--platform", "linux/amd64",
            env=host(server),
        )  # fmt: skip
    assert result.exit_code == 1
    assert "no space left" in result.stderr
    (load,) = [one for one in server.seen if one.method == "POST"]
    assert load.path.startswith("/images/load")
    assert len(load.body) == int(load.headers["content-length"]) > 0


@pytest.mark.parametrize(("status", "exit_code"), [(404, 3), (403, 4), (500, 1), (503, 6)])
def test_its_own_words(cli: InProcess, tmp_path: Path, status: int, exit_code: int) -> None:
    answer = Answer(status, json.dumps({"message": "the whale is asleep"}).encode())
    with engine(lambda _: answer) as server:
        result = cli("copy", "docker-daemon:app:v1", f"oci:{tmp_path / 'x'}", env=host(server))
    assert result.exit_code == exit_code
    assert "the whale is asleep" in result.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("cut", [0, 700])
def test_a_save_that_breaks_off(cli: InProcess, tmp_path: Path, cut: int) -> None:
    def script(request: Seen) -> Answer:
        if request.path.endswith("/json"):
            return Answer(200, json.dumps({"Id": f"sha256:{'a' * 64}"}).encode())
        return Answer(200, bytes(10_240), cut=cut)

    with engine(script) as server:
        result = cli("copy", "docker-daemon:app:v1", f"oci:{tmp_path / 'x'}", env=host(server))
    assert result.exit_code == 6
    assert "broke" in result.stderr
    assert not (tmp_path / "x").exists()


def test_a_save_that_is_no_archive(cli: InProcess, tmp_path: Path) -> None:
    def script(request: Seen) -> Answer:
        if request.path.endswith("/json"):
            return Answer(200, json.dumps({"Id": f"sha256:{'a' * 64}"}).encode())
        return Answer(200, b"?" * 10_240)

    with engine(script) as server:
        result = cli("copy", "docker-daemon:app:v1", f"oci:{tmp_path / 'x'}", env=host(server))
    assert result.exit_code == 7
