"""Every attack of `support.attacks`, carried out on real sockets."""

from __future__ import annotations

import base64
import json
import re
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.attacks import ATTACKS
from support.attacks.addresses import BLOB
from support.attacks.attack import REGISTRY, Attack
from support.hostile import HostileServer
from support.running import InProcess, Result
from support.secrets import HUB_SECRET, REGISTRY_SECRET

LONGEST = 20.0
"""Seconds that an attack may keep us busy; on a quiet machine it is one or two."""

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileServer]:
    running = HostileServer(tmp_path_factory.mktemp("hostile"))
    yield running
    running.close()


@pytest.fixture
def victim(
    cli: InProcess, environ: dict[str, str], server: HostileServer, tmp_path: Path
) -> Victim:
    """A user who is signed in at the hostile registry and at the hostile Hub."""
    account = base64.b64encode(f"alice:{REGISTRY_SECRET}".encode()).decode()
    environ.update(
        HUBCLI_HUB_URL="https://hub.example",
        HUBCLI_USERNAME="alice",
        HUBCLI_PASSWORD=HUB_SECRET,
        DOCKER_AUTH_CONFIG=json.dumps({"auths": {REGISTRY: {"auth": account}}}),
        SSL_CERT_FILE=str(server.authority.certificate),
        NO_COLOR="1",
    )
    (tmp_path / "blob.bin").write_bytes(BLOB)
    return Victim(cli, environ, tmp_path)


class Victim:
    """Runs commands, in a directory where `out` is the only place to write to."""

    def __init__(self, cli: InProcess, environ: dict[str, str], directory: Path) -> None:
        self._cli = cli
        self._environ = environ
        self._directory = directory

    def falls_for(self, attack: Attack) -> Result:
        config = self._directory / "config.toml"
        timeout = attack.environ.get("READ_TIMEOUT", "30")
        config.write_text(f"[defaults]\nread_timeout = {timeout}\n")
        env = {"HUBCLI_CONFIG": str(config)}
        return self._cli(*attack.command, env=env, terminal=attack.terminal, columns=400)

    def strange_files(self) -> list[str]:
        """What is there now outside of `out` and of what hubcli keeps for itself."""
        found = (path.relative_to(self._directory) for path in self._directory.rglob("*"))
        own = {"out", "out.tar", "home", "blob.bin", "config.toml"}
        return sorted(str(path) for path in found if path.parts[0] not in own)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_fails(
    attack: Attack, victim: Victim, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**attack.bounds, "hubcli.http.retry._FIRST_DELAY": 0.01}.items():
        monkeypatch.setattr(name, value)
    started = time.monotonic()
    with server.carrying_out(attack):
        if attack.most is not None:
            tracemalloc.start()
        try:
            result = victim.falls_for(attack)
            held = tracemalloc.get_traced_memory()[1] if attack.most is not None else 0
        finally:
            tracemalloc.stop()
        took = time.monotonic() - started
    shown = _STYLE.sub("", result.stdout + result.stderr)
    assert result.exit_code == attack.exit_code, shown[-2000:]
    assert attack.says in shown, shown[-2000:]
    assert [text for text in attack.kept if text in shown] == []
    assert "INTERNAL" not in shown
    assert "Traceback" not in shown
    assert _ACTING.findall(shown) == []
    assert took < LONGEST
    assert attack.most is None or held < attack.most
    assert victim.strange_files() == []
    assert [
        f"{ask.scheme}://{ask.host}{ask.target}"
        for ask in server.asked
        if ask.has_secret and not (ask.scheme == "https" and ask.host in attack.trusted)
    ] == []


def test_attacks_are_told_apart() -> None:
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS)


def test_the_victim_has_something_to_lose(victim: Victim, server: HostileServer) -> None:
    """Without this, no credential at the wrong place would prove nothing."""
    wanted = {attack.id: attack for attack in ATTACKS}
    for name in ("redirect-loop", "hub-redirect-to-another-host"):
        with server.carrying_out(wanted[name]):
            victim.falls_for(wanted[name])
        assert any(ask.has_secret for ask in server.asked), name
