"""Harbor: projects, rules about tags, long lists, and answers of other shapes."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli.errors import Unsupported
from hubcli.http.client import Client
from hubcli.http.response import Response
from hubcli.providers.calls import Api
from hubcli.providers.doublestar import expression, glob, matches
from hubcli.providers.harbor_rules import EVERYWHERE, Rules
from hubcli.providers.recognition import greeted
from support.certificates import Authority
from support.images import Image
from support.peaks import peak_of
from support.providers.harbor import Harbor
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen
from support.terminal import Terminal

HOST = "harbor.example"


def configured(environ: dict[str, str], directory: Path, text: str) -> None:
    (directory / "config.toml").write_text(text)
    environ["HUBCLI_CONFIG"] = str(directory / "config.toml")


@pytest.fixture
def harbor(environ: dict[str, str], tmp_path: Path) -> Iterator[tuple[Harbor, Running]]:
    """A Harbor at which the user has an identity."""
    standin = Harbor()
    with standin.running() as running:
        configured(environ, tmp_path, running.config)
        environ.update(running.identity)
        yield standin, running


@pytest.fixture
def scripted(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., ScriptedServer]]:
    """The API alone, by script."""
    servers: list[ScriptedServer] = []
    environ |= {"HARBOR_URL": HOST, "HARBOR_USERNAME": "a", "HARBOR_PASSWORD": "s3cret"}

    def start(script: Callable[[Seen], Answer]) -> ScriptedServer:
        server = ScriptedServer(script).__enter__()
        servers.append(server)
        row = f'provider = "harbor"\nendpoint = "{server.url}"\napi = "{server.url}/api/v2.0"\n'
        configured(environ, tmp_path, f'[registries."{HOST}"]\n{row}')
        return server

    yield start
    for server in servers:
        server.__exit__()


def answered(body: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("pattern", "meant", "back"),
    [
        ("**", ".*", "*"),
        ("v?", "v.", "v?"),
        ("v1.*", r"v1\..*", "v1.*"),
        ("release-[0-9]", "release-[0-9]", "release-[0-9]"),
        ("{v1,v2}", "(v1|v2)", None),
    ],
)
def test_globs_and_expressions(pattern: str, meant: str, back: str | None) -> None:
    assert expression(pattern) == meant
    assert glob(meant) == back


@pytest.mark.parametrize("rule", ["", "v1|v2", "v+", "(a)", "^v", "v{2}", "\\d"])
def test_expressions_that_no_glob_has(rule: str) -> None:
    assert glob(rule) is None


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("app", "app", True),
        ("app", "app/api", False),
        ("*", "app/api", False),
        ("**", "app/api", True),
        ("app/*", "app/api", True),
        ("[", "[", True),
        ("[z-a]", "b", False),
        ("{a,b}*", "b1", True),
    ],
)
def test_globs_of_repositories(pattern: str, path: str, is_match: bool) -> None:
    assert matches(pattern, path) is is_match


def test_a_glob_of_a_stranger_takes_no_time() -> None:
    started = time.process_time()
    assert not matches("*a" * 40 + "b", "a" * 200)
    assert not matches("*a" * 5 + "b", "a" * 255)
    assert matches("**/*-*-*", "a/b/c-d-e")
    assert not matches("{a,a}" * 50 + "b", "a" * 200)
    assert time.process_time() - started < 1


def test_a_project_is_made_and_frozen(
    cli: InProcess, harbor: tuple[Harbor, Running], image: Image
) -> None:
    standin, running = harbor
    made = cli("repo", "create", f"{HOST}/fresh/api", "--private", "--immutable-tags", "-q")
    assert made.exit_code == 0, made.stderr
    assert made.lines() == [f"{HOST}/fresh/api"]
    assert not standin.projects["fresh"].is_public
    assert cli("copy", image.source, f"{HOST}/fresh/a/b:v1", "-q").exit_code == 0
    (found,) = [cli("repo", "inspect", f"{HOST}/fresh/a/b", "--format", "json").json()]
    assert (found["visibility"], found["immutable_tags"]) == ("private", [".*"])
    refused = cli("tag", "rm", f"{HOST}/fresh/a/b:v1", "--yes")
    assert refused.exit_code == 1
    assert "immutable" in refused.stderr
    plan = cli("tag", "prune", f"{HOST}/fresh/a/b", "--filter", "*", "--yes")
    assert plan.exit_code == 0
    assert plan.stderr == f"{HOST}/fresh/a/b: nothing to remove, 1 tag stays\n"
    assert running.transcript()


def test_a_push_makes_the_project_if_it_is_told_to(
    cli: InProcess, harbor: tuple[Harbor, Running], image: Image
) -> None:
    standin, running = harbor
    name = f"{HOST}/fresh/team/app"
    refused = cli("push", image.source, f"{name}:v1")
    assert refused.exit_code == 3
    assert refused.stderr == (
        f"error: cannot push to {name}: there is no {HOST}/fresh, and pushing does not make it"
        f" (NAME_UNKNOWN)\nhint: hubcli repo create {HOST}/fresh\n"
    )
    planned = cli("push", image.source, f"{name}:v1", "--create", "--dry-run")
    assert f"dry run: {HOST}/fresh would be created" in planned.stderr
    assert "fresh" not in standin.projects
    done = cli("push", image.source, f"{name}:v1", "--create")
    assert (done.exit_code, f"created {HOST}/fresh" in done.stderr) == (0, True), done.stderr
    # It is there now: that is looked up, and nothing else.
    assert cli("copy", f"{name}:v1", f"{HOST}/fresh/other:v1").exit_code == 0
    assert not standin.projects["fresh"].is_public
    assert [call for call in running.transcript() if call.startswith("POST")] == [
        "POST /api/v2.0/projects"
    ]


def test_on_a_terminal_it_is_asked_whether_the_project_is_to_be_made(
    terminal: Callable[..., AbstractContextManager[Terminal]],
    harbor: tuple[Harbor, Running],
    image: Image,
) -> None:
    with terminal("push", image.source, f"{HOST}/asked/app:v1") as screen:
        screen.expect(f"Create {HOST}/asked?")
        screen.send("y\n")
        screen.expect(f"created {HOST}/asked")
    assert "asked" in harbor[0].projects


def test_who_may_push_need_not_see_the_project(
    cli: InProcess, scripted: Callable[..., ScriptedServer], image: Image
) -> None:
    """A robot is refused by the API, and told by the registry."""
    server = scripted(lambda seen: answered({}, 403 if "/api/" in seen.path else 404))
    done = cli("push", image.source, f"{HOST}/acme/app:v1")
    assert "there is no" not in done.stderr
    assert any(seen.path.startswith("/v2/acme/app/blobs/") for seen in server.seen)


@pytest.mark.parametrize("create", [(), ("--create",)])
def test_a_harbor_that_greets_as_one_makes_projects_too(
    cli: InProcess,
    harbor: tuple[Harbor, Running],
    image: Image,
    environ: dict[str, str],
    create: Sequence[str],
) -> None:
    """Who does not say --create pushes without asking a stranger what it is."""
    standin, running = harbor
    del environ["HUBCLI_CONFIG"]
    (host,) = running.origins
    login = ("login", host, "-u", running.username, "--password-stdin", "--store", "file")
    assert cli(*login, stdin=running.secret).exit_code == 0
    done = cli("push", image.source, f"{host}/fresh/app:v1", *create)
    assert (done.exit_code == 0) is bool(create), done.stderr
    assert ("fresh" in standin.projects) is bool(create)
    row = cli("registry", "ping", host, "--format", "json").json()
    assert (row["provider"], row["recognised_by"]) == (
        "harbor",
        "the token server /service/token of its greeting",
    )


def test_a_robot_signs_in_by_its_name(
    cli: InProcess, harbor: tuple[Harbor, Running], image: Image, environ: dict[str, str]
) -> None:
    standin, running = harbor
    for variable in running.identity:
        del environ[variable]
    standin.people.username = robot = "robot$acme+ci"
    login = ("login", HOST, "-u", robot, "--password-stdin", "--store", "file")
    assert cli(*login, stdin=running.secret).exit_code == 0
    (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
    assert (row["username"], row["valid"]) == (robot, True)
    standin.make("acme", {})
    assert cli("push", image.source, f"{HOST}/acme/app:v1").exit_code == 0
    assert cli("repo", "ls", f"{HOST}/acme", "-q").lines() == [f"{HOST}/acme/app"]


def test_names_with_slashes_are_encoded_twice_on_the_wire(
    cli: InProcess, harbor: tuple[Harbor, Running], image: Image
) -> None:
    """Of `acme/a/b` Harbor's API has the repository `a/b`, in one segment of its paths."""
    standin, running = harbor
    standin.make("acme", {})
    name = f"{HOST}/acme/a/b"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    before = len(running.transcript())
    assert cli("tag", "ls", name, "-q").lines() == ["v1"]
    assert cli("repo", "edit", name, "--description", "x").exit_code == 0
    assert cli("tag", "rm", f"{name}:v1", "--yes").exit_code == 0
    assert cli("repo", "rm", name, "--yes").exit_code == 0
    targets = [call.split(" ")[1] for call in running.transcript()[before:]]
    of_it = [target for target in targets if "/repositories/" in target]
    assert len(of_it) >= 5
    assert all("/projects/acme/repositories/a%252Fb" in target for target in of_it)


