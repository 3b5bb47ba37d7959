"""`hubcli team grant`, `team revoke` and `team repo ls`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.hub_repositories import hub_repository
from support.organizations import organization_with_team, signed_in_as
from support.running import InProcess, Result
from support.sandbox import SandboxServer

Alice = Callable[..., Result]
NAMES = ("api", "web-shop", "web-site")


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, env=sandbox.signed_in, **more)


@pytest.fixture
def org(sandbox: SandboxServer) -> str:
    """An organization with a team `builders` and three repositories, one of them private."""
    org = organization_with_team(sandbox)
    for name in NAMES:
        hub_repository(sandbox, f"{org}/{name}", {}, private=name == "api")
    return org


def granted(alice: Alice, org: str) -> dict[str, str]:
    rows = alice("team", "repo", "ls", f"{org}/builders", "--format", "json").json()
    return {row["name"].removeprefix(f"{org}/"): row["permission"] for row in rows}


def test_access_is_granted_changed_and_revoked(alice: Alice, org: str) -> None:
    team = f"{org}/builders"
    both = (f"{org}/api", f"{org}/web-shop")
    done = alice("team", "grant", team, *both, "--permission", "read")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"{org}/api: none -> read\n{org}/web-shop: none -> read\n"
    changed = alice("team", "grant", team, f"{org}/api", "--permission", "admin")
    assert changed.stderr == f"{org}/api: read -> admin\n"
    assert granted(alice, org) == {"api": "admin", "web-shop": "read"}
    assert alice("team", "repo", "ls", team).stdout == (f"{org}/api\tadmin\n{org}/web-shop\tread\n")
    revoked = alice("team", "revoke", team, *both, "--yes")
    assert revoked.stderr == f"{org}/api: admin -> none\n{org}/web-shop: read -> none\n"
    assert granted(alice, org) == {}


def test_what_is_so_already_costs_no_change(alice: Alice, org: str, sandbox: SandboxServer) -> None:
    grant = ("team", "grant", f"{org}/builders", f"{org}/api", "--permission", "write")
    alice(*grant)
    sandbox.forget()
    done = alice(*grant)
    assert (done.exit_code, done.stderr) == (0, f"{org}/api: write already\n")
    assert {request.method for request in sandbox.requests("/groups/")} == {"GET"}
    assert alice(*grant, "-q").stderr == ""


def test_patterns_show_what_changes_and_ask(alice: Alice, org: str) -> None:
    team = f"{org}/builders"
    alice("team", "grant", team, f"{org}/web-shop", "--permission", "read")
    grant = ("team", "grant", team, f"{org}/web-*", "--permission", "write")
    planned = alice(*grant, "--dry-run")
    assert (planned.exit_code, planned.stdout) == (
        0,
        f"{org}/web-shop\tchange\twrite\tread\n{org}/web-site\tgrant\twrite\t\n",
    )
    unasked = alice(*grant)
    assert unasked.exit_code == 2
    assert unasked.stderr.startswith(
        f"  {org}/web-shop: read -> write\n  {org}/web-site: none -> write\n"
    )
    assert "--yes answers it" in unasked.stderr
    no = alice(*grant, terminal=True, stdin="n\n")
    assert (no.exit_code, granted(alice, org)) == (1, {"web-shop": "read"})
    assert alice(*grant, terminal=True, stdin="y\n").exit_code == 0
    assert granted(alice, org) == {"web-shop": "write", "web-site": "write"}
    again = alice(*grant)
    assert again.exit_code == 0
    assert f"{org}/web-site: write already\n" in again.stderr


def test_revoking_asks_always_and_a_pattern_takes_what_there_is(alice: Alice, org: str) -> None:
    team = f"{org}/builders"
    alice("team", "grant", team, f"{org}/web-shop", f"{org}/api", "--permission", "read")
    assert alice("team", "revoke", team, f"{org}/api").exit_code == 2
    planned = alice("team", "revoke", team, f"{org}/*", "--dry-run", "--format", "json").json()
    assert [(row["name"], row["action"], row["was"], row["permission"]) for row in planned] == [
        (f"{org}/api", "revoke", "read", None),
        (f"{org}/web-shop", "revoke", "read", None),
    ]
    assert alice("team", "revoke", team, f"{org}/web-*", "--yes").exit_code == 0
    assert granted(alice, org) == {"api": "read"}
    again = alice("team", "revoke", team, f"{org}/web-*", "--yes")
    assert (again.exit_code, again.stderr) == (0, "")


def test_a_batch_does_all_it_can(alice: Alice, org: str, sandbox: SandboxServer) -> None:
    team = f"{org}/builders"
    names = [f"{org}/nope", f"{org}/api", f"{org}/web-shop", f"{org}/x-*"]
    sandbox.fault(f"POST .*/{org}/api/groups", status=503, times=9)
    done = alice("team", "grant", team, *names, "--permission", "read", "--yes")
    assert done.exit_code == 6
    told = "cannot grant the team access to"
    assert f"{told} {org}/x-*: no repository matches (NOT_FOUND)" in done.stderr
    assert f"{told} {org}/nope: not found" in done.stderr
    assert f"{told} {org}/api: " in done.stderr
    assert granted(alice, org) == {"web-shop": "read"}
    sandbox.clear_faults()
    revoked = alice("team", "revoke", team, f"{org}/api", f"{org}/web-shop", "--yes")
    assert revoked.exit_code == 3
    assert f"{org}/api: {team} has no access to it (NOT_FOUND)" in revoked.stderr
    assert granted(alice, org) == {}


def test_a_repository_that_does_not_tell_is_reported_and_left_alone(
    alice: Alice, org: str, sandbox: SandboxServer
) -> None:
    sandbox.fault(f"GET .*/{org}/api/groups/", status=403)
    names = (f"{org}/api", f"{org}/web-shop")
    done = alice("team", "grant", f"{org}/builders", *names, "--permission", "read")
    assert done.exit_code == 4
    assert f"cannot grant the team access to {org}/api: " in done.stderr
    assert [request.path for request in sandbox.requests("POST /v2/repo")] == [
        f"/v2/repositories/{org}/web-shop/groups/"
    ]


def test_a_dry_run_notices_what_is_not_there(alice: Alice, org: str) -> None:
    names = (f"{org}/nope", f"{org}/api")
    done = alice(
        "team", "grant", f"{org}/builders", *names, "--permission", "read", "--dry-run", "-q"
    )
    assert (done.exit_code, done.stdout) == (3, f"{org}/api\n")
    assert f"cannot grant the team access to {org}/nope: " in done.stderr
    assert granted(alice, org) == {}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("api", "{org}/api"),
        ("web-*", "{org}/web-*"),
        ("acme/api", "teams of {org} have nothing but its repositories"),
        ("acme/*", "teams of {org} have nothing but its repositories"),
        ("quay.io/{org}/api", "teams of {org} have nothing but its repositories"),
        ("*/api", "its organization is missing"),
    ],
)
@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_only_repositories_of_the_organization_can_be_meant(
    cli: InProcess, sandbox: SandboxServer, verb: str, name: str, told: str
) -> None:
    more = ("--permission", "read") if verb == "grant" else ()
    done = cli("team", verb, "umbrella/x", name.format(org="umbrella"), "umbrella/api", *more)
    assert done.exit_code == 2
    assert told.format(org="umbrella") in done.stderr
    assert sandbox.requests() == []


def test_a_permission_is_one_of_three(cli: InProcess, sandbox: SandboxServer) -> None:
    done = cli("team", "grant", "acme/developers", "acme/api", "--permission", "own")
    assert done.exit_code == 2
    assert "read, write, admin" in done.stderr
    assert sandbox.requests() == []


def test_a_missing_team_is_named_with_the_way_to_those_there_are(alice: Alice, org: str) -> None:
    for verb, more in (("grant", ("--permission", "read")), ("revoke", ())):
        done = alice("team", verb, f"{org}/nope", f"{org}/api", *more)
        assert done.exit_code == 3
        assert f"cannot find the team {org}/nope: not found" in done.stderr
        assert f"hint: hubcli team ls {org}\n" in done.stderr


def test_listing_asks_every_repository_once(alice: Alice, org: str, sandbox: SandboxServer) -> None:
    for number in range(40):
        sandbox.parts.repositories.create(f"{org}/svc-{number:02}", "alice", type="image")
    team = f"{org}/builders"
    alice("team", "grant", team, f"{org}/svc-0*", f"{org}/svc-3*", "--permission", "write", "--yes")
    sandbox.forget()
    rows = alice("team", "repo", "ls", team, "--format", "json").json()
    wanted = [*range(10), *range(30, 40)]
    assert [row["name"] for row in rows] == [f"{org}/svc-{number:02}" for number in wanted]
    assert {(row["permission"], row["team"]) for row in rows} == {("write", team)}
    assert len(sandbox.requests("GET /v2/repo")) == 40 + len(NAMES)
    sandbox.forget()
    some = alice("team", "repo", "ls", team, "--filter", "svc-?1", "-q").lines()
    assert some == [f"{org}/svc-01", f"{org}/svc-31"]
    assert len(sandbox.requests("GET /v2/repo")) == 4


@pytest.mark.parametrize("scope", ["scope-repo-group-edit", "scope-repo-group-read"])
def test_a_token_of_the_organization_needs_the_scope(
    sandbox: SandboxServer, cli: InProcess, org: str, scope: str
) -> None:
    resources = [
        {"type": "TYPE_ORG", "path": org, "scopes": ["scope-group-read", "scope-repository-list"]},
        {"type": "TYPE_REPO", "path": f"{org}/*", "scopes": [scope]},
    ]
    _, secret = sandbox.parts.accounts.add_token(org, "ci", resources, kind="oat")
    env = {"HUBCLI_USERNAME": org, "HUBCLI_PASSWORD": secret}
    done = cli(
        "team", "grant", f"{org}/builders", f"{org}/web-shop", "--permission", "read", env=env
    )
    if scope.endswith("-edit"):
        assert (done.exit_code, done.stderr) == (0, f"{org}/web-shop: none -> read\n")
    else:
        assert done.exit_code == 4
        assert "scope-repo-group-edit" in done.stderr


def test_members_are_told_which_role_it_takes(cli: InProcess, org: str) -> None:
    done = cli("team", "repo", "ls", f"{org}/builders", env=signed_in_as("carol"))
    assert done.exit_code == 4
    assert f"cannot list the repositories of {org}/builders: " in done.stderr
    assert f"the role owner or editor in {org}" in done.stderr


def test_a_long_plan_is_cut_off_before_the_question_and_whole_in_a_dry_run(
    alice: Alice, org: str, sandbox: SandboxServer
) -> None:
    for number in range(60):
        sandbox.parts.repositories.create(f"{org}/svc-{number:02}", "alice", type="image")
    grant = ("team", "grant", f"{org}/builders", f"{org}/svc-*", "--permission", "read")
    unasked = alice(*grant)
    assert unasked.exit_code == 2
    assert f"  {org}/svc-49: none -> read\n  … and 10 more; --dry-run shows all\n" in unasked.stderr
    assert f"{org}/svc-50" not in unasked.stderr
    assert "with these 60 repositories?" in unasked.stderr
    assert len(alice(*grant, "--dry-run", "-q").lines()) == 60
