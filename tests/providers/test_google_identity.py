"""Who one is to Google: what google-auth finds, and what a login is worth to the API."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from hubcli.auth.credentials import Credential
from hubcli.config import Endpoint, RegistryRow
from hubcli.errors import CredentialFailure
from hubcli.http.client import Client
from hubcli.providers.google import GoogleRegistry
from hubcli.providers.provider import Surroundings
from hubcli.providers.rows import BY_NAME
from hubcli.registry import Registry
from support.images import Image
from support.providers.google import Google, private_key
from support.providers.standin import Running
from support.providers.watching import Watch
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

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


class GoogleCloud:
    """Google's servers for tokens, and the metadata server: `token` is what all ways lead to."""

    token = "ya29.of-google"

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, seen: Seen) -> Answer:
        path, form = seen.path.partition("?")[0], parse_qs(seen.body.decode())
        self.paths.append(path)
        granted = {"access_token": self.token, "expires_in": 3600, "token_type": "Bearer"}
        if path == "/token":
            (kind,) = form["grant_type"]
            assert kind in {"refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"}
            assert form.get("refresh_token", ["1//of-alice"]) == ["1//of-alice"]
            return answered(granted)
        if path == "/sts":
            assert form["subject_token"] == ["of-the-cluster"]
            kind = "urn:ietf:params:oauth:token-type:access_token"
            return answered({**granted, "access_token": "federated", "issued_token_type": kind})
        if path.endswith(":generateAccessToken"):
            assert seen.headers["authorization"] in {"Bearer federated", f"Bearer {self.token}"}
            return answered({"accessToken": self.token, "expireTime": "2066-01-02T03:04:05Z"})
        assert seen.headers["metadata-flavor"] == "Google"
        account = {"email": "vm@acme.example", "scopes": ["cloud-platform"], "aliases": []}
        found = granted if path.endswith("/token") else account
        return answered(found, {"Metadata-Flavor": "Google"})


def answered(body: object, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(
        200, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
    )


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[str, GoogleCloud]]:
    """Where they are, and what they were asked. What google-auth has no setting for is patched:
    where a user's own token, and that of an impersonated account, come from."""
    google = GoogleCloud()
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    # Nobody is on a machine of Google's but where a test says so; google-auth reads it once.
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with ScriptedServer(google) as server:
        monkeypatch.setattr(
            "google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{server.url}/token"
        )
        iam = f"{server.url}/accounts/{{}}:generateAccessToken"
        monkeypatch.setattr("google.auth.iam._IAM_ENDPOINT", iam)
        yield server.url, google


def found() -> Credential | None:
    """Whom `europe-docker.pkg.dev` is told one is."""
    http = Client(sleep=lambda _: None)
    endpoint = Endpoint(HOST, "http://127.0.0.1:1", RegistryRow())
    registry = Registry(http, endpoint, None)
    at = Surroundings(
        BY_NAME["google"], HOST, endpoint, os.environ, http,
        credential=lambda: None, registry=lambda: registry, notify=lambda _: None,
    )  # fmt: skip
    try:
        return GoogleRegistry(at).identity()
    finally:
        http.close()


ALICE = {
    "type": "authorized_user",
    "client_id": "client",
    "client_secret": "c",
    "refresh_token": "1//of-alice",
}


def service_account(url: str) -> Mapping[str, object]:
    return {
        "type": "service_account",
        "project_id": "acme",
        "client_email": "robot@acme.iam.gserviceaccount.com",
        "private_key": private_key(),
        "token_uri": f"{url}/token",
    }


def pool(url: str, token_file: Path) -> dict[str, object]:
    """Workload identity federation, for a token that a cluster keeps in a file."""
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{url}/sts",
        "credential_source": {"file": str(token_file)},
    }


