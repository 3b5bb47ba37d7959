"""`hubcli scim` against the sandbox, with the token in a real keyring, on stdin and elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.running import InProcess, Result, Subprocess
from support.sandbox import SandboxServer
from support.scim import fill, scim_organization
from support.terminal import Terminal

Scim = Callable[..., Result]
Screen = Callable[..., AbstractContextManager[Terminal]]
HOSTILE = "\x1b]0;x\x07 [bold]loud[/bold] \u202etfel\r\n\tend"
JON = "jon.snow@{}.example"


@pytest.fixture
def acme(sandbox: SandboxServer) -> tuple[str, str]:
    """The name of an organization with SSO, and its SCIM token."""
    return scim_organization(sandbox)


@pytest.fixture
def scim(acme: tuple[str, str], cli: InProcess) -> Scim:
    """`scim("user", "ls")`, with the token in the environment."""
    return lambda *argv, **more: cli("scim", *argv, env={"HUBCLI_SCIM_TOKEN": acme[1]}, **more)


@pytest.fixture
def jon(acme: tuple[str, str], scim: Scim) -> str:
    """The address of somebody new."""
    address = JON.format(acme[0])
    done = scim("user", "create", address, "--given-name", "Jon", "--family-name", "Snow", "-q")
    assert (done.exit_code, done.stdout) == (0, f"{address}\n")
    return address


def shown(scim: Scim, user: str) -> dict[str, object]:
    row: dict[str, object] = scim("user", "inspect", user, "--format", "json").json()
    return row


# The token


@pytest.mark.usefixtures("secret_service")
def test_the_token_is_checked_kept_used_and_forgotten(
    acme: tuple[str, str], sandbox: SandboxServer, hubcli: Subprocess
) -> None:
    token = acme[1]
    refused = hubcli("scim", "login", "--token-stdin", stdin="wrong\n")
    assert refused.exit_code == 4
    assert "cannot keep the SCIM token: Docker Hub refuses the SCIM token" in refused.stderr
    assert hubcli("scim", "user", "ls").exit_code == 4
    kept = hubcli("scim", "login", "--token-stdin", stdin=f"{token}\n")
    assert (kept.exit_code, kept.stdout) == (0, "")
    assert kept.stderr == "The SCIM token is kept (keyring)\n"
    assert "carol@example.com" in hubcli("scim", "user", "ls", "-q").lines()
    # It is no credential of any registry: nothing else finds it, and it never leaves for another.
    assert "docker.io" not in hubcli("auth", "status").stdout
    assert hubcli("auth", "helper", "list").stdout.strip() == "{}"
    assert hubcli("org", "ls").exit_code == 4
    elsewhere = sandbox.url.replace("127.0.0.1", "localhost")
    assert hubcli("scim", "user", "ls", env={"HUBCLI_HUB_URL": elsewhere}).exit_code == 4
    forgotten = hubcli("scim", "logout")
    assert forgotten.stderr == "The SCIM token is forgotten\n"
    assert hubcli("scim", "logout").stderr == "No SCIM token is kept\n"
    assert hubcli("scim", "user", "ls").exit_code == 4


@pytest.mark.usefixtures("secret_service")
def test_logout_of_all_forgets_it_too(acme: tuple[str, str], hubcli: Subprocess) -> None:
    hubcli("scim", "login", "--token-stdin", stdin=acme[1])
    assert "The SCIM token is forgotten\n" in hubcli("logout", "--all").stderr
    assert hubcli("scim", "user", "ls").exit_code == 4


@pytest.mark.usefixtures("secret_service")
def test_a_token_that_is_typed_is_not_shown(acme: tuple[str, str], terminal: Screen) -> None:
    with terminal("scim", "login") as screen:
        screen.expect("SCIM token")
        screen.send(f"{acme[1]}\n")
        screen.expect("The SCIM token is kept (keyring)")
        assert screen.wait() == 0
        assert acme[1] not in screen.screen


def test_without_a_keyring_the_ways_out_are_told(
    acme: tuple[str, str], hubcli: Subprocess, sandbox: SandboxServer
) -> None:
    done = hubcli("scim", "login", "--token-stdin", stdin=acme[1])
    assert done.exit_code == 1
    assert "there is no keyring on this system" in done.stderr
    assert "--token-stdin" in done.stderr
    assert "HUBCLI_SCIM_TOKEN" in done.stderr
    assert sandbox.requests() == []


@pytest.mark.usefixtures("locked_secret_service")
def test_a_locked_keyring_is_named_with_the_ways_around_it(hubcli: Subprocess) -> None:
    done = hubcli("scim", "user", "ls")
    assert done.exit_code == 1
    assert "the keyring: " in done.stderr
    assert "HUBCLI_SCIM_TOKEN" in done.stderr


def test_stdin_goes_before_the_environment(acme: tuple[str, str], scim: Scim) -> None:
    refused = scim("user", "ls", "--token-stdin", stdin="wrong\n")
    assert refused.exit_code == 4
    assert "cannot list the users: Docker Hub refuses the SCIM token;" in refused.stderr
    assert refused.stderr.endswith("hint: hubcli scim login\n")
    assert scim("user", "ls", "--token-stdin", stdin=f"{acme[1]}\n").exit_code == 0


def test_a_refused_token_is_named_by_where_it_came_from(
    cli: InProcess, sandbox: SandboxServer
) -> None:
    done = cli("scim", "config", env={"HUBCLI_SCIM_TOKEN": "wrong"})
    assert done.exit_code == 4
    assert "(the environment: HUBCLI_SCIM_TOKEN)" in done.stderr
    assert len(sandbox.requests()) == 1


def test_an_account_of_hub_is_of_no_use(cli: InProcess, sandbox: SandboxServer) -> None:
    done = cli("scim", "user", "ls", env=sandbox.signed_in)
    assert done.exit_code == 4
    assert "no SCIM token is known" in done.stderr
    assert sandbox.requests() == []


@pytest.mark.parametrize("token", ["", "two\nlines\n", "with space", "caf\u00e9", "x" * 5000])
def test_what_is_no_token_is_refused_before_it_is_sent(
    cli: InProcess, sandbox: SandboxServer, token: str
) -> None:
    assert cli("scim", "user", "ls", "--token-stdin", stdin=token).exit_code == 2
    assert sandbox.requests() == []


def test_a_token_in_argv_is_refused(cli: InProcess) -> None:
    done = cli("scim", "login", "--token", "secret-token")
    assert done.exit_code == 2
    assert "secret-token" not in done.stderr


def test_debug_shows_neither_the_token_nor_whom_was_looked_for(
    acme: tuple[str, str], scim: Scim
) -> None:
    done = scim("user", "inspect", "carol@example.com", "--debug")
    assert done.exit_code == 0
    assert "/v2/scim/2.0/Users?" in done.stderr
    assert "startIndex=1" in done.stderr
    assert "filter=REDACTED" in done.stderr
    assert acme[1] not in done.stderr
    assert "carol" not in done.stderr


def test_a_plan_without_scim_is_told_what_it_takes(cli: InProcess, sandbox: SandboxServer) -> None:
    _, token = scim_organization(sandbox, plan="team")
    done = cli("scim", "user", "ls", env={"HUBCLI_SCIM_TOKEN": token})
    assert done.exit_code == 4
    assert "the plan Business" in done.stderr
    assert "SSO connection" in done.stderr


# Users


def test_users_are_listed_in_a_pipe_on_a_terminal_and_as_json(scim: Scim, jon: str) -> None:
    lines = scim("user", "ls").lines()
    assert "carol@example.com\tcarol\tCarol\tCole\ttrue" in lines
    assert lines == sorted(lines)
    table = scim("user", "ls", "--no-color", terminal=True, columns=120).lines()
    assert table[0].split() == ["NAME", "USERNAME", "GIVEN", "NAME", "FAMILY", "NAME", "ACTIVE"]
    (row,) = [row for row in scim("user", "ls", "--format", "json").json() if row["name"] == jon]
    assert row["username"].startswith("jonsnow")
    assert (row["given_name"], row["family_name"], row["active"]) == ("Jon", "Snow", True)
    assert (row["emails"], row["groups"]) == ([jon], ["company"])
    assert row["created"].endswith("Z")


def test_a_filter_is_the_servers_and_an_order_too(
    scim: Scim, jon: str, sandbox: SandboxServer
) -> None:
    expression = 'userName sw "CAROL" or (name.givenName eq "Jon" and not (active eq false))'
    found = scim("user", "ls", "--filter", expression, "--sort", "name=desc", "-q").lines()
    assert found == [jon, "carol@example.com"]
    assert "sortBy=userName&sortOrder=descending" in sandbox.requests("/Users?")[-1].query
    bad = scim("user", "ls", "--filter", "userName is big")
    assert bad.exit_code == 1
    assert "cannot list the users: invalid filter: " in bad.stderr
    assert scim("user", "ls", "--sort", "size").exit_code == 2


def test_a_user_is_found_by_address_docker_id_and_id(scim: Scim, jon: str) -> None:
    row = shown(scim, jon)
    assert shown(scim, str(row["id"])) == row
    assert shown(scim, str(row["username"]).upper()) == row
    done = scim("user", "inspect", "nobody@x.example", jon, 'a" or userName sw "', "-q")
    assert (done.exit_code, done.stdout) == (3, f"{jon}\n")
    assert "cannot inspect nobody@x.example: no such user (NOT_FOUND)" in done.stderr
    assert done.stderr.count("no such user") == 2
    assert scim("user", "inspect", "12345678-1234-1234-1234-123456789012").exit_code == 3


def test_an_edit_changes_the_name_and_nothing_else(
    scim: Scim, jon: str, sandbox: SandboxServer
) -> None:
    before = shown(scim, jon)
    done = scim("user", "edit", jon, "--family-name", "Targaryen", "--format", "json")
    assert done.exit_code == 0
    after = shown(scim, jon)
    assert done.json() == after
    assert {**after, "updated": None} == {**before, "family_name": "Targaryen", "updated": None}
    (put,) = sandbox.requests("PUT ")
    assert put.status == 200


def test_an_edit_leaves_somebody_inactive_inactive(scim: Scim, jon: str) -> None:
    scim("user", "deactivate", jon, "--yes")
    scim("user", "edit", jon, "--given-name", "Aegon")
    row = shown(scim, jon)
    assert (row["active"], row["given_name"], row["family_name"]) == (False, "Aegon", "Snow")


@pytest.mark.parametrize("arguments", [(), ("--given-name", "")])
def test_an_edit_without_a_change_is_refused(
    scim: Scim, sandbox: SandboxServer, arguments: tuple[str, ...]
) -> None:
    assert scim("user", "edit", "carol", *arguments).exit_code == 2
    assert sandbox.requests() == []


def test_who_exists_is_a_conflict(scim: Scim, jon: str) -> None:
    done = scim("user", "create", jon)
    assert done.exit_code == 1
    assert f"cannot create the user {jon}: " in done.stderr
    assert "(CONFLICT)" in done.stderr
    assert scim("user", "create", "jon").exit_code == 2


def test_deactivating_asks_and_activating_undoes_it(
    scim: Scim, jon: str, sandbox: SandboxServer, acme: tuple[str, str]
) -> None:
    username = str(shown(scim, jon)["username"])
    deactivate = ("user", "deactivate", jon, username, "carol")
    planned = scim(*deactivate, "--dry-run", "-q")
    assert (planned.exit_code, planned.lines()) == (0, [jon, "carol@example.com"])
    unasked = scim(*deactivate)
    assert unasked.exit_code == 2
    assert unasked.stderr.startswith(f"  {jon}  {username}\n  carol@example.com  carol\n")
    assert "--yes answers it" in unasked.stderr
    assert scim(*deactivate, terminal=True, stdin="n\n").exit_code == 1
    assert sandbox.requests("PUT ") == []
    done = scim(*deactivate, terminal=True, stdin="y\n")
    assert done.exit_code == 0
    assert f"{jon} is inactive\n" in done.stderr.replace("\r", "")
    assert scim("user", "ls", "--inactive", "-q").lines() == ["carol@example.com", jon]
    assert sandbox.parts.accounts.role(acme[0], "carol") is None
    again = scim(*deactivate, "--yes")
    assert (again.exit_code, len(sandbox.requests("PUT "))) == (0, 2)
    assert "carol@example.com is inactive already\n" in again.stderr
    back = scim("user", "activate", "carol", jon)
    assert back.stderr == f"carol@example.com is active\n{jon} is active\n"
    assert scim("user", "ls", "--inactive").stdout == ""
    assert sandbox.parts.accounts.role(acme[0], "carol") == "member"


def test_a_batch_from_a_file_does_all_it_can(
    scim: Scim, jon: str, acme: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "left.txt").write_text(f"# gone\nnobody@x.example\n{jon}\nalice@example.com\n")
    done = scim("user", "deactivate", "--from-file", "left.txt", "--yes")
    assert done.exit_code == 3
    assert "cannot deactivate nobody@x.example: no such user" in done.stderr
    assert "cannot deactivate alice@example.com: the last owner" in done.stderr
    assert shown(scim, jon)["active"] is False
    both = scim("user", "deactivate", "--from-file", "-", "--token-stdin", stdin=acme[1])
    assert both.exit_code == 2
    assert scim("user", "deactivate").exit_code == 2


@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_text_does_nothing_to_a_terminal(
    scim: Scim, acme: tuple[str, str], terminal: bool
) -> None:
    address = f"odd@{acme[0]}.example"
    scim("user", "create", address, "--given-name", HOSTILE)
    words = ("user", "ls", "--filter", f'userName eq "{address}"', "--fields", "given_name")
    listed = scim(*words, terminal=terminal, columns=200).stdout
    assert r"\x1b]0;x\x07 [bold]loud[/bold] \u202etfel\r\n\tend" in listed
    assert shown(scim, address)["given_name"] == HOSTILE


def test_two_thousand_are_listed_two_hundred_at_a_time(
    scim: Scim, acme: tuple[str, str], sandbox: SandboxServer
) -> None:
    fill(sandbox, acme[0], 2000)
    done = scim("user", "ls", "--format", "jsonl", "--fields", "name", "--sort", "name")
    assert done.exit_code == 0
    assert len(set(done.lines())) == len(done.lines()) == 2003
    assert len(sandbox.requests("/Users?")) == 11
    sandbox.forget()
    some = scim("user", "ls", "--limit", "3", "--no-color", terminal=True, columns=120)
    assert "3 of 2003" in some.stderr
    assert len(sandbox.requests("/Users?")) == 1


# The server


def test_the_server_describes_itself(scim: Scim) -> None:
    identifier = "urn:ietf:params:scim:schemas:core:2.0:User"
    assert scim("schema", "-q").stdout == f"{identifier}\n"
    one = scim("schema", identifier, "--format", "json").json()
    assert one["attributes"] == [
        *("userName", "name.familyName", "name.givenName", "displayName", "active"),
    ]
    assert one["definitions"][0]["name"] == "userName"
    assert scim("resource-type").stdout == f"User\t/Users\t{identifier}\n"
    assert scim("resource-type", "User", "--format", "json").json()["schema"] == identifier
    config = scim("config", "--format", "json").json()
    assert (config["patch"], config["bulk"], config["filter"]) == (False, False, True)
    assert "patch" in scim("config", "--no-color", terminal=True).stdout.lower()
    for noun in ("schema", "resource-type"):
        done = scim(noun, "User", identifier, "nope", "-q")
        assert done.exit_code == 3
        assert len(done.lines()) == 1
        assert " nope: not found (NOT_FOUND)" in done.stderr
