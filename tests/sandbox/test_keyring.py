"""The keyring of programs inside a sandbox, as keyring itself finds and uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.core import load_keyring
from keyring.errors import KeyringError, PasswordDeleteError

from hubcli.sandbox.environment import variables


def backend() -> KeyringBackend:
    return load_keyring("hubcli.sandbox.keyring.SandboxKeyring")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "private" / "keyring.json"
    monkeypatch.setenv("HUBCLI_SANDBOX_KEYRING", str(path))
    return path


def test_what_is_stored_is_found(file: Path) -> None:
    keyring = backend()
    assert keyring.get_password("hub", "alice") is None
    assert keyring.get_credential("hub", None) is None
    keyring.set_password("hub", "alice", "pässword")
    keyring.set_password("hub", "bob", "other")
    assert keyring.get_password("hub", "alice") == "pässword"
    assert keyring.get_password("elsewhere", "alice") is None
    newest = keyring.get_credential("hub", None)
    assert newest is not None
    assert (newest.username, newest.password) == ("bob", "other")
    assert keyring.get_credential("hub", "carol") is None
    keyring.delete_password("hub", "alice")
    assert keyring.get_password("hub", "alice") is None
    with pytest.raises(PasswordDeleteError):
        keyring.delete_password("hub", "alice")


def test_the_file_is_private(file: Path) -> None:
    backend().set_password("hub", "alice", "secret")
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == {"hub": {"alice": "secret"}}


def test_a_broken_file_is_an_error_of_the_keyring(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("{")
    with pytest.raises(KeyringError, match="cannot be read"):
        backend().get_password("hub", "alice")


def test_outside_of_a_sandbox_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBCLI_SANDBOX_KEYRING", raising=False)
    with pytest.raises(KeyringError, match="HUBCLI_SANDBOX_KEYRING"):
        backend().get_password("hub", "alice")


def test_keyring_uses_it_by_name_and_processes_do_not_lose_entries(tmp_path: Path) -> None:
    environ = {**os.environ, **variables("http://127.0.0.1:9", tmp_path, {})}
    program = (
        "import keyring, sys\n"
        "for number in range(20):\n"
        "    keyring.set_password('hub', f'{sys.argv[1]}-{number}', 'x')\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, name], env=environ) for name in "abc"
    ]
    assert [process.wait(30) for process in running] == [0, 0, 0]
    stored = json.loads((tmp_path / "keyring.json").read_text())["hub"]
    assert set(stored) == {f"{name}-{number}" for name in "abc" for number in range(20)}
