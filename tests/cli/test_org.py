"""`hubcli org ls|inspect|settings|registry-access|member` against the sandbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubcli.cli.completion.tree import meaning
from hubcli.hub.organization_tokens import ORGANIZATION_SCOPES
from support.organizations import as_organization, new_organization, signed_in_as, with_token
from support.paged_hub import answered
from support.running import InProcess, Result
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen

Alice = Callable[..., Result]
ENABLED = "restricted_images.enabled"
HOSTILE = "\x1b[31mred\x1b[0m [bold]loud[/bold] \u202etfel"
SHOWN = r"\x1b[31mred\x1b[0m [bold]loud[/bold] \u202etfel"


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, **{"env": sandbox.signed_in, **more})


@pytest.fixture
def own(sandbox: SandboxServer) -> str:
    """An organization of alice's with carol, who is a member, and frank, who is an editor."""
    return new_organization(sandbox, carol="member", frank="editor")


def role(sandbox: SandboxServer, organization: str, member: str) -> str | None:
    return sandbox.parts.accounts.role(organization, member)


# Organizations


def test_ls_tells_the_role_and_the_plan(
    new_sandbox: Callable[..., SandboxServer], cli: InProcess
) -> None:
    env = new_sandbox().signed_in
    assert cli("org", "ls", env=env).stdout == (
        "acme\towner\tteam\t3\tAcme Corporation\n"
        "megacorp\towner\tbusiness\t20\tMegacorp\n"
        "openlab\towner\tfree\t1\tOpen Lab\n"
    )
    shown = cli("org", "ls", "--limit", "1", env=env | {"NO_COLOR": "1"}, terminal=True)
    assert [line.split() for line in shown.stdout.splitlines()[:2]] == [
        ["NAME", "ROLE", "PLAN", "TEAMS", "FULL", "NAME"],
        ["acme", "owner", "team", "3", "Acme", "Corporation"],
    ]
    assert shown.stderr == "1 of 3\n"
    row = cli("org", "ls", "--format", "json", env=env).json()[0]
    assert {field: row[field] for field in ("name", "own_teams", "active", "parent")} == {
        "name": "acme",
        "own_teams": ["owners"],
        "active": True,
        "parent": None,
    }


def test_ls_needs_a_sign_in(cli: InProcess, sandbox: SandboxServer) -> None:
    done = cli("org", "ls")
    assert done.exit_code == 4
    assert done.stderr.startswith("error: cannot list your organizations: ")
    assert done.stderr.endswith("hint: hubcli login\n")


def test_inspect_tells_more_of_one_s_own(alice: Alice) -> None:
    row = alice("org", "inspect", "ACME", "--format", "json").json()
    assert (row["name"], row["role"], row["plan"], row["teams"]) == ("acme", "owner", "team", 3)
    others = alice("org", "inspect", "library", "acme", "--format", "json").json()
    assert [(row["name"], row["role"]) for row in others] == [("library", None), ("acme", "owner")]


def test_one_that_is_not_there_does_not_keep_the_others(alice: Alice) -> None:
    done = alice("org", "inspect", "nope-nope", "acme", "--fields", "name")
    assert (done.exit_code, done.stdout) == (3, "acme\n")
    assert done.stderr == "error: cannot inspect nope-nope: not found (NOT_FOUND)\n"


# Settings


def test_settings_are_shown_by_dotted_names(alice: Alice, own: str) -> None:
    assert alice("org", "settings", own).stdout == (
        f"{ENABLED}\tfalse\n"
        "restricted_images.allow_official_images\ttrue\n"
        "restricted_images.allow_verified_publishers\ttrue\n"
    )
    template = alice("org", "settings", own, "--format", "{{.key}}={{.value}}")
    assert template.lines()[0] == f"{ENABLED}=false"


