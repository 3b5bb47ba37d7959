"""`hubcli auth`: status, tokens for curl, and the helper that docker and skopeo call."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hubcli.sandbox import webtokens
from support.docker_registry import PASSWORD, USERNAME, DockerRegistry
from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer
from support.skopeo import Skopeo

Registries = Callable[..., DockerRegistry]
FIELDS = ["registry", "username", "source", "kind", "expires", "valid"]
ALICE = {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": SandboxServer.password}


@pytest.fixture
def auth_file(environ: dict[str, str], tmp_path: Path) -> Path:
    """hubcli's auth file, which does not exist yet."""
    path = tmp_path / "auth.json"
    environ["HUBCLI_AUTH_FILE"] = str(path)
    return path


def write(path: Path, entries: Mapping[str, tuple[str, str]]) -> None:
    auths = {host: {"username": name, "password": s} for host, (name, s) in entries.items()}
    path.write_text(json.dumps({"auths": auths}))


def outcome(result: Result) -> tuple[int, str, str]:
    return result.exit_code, result.stdout, result.stderr


# Status


def test_the_fields_of_a_status(cli: InProcess) -> None:
    assert [
        row.split("\t")[0] for row in cli("auth", "status", "--fields", "help").lines()
    ] == FIELDS


def test_nobody(cli: InProcess) -> None:
    told = "Not signed in to any registry; 'hubcli login' does it\n"
    assert outcome(cli("auth", "status")) == (0, "", told)
    assert cli("auth", "status", "--format", "json").json() == []


def test_who_where_and_from_which_source(cli: InProcess, auth_file: Path) -> None:
    write(auth_file, {"quay.io": ("bob", "s"), "docker.io": ("carol", "dckr_pat_x")})
    assert cli("auth", "status", "--format", "json", env=ALICE).json() == [
        {
            "registry": "docker.io",
            "username": "alice",
            "source": "environment",
            "kind": "password",
            "expires": None,
            "valid": None,
        },
        {
            "registry": "quay.io",
            "username": "bob",
            "source": "auth file",
            "kind": "password",
            "expires": None,
            "valid": None,
        },
    ]
    assert cli("auth", "status").lines()[0].split("\t")[:4] == [
        "docker.io",
        "carol",
        "auth file",
        "PAT",
    ]
    assert cli("auth", "status", "-q").stdout == "docker.io\nquay.io\n"


def test_one_host_is_a_listing_of_one(cli: InProcess, auth_file: Path) -> None:
    write(auth_file, {"quay.io": ("bob", "s"), "docker.io": ("carol", "s")})
    rows = cli("auth", "status", "index.docker.io", "--format", "json").json()
    assert [row["username"] for row in rows] == ["carol"]


def test_a_host_without_a_credential_is_an_error(cli: InProcess, auth_file: Path) -> None:
    write(auth_file, {"quay.io": ("bob", "s")})
    result = cli("auth", "status", "quay.io", "ghcr.io", "docker.io", "-q")
    assert (result.exit_code, result.stdout) == (4, "quay.io\n")
    assert (
        "error: ghcr.io: not signed in (UNAUTHORIZED)\nhint: hubcli login ghcr.io" in result.stderr
    )
    assert "error: docker.io: not signed in (UNAUTHORIZED)\nhint: hubcli login\n" in result.stderr


def test_a_ready_token_and_its_end(cli: InProcess, auth_file: Path) -> None:
    write(auth_file, {"docker.io": ("carol", "s")})
    token = webtokens.issue({"exp": 1_800_000_000}, b"key")
    rows = cli("auth", "status", "--format", "json", env={"HUBCLI_TOKEN": token}).json()
    assert [(row["source"], row["kind"], row["expires"]) for row in rows] == [
        ("environment (HUBCLI_TOKEN)", "token", "2027-01-15T08:00:00Z"),
        ("auth file", "password", None),
    ]


def test_checking_asks_every_host(
    cli: InProcess, sandbox: SandboxServer, docker_registry: Registries, auth_file: Path
) -> None:
    good, bad = docker_registry("htpasswd").host, docker_registry("token").host
    write(
        auth_file,
        {
            "docker.io": ("alice", sandbox.password),
            good: (USERNAME, PASSWORD),
            bad: (USERNAME, "wrong"),
            "127.0.0.1:9": (USERNAME, PASSWORD),
        },
    )
    result = cli("auth", "status", "--check", "--format", "json")
    valid = {row["registry"]: row["valid"] for row in json.loads(result.stdout)}
    assert valid == {"docker.io": True, good: True, bad: False, "127.0.0.1:9": None}
    assert result.exit_code == 6
    assert cli("auth", "status", "--check", bad).exit_code == 4
    assert cli("auth", "status", "--check", good, "docker.io").exit_code == 0
    assert PASSWORD not in result.stdout + result.stderr


