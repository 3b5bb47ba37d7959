"""Who one is to Google: what google-auth finds, and what a login is worth to the API."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.images import Image
from support.providers.google import Google
from support.providers.standin import Running
from support.providers.watching import Watch
from support.running import InProcess

HOST = "europe-docker.pkg.dev"
IMAGES = f"{HOST}/acme/images"


@pytest.fixture
def google(tmp_path: Path) -> Google:
    return Google(tmp_path)


@pytest.fixture
def running(google: Google, environ: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    with google.running() as running:
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


# What a login is worth to the API


@pytest.mark.parametrize("username", ["_json_key", "_json_key_base64"])
def test_a_key_never_leaves_for_the_api(
    cli: InProcess,
    google: Google,
    running: Running,
    environ: dict[str, str],
    image: Image,
    watch: Watch,
    username: str,
) -> None:
    """google-auth gets an access token for it, and that is what the API is shown."""
    key = google.key_file.read_text()
    secret = base64.b64encode(key.encode()).decode() if username.endswith("base64") else key
    # What the token server of the registry takes for a password.
    google.people.authenticate = lambda *_: "robot"  # type: ignore[method-assign]
    environ["DOCKER_AUTH_CONFIG"] = auth(username, secret)
    watch.guard([replace(running, secrets=[secret], origins=running.origins[:1])])
    assert cli("repo", "create", IMAGES).exit_code == 0
    assert cli("push", image.source, f"{IMAGES}/app:v1").exit_code == 0
    (row,) = cli("tag", "ls", f"{IMAGES}/app", "--format", "json").json()
    assert row["updated"] is not None
    assert watch.leaks == []
    assert google.granted == 2


def auth(username: str, secret: str) -> str:
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return json.dumps({"auths": {HOST: {"auth": pair}}})