def test_what_is_off_says_so_on_a_terminal(alice: Alice, own: str) -> None:
    shown = alice("org", "settings", own, "--no-color", terminal=True)
    assert [line.split() for line in shown.lines()[:2]] == [["KEY", "VALUE"], [ENABLED, "false"]]
    change = ("--set", f"{ENABLED}=true", "--dry-run", "--no-color")
    planned = alice("org", "settings", own, *change, terminal=True)
    assert planned.lines()[1].split() == [ENABLED, "true", "false"]
    blocked = ("--block-registry", "docker.io", "--dry-run", "--no-color")
    access = alice("org", "registry-access", own, *blocked, terminal=True)
    assert [line.split() for line in access.lines()] == [
        ["NAME", "TITLE", "ALLOWED", "ENFORCED", "CHANGE"],
        ["docker.io", "DockerHub", "no", "no", "blocked"],
    ]


def test_only_what_is_named_changes(alice: Alice, sandbox: SandboxServer, own: str) -> None:
    change = ("org", "settings", own, "--set", f"{ENABLED}=true")
    planned = alice(*change, "--dry-run")
    assert planned.stdout == f"{ENABLED}\ttrue\tfalse\n"
    assert sandbox.requests("PUT") == []
    done = alice(*change, "--format", "json")
    assert done.json() == [{"key": ENABLED, "value": True, "before": False}]
    assert sandbox.requests("PUT")[0].body == {
        "restricted_images": {
            "enabled": True,
            "allow_official_images": True,
            "allow_verified_publishers": True,
        }
    }
    again = alice(*change)
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == f"{own} is set like that already\n"
    assert len(sandbox.requests("PUT")) == 1


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ("nope=1", "there is no setting 'nope'; there are restricted_images.enabled, "),
        ("restricted_images=1", "there is no setting 'restricted_images'"),
        (f"{ENABLED}=1", f"{ENABLED} is true or false, not '1'"),
        (ENABLED, "--set takes KEY=VALUE, not "),
        ("=true", "--set takes KEY=VALUE, not "),
    ],
)
def test_a_setting_that_is_none_changes_nothing(
    alice: Alice, sandbox: SandboxServer, own: str, wish: str, reason: str
) -> None:
    done = alice("org", "settings", own, "--set", f"{ENABLED}=true", "--set", wish)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert sandbox.requests("PUT") == []


def test_settings_that_hub_adds_are_kept_and_can_be_set(cli: InProcess) -> None:
    stored = {"restricted_images": {"enabled": False}, "quota": {"seats": 5, "names": ["a"]}}
    put: list[bytes] = []

    def script(seen: Seen) -> Answer:
        if seen.method == "PUT":
            put.append(seen.body)
            return Answer(204)
        return answered(stored)

    with ScriptedServer(script) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        wishes = ("--set", "quota.seats=6", "--set", 'quota.names=["a","b"]')
        done = cli("org", "settings", "acme", *wishes, "--fields", "key,value", env=env)
        wrong = cli("org", "settings", "acme", "--set", "quota.seats=six", env=env)
    assert done.stdout == "quota.seats\t6\nquota.names\ta,b\n"
    assert put == [
        b'{"restricted_images": {"enabled": false}, "quota": {"seats": 6, "names": ["a", "b"]}}'
    ]
    assert (wrong.exit_code, "quota.seats takes JSON; now it is 5" in wrong.stderr) == (2, True)