def test_checking_a_ready_token(cli: InProcess, sandbox: SandboxServer) -> None:
    identity = sandbox.parts.accounts.authenticate("alice", sandbox.password)
    assert identity is not None
    good = sandbox.parts.sessions.issue(identity)
    assert cli("auth", "status", "--check", env={"HUBCLI_TOKEN": good}).exit_code == 0
    assert cli("auth", "status", "--check", env={"HUBCLI_TOKEN": "bad"}).exit_code == 4


# Tokens


def fetch(url: str, token: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def test_a_token_is_good_for_curl(cli: InProcess, sandbox: SandboxServer) -> None:
    token = cli("auth", "token", "alice/notes", env=ALICE).stdout.strip()
    assert fetch(f"{sandbox.url}/v2/alice/notes/tags/list", token) == 200
    assert cli("auth", "token", "alpine").exit_code == 0


def test_the_scope_of_a_token(cli: InProcess, docker_registry: Registries, auth_file: Path) -> None:
    registry = docker_registry("token")
    write(auth_file, {registry.host: (USERNAME, PASSWORD)})
    assert registry.tokens is not None
    result = cli("auth", "token", f"{registry.host}/team/app:v1", "--scope", "pull,push")
    assert result.exit_code == 0
    assert registry.tokens.requests()[-1].scopes == ("repository:team/app:pull,push",)


@pytest.mark.parametrize("scope", ["", ",", "pull push", "pull;push"])
def test_a_scope_that_is_none(cli: InProcess, scope: str) -> None:
    assert cli("auth", "token", "alpine", "--scope", scope).exit_code == 2


def test_a_registry_over_tls_may_not_send_us_to_plain_http(
    cli: InProcess, docker_registry: Registries, home: Path
) -> None:
    """Its port is known by nothing but its number, so that http is tried first."""
    registry = docker_registry("token", tls=True)
    config = home / "config" / "hubcli" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'[registries."{registry.host}"]\nca_file = "{registry.ca_file}"\n')
    for argv in (("auth", "token"), ("tag", "ls"), ("digest",)):
        result = cli(*argv, f"{registry.host}/a/b")
        assert result.exit_code == 6
        assert "is not https (UNTRUSTED)" in result.stderr


def test_a_registry_without_tokens(cli: InProcess, docker_registry: Registries) -> None:
    host = docker_registry("htpasswd").host
    result = cli("auth", "token", f"{host}/a/b")
    assert result.exit_code == 1
    assert f"cannot get a token for {host}/a/b: {host} has no tokens" in result.stderr


# The helper

ADDRESS = "https://index.docker.io/v1/"


def request(address: str, username: str, secret: str) -> str:
    return json.dumps({"ServerURL": address, "Username": username, "Secret": secret})


@pytest.fixture
def in_file(environ: dict[str, str], auth_file: Path, home: Path) -> None:
    """The helper keeps what it is given in the auth file."""
    config = home / "config" / "hubcli" / "config.toml"
    config.parent.mkdir()
    config.write_text('[defaults]\nstore = "file"\n')


@pytest.mark.usefixtures("in_file")
def test_store_get_list_erase(cli: InProcess) -> None:
    stored = cli("auth", "helper", "store", stdin=request(ADDRESS, "alice", "s3cret"))
    assert outcome(stored) == (0, "", "")
    cli("auth", "helper", "store", stdin=request("registry.example", "<token>", "refresh"))
    got = cli("auth", "helper", "get", stdin=f"{ADDRESS}\n").json()
    assert got == {"ServerURL": ADDRESS, "Username": "alice", "Secret": "s3cret"}
    for spelling in ("docker.io", "index.docker.io", "https://index.docker.io/v1"):
        assert cli("auth", "helper", "get", stdin=spelling).json()["Username"] == "alice"
    assert cli("auth", "helper", "get", stdin="registry.example").json() == {
        "ServerURL": "registry.example",
        "Username": "<token>",
        "Secret": "refresh",
    }
    assert cli("auth", "helper", "list", stdin="unused").json() == {
        ADDRESS: "alice",
        "registry.example": "<token>",
    }
    assert cli("auth", "helper", "erase", stdin=ADDRESS).exit_code == 0
    gone = cli("auth", "helper", "get", stdin=ADDRESS)
    assert outcome(gone) == (1, "credentials not found in native keychain\n", "")


