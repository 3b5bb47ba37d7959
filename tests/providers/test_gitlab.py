"""GitLab: where its API is, which token goes where, projects behind paths, and long lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli.auth.credentials import Credential
from hubcli.providers import gitlab_identity
from hubcli.providers.belonging import belongs
from hubcli.providers.gitlab_api import beginnings
from support.images import Image
from support.providers.gitlab import GROUP, PROJECT, GitLab
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

HOST = "registry.gitlab.com"
APP = f"{HOST}/{PROJECT}/app"
TOKEN = "glpat-of-the-user"


def configured(environ: dict[str, str], directory: Path, text: str) -> None:
    (directory / "config.toml").write_text(text)
    environ["HUBCLI_CONFIG"] = str(directory / "config.toml")
    environ["HUBCLI_AUTH_FILE"] = str(directory / "auth.json")


@pytest.fixture
def gitlab(environ: dict[str, str], tmp_path: Path) -> Iterator[tuple[GitLab, Running]]:
    """gitlab.com, at which the user has a token."""
    standin = GitLab()
    with standin.running() as running:
        configured(environ, tmp_path, running.config)
        environ.update(running.identity)
        yield standin, running
        assert list(running.faults()) == []


@pytest.fixture
def scripted(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., ScriptedServer]]:
    """The API alone, by script; the registry is at the same address and wants no token."""
    servers: list[ScriptedServer] = []
    environ["GITLAB_TOKEN"] = TOKEN

    def start(script: Callable[[Seen], Answer]) -> ScriptedServer:
        server = ScriptedServer(script).__enter__()
        servers.append(server)
        row = f'endpoint = "{server.url}"\napi = "{server.url}"\n'
        configured(environ, tmp_path, f'[registries."{HOST}"]\n{row}')
        return server

    yield start
    for server in servers:
        server.__exit__()


def answered(body: Any, *, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **named})


def entry(number: int, path: str, **more: Any) -> dict[str, Any]:
    made = "2019-01-10T13:38:57.391Z"
    return {"id": number, "path": path, "project_id": 9, "created_at": made, **more}


def pushed(cli: InProcess, image: Image, *references: str) -> None:
    for reference in references:
        assert cli("copy", image.source, reference, "-q").exit_code == 0


# Who one is


@pytest.mark.parametrize(
    ("host", "url", "is_part"),
    [
        (HOST, "https://gitlab.com/", True),
        ("gitlab.example:5050", "https://gitlab.example", True),
        ("gitlab.example:5050", "https://gitlab.example:8443", True),
        ("registry.notgitlab.com", "https://gitlab.com", False),
        (HOST, "gitlab.com", False),
        ("gitlab.com.evil.example", "https://gitlab.com", False),
        (HOST, "https://registry.gitlab.com.evil.example", False),
        (HOST, "", False),
        (HOST, None, False),
        (HOST, "https://[", False),
    ],
)
def test_what_belongs_to_an_address(host: str, url: str | None, is_part: bool) -> None:
    assert belongs(host, url) is is_part


JOB = {"CI_REGISTRY_USER": "gitlab-ci-token", "CI_REGISTRY_PASSWORD": "job-secret"}


@pytest.mark.parametrize(
    ("environ", "host", "is_named", "expected"),
    [
        ({"CI_REGISTRY": HOST, **JOB}, HOST, True, ("gitlab-ci-token", "job-secret")),
        ({"CI_REGISTRY": "r.example:5050", **JOB}, "r.example:5050", False,
         ("gitlab-ci-token", "job-secret")),
        ({"CI_REGISTRY": "r.example", **JOB}, "other.example", True, None),
        ({"CI_REGISTRY": HOST, **JOB, "GITLAB_TOKEN": "t"}, HOST, True,
         ("gitlab-ci-token", "job-secret")),
        ({"CI_JOB_TOKEN": "job", "CI_SERVER_URL": "https://gitlab.com"}, HOST, True,
         ("gitlab-ci-token", "job")),
        # A job of another GitLab, or somebody's own registry in CI_REGISTRY.
        ({"CI_JOB_TOKEN": "job", "CI_SERVER_URL": "https://gitlab.example"}, HOST, True, None),
        ({"CI_JOB_TOKEN": "job", "CI_SERVER_URL": "https://x.example", "CI_REGISTRY": "x.example"},
         "x.example", False, None),
        ({"GITLAB_TOKEN": "t"}, HOST, True, ("oauth2", "t")),
        ({"GITLAB_TOKEN": "t", "GITLAB_HOST": "gitlab.example"}, HOST, True, None),
        ({"GITLAB_TOKEN": "t", "GITLAB_HOST": "https://gitlab.example"}, "gitlab.example:5050",
         True, ("oauth2", "t")),
        ({"GITLAB_TOKEN": "t", "GITLAB_HOST": "gitlab.example"}, "gitlab.example", False, None),
        ({"GITLAB_TOKEN": "t"}, "gitlab.example", True, None),
        ({}, HOST, True, None),
    ],
)  # fmt: skip
def test_identities(
    environ: dict[str, str], host: str, is_named: bool, expected: tuple[str, str] | None
) -> None:
    found = gitlab_identity.find(environ, host, is_named)
    assert (found and (found.username, found.secret)) == expected


@pytest.mark.parametrize(
    ("username", "secret", "carrier", "registry_only"),
    [
        ("alice", "glpat-1", "PRIVATE-TOKEN", False),
        ("oauth2", "glpat-1", "PRIVATE-TOKEN", False),
        ("oauth2", "0a1b", "Authorization", False),
        ("gitlab-ci-token", "glcbt-1", "JOB-TOKEN", False),
        ("gitlab+deploy-token-7", "x", "PRIVATE-TOKEN", True),
        ("gitlab-deploy-token", "x", "PRIVATE-TOKEN", True),
        ("ci", "gldt-1", "PRIVATE-TOKEN", True),
        ("gitlab+deploy-token-me", "x", "PRIVATE-TOKEN", False),
    ],
)
def test_each_kind_of_token_has_its_header(
    username: str, secret: str, carrier: str, registry_only: bool
) -> None:
    credential = Credential(username, secret, "")
    assert gitlab_identity.carrier(credential) == carrier
    assert gitlab_identity.opens_registry_only(credential) is registry_only


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"GITLAB_TOKEN": TOKEN}, ("private-token", TOKEN)),
        ({"GITLAB_TOKEN": "0a1b"}, ("authorization", "Bearer 0a1b")),
        ({"CI_REGISTRY": HOST, **JOB}, ("job-token", "job-secret")),
    ],
)
def test_the_api_is_told_the_token_in_one_header(
    cli: InProcess,
    scripted: Callable[..., ScriptedServer],
    environ: dict[str, str],
    variables: dict[str, str],
    header: tuple[str, str],
) -> None:
    server = scripted(lambda _: answered([]))
    del environ["GITLAB_TOKEN"]
    environ |= variables
    assert cli("repo", "ls", f"{HOST}/{PROJECT}").exit_code == 0
    told = {
        (name, seen.headers[name])
        for seen in server.seen
        for name in ("private-token", "job-token", "authorization")
        if name in seen.headers
    }
    assert told == {header}


def test_a_redirect_to_another_host_carries_no_token(
    cli: InProcess, scripted: Callable[..., ScriptedServer]
) -> None:
    with ScriptedServer(lambda _: answered([])) as elsewhere:
        url = f"{elsewhere.url}/api/v4/x"
        server = scripted(lambda _: Answer(302, b"", {"Location": url}))
        cli("repo", "ls", f"{HOST}/{GROUP}")
        assert server.seen[0].headers["private-token"] == TOKEN
        assert [name for seen in elsewhere.seen for name in seen.headers if "token" in name] == []
        assert elsewhere.seen


def test_a_deploy_token_opens_the_registry_and_no_api(
    cli: InProcess, gitlab: tuple[GitLab, Running], environ: dict[str, str], image: Image
) -> None:
    standin, running = gitlab
    name = "gitlab+deploy-token-7"
    done = cli(
        *("login", HOST, "-u", name, "--password-stdin", "--store", "file"), stdin=standin.secret
    )
    assert done.exit_code == 0, done.stderr
    pushed(cli, image, f"{APP}:v1", f"{APP}:v2")
    assert cli("tag", "rm", f"{APP}:v1", "--yes").exit_code == 0
    assert cli("tag", "ls", APP, "-q").lines() == ["v2"]
    assert running.transcript() == []
    refused = cli("repo", "ls", f"{HOST}/{PROJECT}")
    assert refused.exit_code == 4
    assert refused.stderr == (
        f"error: cannot list the repositories of {HOST}/{PROJECT}: a deploy token opens the"
        f" registry, and not GitLab's API (UNAUTHORIZED)\nhint: hubcli login {HOST}\n"
    )


# Where the API is


def greeting(server: ScriptedServer, realm: str) -> Answer:
    challenge = f'Bearer realm="{realm}",service="container_registry"'
    return Answer(401, b"{}", {"WWW-Authenticate": challenge})


@pytest.fixture
def stranger() -> Iterator[ScriptedServer]:
    """A registry that greets as GitLab's do, with its GitLab below a path."""

    def script(seen: Seen) -> Answer:
        if seen.path == "/v2/":
            return greeting(server, f"{server.url}/code/jwt/auth")
        if seen.path.startswith("/code/api/v4/groups/"):
            return answered([entry(1, "acme/tools/app")])
        return answered({"id": 9, "visibility": "public", "token": "t"})

    with ScriptedServer(script) as server:
        yield server


