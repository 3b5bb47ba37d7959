"""Google's registries in their corners: identities, the longer `tags/list`, and what is below."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.images import Image
from support.providers.google import Google
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

HOST = "europe-docker.pkg.dev"


@pytest.fixture
def running(environ: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    with Google(tmp_path).running() as running:
        config = tmp_path / "config.toml"
        config.write_text(running.config)
        environ["HUBCLI_CONFIG"] = str(config)
        environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
        yield running


def test_a_service_accounts_key_makes_one_somebody(
    cli: InProcess, running: Running, environ: dict[str, str], image: Image
) -> None:
    environ.update(running.identity)
    (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
    assert (row["username"], row["valid"]) == ("oauth2accesstoken", True)
    assert row["source"] == "application default credentials"


def test_a_key_that_is_none_is_said_to_be_broken(
    cli: InProcess, running: Running, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{}")
    environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(tmp_path / "broken.json")
    done = cli("tag", "ls", f"{HOST}/acme/images/app")
    assert done.exit_code == 4
    assert done.stderr.startswith("warning: the provider's own identity: ")


def test_without_the_extra_it_is_named(
    cli: InProcess, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)
    done = cli("tag", "ls", f"{HOST}/acme/images/app")
    assert done.exit_code == 4
    assert "pip install 'hubcli[google]'" in done.stderr


@pytest.mark.parametrize("username", ["_json_key", "_json_key_base64", "oauth2accesstoken"])
def test_a_login_takes_keys_as_they_are(
    cli: InProcess, environ: dict[str, str], tmp_path: Path, username: str
) -> None:
    """Quotes, line ends within and letters beyond ASCII arrive as they were."""
    key = json.dumps({"private_key": "a\nb", "name": "é"}, indent=2, ensure_ascii=False)
    pairs: list[str] = []

    def asked(seen: Seen) -> Answer:
        if seen.path.startswith("/v2/token"):
            pairs.append(base64.b64decode(seen.headers["authorization"][6:]).decode())
            return Answer(200, b'{"token": "t"}')
        if "authorization" in seen.headers:
            return Answer(200, b"{}")
        realm = f'Bearer realm="http://{seen.headers["host"]}/v2/token"'
        return Answer(401, b"", {"WWW-Authenticate": realm})

    with ScriptedServer(asked) as server:
        config = tmp_path / "config.toml"
        config.write_text(f'[registries."{HOST}"]\nendpoint = "{server.url}"\n')
        environ["HUBCLI_CONFIG"] = str(config)
        environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
        arguments = ("--username", username, "--password-stdin", "--store", "file")
        done = cli("login", HOST, *arguments, stdin=key)
    assert done.exit_code == 0, done.stderr
    assert pairs == [f"{username}:{key}"]


def test_what_is_below_is_found_at_every_depth(
    cli: InProcess, running: Running, environ: dict[str, str], image: Image
) -> None:
    environ.update(running.identity)
    names = [f"{HOST}/acme/images/{name}" for name in ("app", "app/deep/er", "web")]
    for name in names:
        assert cli("push", image.source, f"{name}:v1").exit_code == 0
    assert cli("repo", "ls", f"{HOST}/acme", "-q").lines() == names
    lost = cli("repo", "ls", HOST)
    assert lost.exit_code == 1
    assert f"hint: hubcli repo ls {HOST}/PROJECT\n" in lost.stderr


@pytest.mark.parametrize(
    ("body", "names", "code"),
    [
        (b'{"tags": ["v1", 1, null]}', ["v1"], 0),
        (b'{"manifest": {"sha256:x": {"tag": ["v1"]}, "y": 1}, "tags": ["v1"]}', ["v1"], 0),
        (b'{"manifest": [], "tags": null}', [], 0),
        (b"[]", [], 6),
        (b"<html>", [], 6),
    ],
)
def test_strange_listings(
    cli: InProcess,
    environ: dict[str, str],
    tmp_path: Path,
    body: bytes,
    names: list[str],
    code: int,
) -> None:
    with ScriptedServer(lambda _: Answer(200, body)) as server:
        config = tmp_path / "config.toml"
        config.write_text(f'[registries."{HOST}"]\nendpoint = "{server.url}"\n')
        environ["HUBCLI_CONFIG"] = str(config)
        done = cli("tag", "ls", f"{HOST}/acme/images/app", "-q")
    assert (done.exit_code, done.lines()) == (code, names), done.stderr
