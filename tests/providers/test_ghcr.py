"""GitHub Container Registry: strangers, `gh`, pages, and answers of other shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support.images import Image, Layout
from support.providers.ghcr import GitHub
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

TOKEN = "ghp_of_the_user"
Answers = Callable[[str], tuple[int, Any]]


@pytest.fixture
def github(environ: dict[str, str], tmp_path: Path) -> Iterator[tuple[GitHub, Running]]:
    """ghcr.io and its API, from which strangers may pull."""
    standin = GitHub()
    standin.people.any_subject = True
    with standin.running() as running:
        configured(environ, tmp_path, running.config)
        yield standin, running


@pytest.fixture
def api(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[[Answers], ScriptedServer]]:
    """The API alone, by script: `api(lambda path: (200, [...]))`."""
    servers: list[ScriptedServer] = []
    environ["GITHUB_TOKEN"] = TOKEN

    def start(answers: Answers) -> ScriptedServer:
        def script(seen: Seen) -> Answer:
            status, body = answers(seen.path)
            headers = {"Content-Type": "application/json"}
            if isinstance(body, dict):
                headers |= body.pop("headers", {})
            return Answer(status, json.dumps(body).encode(), headers)

        server = ScriptedServer(script).__enter__()
        servers.append(server)
        configured(environ, tmp_path, f'[registries."ghcr.io"]\napi = "{server.url}"\n')
        return server

    yield start
    for server in servers:
        server.__exit__()


def configured(environ: dict[str, str], directory: Path, text: str) -> None:
    (directory / "config.toml").write_text(text)
    environ["HUBCLI_CONFIG"] = str(directory / "config.toml")


def package(name: str, **members: Any) -> dict[str, Any]:
    return {"id": 1, "name": name, "owner": {"login": "Acme", "type": "Organization"}, **members}


def version(number: int, *tags: str, **members: Any) -> dict[str, Any]:
    container = {"tags": list(tags)}
    return {
        "id": number,
        "name": f"sha256:{number:064x}",
        "metadata": {"package_type": "container", "container": container},
        **members,
    }


# Who one is


def test_a_stranger_lists_tags_by_the_registry_and_asks_no_api(
    github: tuple[GitHub, Running], cli: InProcess, image: Image, environ: dict[str, str]
) -> None:
    _, running = github
    name = running.named("public")
    done = cli("push", image.source, f"{name}:v1", env={"GITHUB_TOKEN": running.secret})
    assert done.exit_code == 0, done.stderr
    before = list(running.transcript())
    assert cli("tag", "ls", name, "--format", "{{.name}}").lines() == ["v1"]
    assert list(running.transcript()) == before
    sorted_by_time = cli("tag", "ls", name, "--sort", "pushed")
    assert sorted_by_time.exit_code == 4
    assert "hint: hubcli login ghcr.io" in sorted_by_time.stderr


def test_a_token_that_the_api_refuses_still_lists_what_the_registry_shows(
    github: tuple[GitHub, Running], cli: InProcess, image: Image
) -> None:
    standin, running = github
    name = running.named("shown")
    assert (
        cli("push", image.source, f"{name}:v1", env={"GITHUB_TOKEN": running.secret}).exit_code == 0
    )
    standin.people.authenticate = lambda *_: "somebody"  # type: ignore[method-assign]
    done = cli("tag", "ls", name, "-q", env={"GITHUB_TOKEN": "ghp_of_another_kind"})
    assert (done.exit_code, done.lines()) == (0, ["v1"]), done.stderr


def program(directory: Path, script: str) -> str:
    """A `gh` of our own; the PATH that has it."""
    directory.mkdir()
    (directory / "gh").write_text(f"#!/bin/sh\n{script}\n")
    (directory / "gh").chmod(0o755)
    return str(directory)


@pytest.mark.parametrize(
    ("environ_", "username", "source"),
    [
        ({}, "token", "gh auth token"),
        ({"GH_TOKEN": "ghp_b"}, "token", "GH_TOKEN"),
        ({"GH_TOKEN": "ghp_b", "GITHUB_TOKEN": "ghp_a"}, "token", "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "ghp_a", "GITHUB_ACTOR": "octocat"}, "octocat", "GITHUB_TOKEN"),
    ],
)
def test_where_the_identity_comes_from(
    cli: InProcess,
    environ: dict[str, str],
    tmp_path: Path,
    environ_: Mapping[str, str],
    username: str,
    source: str,
) -> None:
    script = '[ "$*" = "auth token --hostname github.com" ] && echo gho_of_gh'
    environ["PATH"] = f"{program(tmp_path / 'bin', script)}:{environ['PATH']}"
    (row,) = cli("auth", "status", "ghcr.io", "--format", "json", env=environ_).json()
    assert (row["username"], row["source"], row["kind"]) == (username, source, "PAT")


def test_status_names_the_identity_without_being_asked_for_the_host(cli: InProcess) -> None:
    rows = cli("auth", "status", "--format", "json", env={"GITHUB_TOKEN": TOKEN}).json()
    assert [row["registry"] for row in rows] == ["ghcr.io"]


@pytest.mark.parametrize("script", ["exit 1", "echo", "kill -9 $$"])
def test_a_gh_that_nobody_is_signed_in_with_is_no_identity(
    cli: InProcess, environ: dict[str, str], tmp_path: Path, script: str
) -> None:
    environ["PATH"] = f"{program(tmp_path / 'bin', script)}:{environ['PATH']}"
    assert cli("auth", "status", "ghcr.io").exit_code == 4


# Answers


def test_pages_of_packages_and_of_versions(
    api: Callable[[Answers], ScriptedServer], cli: InProcess
) -> None:
    def paged(seen: Seen) -> Answer:
        headers = {"Content-Type": "application/json"}
        if seen.path == "/users/acme":
            return Answer(200, b'{"login": "acme", "type": "Organization"}', headers)
        number = 2 if "&page=2" in seen.path else 1
        if number == 1:
            headers["Link"] = f'<{server.url}{seen.path}&page=2>; rel="next"'
        versions = "versions" in seen.path
        item = version(number, f"v{number}") if versions else package(f"app{number}")
        return Answer(200, json.dumps([item]).encode(), headers)

    server = api(lambda _: (200, []))
    server.script = paged
    assert cli("repo", "ls", "ghcr.io/acme", "-q").lines() == [
        "ghcr.io/acme/app1",
        "ghcr.io/acme/app2",
    ]
    assert cli("tag", "ls", "ghcr.io/acme/app1", "-q").lines() == ["v1", "v2"]


def test_a_next_link_to_another_host_gets_no_token(
    api: Callable[[Answers], ScriptedServer], cli: InProcess
) -> None:
    server = api(lambda _: (200, []))
    link = '<https://api.evil.example/packages>; rel="next"'
    server.script = lambda seen: Answer(
        200, b"[]" if "packages" in seen.path else b'{"type": "User"}', {"Link": link}
    )
    done = cli("repo", "ls", "ghcr.io/acme")
    assert done.exit_code == 6
    assert "(UNTRUSTED)" in done.stderr


def test_what_is_internal_is_private_and_owners_are_in_lower_case(
    api: Callable[[Answers], ScriptedServer], cli: InProcess
) -> None:
    packages = [
        package("app", visibility="internal", repository={"description": "It \x1b[31mis"}),
        package("team/web", visibility="public"),
        {"id": 3},
        package("", visibility="public"),
    ]
    api(lambda path: (200, packages if "packages" in path else {"type": "Organization"}))
    rows = cli("repo", "ls", "ghcr.io/acme", "--format", "json").json()
    assert [(row["name"], row["visibility"]) for row in rows] == [
        ("ghcr.io/acme/app", "private"),
        ("ghcr.io/acme/team/web", "public"),
    ]
    assert "\x1b" not in cli("repo", "ls", "ghcr.io/acme").stdout
    assert cli("repo", "ls", "ghcr.io/acme/team", "-q").lines() == ["ghcr.io/acme/team/web"]
    assert cli("repo", "ls", "ghcr.io/acme", "--public", "-q").lines() == ["ghcr.io/acme/team/web"]


def test_what_no_tag_is_called_is_no_tag(
    api: Callable[[Answers], ScriptedServer], cli: InProcess
) -> None:
    names = ("../../x", "9" * 5000, "--help", "", "a b", "v1\n")
    answers = {"/users/me": {"type": "User"}}
    api(lambda path: (200, answers.get(path) or [version(1, "v1", *names)]))
    done = cli("tag", "ls", "ghcr.io/me/app", "--sort", "pushed", "-q")
    assert (done.exit_code, done.stdout) == (0, "v1\n"), done.stderr
    doomed = cli("tag", "rm", "ghcr.io/me/app:*", "--dry-run", "-q")
    assert (doomed.exit_code, doomed.stdout) == (0, "ghcr.io/me/app:v1\n"), doomed.stderr


def test_tags_of_fallback_indexes_are_not_shown(
    api: Callable[[Answers], ScriptedServer], cli: InProcess
) -> None:
    hidden, cosign = f"sha256-{'a' * 64}", f"sha256-{'a' * 64}.sig"
    versions = [version(1, "v1", hidden), version(2, cosign), version(3), {"metadata": 7}]
    api(lambda path: (200, versions if "versions" in path else {"type": "User"}))
    assert cli("tag", "ls", "ghcr.io/me/app", "-q").lines() == ["v1", cosign]


@pytest.mark.parametrize(
    ("status", "body", "exit_code", "told"),
    [
        (403, {"message": "Resource not accessible by integration"}, 4, "resource not accessible"),
        (403, {"message": "API rate limit exceeded", "headers": {"x-ratelimit-remaining": "0"}}, 5,
         "API rate limit exceeded"),
        (404, {"message": "Package not found."}, 3, "package not found (NOT_FOUND)"),
        (500, {"message": "oops"}, 6, "oops"),
        (200, {"message": "not a list"}, 6, "without the list"),
    ],
)  # fmt: skip
def test_failures(
    api: Callable[[Answers], ScriptedServer],
    cli: InProcess,
    status: int,
    body: Any,
    exit_code: int,
    told: str,
) -> None:
    api(lambda path: (status, dict(body)) if "packages" in path else (200, {"type": "User"}))
    done = cli("repo", "ls", "ghcr.io/acme", "--max-wait", "0")
    assert done.exit_code == exit_code, done.stderr
    assert told in done.stderr


def test_a_slash_in_a_package_is_encoded(
    api: Callable[[Answers], ScriptedServer], cli: InProcess
) -> None:
    server = api(
        lambda path: (200, package("a/b") if "packages" in path else {"type": "Organization"})
    )
    assert cli("repo", "inspect", "ghcr.io/acme/a/b").exit_code == 0
    assert server.seen[-1].path == "/orgs/acme/packages/container/a%2Fb"
    assert server.seen[-1].headers["authorization"] == f"Bearer {TOKEN}"


def test_the_last_version_goes_with_its_package_only(
    api: Callable[[Answers], ScriptedServer], cli: InProcess, image: Image
) -> None:
    """GitHub refuses to delete it, and says so: the hint is what can be done."""
    refusal = {"message": "You cannot delete the last version of a package."}
    server = api(lambda _: (200, []))
    config = Path(cli.environ["HUBCLI_CONFIG"])
    manifest = image.read(image.digest)

    def script(seen: Seen) -> Answer:
        if seen.method == "DELETE":
            return Answer(400, json.dumps(refusal).encode())
        if seen.path == "/users/me":
            return Answer(200, b'{"type": "User"}')
        if "versions" in seen.path:
            found = {**version(1, "v1"), "name": image.digest}
            return Answer(200, json.dumps([found]).encode())
        if seen.path.endswith("/tags/list?n=1000"):
            return Answer(200, b'{"name": "me/app", "tags": ["v1"]}')
        headers = {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest}
        return Answer(200, manifest, headers)

    server.script = script
    config.write_text(f'[registries."ghcr.io"]\napi = "{server.url}"\nendpoint = "{server.url}"\n')
    done = cli("tag", "rm", "ghcr.io/me/app:v1", "--yes")
    assert done.exit_code == 1
    assert done.stderr == (
        "error: cannot delete ghcr.io/me/app:v1: you cannot delete the last version of a package"
        " (FAILED)\nhint: hubcli repo rm ghcr.io/me/app\n"
    )


def test_what_is_attached_goes_with_the_image_and_so_does_its_list(
    github: tuple[GitHub, Running],
    cli: InProcess,
    oci_layout: Layout,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    standin, running = github
    environ["GITHUB_TOKEN"] = running.secret
    name = running.named("app")
    document = tmp_path / "about.json"
    for tag in ("v1", "pr-1", "pr-2"):
        source = oci_layout.image(tag, annotations={"is": tag}).source
        assert cli("push", source, f"{name}:{tag}").exit_code == 0
        document.write_text(json.dumps(tag))
        attach = ("referrer", "attach", f"{name}:{tag}", str(document), "--type", "application/x")
        assert cli(*attach).exit_code == 0
    path = f"{running.namespace}/app"
    assert len(standin.manifests(path)) == 9
    done = cli("tag", "prune", name, "--filter", "pr-*", "--yes")
    assert done.exit_code == 0, done.stderr
    assert cli("tag", "ls", name, "-q").lines() == ["v1"]
    assert len(standin.manifests(path)) == 3
    assert len(cli("referrer", "ls", f"{name}:v1", "-q").lines()) == 1
    assert cli("tag", "rm", f"{name}:sha256-*", "--yes").exit_code == 3
