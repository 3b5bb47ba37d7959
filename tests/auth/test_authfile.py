"""The `auths` format of docker and podman, and hubcli's own file in it."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hubcli.auth.credentials import Credential, Kind, authfile
from hubcli.auth.credentials.authfile import FileStore
from hubcli.config import Settings
from hubcli.errors import CredentialFailure


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(entry: object, address: str = "registry.example", key: str | None = None) -> Any:
    return authfile.find({"auths": {address: entry}}, key or address, "FILE", "SOURCE")


@pytest.mark.parametrize(
    ("entry", "username", "secret", "kind"),
    [
        ({"auth": b64("alice:s3cret")}, "alice", "s3cret", Kind.PASSWORD),
        ({"auth": b64("alice:a:b:c")}, "alice", "a:b:c", Kind.PASSWORD),
        ({"auth": b64("alice:s3cret\0\0")}, "alice", "s3cret", Kind.PASSWORD),
        ({"auth": b64("ålice:pässwörd")}, "ålice", "pässwörd", Kind.PASSWORD),
        ({"username": "alice", "password": "s3cret"}, "alice", "s3cret", Kind.PASSWORD),
        ({"auth": b64("alice:dckr_pat_x")}, "alice", "dckr_pat_x", Kind.PAT),
        ({"auth": b64("acme:dckr_oat_x")}, "acme", "dckr_oat_x", Kind.OAT),
        ({"auth": b64("alice:"), "identitytoken": "r"}, "alice", "r", Kind.REFRESH_TOKEN),
        ({"auth": b64("<token>:r")}, "<token>", "r", Kind.REFRESH_TOKEN),
        ({"auth": b64("alice:s3cret"), "email": None}, "alice", "s3cret", Kind.PASSWORD),
    ],
)
def test_entries(entry: dict[str, str], username: str, secret: str, kind: Kind) -> None:
    assert found(entry) == Credential(username, secret, "SOURCE", kind)


@pytest.mark.parametrize("entry", [{}, {"auth": ""}, {"email": "a@example.com"}])
def test_an_empty_entry_is_dockers_marker_for_a_helper(entry: dict[str, str]) -> None:
    assert found(entry) is None


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"auth": "not base64!"}, "not base64"),
        ({"auth": base64.b64encode(b"\xff\xfe:x").decode()}, "not base64 of text"),
        ({"auth": b64("no colon")}, "no user:password"),
        ({"auth": b64(":no user")}, "no user:password"),
        ({"auth": 7}, "something else than text"),
        ("text", "not a JSON object"),
    ],
)
def test_a_damaged_entry_is_named_without_its_content(entry: object, reason: str) -> None:
    with pytest.raises(CredentialFailure, match=reason) as failure:
        found(entry)
    assert "registry.example" in failure.value.reason
    assert "no colon" not in failure.value.reason


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("docker.io", "docker.io"),
        ("https://registry.example", "registry.example"),
        ("https://registry.example/v2/", "registry.example"),
        ("http://registry.example/v1/", "registry.example"),
        ("REGISTRY.example:5000", "registry.example:5000"),
        ("quay.io/org/app", "quay.io/org/app"),
    ],
)
def test_spellings_of_an_address(address: str, key: str) -> None:
    assert found({"auth": b64("a:b")}, address, key).username == "a"


def test_the_exact_spelling_wins() -> None:
    entries = {
        "docker.io": {"auth": b64("second:x")},
        "index.docker.io": {"auth": b64("third:x")},
        "https://index.docker.io/v1/": {"auth": b64("first:x")},
    }
    assert authfile.find({"auths": entries}, "docker.io", "", "").username == "first"  # type: ignore[union-attr]
    del entries["https://index.docker.io/v1/"]
    assert authfile.find({"auths": entries}, "docker.io", "", "").username == "second"  # type: ignore[union-attr]


def test_other_hosts_are_not_taken() -> None:
    assert found({"auth": b64("a:b")}, "registry.example", "example") is None
    assert found({"auth": b64("a:b")}, "registry.example", "registry.example:5000") is None
    assert found({"auth": b64("a:b")}, "quay.io/org", "quay.io") is None


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'"x"', b"\xff", b'{"auths": []}', b"[" * 100_000]
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "auth.json"
    path.write_bytes(content)
    with pytest.raises(CredentialFailure, match=r"auth\.json"):
        FileStore(path).find("docker.io")


def test_a_directory_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialFailure, match="cannot be read"):
        FileStore(tmp_path).find("docker.io")


@pytest.mark.parametrize("content", [None, b"", b"\n", b"{}", b'{"auths": null}'])
def test_nothing_there_is_no_credential(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "none" / "auth.json"
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    assert FileStore(path).find("docker.io") is None
    assert FileStore(path).remove("docker.io") is False
    assert FileStore(path).accounts() == {}


def test_what_is_stored_is_found_and_private(tmp_path: Path) -> None:
    path = tmp_path / "made" / "auth.json"
    store = FileStore(path)
    store.put("docker.io", Credential("alice", "s3cret", ""))
    store.put("registry.example", Credential("bob", "r", "", Kind.REFRESH_TOKEN))
    assert store.find("docker.io") == Credential("alice", "s3cret", "auth file")
    assert store.find("registry.example") == Credential("bob", "r", "auth file", Kind.REFRESH_TOKEN)
    assert store.accounts() == {"docker.io": "alice", "registry.example": "bob"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["auths"] == {
        "https://index.docker.io/v1/": {"auth": b64("alice:s3cret")},
        "registry.example": {"auth": b64("bob:"), "identitytoken": "r"},
    }


def test_what_others_keep_in_the_file_survives(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text('{"credHelpers": {"x": "y"}, "auths": {"a": {"auth": "kept", "z": 1}}}')
    link = tmp_path / "auth.json"
    link.symlink_to(real)
    FileStore(link).put("docker.io", Credential("alice", "s3cret", ""))
    assert FileStore(link).remove("docker.io") is True
    assert FileStore(link).remove("docker.io") is False
    assert link.is_symlink()
    assert json.loads(real.read_text()) == {
        "credHelpers": {"x": "y"},
        "auths": {"a": {"auth": "kept", "z": 1}},
    }


def test_storing_replaces_every_spelling(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text(json.dumps({"auths": {"docker.io": {"auth": b64("old:x")}}}))
    FileStore(path).put("docker.io", Credential("new", "x", ""))
    assert list(json.loads(path.read_text())["auths"]) == ["https://index.docker.io/v1/"]


def test_a_damaged_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text("{ precious")
    with pytest.raises(CredentialFailure, match="not JSON"):
        FileStore(path).put("docker.io", Credential("alice", "s3cret", ""))
    assert path.read_text() == "{ precious"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CredentialFailure, match="cannot be written"):
        FileStore(tmp_path / "file" / "auth.json").put("docker.io", Credential("a", "b", ""))


PUT = """
import sys
from pathlib import Path
from hubcli.auth.credentials import Credential
from hubcli.auth.credentials.authfile import FileStore
for turn in range(5):
    FileStore(Path(sys.argv[1])).put(f"host{sys.argv[2]}-{turn}.example", Credential("a", "s", ""))
"""


def test_processes_that_store_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    workers = [
        subprocess.Popen([sys.executable, "-c", PUT, path, str(number)]) for number in range(6)
    ]
    assert [worker.wait(60) for worker in workers] == [0] * 6
    assert len(FileStore(path).accounts()) == 30
    assert {name for name in os.listdir(tmp_path) if not name.endswith(".lock")} == {"auth.json"}


def test_where_the_file_is(tmp_path: Path) -> None:
    beside = Settings({}, path=tmp_path / "config.toml")
    assert FileStore.of(beside).path == tmp_path / "auth.json"
    named = Settings({"HUBCLI_AUTH_FILE": "/else/where.json"}, path=tmp_path / "config.toml")
    assert FileStore.of(named).path == Path("/else/where.json")