def test_a_value_that_hub_does_not_take_is_warned_of(cli: InProcess) -> None:
    with ScriptedServer(lambda _: answered({"restricted_images": {"enabled": False}})) as server:
        env = {"HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        done = cli("org", "settings", "acme", "--set", f"{ENABLED}=true", env=env)
    assert done.stderr == f"warning: Docker Hub still has other values of {ENABLED}\n"


# Registry access


def test_registries_are_allowed_blocked_and_removed(
    alice: Alice, sandbox: SandboxServer, own: str
) -> None:
    access = ("org", "registry-access", own)
    assert alice(*access).stdout == "docker.io\tDockerHub\ttrue\tfalse\n"
    change = (*access, "--enable", "--allow-registry", "GHCR.io=GitHub", "--block-registry", "q.io")
    expected = (
        "docker.io\tDockerHub\ttrue\ttrue\tenforced\n"
        "ghcr.io\tGitHub\ttrue\ttrue\tadded\n"
        "q.io\tq.io\tfalse\ttrue\tadded\n"
    )
    assert alice(*change, "--dry-run").stdout == expected
    assert sandbox.requests("PUT") == []
    assert alice(*change).stdout == expected
    assert sandbox.requests("PUT")[0].body == {
        "enabled": True,
        "standard_registries": [{"id": "DockerHub", "allowed": True}],
        "custom_registries": [
            {"address": "ghcr.io", "friendly_name": "GitHub", "allowed": True},
            {"address": "q.io", "friendly_name": "q.io", "allowed": False},
        ],
    }
    assert alice(*change).stderr == f"{own} is set like that already\n"
    assert len(sandbox.requests("PUT")) == 1
    done = alice(*access, "--remove-registry", "ghcr.io", "--block-registry", "docker.io")
    assert done.stdout == (
        "docker.io\tDockerHub\tfalse\ttrue\tblocked\n"
        "q.io\tq.io\tfalse\ttrue\t\n"
        "ghcr.io\tGitHub\t\ttrue\tremoved\n"
    )
    rows = alice(*access, "--disable", "--allow-registry", "q.io=Q", "--format", "json").json()
    assert [(row["name"], row["enforced"], row["change"]) for row in rows] == [
        ("docker.io", False, "no longer enforced"),
        ("q.io", False, "allowed"),
    ]
    assert alice(*access, "--allow-registry", "q.io=Quay").lines()[1].endswith("renamed")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "reason"),
    [
        (("--remove-registry", "nope.io"), 3, "nope.io is not on the list"),
        (("--remove-registry", "index.docker.io"), 2, "docker.io cannot be removed, only blocked"),
        (("--allow-registry", "a.io", "--block-registry", "A.io"), 2, "a.io is named twice"),
        (("--allow-registry", "a.io/team"), 2, "a registry is wanted here"),
        (("--block-registry", "a b"), 2, "a registry is wanted here"),
    ],
)
def test_a_registry_that_is_none_changes_nothing(
    alice: Alice, sandbox: SandboxServer, own: str, arguments: tuple[str, ...], exit_code: int,
    reason: str,
) -> None:  # fmt: skip
    done = alice("org", "registry-access", own, *arguments)
    assert done.exit_code == exit_code
    assert reason in done.stderr
    assert sandbox.requests("PUT") == []


# Members


def test_members_are_filtered_by_role_team_and_name(alice: Alice) -> None:
    assert alice("org", "member", "ls", "acme").lines()[:2] == [
        "alice\tAlice Liddell\talice@example.com\towner\towners",
        "carol\tCarol Cole\tcarol@example.com\tmember\tdevelopers,readers",
    ]

    def names(*arguments: str) -> list[str]:
        return alice("org", "member", "ls", "acme", *arguments, "-q").lines()

    assert names("--role", "Editor") == ["frank"]
    assert names("--team", "Developers") == ["carol", "erin"]
    assert names("--filter", "*A*") == ["alice", "carol", "dave", "frank"]
    assert names("--filter", "?a*", "--team", "readers") == ["carol", "dave"]
    assert names("--search", "drum") == ["dave"]
    assert names("--role", "auditor") == []
    assert names("--role", "invitee") == ["grace@example.com", "bob"]
    assert names("--invited")[-2:] == ["grace@example.com", "bob"]
    assert names("--invited", "--team", "developers")[-1] == "grace@example.com"


def test_a_limited_listing_says_how_many_there_are(alice: Alice, sandbox: SandboxServer) -> None:
    shown = alice("org", "member", "ls", "megacorp", "--limit", "2", terminal=True)
    assert len(shown.stdout.splitlines()) == 3
    assert shown.stderr == "2 of 2001\n"
    asked = [one.query for one in sandbox.requests("GET /v2/orgs/megacorp/members")]
    assert asked == ["page=1&page_size=2"]


def test_no_member_is_missing_among_thousands(alice: Alice) -> None:
    done = alice("org", "member", "ls", "megacorp", "-q")
    assert done.lines() == ["alice", *(f"dev{number:04d}" for number in range(1, 2001))]
    found = alice("org", "member", "ls", "megacorp", "--filter", "dev19*", "--limit", "2", "-q")
    assert found.lines() == ["dev1900", "dev1901"]


