"""`hubcli org token` against the sandbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.running import InProcess
from support.sandbox import SandboxServer


@pytest.fixture
def hub(new_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    return new_sandbox()


def test_the_secret_stands_alone_and_signs_the_organization_in(
    hub: SandboxServer, cli: InProcess
) -> None:
    arguments = ("--repo", "acme/*:pull,push", "--scope", "member-read", "--expires", "90d", "-q")
    done = cli("org", "token", "create", "acme", "ci", *arguments, env=hub.signed_in)
    assert done.exit_code == 0, done.stderr
    assert hub.parts.accounts.authenticate("acme", done.stdout.strip()) is not None
    identifier = cli("org", "token", "ls", "acme", "-q", env=hub.signed_in).lines()[0]
    shown = cli(
        "org", "token", "inspect", "acme", identifier, "--format", "json", env=hub.signed_in
    )
    assert shown.json()["resources"] == ["acme/*:pull,push", "acme:member-read"]
    assert done.stdout.strip() not in shown.stdout


def test_an_unknown_scope_is_passed_on_with_a_notice(hub: SandboxServer, cli: InProcess) -> None:
    done = cli("org", "token", "create", "acme", "ci", "--scope", "fly", env=hub.signed_in)
    assert done.exit_code == 0
    assert "scope-fly is not a scope that hubcli knows" in done.stderr


def test_rm_asks_and_removes(hub: SandboxServer, cli: InProcess) -> None:
    cli("org", "token", "create", "acme", "ci", "--repo", "acme/api:pull", env=hub.signed_in)
    identifier = hub.parts.accounts.tokens("acme")[0]["uuid"]
    rm = ("org", "token", "rm", "acme", identifier)
    assert cli(*rm, env=hub.signed_in).exit_code == 2
    assert hub.parts.accounts.token("acme", identifier) is not None
    assert cli(*rm, "--yes", env=hub.signed_in).exit_code == 0
    assert hub.parts.accounts.token("acme", identifier) is None


def test_a_free_plan_is_told_which_plans_would_do(hub: SandboxServer, cli: InProcess) -> None:
    done = cli("org", "token", "ls", "openlab", env=hub.signed_in)
    assert done.exit_code == 4
    assert "the plan Team (10 tokens, expired ones included) or Business (100)" in done.stderr
    assert done.stderr.endswith("hint: hubcli account info openlab\n")


def test_ids_are_whole_in_a_table(hub: SandboxServer, cli: InProcess) -> None:
    cli("org", "token", "create", "acme", "ci", "--repo", "acme/api:pull", env=hub.signed_in)
    identifier = hub.parts.accounts.tokens("acme")[0]["uuid"]
    shown = cli("org", "token", "ls", "acme", "--no-color", env=hub.signed_in, terminal=True)
    assert shown.lines()[0].split() == ["ID", "LABEL", "ACTIVE", "LAST", "USED", "EXPIRES"]
    assert shown.lines()[1].split() == [identifier, "ci", "yes"]
