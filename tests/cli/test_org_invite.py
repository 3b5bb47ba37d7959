"""`hubcli org invite` and `org member add` against the sandbox, and what Hub may answer besides."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.organizations import new_organization
from support.paged_hub import answered
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen

Alice = Callable[..., Result]
BULK = "POST /v2/invites/bulk"


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, **{"env": sandbox.signed_in, **more})


@pytest.fixture
def own(sandbox: SandboxServer) -> str:
    """An organization of alice's with carol in it and the team `developers`."""
    name = new_organization(sandbox, carol="member")
    sandbox.parts.teams.create(name, "developers")
    return name


def invited(sandbox: SandboxServer, organization: str) -> list[str]:
    return [one["invitee"] for one in sandbox.parts.invites.of(organization)]


def test_everybody_has_a_status_of_their_own(
    alice: Alice, sandbox: SandboxServer, own: str
) -> None:
    people = ("grace@example.com", "nobody-here", "carol", "Bob", "bob", "carol@example.com")
    done = alice("org", "invite", "send", own, *people, "--team", "developers")
    assert done.exit_code == 1
    assert [line.split("\t")[:2] for line in done.lines()] == [
        ["grace@example.com", "invited"],
        ["nobody-here", "invalid_email_or_docker_id"],
        ["carol", "existing_org_member"],
        ["bob", "invited"],
        ["carol@example.com", "existing_org_member"],
    ]
    assert done.stderr == (
        "error: cannot invite nobody-here: that is neither an address nor a Docker ID"
        " (INVALID_EMAIL_OR_DOCKER_ID)\n"
        "error: cannot invite carol: they are a member already (EXISTING_ORG_MEMBER)\n"
        "error: cannot invite carol@example.com: they are a member already"
        " (EXISTING_ORG_MEMBER)\n"
    )
    assert sorted(invited(sandbox, own)) == ["bob", "grace@example.com"]
    rows = alice("org", "invite", "ls", own, "--format", "json").json()
    facts = {(row["invitee"], row["team"], row["role"], row["inviter"]) for row in rows}
    assert facts == {
        ("grace@example.com", "developers", "member", "alice"),
        ("bob", "developers", "member", "alice"),
    }
    again = alice("org", "invite", "send", own, "bob", "--format", "json")
    assert (again.exit_code, again.json()[0]["status"]) == (1, "already_invited")
    assert json.loads(again.stderr)["code"] == "ALREADY_INVITED"


def test_a_dry_run_is_checked_by_hub_and_invites_nobody(
    alice: Alice, sandbox: SandboxServer, own: str
) -> None:
    people = "# new in May\nbob  # from sales\n\ngrace@example.com\nnobody-here\n"
    send = ("org", "invite", "send", own, "--from-file", "-", "--fields", "invitee,status")
    planned = alice(*send, "--dry-run", stdin=people)
    assert planned.exit_code == 1
    assert planned.stdout == (
        "bob\tinvited\ngrace@example.com\tinvited\nnobody-here\tinvalid_email_or_docker_id\n"
    )
    assert invited(sandbox, own) == []


def test_member_add_is_an_invite_too(alice: Alice, sandbox: SandboxServer, own: str) -> None:
    done = alice("org", "member", "add", own, "bob", "--role", "editor", "-q")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "bob\n", "")
    assert [one["role"] for one in sandbox.parts.invites.of(own)] == ["editor"]


def test_hundreds_from_a_file_go_in_a_few_requests(
    alice: Alice, sandbox: SandboxServer, own: str, tmp_path: Path
) -> None:
    people = [f"new{number}@example.com" for number in range(250)]
    (tmp_path / "people.txt").write_text("\n".join(people))
    done = alice("org", "invite", "send", own, "--from-file", tmp_path / "people.txt", "-q")
    assert (done.exit_code, done.lines()) == (0, people)
    assert [len(one.body["invitees"]) for one in sandbox.requests(BULK)] == [100, 100, 50]
    assert len(alice("org", "invite", "ls", own).lines()) == 250