def test_a_greeting_is_enough_for_an_api_of_the_same_machine(
    cli: InProcess, stranger: ScriptedServer, environ: dict[str, str]
) -> None:
    environ["GITLAB_TOKEN"] = TOKEN
    host = f"127.0.0.1:{stranger.port}"
    assert cli("repo", "ls", f"{host}/acme", "-q").lines() == [f"{host}/acme/tools/app"]
    row = cli("registry", "ping", host, "--format", "json").json()
    assert (row["provider"], row["recognised_by"]) == (
        "gitlab",
        "the token server /code/jwt/auth of its greeting",
    )
    assert all(TOKEN not in str(seen.headers) for seen in stranger.seen)


def test_a_stranger_cannot_name_somebody_elses_api(cli: InProcess, environ: dict[str, str]) -> None:
    """`localhost` and 127.0.0.1 are the same machine here, and two names all the same."""
    server = ScriptedServer(lambda _: greeting(server, f"http://localhost:{server.port}/jwt/auth"))
    with server:
        host = f"127.0.0.1:{server.port}"
        refused = cli("repo", "ls", f"{host}/acme")
        assert refused.exit_code == 1
        assert f"hint: hubcli config set 'registries.{host}.provider' gitlab\n" in refused.stderr
        assert {seen.path for seen in server.seen} == {"/v2/"}