def test_an_api_behind_a_certificate_of_ones_own(
    cli: InProcess,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    """`ca_file` is for the registry and its API; without it nothing is sent."""
    authority = Authority(tmp_path / "ca")
    pair = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with ScriptedServer(lambda _: answered([]), context) as server:
        row = f'provider = "harbor"\nendpoint = "{server.url}"\n'
        configured(environ, tmp_path, f'[registries."{HOST}"]\n{row}')
        refused = cli("repo", "ls", HOST)
        assert (refused.exit_code, "(TLS)" in refused.stderr) == (6, True)
        assert server.seen == []
        row += f'ca_file = "{authority.certificate}"\n'
        configured(environ, tmp_path, f'[registries."{HOST}"]\n{row}')
        assert cli("repo", "ls", HOST).exit_code == 0
        assert {seen.path.partition("?")[0] for seen in server.seen} >= {"/api/v2.0/repositories"}


@pytest.mark.parametrize(
    ("challenge", "why"),
    [
        ('Bearer realm="https://h.example/service/token",service="harbor-registry"',
         "the token server /service/token of its greeting"),
        ('Bearer realm="https://h.example/x/service/token",service="harbor-registry"',
         "the token server /x/service/token of its greeting"),
        ('Bearer realm="https://h.example/service/token",service="registry"', None),
        ('Bearer realm="https://h.example/service/tokens",service="harbor-registry"', None),
        ('Basic realm="harbor"', None),
    ],
)  # fmt: skip
def test_a_harbor_of_any_name_is_recognised(challenge: str, why: str | None) -> None:
    found = greeted(Response(401, {}, b"", "https://h.example/v2/", (challenge,)))
    assert (found and found.row.name, found and found.why) == ("harbor" if why else None, why)


def test_a_full_project_is_not_removed(
    cli: InProcess, harbor: tuple[Harbor, Running], image: Image
) -> None:
    assert cli("repo", "create", f"{HOST}/full", "-q").exit_code == 0
    assert cli("copy", image.source, f"{HOST}/full/api:v1", "-q").exit_code == 0
    refused = cli("repo", "rm", f"{HOST}/full", "--yes")
    assert refused.exit_code == 1
    assert f"hint: hubcli repo rm '{HOST}/full/*'" in refused.stderr
    assert "full" in harbor[0].projects


@pytest.mark.parametrize(
    ("place", "flags", "told", "hint"),
    [
        ("acme/app", ("--public",), f"that is for the whole project {HOST}/acme to say",
         f"hubcli repo edit {HOST}/acme --public"),
        ("acme/app", ("--scan-on-push",), f"that is for the whole project {HOST}/acme to say",
         f"hubcli repo edit {HOST}/acme --scan-on-push"),
        ("acme/app", ("--description", "x", "--option", "severity=high"),
         f"that is for the whole project {HOST}/acme to say",
         f"hubcli repo edit {HOST}/acme --option severity=high"),
        ("acme", ("--public", "--option", "storage-limit=7"),
         f"{HOST} sets the quota of a new project only", None),
        ("acme", ("--public", "--description", "x"), "a project of Harbor has no description",
         None),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_is_refused_before_anybody_is_asked(
    cli: InProcess,
    harbor: tuple[Harbor, Running],
    image: Image,
    place: str,
    flags: Sequence[str],
    told: str,
    hint: str | None,
) -> None:
    """Without a terminal and without --yes: a question would be exit 2."""
    standin, running = harbor
    standin.make("acme", {})
    assert cli("copy", image.source, f"{HOST}/acme/app:v1", "-q").exit_code == 0
    for more in ((), ("--dry-run",)):
        done = cli("repo", "edit", f"{HOST}/{place}", *flags, *more)
        assert done.exit_code == 1, done.stderr
        lines = [f"error: cannot edit {HOST}/{place}: {told} (UNSUPPORTED)"]
        assert done.stderr.splitlines() == lines + ([f"hint: {hint}"] if hint else [])
    assert not [call for call in running.transcript() if call.startswith("PUT")]
    assert standin.projects["acme"].metadata == {"public": "false"}


def test_a_project_and_a_repository_are_edited(
    cli: InProcess, harbor: tuple[Harbor, Running], image: Image
) -> None:
    standin, running = harbor
    project, name = f"{HOST}/acme", f"{HOST}/acme/team/app"
    standin.make("acme", {})
    assert cli("copy", image.source, f"{name}:v1", "-q").exit_code == 0
    done = cli("repo", "edit", project, "--public", "--scan-on-push", "--yes")
    assert done.exit_code == 0, done.stderr
    assert standin.projects["acme"].metadata == {"public": "true", "auto_scan": "true"}
    done = cli("repo", "edit", project, "--no-scan-on-push", "--option", "severity=high")
    assert done.exit_code == 0, done.stderr
    assert standin.projects["acme"].metadata == {
        "public": "true",
        "auto_scan": "false",
        "severity": "high",
    }
    done = cli("repo", "edit", name, "--description", "It is", "--immutable-tags", "v.*")
    assert done.exit_code == 0, done.stderr
    row = cli("repo", "inspect", name, "--format", "json").json()
    assert (row["description"], row["immutable_tags"]) == ("It is", ["v.*"])
    assert cli("tag", "rm", f"{name}:v1", "--yes").exit_code == 1
    assert cli("repo", "edit", name, "--no-immutable-tags").exit_code == 0
    assert cli("tag", "rm", f"{name}:v1", "--yes").exit_code == 0
    assert running.faults() == []


@pytest.mark.parametrize(
    "option", ["storage-limit=lots", "storage-limit=0", "scan-on-push=perhaps", "severity=awful"]
)
def test_option_values_are_checked_before_anything_is_made(
    cli: InProcess, harbor: tuple[Harbor, Running], option: str
) -> None:
    done = cli("repo", "create", f"{HOST}/checked", "--option", option)
    assert done.exit_code == 2
    assert "(USAGE)" in done.stderr
    assert "checked" not in harbor[0].projects


def test_an_identity_is_for_its_own_host(
    cli: InProcess, scripted: Callable[..., ScriptedServer], environ: dict[str, str]
) -> None:
    """Also where the other host has the name of this one at its end, or at its beginning."""
    server = scripted(lambda seen: answered([] if "rules" in seen.path else {}))
    assert cli("repo", "inspect", f"{HOST}/acme").exit_code == 0
    assert any("authorization" in seen.headers for seen in server.seen)
    for other in ("https://other.example", f"https://{HOST}.evil.example", f"https://my.{HOST}"):
        server.seen.clear()
        environ["HARBOR_URL"] = other
        assert cli("repo", "inspect", f"{HOST}/acme").exit_code == 0
        assert server.seen
        assert all("authorization" not in seen.headers for seen in server.seen)
        assert cli("auth", "status", HOST).exit_code == 4


def test_long_lists_come_whole_in_little_memory(
    cli: InProcess, scripted: Callable[..., ScriptedServer]
) -> None:
    def script(seen: Seen) -> Answer:
        page = int(parse_qs(urlsplit(seen.path).query).get("page", ["1"])[0])
        rows = [
            {"digest": f"sha256:{page:032}{number:032}", "tags": [{"name": f"v{page}.{number}"}]}
            for number in range(100)
        ]
        answer = answered(rows)
        if page < 50:
            path = seen.path.partition("?")[0]
            following = f"{path}?page={page + 1}&page_size=100"
            return Answer(
                200, answer.body, {**answer.headers, "Link": f'<{following}>; rel="next"'}
            )
        return answer

    scripted(script)
    command = ("tag", "ls", f"{HOST}/acme/app", "--format", "jsonl", "--fields", "name")
    done, peak = peak_of(lambda: cli(*command))
    assert done.exit_code == 0, done.stderr
    assert len(set(done.lines())) == 5000
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"errors": [{"code": "UNAUTHORIZED", "message": "unauthorized"}]}, 4),
        (403, {"errors": [{"code": "FORBIDDEN", "message": "no\u001b[31m"}]}, 4),
        (404, {"errors": [{"code": "NOT_FOUND", "message": "project acme not found"}]}, 3),
        (429, {"errors": []}, 5),
        (500, "<html>", 6),
    ],
)
def test_failures_have_their_exit_codes_and_one_line(
    cli: InProcess,
    scripted: Callable[..., ScriptedServer],
    status: int,
    body: object,
    code: int,
) -> None:
    scripted(lambda _: answered(body, status))
    done = cli("repo", "inspect", f"{HOST}/acme/app")
    assert done.exit_code == code, done.stderr
    assert "\x1b" not in done.stderr
    assert done.stderr.count("error: ") == 1


def test_a_rule_of_the_whole_project_is_not_undone_for_one_repository() -> None:
    rule = {
        "id": 3,
        "scope_selectors": {"repository": [{"decoration": "repoMatches", "pattern": EVERYWHERE}]},
        "tag_selectors": [{"decoration": "matches", "pattern": "v*"}],
    }
    with ScriptedServer(lambda _: answered([rule, {"odd": 1}, "odd"])) as server:
        http = Client(sleep=lambda _: None)
        rules = Rules(Api(http, server.url, HOST, None), "/rules", 100)
        assert rules.expressions("app") == ["v.*"]
        with pytest.raises(Unsupported):
            rules.replace("app", [], f"{HOST}/acme")
        http.close()
    assert {seen.method for seen in server.seen} == {"GET"}