@pytest.mark.usefixtures("in_file")
def test_what_docker_keeps_beside_the_credential_stays_apart(cli: InProcess) -> None:
    names = {ADDRESS: "alice", f"{ADDRESS}access-token": "a", f"{ADDRESS}refresh-token": "r"}
    for address, name in names.items():
        cli("auth", "helper", "store", stdin=request(address, name, f"secret of {name}"))
    assert cli("auth", "helper", "list").json() == names
    for address, name in names.items():
        assert cli("auth", "helper", "get", stdin=address).json()["Username"] == name
    assert cli("auth", "status", "-q").stdout == "docker.io\n"


@pytest.mark.parametrize(
    ("action", "stdin", "told"),
    [
        ("get", "", "no credentials server URL"),
        ("erase", "\n", "no credentials server URL"),
        ("store", request("", "alice", "s"), "no credentials server URL"),
        ("store", request("x.example", "", "s"), "no credentials username"),
        ("store", "{", "the request is no JSON object"),
        ("store", "[]", "the request is no JSON object"),
        ("get", "x" * 2_000_000, "the request is too long"),
        ("fetch", "", "unknown action 'fetch': get, store, erase, list, version"),
        ("get", "nobody.example", "credentials not found in native keychain"),
    ],
)
@pytest.mark.usefixtures("in_file")
def test_errors_are_text_on_stdout(cli: InProcess, action: str, stdin: str, told: str) -> None:
    result = cli("auth", "helper", action, stdin=stdin)
    assert outcome(result) == (1, f"{told}\n", "")


def test_without_a_keyring_the_ways_out_are_told(hubcli: Subprocess) -> None:
    result = hubcli("auth", "helper", "store", stdin=request("x.example", "alice", "s"))
    assert result.exit_code == 1
    assert "there is no keyring" in result.stdout
    assert "defaults.store" in result.stdout


def test_a_damaged_file_is_an_error_and_not_a_missing_credential(
    cli: InProcess, auth_file: Path
) -> None:
    auth_file.write_text("{")
    result = cli("auth", "helper", "get", stdin="quay.io")
    assert result.exit_code == 1
    assert "is not JSON" in result.stdout


def test_the_version(cli: InProcess) -> None:
    assert cli("auth", "helper", "version").stdout.startswith("docker-credential-hubcli")


@pytest.fixture
def helper_program(tmp_path: Path) -> Path:
    """docker-credential-hubcli as installed: its entry point, run by this Python."""
    program = tmp_path / "bin" / "docker-credential-hubcli"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nfrom hubcli.__main__ import credential_helper\ncredential_helper()\n"
    )
    program.chmod(0o755)
    return program


def test_skopeo_signs_in_through_the_helper(
    skopeo: Skopeo,
    docker_registry: Registries,
    hubcli: Subprocess,
    secret_service: object,
    helper_program: Path,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    """skopeo stores with `login`, reads for an API call, and erases with `logout`."""
    host = docker_registry("htpasswd").host
    auth_file = tmp_path / "skopeo-auth.json"
    auth_file.write_text(json.dumps({"credHelpers": {host: "hubcli"}}))

    def run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        path = f"{helper_program.parent}:/usr/bin:/bin"
        return subprocess.run(
            [skopeo.program.path, *argv],
            input=stdin,
            env={**environ, **skopeo.program.environ, "PATH": path, "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    plain = (f"--authfile={auth_file}", "--tls-verify=false")
    login = run("login", *plain, "-u", USERNAME, "--password-stdin", host, stdin=PASSWORD)
    assert login.returncode == 0, login.stderr
    assert "auth" not in json.loads(auth_file.read_text()).get("auths", {}).get(host, {})
    assert hubcli("auth", "status", host, "--check").stdout.split("\t")[:3] == [
        host,
        USERNAME,
        "keyring",
    ]
    missing = run("list-tags", *plain, f"docker://{host}/no/such")
    assert "unauthorized" not in missing.stderr.lower()
    assert "404" in missing.stderr
    logout = run("logout", f"--authfile={auth_file}", host)
    assert logout.returncode == 0, logout.stderr
    assert hubcli("auth", "status", host).exit_code == 4


def test_the_helper_imports_no_client(helper_program: Path, environ: dict[str, str]) -> None:
    """docker waits for it on every call: a module list, since time depends on the machine."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", helper_program, "get"],
        input="quay.io",
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert time.monotonic() - started < 20
    assert done.stdout == "credentials not found in native keychain\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "hubcli.auth.credentials" in imported
    assert imported.isdisjoint({"httpx", "rich", "hubcli.session", "hubcli.auth.tokens"})
