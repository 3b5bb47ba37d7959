"""Runs of `hubcli sync`: side by side, cut off, again and again, with few pulls left."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.hub_repositories import hub_repository
from support.mirrors import asked, forget, stocked, tags_of
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.sandbox_registry import RegistryServer, registry_server


@pytest.fixture
def there() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


@pytest.fixture
def mirror(
    here: RegistryServer, there: RegistryServer, repository: str, tmp_path: Path
) -> Callable[..., list[str]]:
    """`mirror(8, 3)` writes mirror.json for 8 repositories with 3 tags each; their targets."""

    def write(count: int, tags: int) -> list[str]:
        entries = []
        targets = []
        for number in range(count):
            path = f"{repository}-{number}"
            stocked(here, path, {f"v{tag}": f"{number} {tag}" for tag in range(tags)})
            target = f"{there.host}/{path}"
            entries.append({"source": f"{here.host}/{path}", "target": target})
            targets += [f"{target}:v{tag}" for tag in range(tags)]
        (tmp_path / "mirror.json").write_text(json.dumps({"sync": entries}))
        forget(here)
        return targets

    return write


def written(there: RegistryServer) -> Counter[str]:
    """How often each tag was written."""
    return Counter(
        f"{there.host}/{one.path.removeprefix('/v2/').replace('/manifests/', ':')}"
        for one in asked(there, "PUT ")
        if "/manifests/v" in one.path
    )


def shard_of(name: str, count: int) -> int:
    """The shard of a target, as the page on mirrors has it."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) % count


def test_four_shards_as_four_processes_do_everything_once(
    hubcli: Subprocess,
    mirror: Callable[..., list[str]],
    here: RegistryServer,
    there: RegistryServer,
) -> None:
    targets = mirror(16, 2)
    running = [
        hubcli.start("sync", "mirror.json", "--shard", "auto/4", "--format", "jsonl",
                     env={"JOB_COMPLETION_INDEX": str(index)})
        for index in range(4)
    ]  # fmt: skip
    parts = []
    for process in running:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        parts.append([json.loads(line)["target"] for line in out.splitlines()])
    everything = [target for part in parts for target in part]
    assert sorted(everything) == sorted(targets), "their union is the whole, their overlap nothing"
    for index, part in enumerate(parts):
        assert all(shard_of(target.rpartition(":")[0], 4) == index for target in part)
    assert written(there) == Counter(targets)
    lists = [one.path for one in asked(here, "/tags/list")]
    assert len(lists) == len(set(lists)) == 16, "no list is read twice"


@pytest.mark.parametrize("by", ["repository", "tag"])
def test_shards_are_of_repositories_or_of_tags(
    cli: InProcess, mirror: Callable[..., list[str]], there: RegistryServer, by: str
) -> None:
    targets = mirror(1, 12)
    parts = []
    for index in range(1, 4):
        result = cli("sync", "mirror.json", "--shard", f"{index}/3", "--shard-by", by, "-q")
        assert result.exit_code == 0
        parts.append(result.lines())
    assert sorted(target for part in parts for target in part) == sorted(targets)
    for index, part in enumerate(parts, 1):
        names = [target.rpartition(":")[0] if by == "repository" else target for target in part]
        assert all(shard_of(name, 3) == index % 3 for name in names)
    assert written(there) == Counter(targets)


def test_a_run_that_is_killed_is_gone_on_with(
    hubcli: Subprocess,
    cli: InProcess,
    mirror: Callable[..., list[str]],
    here: RegistryServer,
    there: RegistryServer,
    tmp_path: Path,
) -> None:
    targets = mirror(1, 6)
    slow = {"match": "GET /v2/.*/blobs/", "delay_seconds": 0.2}
    here.client.post("/_sandbox/faults", json=slow)
    process = hubcli.start("sync", "mirror.json", "--images", "1", "--jobs", "1")
    deadline = time.monotonic() + 30
    while not written(there) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    here.client.delete("/_sandbox/faults")
    done = written(there)
    assert 0 < len(done) < len(targets), "it was killed in the middle"
    result = cli("sync", "mirror.json", "--format", "json")
    assert result.exit_code == 0
    unchanged = {row["target"] for row in result.json() if row["result"] == "unchanged"}
    assert unchanged == set(done)
    assert written(there) == Counter(targets), "nothing twice"


