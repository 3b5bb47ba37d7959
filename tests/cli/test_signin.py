"""`hubcli login` and `hubcli logout`."""

from __future__ import annotations

import base64
import itertools
import json
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import keyring
import pytest

from hubcli.sandbox import passwords, seed
from hubcli.sandbox.keyring import FILE_VARIABLE, SandboxKeyring
from support.docker_registry import PASSWORD, USERNAME, DockerRegistry
from support.images import Image
from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer
from support.secret_service import SecretService
from support.skopeo import Skopeo
from support.terminal import Terminal

Registries = Callable[..., DockerRegistry]
Screen = Callable[..., AbstractContextManager[Terminal]]

SECRET = SandboxServer.password
SCOPES: dict[str, list[Any]] = {
    "PAT": ["repo:read"],
    "OAT": [{"type": "TYPE_REPO", "path": "acme/*", "scopes": ["scope-image-pull"]}],
}


@pytest.fixture
def ring(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A keyring in a file, which `cli` uses; the library knows one keyring per process."""
    file = tmp_path / "ring" / "keyring.json"
    environ[FILE_VARIABLE] = str(file)
    environ["PYTHON_KEYRING_BACKEND"] = "hubcli.sandbox.keyring.SandboxKeyring"
    before = keyring.get_keyring()
    keyring.set_keyring(SandboxKeyring())  # type: ignore[no-untyped-call]
    yield file
    keyring.set_keyring(before)


@pytest.fixture
def no_ring(environ: dict[str, str]) -> Iterator[None]:
    """A system without a keyring."""
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]
    environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    yield
    keyring.set_keyring(before)


def signed_in(cli: InProcess | Subprocess) -> list[tuple[str, str, str, str]]:
    """Registry, user name, source and kind of all that hubcli knows."""
    rows = json.loads(cli("auth", "status", "--format", "json").stdout)
    return [(row["registry"], row["username"], row["source"], row["kind"]) for row in rows]


def code() -> str:
    return passwords.one_time_code(seed.OTP_SECRET, time.time())


# Docker Hub


@pytest.mark.usefixtures("sandbox", "ring")
def test_a_password_is_checked_and_kept(cli: InProcess) -> None:
    result = cli("login", "-u", "alice", "--password-stdin", stdin=f"{SECRET}\n")
    assert result == Result(0, "", "Signed in to docker.io as alice (keyring)\n")
    assert signed_in(cli) == [("docker.io", "alice", "keyring", "password")]


@pytest.mark.parametrize("stdin", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n"])
@pytest.mark.usefixtures("sandbox", "ring")
def test_one_line_end_does_not_belong_to_the_password(cli: InProcess, stdin: str) -> None:
    assert cli("login", "-u", "alice", "--password-stdin", stdin=stdin).exit_code == 0
    assert cli("login", "-u", "alice", "--password-stdin", stdin=f"{stdin}\n\n").exit_code == 4


@pytest.mark.usefixtures("ring")
def test_a_wrong_password_is_refused_and_nothing_stored(
    cli: InProcess, sandbox: SandboxServer, home: Path, ring: Path
) -> None:
    result = cli("login", "-u", "alice", "--password-stdin", stdin="wrong")
    assert result.exit_code == 4
    assert result.stdout == ""
    assert result.stderr.startswith("error: cannot sign in to docker.io: ")
    assert "the password of alice" in result.stderr
    assert "hint" not in result.stderr
    assert signed_in(cli) == []
    assert not ring.exists()
    assert not list(home.rglob("auth.json"))


@pytest.mark.usefixtures("ring")
def test_access_tokens_of_people_and_organizations(cli: InProcess, sandbox: SandboxServer) -> None:
    add = sandbox.parts.accounts.add_token
    for owner, kind in (("alice", "PAT"), ("acme", "OAT")):
        _, secret = add(owner, "test", SCOPES[kind], kind=kind.lower())
        assert cli("login", "-u", owner, "--password-stdin", stdin=secret).exit_code == 0
        assert signed_in(cli) == [("docker.io", owner, "keyring", kind)]


@pytest.mark.usefixtures("ring")
def test_a_second_factor_makes_an_access_token(cli: InProcess, sandbox: SandboxServer) -> None:
    result = cli("login", "-u", "bob", "--password-stdin", "--otp", code(), stdin=SECRET)
    assert result.exit_code == 0
    made, done = result.stderr.splitlines()
    assert "made the access token 'hubcli on " in made
    assert done == "Signed in to docker.io as bob (keyring)"
    assert signed_in(cli) == [("docker.io", "bob", "keyring", "PAT")]
    assert cli("repo", "ls").exit_code == 0
    assert SECRET not in json.dumps(json.loads(cli("auth", "helper", "list").stdout))


@pytest.mark.usefixtures("sandbox", "ring")
def test_a_second_factor_without_a_terminal_needs_its_flag(cli: InProcess) -> None:
    result = cli("login", "-u", "bob", "--password-stdin", stdin=SECRET)
    assert result.exit_code == 2
    assert "--otp" in result.stderr
    assert signed_in(cli) == []


@pytest.mark.usefixtures("sandbox", "ring")
def test_a_wrong_code_is_refused(cli: InProcess) -> None:
    wrong = "".join(str((int(digit) + 5) % 10) for digit in code())
    result = cli("login", "-u", "bob", "--password-stdin", "--otp", wrong, stdin=SECRET)
    assert result.exit_code == 4
    assert "refuses the code" in result.stderr
    assert signed_in(cli) == []


@pytest.mark.usefixtures("ring")
def test_old_login_routes_that_are_gone_leave_the_refusal(
    cli: InProcess, sandbox: SandboxServer
) -> None:
    sandbox.fault("POST /v2/users/login", status=410)
    result = cli("login", "-u", "bob", "--password-stdin", stdin=SECRET)
    assert result.exit_code == 4
    assert "two-factor" in result.stderr


@pytest.mark.parametrize(
    ("argv", "stdin", "told"),
    [
        (["-u", "alice", "--password-stdin"], "", "the password is empty"),
        (["-u", "alice", "--password-stdin"], "\n", "the password is empty"),
        (["-u", "alice", "--password-stdin"], "x" * 70_000, "too long"),
        (["-u", "alice", "--password-stdin"], b"\xff\xfe", "UTF-8"),
        (["--password-stdin"], "x", "-u USER"),
        (["-u", "alice"], "x", "--password-stdin"),
        ([], "x", "-u USER"),
        (["-u", "a:b", "--password-stdin"], "x", "no colon"),
        (["-u", "", "--password-stdin"], "x", "not empty"),
        (["-p", "s3cret"], "", "--password-stdin"),
        (["-u", "alice", "--password=s3cret"], "", "--password-stdin"),
        (["--web", "--password-stdin", "-u", "x"], "", "exclude"),
        (["--web", "quay.io"], "", "Docker Hub only"),
        (["--otp", "1", "quay.io"], "", "Docker Hub only"),
        (["--store", "cloud"], "", "keyring, file, docker"),
        (["no host!"], "", "HOST"),
        (["--web", "-u", "x"], "", "--password-stdin"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("sandbox", "ring")
def test_usage(cli: InProcess, argv: list[str], stdin: str | bytes, told: str) -> None:
    result = cli("login", *argv, stdin=stdin)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "s3cret" not in result.stderr


@pytest.mark.usefixtures("no_ring")
def test_no_keyring_is_explained_before_anybody_is_asked(
    cli: InProcess, sandbox: SandboxServer
) -> None:
    result = cli("login", "-u", "alice", "--password-stdin", stdin=SECRET)
    assert result.exit_code == 1
    assert "there is no keyring" in result.stderr
    assert "--store docker" in result.stderr
    assert "--store file" in result.stderr
    assert sandbox.requests("POST") == []


def test_a_real_keyring(
    hubcli: Subprocess, sandbox: SandboxServer, secret_service: SecretService
) -> None:
    login = hubcli("login", "-u", "alice", "--password-stdin", stdin=SECRET)
    assert login == Result(0, "", "Signed in to docker.io as alice (keyring)\n")
    assert signed_in(hubcli) == [("docker.io", "alice", "keyring", "password")]
    assert "alice/notes" in hubcli("repo", "ls", "-q").lines(), "a private one is shown"
    assert hubcli("logout").stderr == "Signed out of docker.io\n"
    assert signed_in(hubcli) == []


def test_a_locked_keyring_is_named_and_never_anonymous_in_silence(
    hubcli: Subprocess, sandbox: SandboxServer, locked_secret_service: SecretService
) -> None:
    login = hubcli("login", "-u", "alice", "--password-stdin", stdin=SECRET)
    assert login.exit_code == 1
    assert "--store file" in login.stderr
    listing = hubcli("tag", "ls", "library/hello-world")
    assert listing.exit_code == 0
    assert "warning: keyring: " in listing.stderr
    assert "going on anonymously" in listing.stderr


def test_the_debug_lines_show_no_secret(cli: InProcess, sandbox: SandboxServer, ring: Path) -> None:
    login = cli("login", "--debug", "-u", "bob", "--password-stdin", "--otp", code(), stdin=SECRET)
    stored = ring.read_text()
    pat = json.loads(json.loads(stored)["hubcli"]["docker.io"])["secret"]
    assert "POST" in login.stderr
    assert SECRET not in login.stderr
    assert pat not in login.stderr


# Other registries


@pytest.mark.usefixtures("ring")
def test_a_registry_with_basic_authentication(cli: InProcess, docker_registry: Registries) -> None:
    host = docker_registry("htpasswd").host
    result = cli("login", host, "-u", USERNAME, "--password-stdin", stdin=PASSWORD)
    assert result == Result(0, "", f"Signed in to {host} as {USERNAME} (keyring)\n")
    assert signed_in(cli) == [(host, USERNAME, "keyring", "password")]
    assert cli("auth", "status", host, "--check").exit_code == 0


@pytest.mark.usefixtures("ring")
def test_a_registry_with_tokens_gives_a_refresh_token(
    cli: InProcess, docker_registry: Registries, ring: Path
) -> None:
    registry = docker_registry("token")
    result = cli("login", registry.host, "-u", USERNAME, "--password-stdin", stdin=PASSWORD)
    assert result.exit_code == 0
    assert signed_in(cli) == [(registry.host, USERNAME, "keyring", "refresh token")]
    assert PASSWORD not in ring.read_text()
    assert cli("auth", "status", registry.host, "--check").exit_code == 0
    assert cli("auth", "token", f"{registry.host}/a/b", "--scope", "pull,push").exit_code == 0
    assert registry.tokens is not None
    asked = registry.tokens.requests()[-1]
    assert (asked.grant, asked.user) == ("refresh_token", USERNAME)


@pytest.mark.parametrize("auth", ["token", "htpasswd"])
@pytest.mark.usefixtures("ring")
def test_a_first_read_takes_three_requests_at_most_and_a_second_one(
    cli: InProcess,
    new_docker_registry: Registries,
    skopeo: Skopeo,
    image: Image,
    auth: str,
) -> None:
    registry = new_docker_registry(auth)
    name = f"{registry.host}/team/app"
    skopeo.copy(image.source, f"docker://{name}:v1", f"--dest-creds={USERNAME}:{PASSWORD}")
    cli("login", registry.host, "-u", USERNAME, "--password-stdin", stdin=PASSWORD)

    def requests() -> int:
        tokens = 0 if registry.tokens is None else len(registry.tokens.requests())
        return len(registry.requests()) + tokens

    counts = [requests()]
    for _ in range(3):
        assert cli("tag", "ls", name).stdout == "v1\n"
        counts.append(requests())
    first, second, third = (after - before for before, after in itertools.pairwise(counts))
    assert first <= 3
    assert (second, third) == (1, 1)


@pytest.mark.usefixtures("ring")
def test_a_registry_without_refresh_tokens_keeps_the_password(
    cli: InProcess, docker_registry: Registries
) -> None:
    registry = docker_registry("token")
    assert registry.tokens is not None
    with registry.tokens.behaving(refresh_tokens=False):
        cli("login", registry.host, "-u", USERNAME, "--password-stdin", stdin=PASSWORD)
    assert signed_in(cli) == [(registry.host, USERNAME, "keyring", "password")]


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
@pytest.mark.usefixtures("ring")
def test_registries_refuse_a_wrong_password(
    cli: InProcess, docker_registry: Registries, auth: str
) -> None:
    host = docker_registry(auth).host
    result = cli("login", host, "-u", USERNAME, "--password-stdin", stdin="wrong")
    assert result.exit_code == 4
    assert f"{host} refuses the password of {USERNAME}" in result.stderr
    assert signed_in(cli) == []


@pytest.mark.usefixtures("ring")
def test_a_registry_that_asks_for_nothing_is_told(
    cli: InProcess, docker_registry: Registries
) -> None:
    host = docker_registry().host
    result = cli("login", host, "-u", USERNAME, "--password-stdin", stdin="any")
    assert result.exit_code == 0
    assert "not checked" in result.stderr


@pytest.mark.usefixtures("ring")
def test_a_registry_with_tls_on_loopback(
    cli: InProcess, docker_registry: Registries, home: Path
) -> None:
    registry = docker_registry("htpasswd", tls=True)
    config = home / "config" / "hubcli" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'[registries."{registry.host}"]\nca_file = "{registry.ca_file}"\n')
    login = ("login", registry.host, "-u", USERNAME, "--password-stdin")
    assert cli(*login, stdin=PASSWORD).exit_code == 0
    assert cli("registry", "ls", registry.host).exit_code == 0


@pytest.mark.usefixtures("ring")
def test_nobody_there(cli: InProcess) -> None:
    result = cli("login", "127.0.0.1:9", "-u", "alice", "--password-stdin", stdin="x")
    assert result.exit_code == 6
    assert signed_in(cli) == []


# Stores


@pytest.mark.usefixtures("no_ring")
def test_a_file_is_private_said_out_loud_and_read_by_skopeo(
    cli: InProcess, sandbox: SandboxServer, docker_registry: Registries, skopeo: Skopeo, home: Path
) -> None:
    host = docker_registry("htpasswd").host
    for argv, secret in (([], SECRET), ([host], PASSWORD)):
        result = cli(
            "login", *argv, "-u", "alice", "--password-stdin", "--store", "file", stdin=secret
        )
        assert result.exit_code == 0
        assert "warning: the secret is in the clear" in result.stderr
    path = home / "config" / "hubcli" / "auth.json"
    assert str(path) in result.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for name in (host, "docker.io"):
        told = skopeo("login", "--get-login", "--tls-verify=false", "--authfile", path, name)
        assert told == "alice\n"


@pytest.mark.usefixtures("sandbox", "no_ring")
def test_the_configuration_may_name_the_store(cli: InProcess, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    assert cli("config", "set", "defaults.store", "file").exit_code == 0
    env = {"HUBCLI_AUTH_FILE": str(file)}
    assert cli("login", "-u", "alice", "--password-stdin", stdin=SECRET, env=env).exit_code == 0
    auths = json.loads(file.read_text())["auths"]
    (auth,) = (entry["auth"] for entry in auths.values())
    assert base64.b64decode(auth).decode() == f"alice:{SECRET}"


HELPER = """#!/usr/bin/env python3
import json, pathlib, sys
file = pathlib.Path({file!r})
known = json.loads(file.read_text()) if file.exists() else {{}}
request = sys.stdin.read()
if sys.argv[1] == "store":
    entry = json.loads(request)
    known[entry["ServerURL"]] = entry
elif sys.argv[1] == "list":
    print(json.dumps({{name: entry["Username"] for name, entry in known.items()}}))
elif request not in known:
    print("credentials not found in native keychain")
    sys.exit(1)
elif sys.argv[1] == "get":
    print(json.dumps(known[request]))
else:
    del known[request]
file.write_text(json.dumps(known))
"""


@pytest.fixture
def docker_helper(environ: dict[str, str], home: Path, tmp_path: Path) -> Path:
    """A credential store that docker's configuration names; the file it keeps."""
    file = tmp_path / "helped.json"
    program = tmp_path / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(HELPER.format(file=str(file)))
    program.chmod(0o755)
    environ["PATH"] = f"{program.parent}:{environ['PATH']}"
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text('{"credsStore": "test", "proxies": {}}')
    return file


@pytest.mark.usefixtures("sandbox", "no_ring")
def test_dockers_own_store(cli: InProcess, docker_helper: Path, home: Path) -> None:
    login = ("login", "-u", "alice", "--password-stdin", "--store", "docker")
    assert cli(*login, stdin=SECRET).exit_code == 0
    assert json.loads(docker_helper.read_text()) == {
        "https://index.docker.io/v1/": {
            "ServerURL": "https://index.docker.io/v1/",
            "Username": "alice",
            "Secret": SECRET,
        }
    }
    ((registry, username, source, _),) = signed_in(cli)
    assert (registry, username) == ("docker.io", "alice")
    assert source == "docker's configuration (docker-credential-test)"
    told = cli("logout").stderr
    assert "hubcli has no credential for docker.io" in told
    assert "docker's configuration (docker-credential-test) still has a credential of alice" in told
    assert "hubcli logout docker.io --store docker" in told
    assert cli("logout", "--store", "docker").stderr == "Signed out of docker.io\n"
    assert json.loads(docker_helper.read_text()) == {}
    assert json.loads((home / ".docker" / "config.json").read_text())["proxies"] == {}


@pytest.mark.usefixtures("sandbox", "ring")
def test_without_a_store_docker_gets_no_secret(cli: InProcess, home: Path) -> None:
    login = ("login", "-u", "alice", "--password-stdin", "--store", "docker")
    result = cli(*login, stdin=SECRET)
    assert result.exit_code == 1
    assert "names no credential store" in result.stderr
    assert "--store keyring" in result.stderr
    assert "--store file" in result.stderr
    assert not (home / ".docker").exists()


@pytest.mark.usefixtures("sandbox", "ring")
def test_hubcli_is_not_its_own_docker_store(cli: InProcess, home: Path) -> None:
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text('{"credsStore": "hubcli"}')
    result = cli("login", "-u", "alice", "--password-stdin", "--store", "docker", stdin=SECRET)
    assert result.exit_code == 1
    assert "hubcli itself" in result.stderr


@pytest.mark.usefixtures("sandbox", "ring")
def test_another_account_takes_the_place_of_the_first_wherever_it_was(
    cli: InProcess, sandbox: SandboxServer, home: Path
) -> None:
    assert cli("login", "-u", "alice", "--password-stdin", stdin=SECRET).exit_code == 0
    told = cli("login", "-u", "carol", "--password-stdin", stdin=SECRET).stderr
    assert told == "Signed in to docker.io as carol (keyring), instead of alice\n"
    stored = cli("login", "-u", "alice", "--password-stdin", "--store", "file", stdin=SECRET)
    assert stored.exit_code == 0
    assert signed_in(cli) == [("docker.io", "alice", "auth file", "password")]
    assert cli("login", "-u", "carol", "--password-stdin", stdin=SECRET).exit_code == 0
    assert signed_in(cli) == [("docker.io", "carol", "keyring", "password")]
    assert json.loads((home / "config/hubcli/auth.json").read_text()) == {"auths": {}}


@pytest.mark.usefixtures("sandbox", "ring")
def test_an_environment_that_goes_first_is_told(cli: InProcess) -> None:
    env = {"HUBCLI_USERNAME": "carol", "HUBCLI_PASSWORD": SECRET}
    told = cli("login", "-u", "alice", "--password-stdin", stdin=SECRET, env=env).stderr
    assert "HUBCLI_USERNAME is set" in told


# Signing out


@pytest.mark.usefixtures("sandbox", "ring")
def test_signing_out_forgets_tokens_too(cli: InProcess, home: Path) -> None:
    cli("login", "-u", "alice", "--password-stdin", stdin=SECRET)
    cli("repo", "ls")
    cli("auth", "token", "alice/notes")
    tokens = home / "cache" / "hubcli" / "tokens"
    assert len(list(tokens.glob("*.json"))) == 2
    assert cli("logout") == Result(0, "", "Signed out of docker.io\n")
    assert list(tokens.glob("*.json")) == []
    assert signed_in(cli) == []
    again = cli("logout")
    assert (again.exit_code, again.stderr) == (0, "hubcli has no credential for docker.io\n")


@pytest.mark.usefixtures("ring")
def test_signing_out_of_one_and_of_all(
    cli: InProcess, sandbox: SandboxServer, docker_registry: Registries, home: Path
) -> None:
    host = docker_registry("htpasswd").host
    cli("login", "-u", "alice", "--password-stdin", stdin=SECRET)
    cli("login", host, "-u", USERNAME, "--password-stdin", "--store", "file", stdin=PASSWORD)
    assert cli("logout", host).stderr == f"Signed out of {host}\n"
    assert [row[0] for row in signed_in(cli)] == ["docker.io"]
    cli("login", host, "-u", USERNAME, "--password-stdin", "--store", "file", stdin=PASSWORD)
    told = cli("logout", "--all").stderr.splitlines()
    assert sorted(told) == sorted([f"Signed out of {host}", "Signed out of docker.io"])
    assert signed_in(cli) == []
    assert not list((home / "cache").rglob("tokens/*.json"))
    assert cli("logout", "--all").stderr == "hubcli has no credentials\n"


@pytest.mark.parametrize("argv", [["--all", "quay.io"], ["--all", "--store", "docker"]])
def test_signing_out_of_all_takes_nothing_else(cli: InProcess, argv: list[str]) -> None:
    assert cli("logout", *argv).exit_code == 2


@pytest.mark.usefixtures("ring")
def test_a_broken_store_does_not_keep_the_others(
    cli: InProcess, sandbox: SandboxServer, tmp_path: Path, ring: Path
) -> None:
    cli("login", "-u", "alice", "--password-stdin", "--store", "file", stdin=SECRET)
    ring.parent.mkdir(exist_ok=True)
    ring.write_text("{")
    result = cli("logout")
    assert result.exit_code == 1
    assert "cannot sign out of docker.io" in result.stderr
    assert "Signed out of docker.io" in result.stderr
    ring.write_text("{}")
    assert signed_in(cli) == []


@pytest.mark.usefixtures("sandbox")
def test_a_broken_store_that_is_not_wanted_is_only_told(cli: InProcess, ring: Path) -> None:
    ring.parent.mkdir()
    ring.write_text("{")
    result = cli("login", "-u", "alice", "--password-stdin", "--store", "file", stdin=SECRET)
    assert result.exit_code == 0
    assert "warning: keyring: " in result.stderr
    assert "Signed in to docker.io as alice (auth file)" in result.stderr


@pytest.mark.usefixtures("no_ring")
def test_dockers_plain_entry_is_removed_when_asked(cli: InProcess, home: Path) -> None:
    config = home / ".docker" / "config.json"
    config.parent.mkdir()
    entry = {"auth": base64.b64encode(b"alice:s").decode()}
    config.write_text(
        json.dumps({"auths": {"https://index.docker.io/v1/": entry, "quay.io": entry}, "x": 1})
    )
    assert "--store docker" in cli("logout").stderr
    assert cli("logout", "--store", "docker").exit_code == 0
    assert json.loads(config.read_text()) == {"auths": {"quay.io": entry}, "x": 1}


# At a terminal


@pytest.mark.usefixtures("sandbox", "ring")
def test_what_is_missing_is_asked_for_and_secrets_do_not_show(
    terminal: Screen, hubcli: Subprocess
) -> None:
    with terminal("login") as screen:
        screen.expect("Username: ")
        screen.send("bob\n")
        screen.expect("Password or access token: ")
        screen.send(f"{SECRET}\n")
        screen.expect("Two-factor code: ")
        screen.send(f"{code()}\n")
        screen.expect("Signed in to docker.io as bob (keyring)")
        assert screen.wait() == 0
        assert SECRET not in screen.raw
    assert signed_in(hubcli) == [("docker.io", "bob", "keyring", "PAT")]


@pytest.mark.usefixtures("ring")
def test_the_web_page_is_named_and_the_pasted_token_hidden(
    terminal: Screen, hubcli: Subprocess, sandbox: SandboxServer, tmp_path: Path
) -> None:
    _, pat = sandbox.parts.accounts.add_token("alice", "pasted", ["repo:read"])
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    with terminal("login", "--web", "-u", "alice", env={"BROWSER": str(browser)}) as screen:
        screen.expect("https://app.docker.com/settings/personal-access-tokens")
        screen.expect("Access token: ")
        screen.send(f"{pat}\n")
        screen.expect("Signed in to docker.io as alice (keyring)")
        assert screen.wait() == 0
        assert pat not in screen.raw
    assert opened.read_text() == "https://app.docker.com/settings/personal-access-tokens\n"
    assert signed_in(hubcli) == [("docker.io", "alice", "keyring", "PAT")]


@pytest.mark.usefixtures("ring")
def test_a_device_login(
    new_sandbox: Callable[..., SandboxServer], cli: InProcess, hubcli: Subprocess
) -> None:
    import urllib.parse
    import urllib.request

    sandbox = new_sandbox(device_interval=0.1)
    cli("config", "set", "hub.oauth_client_id", "test-client")
    cli("config", "set", "hub.oauth_url", sandbox.url)
    process = hubcli.start("login", "--web")
    assert process.stderr is not None
    told = process.stderr.readline().decode()
    assert told.startswith("Confirm the code ")
    form = {"user_code": told.split()[3], "username": "carol"}
    data = urllib.parse.urlencode(form).encode()
    urllib.request.urlopen(f"{sandbox.url}/_sandbox/device/approve", data, timeout=10).close()
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 0
    assert rest.decode().splitlines()[-1] == "Signed in to docker.io as carol (keyring)"
    assert signed_in(hubcli) == [("docker.io", "carol", "keyring", "PAT")]


def test_processes_that_sign_in_at_once_lose_nothing(
    hubcli: Subprocess, sandbox: SandboxServer, docker_registry: Registries, secret_service: object
) -> None:
    hosts = [
        docker_registry("htpasswd").host,
        docker_registry("token").host,
        docker_registry().host,
    ]
    running = [
        hubcli.start("login", host, "-u", USERNAME, "--password-stdin") for host in hosts
    ] + [hubcli.start("login", "-u", "alice", "--password-stdin")]
    for process, secret in zip(running, [*[PASSWORD] * 3, SECRET], strict=True):
        assert process.stdin is not None
        process.stdin.write(secret.encode())
        process.stdin.close()
        process.stdin = None
    for process in running:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    assert {row[0] for row in signed_in(hubcli)} == {*hosts, "docker.io"}


def test_login_tells_how_it_is_used() -> None:
    done = subprocess.run(Subprocess.command("login", "--help"), capture_output=True, text=True)
    assert "--password-stdin" in done.stdout
    assert "-p," not in done.stdout