def test_hostile_names_do_not_act(sandbox: SandboxServer, alice: Alice, own: str) -> None:
    name = f"x{own.removeprefix('org-')}"
    sandbox.parts.accounts.add(name, full_name=HOSTILE, email="x@example.com")
    sandbox.parts.teams.set_role(own, name, "member")
    for format in ("tsv", "csv", "table", "{{.full_name}}"):
        done = alice("org", "member", "ls", own, "--format", format, columns=200)
        assert SHOWN in done.stdout
        assert "\x1b" not in done.stdout
    rows = alice("org", "member", "ls", own, "--format", "json").json()
    assert HOSTILE in {row["full_name"] for row in rows}


def test_a_role_is_changed_and_told(sandbox: SandboxServer, alice: Alice, own: str) -> None:
    done = alice("org", "member", "role", own, "CAROL", "editor")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"carol is editor in {own}\n"
    assert role(sandbox, own, "carol") == "editor"
    assert alice("org", "member", "role", own, "carol", "member", "-q").stderr == ""
    shown = alice("org", "member", "role", own, "carol", "owner", "--format", "json").json()
    assert (shown["name"], shown["role"], shown["teams"]) == ("carol", "owner", ["owners"])
    wrong = alice("org", "member", "role", own, "carol", "boss")
    assert wrong.exit_code == 1
    assert "invalid role boss" in wrong.stderr
    missing = alice("org", "member", "role", own, "nobody-here", "editor")
    assert missing.exit_code == 3


def test_rm_shows_asks_and_removes(sandbox: SandboxServer, alice: Alice, own: str) -> None:
    rm = ("org", "member", "rm", own)
    asked = alice(*rm, "Carol", "frank")
    assert asked.exit_code == 2
    assert asked.stderr.startswith("  carol  member, no team\n  frank  editor, no team\nerror: ")
    assert f"Remove these 2 members from {own}?" in asked.stderr
    refused = alice(*rm, "carol", stdin="n\n", terminal=True)
    assert refused.exit_code == 1
    assert refused.stderr.endswith("nobody was removed\n")
    planned = alice(*rm, "carol", "nobody-here", "--dry-run", "-q")
    assert (planned.exit_code, planned.stdout) == (3, "carol\n")
    assert sandbox.requests("DELETE") == []
    done = alice(*rm, "carol", "CAROL", "nobody-here", "frank", "--yes")
    assert done.exit_code == 3
    assert done.stderr == (
        f"error: cannot remove nobody-here: no such member of {own} (NOT_FOUND)\n"
        f"hint: hubcli org member ls {own}\nremoved carol from {own}\nremoved frank from {own}\n"
    )
    assert len(sandbox.requests("DELETE")) == 2


def test_those_who_leave_may_stand_in_a_file(
    sandbox: SandboxServer, alice: Alice, own: str
) -> None:
    rm = ("org", "member", "rm", own, "--from-file", "-", "--yes")
    done = alice(*rm, "frank", stdin="# left in May\nCarol\n\nfrank\n")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"removed frank from {own}\nremoved carol from {own}\n"
    nobody = alice(*rm, stdin="#\n")
    assert (nobody.exit_code, nobody.stderr) == (
        2,
        "error: no member was named on stdin (USAGE)\n",
    )


def test_the_last_owner_stays(sandbox: SandboxServer, alice: Alice, own: str) -> None:
    done = alice("org", "member", "rm", own, "alice", "carol", "--yes")
    assert done.exit_code == 1
    assert "the last owner of an organization cannot be removed" in done.stderr
    assert role(sandbox, own, "carol") is None
    assert "the last owner" in alice("org", "member", "role", own, "alice", "member").stderr


# Who may


