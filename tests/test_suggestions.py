"""Names to complete with: against the sandbox, a real registry, keyrings, and nobody at all."""

from __future__ import annotations

import itertools
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubcli import config, suggestions
from hubcli.errors import UsageError
from support.docker_registry import DockerRegistry
from support.images import Image
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer
from support.secret_service import SecretService
from support.skopeo import Skopeo

Complete = Callable[..., list[str]]
OWN = ["alice/notes", "alice/webapp"]


@pytest.fixture
def complete(cli: InProcess) -> Complete:
    """`complete("repository", "ali", env={})`: what is printed, and nothing on stderr."""

    def run(kind: str, prefix: str = "", env: dict[str, str] | None = None) -> list[str]:
        done = cli("__complete", kind, "--", prefix, env=env)
        assert (done.exit_code, done.stderr) == (0, "")
        return done.lines()

    return run


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A listener that lets others connect and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def callers(listener: socket.socket) -> int:
    """How many have connected since it was asked last."""
    for count in itertools.count():
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
    raise AssertionError


def cached(environ: dict[str, str]) -> list[Path]:
    return sorted(Path(environ["XDG_CACHE_HOME"]).glob("hubcli/completion/*.json"))


def grow_old(environ: dict[str, str], seconds: float) -> None:
    """Let what is in the cache have been written `seconds` ago."""
    for file in cached(environ):
        entry = json.loads(file.read_bytes())
        older = {name: entry[name] - seconds for name in ("told", "until")}
        file.write_text(json.dumps({**entry, **older}))
        then = file.stat().st_mtime - seconds
        os.utime(file, (then, then))


# Docker Hub


def test_ones_own_repositories_are_offered(sandbox: SandboxServer, complete: Complete) -> None:
    assert set(OWN) <= set(complete("repository", env=sandbox.signed_in))
    assert complete("repository", "alice/w", env=sandbox.signed_in) == ["alice/webapp"]
    assert complete("repository", "al", env=sandbox.signed_in)[0].startswith("alice/")


def test_the_configured_namespace_is_offered_instead(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    file = Path(environ["XDG_CONFIG_HOME"], "hubcli", "config.toml")
    file.parent.mkdir()
    file.write_text('[defaults]\nnamespace = "acme"\n')
    assert "acme/api" in complete("repository", "", env=sandbox.signed_in)
    assert complete("repository", "acme/int", env=sandbox.signed_in) == ["acme/internal"]


def test_without_a_credential_only_what_is_public_is_offered(
    sandbox: SandboxServer, complete: Complete
) -> None:
    assert complete("repository") == []
    assert "alice/webapp" in complete("repository", "alice/")
    assert "alice/notes" not in complete("repository", "alice/")
    assert complete("repository", "library/hello-w") == ["library/hello-world"]


def test_names_are_completed_as_they_were_begun(sandbox: SandboxServer, complete: Complete) -> None:
    assert complete("repository", "docker.io/alice/w") == ["docker.io/alice/webapp"]
    assert complete("reference", "index.docker.io/alice/webapp:v1.2.0") == [
        "index.docker.io/alice/webapp:v1.2.0"
    ]
    assert "hello-world:latest" in complete("reference", "hello-world:")


def test_tags_are_offered_after_the_colon(sandbox: SandboxServer, complete: Complete) -> None:
    assert complete("reference", "alice/webapp:v1.") == [
        "alice/webapp:v1.0.0",
        "alice/webapp:v1.1.0",
        "alice/webapp:v1.2.0",
        "alice/webapp:v1.2.1",
    ]


def test_a_repository_that_is_the_only_one_is_offered_with_its_tags(
    sandbox: SandboxServer, complete: Complete
) -> None:
    found = complete("reference", "alice/web")
    assert found[0] == "alice/webapp"
    assert "alice/webapp:latest" in found
    # Where no tag is wanted none is looked for.
    assert complete("repository", "alice/web") == ["alice/webapp"]


def test_hub_is_asked_for_those_that_fit_only_where_there_are_many(
    sandbox: SandboxServer, complete: Complete
) -> None:
    assert len(complete("reference", "bigorg/nightly:")) == 100
    sandbox.forget()
    found = complete("reference", "bigorg/nightly:2015")
    assert found
    assert all(name.startswith("bigorg/nightly:2015") for name in found)
    (asked,) = sandbox.requests("/tags")
    assert "name=2015" in asked.query
    complete("reference", "alice/webapp:")
    sandbox.forget()
    assert complete("reference", "alice/webapp:pr-12") == ["alice/webapp:pr-12"]
    assert sandbox.requests("/tags") == []


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        ("repository", "alice/webapp/"),
        ("repository", "Alice/"),
        ("repository", "a b/"),
        ("reference", "//"),
        ("reference", "x/:"),
        ("reference", "nobody/at-all:"),
        ("registry", "$(reboot)"),
        ("reference", "alice/webapp@sha256:"),
    ],
)
def test_what_can_begin_no_name_is_answered_with_nothing(
    kind: str, prefix: str, sandbox: SandboxServer, complete: Complete
) -> None:
    assert complete(kind, prefix) == []


