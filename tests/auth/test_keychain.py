"""The order of the sources, and what happens to broken ones."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hubcli import config
from hubcli.auth.credentials import Credential, Keychain, Kind, keychain
from hubcli.auth.credentials.docker import DockerConfig
from hubcli.auth.credentials.podman import podman_files
from hubcli.errors import CredentialFailure, UsageError
from support.running import Subprocess


class Fixed:
    """A source that knows what it was told; None of it is a broken source."""

    def __init__(self, name: str, known: Mapping[str, str] | None) -> None:
        self.name = name
        self.asked: list[str] = []
        self._known = known

    def find(self, host: str) -> Credential | None:
        self.asked.append(host)
        username = self.accounts().get(host)
        return None if username is None else Credential(username, "s", self.name)

    def accounts(self) -> Mapping[str, str]:
        if self._known is None:
            raise CredentialFailure("it is locked")
        return self._known


def chain(*sources: Fixed) -> tuple[Keychain, list[str]]:
    warnings: list[str] = []
    return Keychain(sources, warn=warnings.append), warnings


def test_the_first_that_knows_wins_and_the_rest_is_not_asked() -> None:
    sources = [Fixed("a", {}), Fixed("b", {"x": "bob"}), Fixed("c", {"x": "carol"})]
    found, warnings = chain(*sources)
    credential = found.find("x")
    assert credential is not None
    assert credential.username == "bob"
    assert sources[2].asked == []
    assert warnings == []


def test_a_broken_source_is_named_and_passed() -> None:
    found, warnings = chain(Fixed("keyring", None), Fixed("file", {"x": "bob"}))
    credential = found.find("x")
    assert credential is not None
    assert warnings == ["keyring: it is locked"]


def test_a_broken_source_never_becomes_anonymous_in_silence() -> None:
    found, warnings = chain(Fixed("keyring", None), Fixed("file", {}))
    assert found.find("x") is None
    assert warnings == [
        "keyring: it is locked",
        "no other credential for x was found; going on anonymously",
    ]


def test_the_same_trouble_is_told_once() -> None:
    found, warnings = chain(Fixed("keyring", None), Fixed("file", {"x": "a", "y": "b"}))
    found.find("x")
    found.find("y")
    assert found.accounts().keys() == {"x", "y"}
    assert warnings == ["keyring: it is locked"]


def test_what_has_run_out_is_asked_for_again() -> None:
    lives = iter([100.0, 5000.0, None])

    class Cloud(Fixed):
        def find(self, host: str) -> Credential | None:
            self.asked.append(host)
            return Credential("role", f"{len(self.asked)}", self.name, expires=next(lives))

    cloud = Cloud("cloud", {})
    now = [0.0]
    found = Keychain([cloud], warn=print, clock=lambda: now[0])
    for moment, secret in ((0.0, "1"), (40.0, "1"), (41.0, "2"), (4940.0, "2"), (4941.0, "3")):
        now[0] = moment
        credential = found.find("x")
        assert credential is not None
        assert credential.secret == secret
    now[0] = 1e9
    found.find("x")
    assert len(cloud.asked) == 3


def test_threads_ask_once() -> None:
    source = Fixed("a", {"x": "bob"})
    found, _ = chain(source)
    threads = [threading.Thread(target=found.find, args=("x",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.asked == ["x"]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def auths(**users: str) -> str:
    entries = {address.replace("_", "."): {"auth": b64(f"{u}:s")} for address, u in users.items()}
    return json.dumps({"auths": entries})


Find = Callable[..., tuple[str, str] | None]


@pytest.fixture
def find(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> Find:
    """`find("registry.example", NAME="value")`: user name and source."""

    def look(host: str, **variables: str) -> tuple[str, str] | None:
        settings = {**environ, **variables}
        monkeypatch.setattr("os.environ", settings)
        found = keychain(config.load(settings), warn=warnings.append).find(host)
        return None if found is None else (found.username, found.source)

    return look


@pytest.fixture
def warnings() -> list[str]:
    return []


def test_every_source_in_its_order(find: Find, home: Path, tmp_path: Path) -> None:
    """From the last to the first, each goes before those that are there already."""
    host = "docker.io"
    assert find(host) is None

    user = home / "config" / "containers" / "auth.json"
    user.parent.mkdir(parents=True)
    user.write_text(auths(docker_io="user"))
    assert find(host) == ("user", "podman's auth file")

    session = home / "runtime" / "containers" / "auth.json"
    session.parent.mkdir()
    session.write_text(auths(docker_io="session"))
    assert find(host) == ("session", "podman's auth file")

    named = tmp_path / "named.json"
    named.write_text(auths(docker_io="named"))
    variables = {"REGISTRY_AUTH_FILE": str(named)}
    assert find(host, **variables) == ("named", "podman's auth file")

    docker = home / ".docker" / "config.json"
    docker.parent.mkdir()
    docker.write_text(json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": b64("d:s")}}}))
    assert find(host, **variables) == ("d", "docker's configuration")

    other = tmp_path / "docker"
    other.mkdir()
    (other / "config.json").write_text(auths(docker_io="other"))
    variables["DOCKER_CONFIG"] = str(other)
    assert find(host, **variables) == ("other", "docker's configuration")

    variables["DOCKER_AUTH_CONFIG"] = auths(docker_io="inline")
    assert find(host, **variables) == ("inline", "docker's configuration")

    own = tmp_path / "own.json"
    own.write_text(auths(docker_io="own"))
    variables["HUBCLI_AUTH_FILE"] = str(own)
    assert find(host, **variables) == ("own", "auth file")

    variables |= {"HUBCLI_USERNAME": "env", "HUBCLI_PASSWORD": "s"}
    assert find(host, **variables) == ("env", "environment")
    assert find("registry.example", **variables) is None


def test_a_helper_goes_before_what_docker_keeps_in_the_clear(
    find: Find, home: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    for name in ("special", "general"):
        program = tmp_path / f"docker-credential-{name}"
        program.write_text(f'#!/bin/sh\necho \'{{"Username":"{name}","Secret":"s"}}\'\n')
        program.chmod(0o755)
    environ["PATH"] = f"{tmp_path}:{environ['PATH']}"
    docker = home / ".docker" / "config.json"
    docker.parent.mkdir()
    document = json.loads(auths(quay_io="plain", registry_example="plain"))
    docker.write_text(
        json.dumps({**document, "credsStore": "general", "credHelpers": {"quay.io": "special"}})
    )
    assert find("quay.io") == ("special", "docker's configuration (docker-credential-special)")
    assert find("registry.example") == (
        "general",
        "docker's configuration (docker-credential-general)",
    )


def test_a_broken_file_is_named_and_the_next_is_asked(
    find: Find, home: Path, warnings: list[str]
) -> None:
    docker = home / ".docker" / "config.json"
    docker.parent.mkdir()
    docker.write_text("{")
    podman = home / "config" / "containers" / "auth.json"
    podman.parent.mkdir(parents=True)
    podman.write_text(auths(quay_io="podman"))
    assert find("quay.io") == ("podman", "podman's auth file")
    assert warnings == [f"docker's configuration: {docker} is not JSON"]


def test_half_of_a_credential_in_the_environment_is_broken(find: Find, warnings: list[str]) -> None:
    assert find("docker.io", HUBCLI_USERNAME="alice") is None
    assert warnings[0] == "environment: HUBCLI_USERNAME is set, but HUBCLI_PASSWORD is not"


def test_podman_helpers(find: Find, tmp_path: Path, environ: dict[str, str]) -> None:
    program = tmp_path / "docker-credential-test"
    program.write_text('#!/bin/sh\necho \'{"Username":"helped","Secret":"s"}\'\n')
    program.chmod(0o755)
    environ["PATH"] = f"{tmp_path}:{environ['PATH']}"
    path = tmp_path / "auth.json"
    path.write_text(json.dumps({"credHelpers": {"quay.io": "test"}}))
    found = find("quay.io", REGISTRY_AUTH_FILE=str(path))
    assert found == ("helped", "podman's auth file (docker-credential-test)")


def test_a_user_without_a_home_has_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    assert DockerConfig({}).find("quay.io") is None
    assert [file.find("quay.io") for file in podman_files({})] == [None]


def test_a_ready_token_is_for_the_hub_api_alone() -> None:
    chain = keychain(config.load({"HUBCLI_TOKEN": " jwt\n"}), warn=pytest.fail)
    assert chain.token == Credential("", "jwt", "environment (HUBCLI_TOKEN)", Kind.TOKEN)
    assert keychain(config.load({}), warn=pytest.fail).token is None


ALICE = {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": "s"}


@pytest.mark.parametrize("token", ["a\nb", "t\u00f6ken", "a\x00"])
def test_a_ready_token_that_no_header_can_carry(token: str) -> None:
    with pytest.raises(UsageError, match="HUBCLI_TOKEN"):
        keychain(config.load({"HUBCLI_TOKEN": token}), warn=pytest.fail)


@pytest.mark.parametrize(
    ("variables", "imported"),
    [
        ({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, True),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}, True),
        ({}, False),
        ({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **ALICE}, False),
    ],
    ids=["configured", "bus", "no bus", "environment"],
)
def test_the_keyring_library_is_imported_only_to_be_asked(
    hubcli: Subprocess, variables: dict[str, str], imported: bool
) -> None:
    assert _imports_keyring(hubcli, **variables) is imported


@pytest.mark.parametrize(
    ("points", "imported"),
    [("[keyring.backends]\nvault = vault.keyring", True), ("[console_scripts]\na = b:c", False)],
)
def test_the_keyring_of_another_package_is_asked_without_a_bus(
    hubcli: Subprocess, tmp_path: Path, points: str, imported: bool
) -> None:
    information = tmp_path / "vault-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: vault\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(points)
    assert _imports_keyring(hubcli, PYTHONPATH=str(tmp_path)) is imported


def _imports_keyring(hubcli: Subprocess, **variables: str) -> bool:
    code = (
        "import os, sys; from hubcli import config; from hubcli.auth.credentials import keychain;"
        "keychain(config.load(os.environ), warn=print).find('docker.io');"
        "print('keyring' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**hubcli.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout in {"True\n", "False\n"}, done.stderr
    return done.stdout == "True\n"


def test_secrets_do_not_show() -> None:
    credential = Credential.found("alice", "s3cret", "keyring")
    assert "s3cret" not in repr(credential)
    assert "s3cret" not in credential.described
    assert credential.described == "the password of alice (keyring)"


def test_a_changed_secret_is_another_identity() -> None:
    identity = Credential("alice", "one", "").identity
    assert identity != Credential("alice", "two", "").identity
    assert identity != Credential("bob", "one", "").identity
    assert len(identity) == len("alice ") + 4
