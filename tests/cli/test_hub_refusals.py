"""Every shape in which the Hub API refuses, told by every command in one line that helps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from hubcli.sandbox import seed
from support.organizations import (
    as_organization,
    new_organization,
    signed_in_as,
    with_token,
)
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer

COMMANDS = {
    "repo inspect": ("repo", "inspect", "acme/api"),
    "repo ls": ("repo", "ls", "acme"),
    "repo create": ("repo", "create", "acme/new", "--public"),
    "tag ls": ("tag", "ls", "acme/api"),
    "tag rm": ("tag", "rm", "acme/api:v1", "--yes"),
    "token ls": ("token", "ls"),
    "token create": ("token", "create", "ci", "--scope", "repo:read"),
    "webhook ls": ("webhook", "ls", "acme/api"),
    "webhook create": ("webhook", "create", "acme/api", "x", "https://a.example/"),
    "repo permission ls": ("repo", "permission", "ls", "acme/api"),
    "repo collaborator add": ("repo", "collaborator", "add", "acme/api", "bob"),
    "build source": ("build", "source", "acme/api"),
    "org member ls": ("org", "member", "ls", "acme"),
    "org audit-log": ("org", "audit-log", "acme"),
    "org token ls": ("org", "token", "ls", "acme"),
    "org settings": ("org", "settings", "acme"),
    "org invite ls": ("org", "invite", "ls", "acme"),
    "team ls": ("team", "ls", "acme"),
}
HOSTILE = "\x1b[31mred\x1b[0m\u202ekcab\r\n [bold]x[/bold]"
# Bodies, and what is told of each.
SHAPES: dict[str, tuple[bytes | object, str]] = {
    "detail": ({"detail": "Some Words."}, "some Words"),
    "message": ({"message": "some words", "errinfo": {}, "txnid": "1"}, "some words"),
    "fields and text": ({"fields": {"page": ["bad"]}, "text": "some words"}, "some words"),
    "fields alone": ({"fields": {"page": ["Bad page."]}}, "page: Bad page"),
    "per field": ({"name": ["Too long."], "url": ["No URL."]}, "name: Too long; url: No URL"),
    "whole request": ({"__all__": ["Some words."]}, "some words"),
    "gRPC": ({"code": 7, "message": "some words", "details": []}, "some words"),
    "SCIM": ({"schemas": ["urn:x"], "status": "400", "detail": "some words"}, "some words"),
    "registry": ({"errors": [{"code": "ODD", "message": "some words"}]}, "some words"),
    "OAuth": ({"error": "e", "error_description": "some words"}, "some words"),
    "nested": ({"message": {"detail": [{"text": "some words"}]}}, "some words"),
    "list": (["Some words."], "some words"),
    "list of objects": ([{"detail": "some words"}], "some words"),
    "hostile": ({"detail": HOSTILE}, r"\x1b[31mred\x1b[0m\u202ekcab [bold]x[/bold]"),
    "long": ({"detail": "word " * 100_000}, "word word word"),
    "huge": (b'{"detail": "' + b"x" * (9 << 20) + b'"}', ""),
    "deep": (b"[" * 200_000, ""),
    "empty": (b"", ""),
    "null": (b"null", ""),
    "numbers": ({"detail": 7, "message": None, "error": True}, ""),
    "no UTF-8": (b'{"detail": "\xff\xfe"}', ""),
    "plain text": (b"Forbidden", ""),
}


@pytest.fixture
def refused(cli: InProcess) -> Iterator[Callable[..., Result]]:
    """Runs a command against a Hub that answers everything alike."""
    answers: list[Answer] = []
    with ScriptedServer(lambda _: answers[-1]) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "header.e30.signature"}

        def run(command: str, status: int, body: bytes | object, kind: str, *more: str) -> Result:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            answers.append(Answer(status, content, {"Content-Type": kind}))
            return cli(*COMMANDS[command], *more, env=env)

        yield run


def one_error(done: Result) -> str:
    """The line of the error, which is all there is besides a hint."""
    lines = done.stderr.splitlines()
    assert done.stdout == ""
    assert len([line for line in lines if line.startswith("error: cannot ")]) == 1, done.stderr
    assert all(re.match(r"error: |hint: |warning: Docker Hub retires", line) for line in lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", done.stderr)
    error = next(line for line in lines if line.startswith("error: "))
    assert len(error) < 900
    return error


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_one_line(refused: Callable[..., Result], shape: str) -> None:
    body, words = SHAPES[shape]
    for status, code in ((400, 1), (403, 4)):
        done = refused("webhook ls", status, body, "application/json")
        assert done.exit_code == code
        expected = words or {400: "the server answered 400", 403: "access is denied"}[status]
        assert expected in one_error(done)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("status", "shape", "code"),
    [(403, "message", 4), (500, "gRPC", 6), (403, "hostile", 4),
     (403, "empty", 4), (400, "list", 1)],
)  # fmt: skip
def test_every_command_tells_it_alike(
    refused: Callable[..., Result], command: str, status: int, shape: str, code: int
) -> None:
    body, words = SHAPES[shape]
    done = refused(command, status, body, "application/json")
    assert done.exit_code == code, done.stderr
    assert words in one_error(done)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refused_credential_is_named(refused: Callable[..., Result], command: str) -> None:
    done = refused(command, 401, {"detail": "some words"}, "application/json")
    assert done.exit_code == 4
    assert "refuses the token from HUBCLI_TOKEN (UNAUTHORIZED)" in one_error(done)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_of_the_firewall_is_told_as_one(
    refused: Callable[..., Result], command: str
) -> None:
    page = b"<!DOCTYPE html><title>Just a moment...</title>" + b"<p>" * 1_000_000
    done = refused(command, 403, page, "text/html; charset=UTF-8")
    assert done.exit_code == 6
    assert "web firewall in front of 127.0.0.1" in one_error(done)


def test_errors_are_json_where_that_is_asked_for(refused: Callable[..., Result]) -> None:
    done = refused("webhook ls", 403, {"detail": HOSTILE}, "application/json", "--format", "json")
    told = json.loads(done.stderr)
    assert (told["code"], told["exit_code"], told["reference"]) == ("DENIED", 4, "acme/api")
    assert "\x1b[31mred" in told["error"]


# What would help: the sandbox's own refusals.

CHANGES = {
    ("repo", "edit", "{org}/app", "--description", "x"): "scope-repository-edit",
    ("repo", "edit", "{org}/app", "--category", "security"): "scope-repository-edit",
    ("repo", "edit", "{org}/app", "--private", "--yes"): "scope-repository-edit",
    ("repo", "edit", "{org}/app", "--immutable-tags", "v.*"): "scope-repository-settings-admin",
    ("repo", "verify-tags", "{org}/app", "v.*"): "scope-repository-settings-admin",
    ("repo", "rm", "{org}/app", "--yes"): "scope-repository-admin",
    ("tag", "rm", "{org}/app:v1", "--yes"): "scope-tag-admin",
    ("webhook", "ls", "{org}/app"): "scope-webhook-read",
    ("webhook", "create", "{org}/app", "x", "https://a.example/"): "scope-webhook-edit",
    ("repo", "permission", "ls", "{org}/app"): "scope-repo-group-read",
    ("repo", "create", "{org}/new", "--public"): "scope-repository-create",
    ("org", "member", "rm", "{org}", "erin", "--yes"): "scope-member-edit",
    ("org", "invite", "send", "{org}", "a@example.com"): "scope-invite-edit",
    ("team", "create", "{org}/new"): "scope-group-edit",
}


@pytest.fixture
def organization(sandbox: SandboxServer) -> str:
    """One with a repository `app`, and erin for a member."""
    name = new_organization(sandbox, erin="member")
    sandbox.parts.repositories.create(f"{name}/app", "alice")
    image = seed.small(name)
    sandbox.parts.storage.manifests.put(f"{name}/app", image.manifest, tags=["v1"])
    return name


def test_a_plan_without_room_is_no_lack_of_rights(sandbox: SandboxServer, cli: InProcess) -> None:
    env, name = sandbox.signed_in, new_organization(sandbox, plan="team")
    people = [f"p{number}@{name}.example" for number in range(99)]
    full = cli("org", "invite", "send", name, *people, "one-more@example.com", env=env)
    assert full.exit_code == 4
    assert "has 100 seats: 1 are in use, 100 more are wanted (DENIED)" in full.stderr
    assert "it takes" not in full.stderr
    assert cli("org", "invite", "send", name, *people, env=env).exit_code == 0
    for number in range(10):
        sandbox.parts.accounts.add_token(name, f"t{number}", [], kind="oat")
    full = cli("org", "token", "create", name, "ci", "--repo", f"{name}/app:pull", env=env)
    assert full.exit_code == 4
    assert "limited to 10 access tokens" in full.stderr
    assert "the plan Team (10 tokens, expired ones included) or Business (100)" in full.stderr
    full = cli("repo", "create", "carol/one-more", "--private", env=signed_in_as("carol"))
    assert full.exit_code == 4
    assert "the plan of carol has no private repository left" in full.stderr
    assert "hint: hubcli repo ls carol --private" in full.stderr


@pytest.mark.parametrize("command", CHANGES, ids=" ".join)
@pytest.mark.parametrize("who", ["weak", "organization", "member"])
def test_a_refusal_names_what_it_takes(
    sandbox: SandboxServer, cli: InProcess, organization: str, command: tuple[str, ...], who: str
) -> None:
    env = {
        "weak": with_token(sandbox, "repo:write"),
        "organization": as_organization(sandbox, organization, "scope-member-read"),
        "member": {"HUBCLI_USERNAME": "erin", "HUBCLI_PASSWORD": sandbox.password},
    }[who]
    done = cli(*(word.format(org=organization) for word in command), env=env)
    assert done.exit_code == 4, done.stderr
    error = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert f"an organization access token with {CHANGES[command]}" in error
    if who == "member":
        assert re.search(rf"it takes the role owner.* in {organization}, or", error)
    else:
        assert "it takes a personal access token with repo:admin, or" in error
    assert error.endswith("(DENIED)")
