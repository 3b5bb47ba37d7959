"""What a new sandbox holds, and that its programs are real."""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from hubcli.sandbox import images, programs, seed
from hubcli.sandbox.accounts import Identity
from hubcli.sandbox.app import Sandbox, Settings
from hubcli.sandbox.server import serving
from support.hub_client import HubClient
from support.programs import require_tool
from support.sandbox import SandboxServer

HELLO = "library/hello-world"
ON_X86 = platform.system() == "Linux" and platform.machine() == "x86_64"
TEXT = "Wörld\n" * 900


@pytest.fixture
def unpacked(hub: HubClient, tmp_path: Path) -> dict[str, Path]:
    """The program of each platform of hello-world, taken out of its layer by hand."""
    index = hub.registry("GET", "manifests/latest", HELLO).json()
    found = {}
    for entry in index["manifests"]:
        architecture = entry["platform"]["architecture"]
        if architecture == "unknown":
            continue
        manifest = hub.registry("GET", f"manifests/{entry['digest']}", HELLO).json()
        config = hub.registry("GET", f"blobs/{manifest['config']['digest']}", HELLO).json()
        assert config["architecture"] == architecture
        assert config["config"]["Cmd"] == ["/hello"]
        (layer,) = manifest["layers"]
        content = gzip.decompress(hub.registry("GET", f"blobs/{layer['digest']}", HELLO).content)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            file = archive.extractfile("hello")
            assert file is not None
            program = tmp_path / architecture
            program.write_bytes(file.read())
            program.chmod(archive.getmember("hello").mode)
        found[architecture] = program
    return found


@pytest.mark.skipif(not ON_X86, reason="the program is for Linux on x86-64")
def test_hello_world_runs(unpacked: dict[str, Path]) -> None:
    done = subprocess.run([unpacked["amd64"]], capture_output=True, check=True)
    assert done.stdout.decode().startswith("\nHello from the sandbox!\n")
    assert done.stderr == b""


def test_hello_world_is_an_executable_for_each_platform(unpacked: dict[str, Path]) -> None:
    # ELF gABI: class (1: 32 bits, 2: 64 bits) in byte 4, machine in bytes 18 and 19.
    kinds = {
        architecture: (content[4], int.from_bytes(content[18:20], "little"))
        for architecture, content in ((name, path.read_bytes()) for name, path in unpacked.items())
    }
    assert kinds == {"amd64": (2, 62), "arm64": (2, 183), "arm": (1, 40)}
    assert all(path.read_bytes().startswith(b"\x7fELF") for path in unpacked.values())
    assert all(path.stat().st_mode & 0o111 for path in unpacked.values())


@pytest.mark.skipif(not ON_X86, reason="the programs are for Linux; emulators run here on x86-64")
@pytest.mark.parametrize(
    ("name", "emulator"), [("amd64", None), ("arm64", "qemu-aarch64"), ("arm", "qemu-arm")]
)
def test_programs_print_long_texts_and_end_well(
    tmp_path: Path, name: str, emulator: str | None
) -> None:
    program = tmp_path / name
    program.write_bytes(getattr(programs, name)(TEXT.encode()))
    program.chmod(0o755)
    command, environ = [str(program)], dict(os.environ)
    if emulator is not None:
        tool = require_tool(emulator)
        command, environ = [str(tool.path), *command], environ | tool.environ
    done = subprocess.run(command, env=environ, capture_output=True, check=True)
    assert done.stdout.decode() == TEXT


def test_the_attestation_belongs_to_an_image(hub: HubClient) -> None:
    index = hub.registry("GET", "manifests/latest", HELLO).json()
    *others, last = index["manifests"]
    assert last["platform"] == {"architecture": "unknown", "os": "unknown"}
    assert last["annotations"] == {
        "vnd.docker.reference.digest": others[0]["digest"],
        "vnd.docker.reference.type": "attestation-manifest",
    }
    manifest = hub.registry("GET", f"manifests/{last['digest']}", HELLO).json()
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == images.IN_TOTO
    statement = hub.registry("GET", f"blobs/{layer['digest']}", HELLO).json()
    assert statement["subject"][0]["digest"]["sha256"] == others[0]["digest"].split(":")[1]


def test_digests_are_the_same_at_every_start() -> None:
    assert seed.hello_world().manifest.digest == seed.hello_world().manifest.digest
    json.loads(seed.hello_world().manifest.content)


def test_there_are_a_few_hundred_repositories(sandbox: SandboxServer) -> None:
    public = sandbox.parts.repositories.public()
    assert len(public) > 300
    badges = {repository.badge for repository in public}
    assert badges >= {"official", "verified_publisher", "open_source", "none"}
    assert all(len(repository.description.encode()) <= 100 for repository in public)
    assert {"library/nginx", "library/alpine", "grafana/grafana", seed.MANY_TAGS} <= {
        repository.path for repository in public
    }


def test_one_description_is_hostile(hub: HubClient) -> None:
    url = "/v2/namespaces/xyloph/repositories/terminal-art"
    description = hub("GET", url).json()["description"]
    for hostile in ("\x1b[31m", "\x07", "[bold]", "\u202e", "\r"):
        assert hostile in description


def test_alice_has_releases_and_pull_requests(hub: HubClient) -> None:
    url = "/v2/namespaces/alice/repositories/webapp/tags?page_size=100"
    tags = {tag["name"]: tag["digest"] for tag in hub("GET", url).json()["results"]}
    assert {f"pr-{number}" for number in range(1, 13)} | {"latest", "v1.0.0"} <= set(tags)
    assert tags["latest"] == tags["v2.0.0"] != tags["v1.0.0"]


def test_a_sandbox_starts_within_a_second() -> None:
    # Of the processor's time: others may be busy on this machine.
    started = time.process_time()
    with serving() as running:
        assert running.sandbox.storage.tags.count(seed.MANY_TAGS) == 5000
        assert time.process_time() - started < 1


def test_data_outlives_the_sandbox(tmp_path: Path) -> None:
    first = Sandbox(Settings(data=tmp_path))
    first.accounts.add("dora", password="kept")
    count = len(first.repositories.public())
    session = first.sessions.issue(Identity("dora"))
    first.close()
    second = Sandbox(Settings(data=tmp_path))
    try:
        assert second.id != first.id
        assert second.accounts.authenticate("dora", "kept") is not None
        assert len(second.repositories.public()) == count
        assert second.storage.tags.count(seed.MANY_TAGS) == 5000
        identity = second.sessions.identity(f"Bearer {session}")
        assert identity is not None
        assert identity.account == "dora"
    finally:
        second.close()
