"""Harbor: projects, rules about tags, long lists, and answers of other shapes."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli.errors import Unsupported
from hubcli.http.client import Client
from hubcli.providers.calls import Api
from hubcli.providers.doublestar import expression, glob, matches
from hubcli.providers.harbor_rules import EVERYWHERE, Rules
from support.images import Image
from support.providers.harbor import Harbor
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

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
    assert running.transcript()


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
    server = scripted(lambda _: answered([]))
    environ["HARBOR_URL"] = "https://other.example"
    cli("repo", "ls", f"{HOST}/acme")
    assert all("authorization" not in seen.headers for seen in server.seen)


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
    tracemalloc.start()
    try:
        done = cli("tag", "ls", f"{HOST}/acme/app", "--format", "jsonl", "--fields", "name")
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
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