def test_a_fault_leaves_nobody_without_a_row(
    alice: Alice, sandbox: SandboxServer, own: str
) -> None:
    people = [f"new{number}@example.com" for number in range(250)]
    sandbox.fault(BULK, status=500, skip=1, times=1)
    done = alice("org", "invite", "send", own, *people, "--fields", "invitee,status")
    assert done.exit_code == 6
    assert done.lines() == [
        f"{name}\t{'unknown' if 100 <= number < 200 else 'invited'}"
        for number, name in enumerate(people)
    ]
    assert done.stderr.startswith(f"error: cannot invite people to {own}: ")
    assert done.stderr.splitlines()[1:] == [f"hint: hubcli org invite ls {own}"]
    assert len(invited(sandbox, own)) == 150
    assert len(sandbox.requests(BULK)) == 3  # what may have been done is not asked for again


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--team", "nope"), "group nope not found"),
        (("--role", "boss"), "invalid role boss: it is one of owner, editor, member"),
    ],
)
def test_what_hub_refuses_as_a_whole_is_asked_once(
    alice: Alice, sandbox: SandboxServer, own: str, arguments: tuple[str, str], reason: str
) -> None:
    people = [f"new{number}@example.com" for number in range(101)]
    done = alice("org", "invite", "send", own, *people, *arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"error: cannot invite people to {own}: {reason} (FAILED)\n"
    assert len(sandbox.requests(BULK)) == 1


def test_nobody_is_a_mistake(alice: Alice, sandbox: SandboxServer) -> None:
    done = alice("org", "invite", "send", "acme", "--from-file", "-", stdin="# nobody\n")
    assert (done.exit_code, done.stderr) == (2, "error: no invitee was named on stdin (USAGE)\n")
    assert alice("org", "member", "add", "acme").exit_code == 2
    assert alice("org", "invite", "send", "acme", "--from-file", "missing").exit_code == 2
    assert sandbox.requests() == []


def test_invites_are_sent_again_and_cancelled(
    alice: Alice, sandbox: SandboxServer, own: str
) -> None:
    alice("org", "invite", "send", own, "bob", "grace@example.com")
    first, second = alice("org", "invite", "ls", own, "-q").lines()
    done = alice("org", "invite", "resend", first, "nope", first)
    assert done.exit_code == 3
    assert done.stderr == (
        f"sent again: {first}\nerror: cannot resend the invite nope: not found (NOT_FOUND)\n"
    )
    assert sandbox.parts.invites.find(first)["sent"] == 2  # type: ignore[index]
    planned = alice("org", "invite", "cancel", first, second, "--dry-run", "-q")
    assert planned.lines() == [first, second]
    assert sandbox.requests("DELETE") == []
    cancelled = alice("org", "invite", "cancel", first, "-q")
    assert (cancelled.exit_code, cancelled.stdout, cancelled.stderr) == (0, "", "")
    assert alice("org", "invite", "ls", own, "-q").lines() == [second]
    gone = alice("org", "invite", "cancel", first, "--format", "json")
    assert (gone.exit_code, json.loads(gone.stderr)["code"]) == (3, "NOT_FOUND")


def test_an_invite_of_others_is_not_one_s_own(cli: InProcess, alice: Alice, own: str) -> None:
    alice("org", "invite", "send", own, "bob")
    (identifier,) = alice("org", "invite", "ls", own, "-q").lines()
    env = {"HUBCLI_USERNAME": "carol", "HUBCLI_PASSWORD": SandboxServer.password}
    done = cli("org", "invite", "cancel", identifier, env=env)
    assert done.exit_code == 4
    assert "it takes the role owner in the organization of the invite" in done.stderr
    assert "scope-invite-edit" in done.stderr


def test_ids_and_statuses_are_whole_in_a_table(alice: Alice) -> None:
    identifiers = alice("org", "invite", "ls", "acme", "-q").lines()
    shown = alice("org", "invite", "ls", "acme", "--no-color", terminal=True)
    assert shown.lines()[0].split() == ["ID", "INVITEE", "TEAM", "ROLE", "CREATED"]
    assert [line.split()[0] for line in shown.lines()[1:]] == identifiers
    arguments = ("nobody-here", "grace@example.com", "--dry-run", "--no-color")
    sent = alice("org", "invite", "send", "acme", *arguments, terminal=True)
    assert [line.split() for line in sent.lines()] == [
        ["INVITEE", "STATUS", "ID"],
        ["nobody-here", "invalid_email_or_docker_id"],
        ["grace@example.com", "already_invited"],
    ]


# Odd answers

INVITE = {"id": "1", "invitee": "a@b.example", "org": "acme", "role": "Member", "extra": [1]}


@pytest.mark.parametrize(
    "body",
    [
        {"invitees": [{"invitee": "A@b.example", "status": "invited", "invite": INVITE}]},
        {"invitees": {"invitees": [{"invitee": "a@b.example", "status": "invited"}]}},
    ],
    ids=["one list", "wrapped twice"],
)
def test_invitees_come_in_several_wrappings(cli: InProcess, body: object) -> None:
    with ScriptedServer(lambda _: answered(body, 202)) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "invite", "send", "acme", "a@b.example", env=env)
    assert (done.exit_code, done.stdout[:19]) == (0, "a@b.example\tinvited")


@pytest.mark.parametrize("body", [{}, {"invitees": None}, {"invitees": {"invitees": {}}}])
def test_an_answer_without_invitees_is_none(cli: InProcess, body: object) -> None:
    with ScriptedServer(lambda _: answered(body, 202)) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "invite", "send", "acme", "bob", "--fields", "invitee,status", env=env)
    assert (done.exit_code, done.stdout) == (6, "bob\tunknown\n")
    assert "without the invitees that were sent" in done.stderr


@pytest.mark.parametrize("status", [None, 7, "", "\x1b[31mseat_limit_reached"])
def test_a_status_nobody_knows_is_no_success(cli: InProcess, status: object) -> None:
    body = {"invitees": [{"invitee": "bob", "status": status}, {"status": "invited"}, "x"]}
    with ScriptedServer(lambda _: answered(body, 202)) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "invite", "send", "acme", "bob", "eve", env=env)
    assert done.exit_code == 1
    assert [line.split("\t")[1] for line in done.lines()][1] == "unknown"
    assert "cannot invite eve: Docker Hub says nothing about it (UNKNOWN)" in done.stderr
    assert "cannot invite bob: " in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"data": [INVITE, {}, "x", None]}, ["1", ""]),
        ({"data": None}, []),
        ({}, []),
        ({"data": [], "next": "/v2/elsewhere"}, []),
    ],
)
def test_invites_may_lack_anything(cli: InProcess, body: object, ids: list[str]) -> None:
    with ScriptedServer(lambda _: answered(body)) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "invite", "ls", "acme", "-q", env=env)
    assert (done.exit_code, done.lines()) == (0, ids)


def test_an_id_cannot_leave_its_place_in_the_route(cli: InProcess) -> None:
    seen: list[str] = []

    def script(request: Seen) -> Answer:
        seen.append(request.path)
        return Answer(204)

    with ScriptedServer(script) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        cli("org", "invite", "cancel", "../../v2/orgs/acme?x=#", env=env)
    assert seen == ["/v2/invites/..%2F..%2Fv2%2Forgs%2Facme%3Fx%3D%23"]