def test_who_confirms_it_in_the_configuration_is_taken_to_it(
    cli: InProcess, environ: dict[str, str], tmp_path: Path
) -> None:
    """The token server may be on another host then, and its GitLab is told the user's token."""
    with ScriptedServer(lambda _: answered([entry(1, "acme/tools/app")])) as gitlab:
        realm = f"http://localhost:{gitlab.port}/jwt/auth"
        with ScriptedServer(lambda _: greeting(gitlab, realm)) as registry:
            row = f'endpoint = "{registry.url}"\nprovider = "gitlab"\n'
            configured(environ, tmp_path, f'[registries."registry.example"]\n{row}')
            environ |= {"GITLAB_TOKEN": TOKEN, "GITLAB_HOST": "https://example"}
            done = cli("repo", "ls", "registry.example/acme", "-q")
    assert done.lines() == ["registry.example/acme/tools/app"], done.stderr
    (call,) = gitlab.seen
    assert call.path == "/api/v4/groups/acme/registry/repositories?per_page=100"
    assert call.headers["private-token"] == TOKEN
    assert [seen.path for seen in registry.seen] == ["/v2/"]
    assert "private-token" not in registry.seen[0].headers


def test_a_job_knows_where_its_gitlab_is(
    cli: InProcess, stranger: ScriptedServer, environ: dict[str, str]
) -> None:
    environ |= {
        "CI_REGISTRY": f"127.0.0.1:{stranger.port}",
        "CI_API_V4_URL": f"{stranger.url}/code/api/v4",
        "CI_PROJECT_PATH": "Acme/Tools",
        **JOB,
    }
    stranger_script = stranger.script

    def script(seen: Seen) -> Answer:
        if seen.path.startswith("/code/api/v4/projects/acme%2Ftools/registry"):
            return answered([entry(1, "acme/tools")])
        return stranger_script(seen)

    stranger.script = script
    host = f"127.0.0.1:{stranger.port}"
    assert cli("repo", "ls", host, "-q").lines() == [f"{host}/acme/tools"]
    told = [seen.headers.get("job-token") for seen in stranger.seen if "/api/" in seen.path]
    assert told == ["job-secret"]
    (row,) = cli("auth", "status", "--format", "json").json()
    assert (row["registry"], row["source"]) == (host, "CI_REGISTRY_PASSWORD")