# Registries


def test_repositories_and_tags_of_a_registry_are_offered(
    docker_registry: Callable[..., DockerRegistry],
    repository: str,
    image: Image,
    skopeo: Skopeo,
    complete: Complete,
) -> None:
    registry = docker_registry()
    skopeo.copy(image.source, f"docker://{registry.host}/{repository}:v1.0")
    name = f"{registry.host}/{repository}"
    assert complete("repository", name[:-2]) == [name]
    assert complete("reference", f"{name}:v") == [f"{name}:v1.0"]
    assert complete("reference", name) == [name, f"{name}:v1.0"]


def test_hosts_are_those_of_the_configuration_and_of_credentials(
    complete: Complete, environ: dict[str, str]
) -> None:
    file = Path(environ["XDG_CONFIG_HOME"], "hubcli", "config.toml")
    file.parent.mkdir()
    file.write_text('[registries."registry.example:5000"]\nplain_http = true\n')
    environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {"quay.io": {"auth": "YTpi"}}})
    assert complete("registry") == ["docker.io", "quay.io", "registry.example:5000"]
    assert complete("registry", "qu") == ["quay.io"]
    # Where more follows they end in a slash; Docker Hub's repositories need no host.
    assert complete("repository", "") == ["quay.io/", "registry.example:5000/"]
    assert complete("reference", "registry.example:5") == ["registry.example:5000/"]


def test_what_servers_say_is_held_against_the_grammar(
    complete: Complete, environ: dict[str, str]
) -> None:
    names = ["fine", "$(reboot)", "a b", "-rf", "x;y", "a\x1b[31m", "UPPER", "a\nb", "", "é"]
    tags = ["v1", "`reboot`", "a/b", "x y", "..", "é", "v1\n", "-x"]

    def script(seen: object) -> Answer:
        path = getattr(seen, "path", "")
        body = {"repositories": names} if "_catalog" in path else {"name": "fine", "tags": tags}
        return Answer(body=json.dumps(body).encode())

    with ScriptedServer(script) as server:
        host = f"127.0.0.1:{server.port}"
        assert complete("repository", f"{host}/") == [f"{host}/fine"]
        assert complete("reference", f"{host}/fine:") == [f"{host}/fine:v1"]


# The cache