@pytest.mark.parametrize("kind", ["key", "user", "pool", "pool of an account", "impersonation"])
def test_application_default_credentials_of_every_kind(
    cloud: tuple[str, GoogleCloud], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    url, google = cloud
    (tmp_path / "token").write_text("of-the-cluster")
    account = f"{url}/accounts/robot@acme.example:generateAccessToken"
    files: Mapping[str, tuple[Mapping[str, object], Sequence[str], str]] = {
        "key": (service_account(url), ["/token"], google.token),
        "user": (ALICE, ["/token"], google.token),
        "pool": (pool(url, tmp_path / "token"), ["/sts"], "federated"),
        "pool of an account": (
            {**pool(url, tmp_path / "token"), "service_account_impersonation_url": account},
            ["/sts", "/accounts/robot@acme.example:generateAccessToken"],
            google.token,
        ),
        "impersonation": (
            {
                "type": "impersonated_service_account",
                "service_account_impersonation_url": account,
                "source_credentials": ALICE,
            },
            ["/token", "/accounts/robot@acme.example:generateAccessToken"],
            google.token,
        ),
    }
    content, asked, token = files[kind]
    (tmp_path / "adc.json").write_text(json.dumps(content))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    credential = found()
    assert credential is not None
    assert (credential.username, credential.secret) == ("oauth2accesstoken", token)
    assert credential.source == "application default credentials"
    assert credential.expires is not None
    assert credential.expires > time.time() + 3000
    assert google.paths == asked  # and nobody is asked what the project is called


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"1",
        b"null",
        b"\xff",
        b"{",
        b'{"type": "service_account"}',
        b'{"type": []}',
        None,
    ],
)
def test_a_file_that_is_none_is_told(
    cloud: tuple[str, GoogleCloud],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
) -> None:
    path = tmp_path / "adc.json"
    path.mkdir() if content is None else path.write_bytes(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(CredentialFailure) as failure:
        found()
    assert "\n" not in failure.value.reason


def test_the_file_that_gcloud_keeps_needs_no_variable(
    cloud: tuple[str, GoogleCloud], tmp_path: Path
) -> None:
    (tmp_path / ".config/gcloud").mkdir(parents=True)
    kept = tmp_path / ".config/gcloud/application_default_credentials.json"
    kept.write_text(json.dumps(ALICE))
    credential = found()
    assert credential is not None
    assert credential.secret == cloud[1].token
    kept.write_text("{")
    with pytest.raises(CredentialFailure):
        found()


def test_a_machine_of_googles_is_somebody(
    cloud: tuple[str, GoogleCloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metadata server, of virtual machines, GKE with workload identity, Cloud Run …"""
    host = cloud[0].removeprefix("http://")
    metadata = "google.auth.compute_engine._metadata"
    monkeypatch.setattr(f"{metadata}._NO_GCE_CHECK", False)
    monkeypatch.setattr(f"{metadata}._GCE_METADATA_HOST", host)
    monkeypatch.setenv("GCE_METADATA_IP", host)
    credential = found()
    assert credential is not None
    assert credential.secret == cloud[1].token
    assert cloud[1].paths[-1].startswith("/computeMetadata/v1/instance/service-accounts/")
    assert cloud[1].paths[-1].endswith("/token")


def program(tmp_path: Path, script: str) -> None:
    """A `gcloud`, and where it keeps whom it has signed in."""
    (tmp_path / ".config/gcloud").mkdir(parents=True)
    (tmp_path / ".config/gcloud/credentials.db").touch()
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin/gcloud").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin/gcloud").chmod(0o755)


@pytest.mark.parametrize("with_the_extra", [True, False])
def test_whom_gcloud_has_signed_in_comes_last_and_needs_no_extra(
    cloud: tuple[str, GoogleCloud],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    with_the_extra: bool,
) -> None:
    if not with_the_extra:
        monkeypatch.setitem(sys.modules, "google.auth", None)
    wanted = "config config-helper --force-auth-refresh --format=json(credential)"
    told = {"access_token": "ya29.of-gcloud", "token_expiry": "2066-01-02T03:04:05Z"}
    program(tmp_path, f'[ "$*" = "{wanted}" ] && echo \'{json.dumps({"credential": told})}\'')
    credential = found()
    assert credential is not None
    assert (credential.secret, credential.source) == ("ya29.of-gcloud", "gcloud")
    assert credential.expires == datetime(2066, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    (tmp_path / "adc.json").write_text(json.dumps(ALICE))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    before = found()
    assert before is not None
    assert before.source == ("application default credentials" if with_the_extra else "gcloud")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    # It is not started for nothing.
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "elsewhere"))
    if with_the_extra:
        assert found() is None
    else:
        with pytest.raises(CredentialFailure, match="needs the extra google"):
            found()


@pytest.mark.parametrize("script", ["exit 1", "echo", "echo '[]'", "echo '{\"credential\": 1}'"])
def test_a_gcloud_that_nobody_is_signed_in_with_is_no_identity(
    cloud: tuple[str, GoogleCloud], tmp_path: Path, script: str
) -> None:
    program(tmp_path, script)
    assert found() is None


def test_a_refusal_is_told_in_its_own_words(
    cloud: tuple[str, GoogleCloud], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adc.json").write_text(json.dumps(ALICE))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    body = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    refusal = Answer(400, json.dumps(body).encode())
    monkeypatch.setattr(GoogleCloud, "__call__", lambda *_: refusal)
    with pytest.raises(CredentialFailure) as failure:
        found()
    assert failure.value.reason == "invalid_grant: Token has been expired or revoked."


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


@pytest.mark.parametrize(
    ("username", "secret", "code", "told"),
    [
        ("_json_key", "no key", 4, "the secret of _json_key is no key of a service account"),
        ("_json_key", "[]", 4, "the secret of _json_key is no key of a service account"),
        ("_json_key", "{}", 4, "the key of a service account is refused: "),
        ("_json_key_base64", "{}", 4, "the secret of _json_key_base64 is no key"),
        ("alice", "s3cret", 1, "takes access tokens and keys of service accounts, not the pass"),
    ],
)
def test_what_is_no_key_is_told_and_shown_to_nobody(
    cli: InProcess, environ: dict[str, str], username: str, secret: str, code: int, told: str
) -> None:
    environ["DOCKER_AUTH_CONFIG"] = auth(username, secret)
    done = cli("repo", "create", IMAGES)
    assert done.exit_code == code
    assert told in done.stderr


def auth(username: str, secret: str) -> str:
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return json.dumps({"auths": {HOST: {"auth": pair}}})