def test_what_does_not_tell_where_its_gitlab_is_has_to_be_told(
    cli: InProcess, environ: dict[str, str], tmp_path: Path
) -> None:
    with ScriptedServer(lambda _: Answer(200, b"{}")) as server:
        row = f'endpoint = "{server.url}"\nprovider = "gitlab"\n'
        configured(environ, tmp_path, f'[registries."r.example"]\n{row}')
        done = cli("repo", "ls", "r.example/acme")
    assert done.exit_code == 1
    assert "hint: hubcli config set 'registries.r.example.api' https://GITLAB\n" in done.stderr


# Projects behind paths


def test_what_of_a_path_may_be_a_project() -> None:
    assert list(beginnings("a/b/c/d")) == ["a/b/c/d", "a/b/c", "a/b"]
    assert list(beginnings("a")) == []


def test_a_group_a_project_a_user_and_ones_own(
    cli: InProcess, gitlab: tuple[GitLab, Running], image: Image
) -> None:
    pushed(cli, image, f"{APP}:v1", f"{HOST}/{PROJECT}:v1")
    both = [f"{HOST}/{PROJECT}", APP]
    for place in (f"/{GROUP}", f"/{PROJECT}", "/alice", ""):
        found = cli("repo", "ls", f"{HOST}{place}", "-q").lines()
        inside = [] if place == "/alice" else both  # a user's projects are below the user
        assert sorted(found) == inside, place
    assert cli("repo", "ls", f"{HOST}/{PROJECT}/app", "-q").lines() == [APP]
    assert cli("repo", "ls", f"{HOST}/nobody").exit_code == 3
    (row,) = [
        row
        for row in cli("repo", "ls", f"{HOST}/{GROUP}", "--format", "json").json()
        if row["name"] == APP
    ]
    assert (row["visibility"], row["description"]) == ("public", "What we work with")
    assert row["size"] > 0