def test_a_watch_goes_on_after_failures_and_ends_when_told(
    hubcli: Subprocess,
    mirror: Callable[..., list[str]],
    there: RegistryServer,
    tmp_path: Path,
) -> None:
    targets = mirror(1, 2)
    file = tmp_path / "mirror.json"
    document = file.read_text()
    process = hubcli.start("sync", "mirror.json", "--watch", "1s", "--format", "jsonl")
    assert process.stderr is not None
    assert process.stdout is not None

    def result() -> str:
        assert process.stdout is not None
        found: str = json.loads(process.stdout.readline())["result"]
        return found

    assert [result(), result()] == ["copied", "copied"]
    file.write_text(document.replace("source", "sauce"))
    assert any(b"did you mean source?" in line for line in process.stderr)
    file.write_text(document)
    while result() != "unchanged":
        pass
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 0, "that of the last round"
    assert written(there) == Counter(targets)


def test_ctrl_c_ends_a_watch_in_the_middle_of_a_round(
    hubcli: Subprocess, mirror: Callable[..., list[str]], here: RegistryServer
) -> None:
    mirror(1, 2)
    here.client.post("/_sandbox/faults", json={"match": "GET .*/blobs/", "delay_seconds": 5})
    process = hubcli.start("sync", "mirror.json", "--watch", "1h")
    deadline = time.monotonic() + 30
    while not asked(here, "/blobs/") and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    here.client.delete("/_sandbox/faults")
    assert process.returncode == 0
    assert b"ended in the middle" in told


def test_so_many_pulls_are_left(
    new_sandbox: Callable[..., SandboxServer],
    cli: InProcess,
    there: RegistryServer,
    tmp_path: Path,
) -> None:
    sandbox = new_sandbox()
    hub_repository(sandbox, "acme/many", {f"v{number}": str(number) for number in range(6)})

    def remaining() -> int:
        limits = cli("registry", "limits", "--format", "json").json()
        left: int = next(row["remaining"] for row in limits if row["kind"] == "pull-anonymous")
        return left

    keep = remaining() - 2
    entry = {"source": "acme/many", "target": f"{there.host}/many"}
    (tmp_path / "mirror.json").write_text(json.dumps({"sync": [entry]}))
    sync = ("sync", "mirror.json", "--keep-quota", str(keep), "--format", "json")
    result = cli(*sync, "--metrics", "mirror.prom")
    assert result.exit_code == 5
    found = Counter(row["result"] for row in result.json())
    assert found == {"copied": 2, "failed": 1, "left": 3}
    assert result.stderr.count(f"docker.io allows {keep} more pulls") == 1, "said once"
    assert remaining() == keep
    assert len(tags_of(there, "many")) == 2
    text = (tmp_path / "mirror.prom").read_text()
    assert 'hubcli_sync_images{entry="acme/many",result="left"} 3\n' in text
    assert "last_success" not in text
    unchanged = ("sync", "mirror.json", "--keep-quota", str(keep - 4), "--metrics", "mirror.prom")
    assert cli(*unchanged).exit_code == 0
    text = (tmp_path / "mirror.prom").read_text()
    assert "last_success" in text
    assert (tmp_path / "mirror.prom").stat().st_mode & 0o777 == 0o644


def test_on_a_terminal_what_is_unchanged_is_a_number(
    cli: InProcess, mirror: Callable[..., list[str]]
) -> None:
    mirror(1, 3)
    assert cli("sync", "mirror.json").exit_code == 0
    few = cli("sync", "mirror.json", terminal=True)
    assert "unchanged" not in few.stdout
    assert "3 unchanged; 0B in " in few.stderr
    assert cli("sync", "mirror.json", "--all", terminal=True).stdout.count("unchanged") == 3
