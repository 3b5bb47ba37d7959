"""`hubcli team`: teams and their members."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.organizations import organization_with_team, signed_in_as
from support.running import InProcess, Result
from support.sandbox import SandboxServer

Alice = Callable[..., Result]
MANY = 2000
HOSTILE = "\x1b]0;x\x07 [bold]loud[/bold] \u202etfel\r\n\tend"


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, env=sandbox.signed_in, **more)


@pytest.fixture
def org(sandbox: SandboxServer) -> str:
    return organization_with_team(sandbox)


# Teams


def test_teams_come_change_and_go(alice: Alice, org: str) -> None:
    made = alice("team", "create", f"{org}/testers", "--description", "Try things", "-q")
    assert (made.exit_code, made.stdout) == (0, f"{org}/testers\n")
    assert alice("team", "ls", org).stdout == (
        f"{org}/builders\tBuild and push\t0\tmember\n"
        f"{org}/owners\t\t1\towner\n"
        f"{org}/testers\tTry things\t0\tmember\n"
    )
    edited = alice("team", "edit", f"{org}/testers", "--name", "Trial", "--format", "json").json()
    assert (edited["name"], edited["description"]) == (f"{org}/trial", "Try things")
    shown = alice("team", "inspect", f"{org}/trial", "--format", "json").json()
    assert (shown["team"], shown["organization"], shown["members"]) == ("trial", org, 0)
    assert isinstance(shown["id"], int)
    removed = alice("team", "rm", f"{org}/trial", "--yes")
    assert (removed.exit_code, removed.stderr) == (0, f"deleted {org}/trial\n")
    assert alice("team", "ls", org, "-q").lines() == [f"{org}/builders", f"{org}/owners"]


def test_on_a_terminal_teams_are_a_table_and_one_is_a_card(alice: Alice, org: str) -> None:
    listed = alice("team", "ls", org, "--no-color", terminal=True, columns=120).stdout
    assert listed.splitlines()[0].split() == ["NAME", "DESCRIPTION", "MEMBERS", "ROLE"]
    assert "Build and push" in listed
    assert "Build and push" in alice("team", "inspect", f"{org}/builders", terminal=True).stdout


def test_a_cut_off_listing_says_how_many_there_are(alice: Alice) -> None:
    done = alice("team", "ls", "megacorp", "--limit", "3", terminal=True)
    assert "3 of 20" in done.stderr
    assert len(alice("team", "ls", "megacorp", "-q").lines()) == 20


def test_teams_of_one_member_or_like_a_name(alice: Alice, org: str) -> None:
    alice("team", "member", "add", f"{org}/builders", "carol")
    assert alice("team", "ls", org, "--member", "Carol", "-q").stdout == f"{org}/builders\n"
    assert alice("team", "ls", org, "--search", "own", "-q").stdout == f"{org}/owners\n"


def test_a_name_that_is_taken_is_a_failure_unless_that_is_fine(alice: Alice, org: str) -> None:
    taken = alice("team", "create", f"{org}/builders")
    assert taken.exit_code == 1
    assert "(CONFLICT)" in taken.stderr
    assert f"hint: hubcli team edit {org}/builders\n" in taken.stderr
    fine = alice("team", "create", f"{org}/builders", "--exist-ok", "-q", "--description", "x")
    assert (fine.exit_code, fine.stdout) == (0, f"{org}/builders\n")
    assert "nothing was changed" in fine.stderr
    assert alice("team", "ls", org, "--search", "builders", "--fields", "description").stdout == (
        "Build and push\n"
    )


def test_several_are_inspected_and_those_missing_are_reported(alice: Alice, org: str) -> None:
    done = alice("team", "inspect", f"{org}/nope", f"{org}/builders", "--format", "json")
    assert done.exit_code == 3
    assert [row["name"] for row in done.json()] == [f"{org}/builders"]
    assert f"cannot inspect {org}/nope: not found" in done.stderr
    assert f'"hint":"hubcli team ls {org}"' in done.stderr


def test_deleting_asks_and_says_who_is_in_them(alice: Alice, org: str) -> None:
    alice("team", "member", "add", f"{org}/builders", "carol")
    planned = alice("team", "rm", f"{org}/builders", "--dry-run", "-q")
    assert (planned.exit_code, planned.stdout) == (0, f"{org}/builders\n")
    unasked = alice("team", "rm", f"{org}/builders")
    assert unasked.exit_code == 2
    assert f"  {org}/builders  1 member\n" in unasked.stderr
    assert "--yes answers it" in unasked.stderr
    no = alice("team", "rm", f"{org}/builders", terminal=True, stdin="n\n")
    assert no.exit_code == 1
    assert "nothing was deleted" in no.stderr
    assert f"{org}/builders" in alice("team", "ls", org, "-q").lines()


def test_a_team_that_cannot_go_does_not_keep_the_others(alice: Alice, org: str) -> None:
    done = alice("team", "rm", f"{org}/owners", f"{org}/nope", f"{org}/builders", "--yes")
    assert done.exit_code == 3
    assert f"cannot delete the team {org}/owners: " in done.stderr
    assert f"cannot delete the team {org}/nope: not found" in done.stderr
    assert alice("team", "ls", org, "-q").lines() == [f"{org}/owners"]


@pytest.mark.parametrize("name", ["acme", "acme/", "/developers", "acme/a/b"])
def test_a_team_is_an_organization_and_a_name(
    cli: InProcess, sandbox: SandboxServer, name: str
) -> None:
    done = cli("team", "inspect", name)
    assert done.exit_code == 2
    assert "ORG/TEAM" in done.stderr
    assert sandbox.requests() == []


def test_an_edit_without_a_change_is_refused(cli: InProcess) -> None:
    assert cli("team", "edit", "acme/developers").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "role", "scope"),
    [
        (("create", "{org}/new"), "owner", "scope-group-edit"),
        (("edit", "{org}/builders", "--description", "x"), "owner", "scope-group-edit"),
        (("rm", "{org}/builders", "--yes"), "owner", "scope-group-edit"),
        (("member", "add", "{org}/builders", "dave"), "owner", "scope-group-edit"),
    ],
)
def test_who_may_not_is_told_which_role_or_scope_it_takes(
    cli: InProcess,
    org: str,
    arguments: tuple[str, ...],
    role: str,
    scope: str,
) -> None:
    words = (word.format(org=org) for word in arguments)
    done = cli("team", *words, env=signed_in_as("carol"))
    assert done.exit_code == 4
    assert f"the role {role} in {org}" in done.stderr
    assert scope in done.stderr


def test_a_plan_without_teams_is_named(alice: Alice) -> None:
    done = alice("team", "create", "openlab/new")
    assert done.exit_code == 4
    assert "the plan Team or Business" in done.stderr
    assert "hint: hubcli account info openlab\n" in done.stderr


def test_nobody_is_told_to_sign_in(sandbox: SandboxServer, cli: InProcess) -> None:
    done = cli("team", "ls", "acme")
    assert done.exit_code == 4
    assert "hint: hubcli login\n" in done.stderr


@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_text_does_nothing_to_a_terminal(
    alice: Alice, sandbox: SandboxServer, org: str, terminal: bool
) -> None:
    sandbox.parts.teams.create(org, "odd", HOSTILE)
    shown = alice("team", "ls", org, "--search", "odd", terminal=terminal, columns=200).stdout
    assert r"\x1b]0;x\x07 [bold]loud[/bold] \u202etfel\r\n\tend" in shown
    kept = alice("team", "inspect", f"{org}/odd", "--format", "json").json()
    assert kept["description"] == HOSTILE


# Members


def test_members_come_and_go(alice: Alice, org: str) -> None:
    team = f"{org}/builders"
    added = alice("team", "member", "add", team, "Carol", "dave", "carol")
    assert (added.exit_code, added.stdout) == (0, "")
    assert added.stderr == f"carol is in {team}\ndave is in {team}\n"
    assert alice("team", "member", "add", team, "carol", "-q").stderr == ""
    assert alice("team", "member", "ls", team).stdout == (
        "carol\tCarol Cole\tcarol@example.com\ndave\tDave Drum\tdave@example.com\n"
    )
    assert alice("team", "member", "ls", team, "--search", "drum", "-q").stdout == "dave\n"
    planned = alice("team", "member", "rm", team, "CAROL", "--dry-run", "-q")
    assert (planned.exit_code, planned.stdout) == (0, "carol\n")
    unasked = alice("team", "member", "rm", team, "carol")
    assert unasked.exit_code == 2
    assert unasked.stderr.startswith("  carol  Carol Cole\n")
    removed = alice("team", "member", "rm", team, "carol", "erin", "--yes")
    assert removed.exit_code == 3
    assert f"cannot remove the member erin: not in {team}" in removed.stderr
    assert f"carol is in {team} no more\n" in removed.stderr
    assert alice("team", "member", "ls", team, "-q").lines() == ["dave"]


def test_members_stand_in_a_file_or_on_stdin(alice: Alice, org: str, tmp_path: Path) -> None:
    team = f"{org}/builders"
    (tmp_path / "people.txt").write_text("# the new ones\ncarol\n\n dave  # since May\ncarol\n")
    added = alice("team", "member", "add", team, "alice", "--from-file", "people.txt")
    assert added.exit_code == 0
    assert alice("team", "member", "ls", team, "-q").lines() == ["alice", "carol", "dave"]
    rm = ("team", "member", "rm", team, "--from-file", "-")
    assert alice(*rm, stdin="dave\n").exit_code == 2
    assert alice(*rm, "--yes", stdin="dave\nalice\n").exit_code == 0
    assert alice("team", "member", "ls", team, "-q").lines() == ["carol"]
    nobody = alice("team", "member", "add", team)
    assert nobody.exit_code == 2
    assert "no member was named" in nobody.stderr


def test_one_that_cannot_be_added_does_not_keep_the_others(alice: Alice, org: str) -> None:
    done = alice("team", "member", "add", f"{org}/builders", "nobody-here", "carol")
    assert done.exit_code == 3
    assert "cannot add the member nobody-here: " in done.stderr
    invite = f"hubcli org invite send {org} nobody-here --team builders"
    assert f"hint: {invite}\n" in done.stderr
    assert alice("team", "member", "ls", f"{org}/builders", "-q").lines() == ["carol"]


def test_a_missing_team_is_reported_once_and_nobody_is_tried(
    alice: Alice, org: str, sandbox: SandboxServer
) -> None:
    done = alice("team", "member", "add", f"{org}/nope", "carol", "dave")
    assert done.exit_code == 3
    assert done.stderr.count("error: ") == 1
    assert f"cannot add members to {org}/nope: not found" in done.stderr
    assert sandbox.requests("POST /v2/orgs") == []


def test_the_last_owner_stays(alice: Alice, org: str) -> None:
    done = alice("team", "member", "rm", f"{org}/owners", "alice", "--yes")
    assert done.exit_code == 1
    assert "last owner" in done.stderr


def test_thousands_are_listed_a_page_at_a_time(
    alice: Alice, sandbox: SandboxServer, repository: str
) -> None:
    name = repository.partition("/")[0][:30].strip("-")
    teams = sandbox.parts.teams
    teams.create("megacorp", name)
    team = teams.find("megacorp", name)
    assert team is not None
    with sandbox.parts.storage.database.transaction():
        for number in range(1, MANY + 1):
            teams.add(team, f"dev{number:04}")
    listed = alice("team", "member", "ls", f"megacorp/{name}", "-q").lines()
    assert listed == [f"dev{number:04}" for number in range(1, MANY + 1)]
    assert len(sandbox.requests("/members?")) == MANY // 100
    sandbox.forget()
    alice("team", "member", "ls", f"megacorp/{name}", "--limit", "5")
    assert [request.query for request in sandbox.requests("/members?")] == ["page=1&page_size=5"]
    teams.remove(team)