def test_a_token_for_the_registry_alone_falls_back_to_it(
    cli: InProcess, gitlab: tuple[GitLab, Running], image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, _ = gitlab
    pushed(cli, image, f"{APP}:v1", f"{APP}:v2")
    monkeypatch.setattr(standin, "is_known", lambda _: False)
    assert cli("tag", "rm", f"{APP}:v1", "--yes").exit_code == 0
    assert cli("tag", "ls", APP, "-q").lines() == ["v2"]


def test_a_protected_tag_stays(
    cli: InProcess, gitlab: tuple[GitLab, Running], image: Image
) -> None:
    """The registry is not asked instead: it might not know better."""
    standin, _ = gitlab
    pushed(cli, image, f"{APP}:v1")
    standin.protected.add("v1")
    done = cli("tag", "rm", f"{APP}:v1", "--yes")
    assert done.exit_code == 4
    assert "forbidden - tag is protected" in done.stderr
    assert cli("tag", "ls", APP, "-q").lines() == ["v1"]


def test_a_repository_on_its_way_out_is_gone(
    cli: InProcess, gitlab: tuple[GitLab, Running], image: Image
) -> None:
    pushed(cli, image, f"{APP}:v1")
    done = cli("repo", "rm", APP, "--yes")
    assert done.exit_code == 0
    assert f"{APP}: GitLab deletes it in the background" in done.stderr
    assert cli("repo", "inspect", APP).exit_code == 3
    assert cli("repo", "rm", APP, "--yes").exit_code == 3


def test_the_registry_of_a_project_is_closed_and_opened(
    cli: InProcess, gitlab: tuple[GitLab, Running], image: Image
) -> None:
    standin, _ = gitlab
    pushed(cli, image, f"{APP}:v1")
    project = f"{HOST}/{PROJECT}"
    done = cli("repo", "edit", project, "--private", "--yes", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert (done.json()["name"], done.json()["visibility"]) == (project, "private")
    assert cli("repo", "inspect", APP, "--format", "json").json()["visibility"] == "private"
    assert cli("repo", "edit", project, "--public", "--yes").exit_code == 0
    part = cli("repo", "edit", APP, "--private")
    assert part.exit_code == 1
    assert part.stderr == (
        f"error: cannot edit {APP}: that is for the whole project {project} to say"
        f" (UNSUPPORTED)\nhint: hubcli repo edit {project} --private\n"
    )
    standin.visibility, standin.level = "private", "private"
    refused = cli("repo", "edit", project, "--public")
    assert refused.exit_code == 1
    assert "the project is private, and its registry no less" in refused.stderr
    assert standin.level == "private"
    assert cli("repo", "edit", project, "--description", "x", "--yes").exit_code == 1


# The wire


def test_a_fallback_tag_that_is_the_subject_is_none(
    cli: InProcess, gitlab: tuple[GitLab, Running], image: Image, tmp_path: Path
) -> None:
    """GitLab's registry answers for the tag of an image's referrers with the image."""
    pushed(cli, image, f"{APP}:v1")
    assert cli("referrer", "ls", f"{APP}:v1", "-q").lines() == []
    note = tmp_path / "note.txt"
    note.write_text("seen")
    attached = cli("referrer", "attach", f"{APP}:v1", str(note), "--type", "text/x-note")
    assert attached.exit_code == 0, attached.stderr
    rows = cli("referrer", "ls", f"{APP}:v1", "--format", "json").json()
    assert [row["artifact_type"] for row in rows] == ["text/x-note"]


# Answers


@pytest.mark.parametrize("by_link", [True, False])
def test_long_lists_come_whole(
    cli: InProcess, scripted: Callable[..., ScriptedServer], by_link: bool
) -> None:
    """By `Link` as by `X-Next-Page`, which some proxies leave alone."""

    def script(seen: Seen) -> Answer:
        page = int(parse_qs(urlsplit(seen.path).query).get("page", ["1"])[0])
        rows = [entry(page * 100 + n, f"acme/tools/app{page}-{n}") for n in range(100)]
        following = page + 1 if page < 12 else ""
        path = seen.path.partition("?")[0]
        link = f'<{server.url}{path}?page={following}&per_page=100>; rel="next"'
        links = {"Link": link} if by_link and following else {}
        answer = answered(rows)
        headers = {**answer.headers, **links, "X-Next-Page": str(following)}
        return Answer(200, answer.body, headers)

    server = scripted(script)
    done = cli("repo", "ls", f"{HOST}/acme", "-q")
    assert done.exit_code == 0, done.stderr
    assert len(set(done.lines())) == 1200
    assert len(server.seen) == 12


def test_a_list_that_goes_back_is_refused(
    cli: InProcess, scripted: Callable[..., ScriptedServer]
) -> None:
    scripted(lambda _: answered([entry(1, "acme/tools/app")], X_Next_Page="1"))
    done = cli("repo", "ls", f"{HOST}/acme", "-q")
    assert done.exit_code == 6
    assert "does not end" in done.stderr


def test_entries_of_other_shapes_are_left_out(
    cli: InProcess, scripted: Callable[..., ScriptedServer]
) -> None:
    odd = [7, {}, {"id": "x", "path": "acme/a"}, {"id": 1, "path": 3, "project_id": 1}]
    scripted(lambda _: answered([*odd, entry(2, "acme/t/\u001b[31mb"), entry(3, "acme/t/c")]))
    done = cli("repo", "ls", f"{HOST}/acme", "-q")
    assert f"{HOST}/acme/t/c" in done.lines()
    assert len(done.lines()) == 2
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("status", "body", "code", "told"),
    [
        (401, {"message": "401 Unauthorized"}, 4, "takes access tokens with the scope read_api"),
        (403, {"message": "403 Forbidden"}, 4, ": forbidden (DENIED)"),
        (403, {"error": "insufficient_scope", "error_description": "It requires more.",
               "scope": "api"}, 4, "it requires more: it has to have the scope api"),
        (404, {"message": "404 Project Not Found"}, 3, "no project that you may see is there"),
        (429, {"message": "Retry later"}, 5, ""),
        (200, {"message": "no list"}, 6, "without the list"),
    ],
)  # fmt: skip
def test_failures_have_their_exit_codes_and_one_line(
    cli: InProcess,
    scripted: Callable[..., ScriptedServer],
    status: int,
    body: object,
    code: int,
    told: str,
) -> None:
    wait = {"Retry_After": "3600"} if status == 429 else {}
    scripted(lambda _: answered(body, status=status, **wait))
    done = cli("repo", "ls", f"{HOST}/{PROJECT}")
    assert done.exit_code == code, done.stderr
    assert told in done.stderr
    assert done.stderr.count("error: ") == 1
