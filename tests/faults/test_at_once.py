"""Sixteen processes that do the same at once: nothing is lost, torn or asked for twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from support.errands import World
from support.gateway import Gateway
from support.hub_repositories import hub_repository

PROCESSES = 16


def test_pulls_into_one_layout_share_it_and_one_token(world: Callable[[], World]) -> None:
    here = world()
    tags = {f"v{number}": f"image {number % 3}" for number in range(PROCESSES)}
    digests = hub_repository(here.sandbox, here.repository, tags)
    here.gateway.expect()
    running = [here.start("pull", f"{here.repository}:{tag}", f"oci:out:{tag}") for tag in tags]
    assert [process.wait(120) for process in running] == [0] * PROCESSES
    asked = [line for line in here.gateway.lines if line.startswith("GET /token")]
    assert len(asked) == 1
    entries = json.loads((here.directory / "out" / "index.json").read_bytes())["manifests"]
    names = {one["annotations"]["org.opencontainers.image.ref.name"]: one for one in entries}
    assert {tag: entry["digest"] for tag, entry in names.items()} == digests
    for tag in tags:
        assert here.look("files", f"oci:out:{tag}").exit_code == 0
    assert list((here.directory / "out").glob("**/*.partial")) == []


def test_sessions_of_the_hub_are_one(world: Callable[[], World]) -> None:
    here = world()
    here.gateway.expect()
    running = [here.start("repo", "ls", "acme") for _ in range(PROCESSES)]
    assert [process.wait(120) for process in running] == [0] * PROCESSES
    assert here.gateway.lines.count("POST /v2/auth/token") == 1


def test_logins_and_logouts_lose_no_credential(world: Callable[[], World]) -> None:
    """Half of the processes sign in where the other half signs out, of other registries."""
    here = world()
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(Gateway(here.sandbox.host).running()).host for _ in range(PROCESSES)
        ]
        for host in hosts[::2]:
            signed_in = here.run(*_login(host), stdin=here.sandbox.password)
            assert signed_in.exit_code == 0, signed_in.stderr
        running = []
        for number, host in enumerate(hosts):
            argv = _login(host) if number % 2 else ("logout", host)
            running.append(here.start(*argv, stdin=here.sandbox.password))
        assert [process.wait(120) for process in running] == [0] * PROCESSES
        kept = here.directory / "home" / "config" / "hubcli" / "auth.json"
        assert set(json.loads(kept.read_bytes())["auths"]) == set(hosts[1::2])
        assert kept.stat().st_mode & 0o777 == 0o600
        assert _beside(kept) == {"auth.json"}


def _login(host: str) -> tuple[str, ...]:
    return ("login", host, "-u", "alice", "--password-stdin", "--store", "file")


def _beside(path: Path) -> set[str]:
    """Files of a directory, but for locks."""
    return {one.name for one in path.parent.iterdir() if not one.name.endswith(".lock")}