def test_names_are_asked_for_once_a_minute(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    complete("repository", "alice/")
    sandbox.forget()
    complete("repository", "alice/w")
    grow_old(environ, 50)
    complete("repository", "alice/")
    assert sandbox.requests() == []
    grow_old(environ, 15)
    complete("repository", "alice/")
    assert [str(request) for request in sandbox.requests("repositories")] == [
        "GET /v2/namespaces/alice/repositories"
    ]


def test_old_names_are_better_than_none_and_a_day_is_too_old(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    assert "alice/webapp" in complete("repository", "alice/")
    sandbox.fault("GET /v2/", status=503)
    grow_old(environ, 3600)
    assert "alice/webapp" in complete("repository", "alice/")
    grow_old(environ, 24 * 3600)
    assert complete("repository", "alice/") == []


def test_a_server_that_failed_is_left_alone_for_a_while(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    sandbox.fault("GET /v2/", status=503)
    assert complete("repository", "alice/") == []
    assert len(sandbox.requests("repositories")) == 1
    sandbox.clear_faults()
    complete("repository", "alice/")
    assert len(sandbox.requests("repositories")) == 1
    grow_old(environ, 11)
    assert "alice/webapp" in complete("repository", "alice/")


def test_the_cache_is_private_and_holds_no_secret(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    complete("repository", env=sandbox.signed_in)
    files = cached(environ)
    assert files
    for file in files:
        assert file.stat().st_mode & 0o077 == 0
        assert file.parent.stat().st_mode & 0o077 == 0
        assert sandbox.password not in file.read_text()


def test_what_one_user_may_see_is_not_offered_to_another(
    sandbox: SandboxServer, complete: Complete
) -> None:
    assert "alice/notes" in complete("repository", "alice/", env=sandbox.signed_in)
    assert "alice/notes" not in complete("repository", "alice/")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "nonsense", '{"names": 3, "until": 9e9}', "[" * 100_000]
)
def test_a_damaged_cache_counts_as_empty(
    content: str, sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    complete("repository", "alice/")
    for file in cached(environ):
        file.write_text(content)
    assert "alice/webapp" in complete("repository", "alice/")


def test_names_from_the_future_are_not_believed_for_ever(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    complete("repository", "alice/")
    grow_old(environ, -3600)
    sandbox.forget()
    complete("repository", "alice/")
    assert sandbox.requests("repositories")


def test_without_a_place_for_the_cache_names_are_still_offered(
    sandbox: SandboxServer, complete: Complete, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    env = {"HUBCLI_CACHE_DIR": str(tmp_path / "file" / "below")}
    assert "alice/webapp" in complete("repository", "alice/", env=env)


def test_forgetting_empties_the_cache(
    sandbox: SandboxServer, complete: Complete, environ: dict[str, str]
) -> None:
    complete("repository", "alice/")
    assert cached(environ)
    settings = config.load({"HUBCLI_CACHE_DIR": str(Path(environ["XDG_CACHE_HOME"], "hubcli"))})
    suggestions.forget(settings)
    assert cached(environ) == []
    suggestions.forget(settings)


@pytest.mark.parametrize("logout", [["logout"], ["logout", "--all"]])
def test_who_signs_in_or_out_leaves_no_names_behind(
    logout: list[str],
    sandbox: SandboxServer,
    cli: InProcess,
    complete: Complete,
    environ: dict[str, str],
) -> None:
    login = ["login", "-u", sandbox.username, "--password-stdin", "--store", "file"]
    complete("repository", "alice/")
    assert cli(*login, stdin=sandbox.password).exit_code == 0
    assert cached(environ) == []
    assert "alice/notes" in complete("repository", "alice/")
    assert cli(*logout).exit_code == 0
    assert cached(environ) == []
    assert "alice/notes" not in complete("repository", "alice/")


# Nobody waits


def test_where_nobody_listens_there_is_nothing_at_once(hubcli: Subprocess) -> None:
    begun = time.monotonic()
    done = hubcli("__complete", "reference", "alice/webapp:")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - begun < 20


def test_a_server_that_does_not_answer_is_not_waited_for(
    hubcli: Subprocess, silent: socket.socket
) -> None:
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    env = {"HUBCLI_HUB_URL": url, "HUBCLI_USERNAME": "a", "HUBCLI_PASSWORD": "b"}
    begun = time.monotonic()
    done = hubcli("__complete", "reference", "", env=env)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert 1.4 < time.monotonic() - begun < 20  # a command would wait for 60 s
    assert callers(silent) == 1
    # The next TAB is not kept waiting at all.
    assert hubcli("__complete", "reference", "", env=env).exit_code == 0
    assert callers(silent) == 0


def test_nobody_is_asked_twice_or_waited_for_when_hub_says_so(
    sandbox: SandboxServer, complete: Complete
) -> None:
    sandbox.fault("GET /v2/", status=429, retry_after=1)
    assert complete("repository", "alice/") == []
    assert len(sandbox.requests("repositories")) == 1


def test_a_broken_configuration_offers_nothing(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[")
    assert complete("registry", env={"HUBCLI_CONFIG": str(tmp_path / "broken.toml")}) == []


# Nobody is asked


def test_an_open_keyring_says_who_one_is(
    secret_service: SecretService, sandbox: SandboxServer, hubcli: Subprocess
) -> None:
    signed_in = hubcli("login", "-u", sandbox.username, "--password-stdin", stdin=sandbox.password)
    assert signed_in.exit_code == 0, signed_in.stderr
    assert set(OWN) <= set(hubcli("__complete", "repository").lines())
    assert hubcli("__complete", "registry").lines() == ["docker.io"]


def test_a_locked_keyring_is_not_touched(
    locked_secret_service: SecretService, sandbox: SandboxServer, hubcli: Subprocess
) -> None:
    begun = time.monotonic()
    done = hubcli("__complete", "repository", "alice/")
    assert "alice/webapp" in done.lines()
    assert "alice/notes" not in done.lines()
    assert done.stderr == ""
    assert time.monotonic() - begun < 20


def test_a_keyring_that_nobody_knows_is_not_touched(
    sandbox: SandboxServer, hubcli: Subprocess, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    (tmp_path / "prompting.py").write_text(
        "import keyring.backend, pathlib\n"
        "class Keyring(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, *_):\n"
        f"        pathlib.Path({str(touched)!r}).touch()\n"
        "    set_password = delete_password = get_password\n"
    )
    env = {
        "PYTHON_KEYRING_BACKEND": "prompting.Keyring",
        "PYTHONPATH": f"{tmp_path}:{hubcli.environ['PYTHONPATH']}",
    }
    assert "alice/webapp" in hubcli("__complete", "repository", "alice/", env=env).lines()
    assert not touched.exists()
    hubcli("tag", "ls", "alice/webapp", env=env)
    assert touched.exists()


@pytest.mark.parametrize(("helper", "runs"), [("pass", False), ("desktop", True)])
def test_only_helpers_that_never_ask_are_run(
    helper: str, runs: bool, sandbox: SandboxServer, complete: Complete, tmp_path: Path
) -> None:
    programs, ran = tmp_path / "programs", tmp_path / "ran"
    programs.mkdir()
    program = programs / f"docker-credential-{helper}"
    program.write_text(
        f"#!/bin/sh\ntouch '{ran}'\n"
        f"""echo '{{"Username": "{sandbox.username}", "Secret": "{sandbox.password}"}}'\n"""
    )
    program.chmod(0o755)
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": helper}))
    env = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}"}
    assert ("alice/notes" in complete("repository", "alice/", env=env)) == runs
    assert ran.exists() == runs


def test_a_prefix_that_begins_nothing_is_a_usage_error_to_callers() -> None:
    with pytest.raises(UsageError):
        suggestions.suggestions(config.load({}), "repository", "a b/c")