CHANGES = (
    ("settings", "--set", f"{ENABLED}=true"),
    ("registry-access", "--enable"),
    ("member role", "carol", "editor"),
    ("member rm", "carol", "--yes"),
    ("member add", "grace@example.com"),
    ("invite send", "grace@example.com"),
)
NEEDED = [
    *zip(
        CHANGES, ("ram-write", "ram-write", *["member-edit"] * 2, *["invite-edit"] * 2), strict=True
    ),
    (("settings",), "ram-read"),
    (("registry-access",), "ram-read"),
    (("audit-log",), "activity-read"),
    (("audit-actions",), "activity-read"),
    (("invite ls",), "invite-read"),
    (("member ls",), "member-read"),
    (("export-members",), "member-read"),
]
need = pytest.mark.parametrize(("call", "scope"), NEEDED, ids=[" ".join(c) for c, _ in NEEDED])


def called(own: str, call: tuple[str, ...]) -> list[str]:
    return ["org", *call[0].split(), own, *call[1:]]


@need
def test_whoever_may_not_is_told_the_role(
    sandbox: SandboxServer, cli: InProcess, own: str, call: tuple[str, ...], scope: str
) -> None:
    stranger = call == ("member ls",)
    done = cli(*called(own, call), env=signed_in_as("dave" if stranger else "carol"))
    assert done.exit_code == 4
    assert f"it takes the role {'member' if stranger else 'owner'} in {own}, or an" in done.stderr
    assert done.stderr.splitlines()[-1] == "hint: hubcli org ls"


@need
def test_a_token_of_the_organization_is_told_the_scope_it_lacks(
    sandbox: SandboxServer, cli: InProcess, own: str, call: tuple[str, ...], scope: str
) -> None:
    reading = ("scope-ram-read", "scope-member-read", "scope-repository-list")
    env = as_organization(sandbox, own, *(one for one in reading if one != f"scope-{scope}"))
    done = cli(*called(own, call), env=env)
    assert done.exit_code == 4
    assert f"an organization access token with scope-{scope} (DENIED)" in done.stderr


@need
def test_a_token_of_the_organization_with_the_scope_may(
    sandbox: SandboxServer, cli: InProcess, own: str, call: tuple[str, ...], scope: str
) -> None:
    reading = scope.replace("write", "read").replace("edit", "read")
    env = as_organization(sandbox, own, f"scope-{scope}", f"scope-{reading}")
    done = cli(*called(own, call), env=env)
    assert done.exit_code == 0, done.stderr
    assert "error" not in done.stderr


@pytest.mark.parametrize("call", CHANGES, ids=" ".join)
def test_a_weak_access_token_is_told_which_would_do(
    sandbox: SandboxServer, cli: InProcess, own: str, call: tuple[str, ...]
) -> None:
    env = with_token(sandbox, "repo:write")
    done = cli(*called(own, call), env=env)
    assert done.exit_code == 4
    assert "it takes a personal access token with repo:admin" in done.stderr


@pytest.mark.parametrize(
    ("command", "plan"),
    [
        (("settings", "--set", f"{ENABLED}=true"), "Business"),
        (("registry-access",), "Business"),
        (("audit-log",), "Team or Business"),
        (("audit-actions",), "Team or Business"),
    ],
)
def test_a_free_plan_is_told_which_plan_would_do(
    alice: Alice, command: tuple[str, ...], plan: str
) -> None:
    done = alice("org", command[0], "openlab", *command[1:], "--format", "json")
    assert done.exit_code == 4
    assert f"it takes the plan {plan} (DENIED)" in done.stderr
    assert '"hint":"hubcli account info openlab"' in done.stderr


@pytest.mark.parametrize(
    "command",
    [("settings",), ("registry-access",), ("audit-log",), ("invite", "ls"), ("member", "ls")],
)
def test_what_is_no_organization_is_not_found(alice: Alice, command: tuple[str, ...]) -> None:
    done = alice("org", *command, "nope-nope")
    assert done.exit_code == 3
    assert "nope-nope" in done.stderr


def test_scopes_complete_to_those_of_the_reference() -> None:
    for command in ("org token create", "org token edit"):
        value = meaning(command, "SCOPE")
        assert value is not None
        assert {f"scope-{word}" for word in value.words} == set(ORGANIZATION_SCOPES)
