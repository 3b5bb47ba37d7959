"""`hubcli apply` against the sandbox: plans, questions, changes, and what is left out."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from support.hub_repositories import hub_repository
from support.organizations import as_organization, new_organization
from support.running import InProcess, Result, Subprocess
from support.sandbox import Request, SandboxServer
from support.terminal import Terminal

Screen = Callable[..., AbstractContextManager[Terminal]]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def org(sandbox: SandboxServer) -> str:
    """An organization of this test alone, owned by alice; carol and dave are members of it."""
    return new_organization(sandbox, carol="member", dave="member")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write({"organization": …})`: a document as a file, in JSON, which YAML can read."""

    def written(document: Mapping[str, Any], name: str = "org.yaml") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return path

    return written


@pytest.fixture
def apply(sandbox: SandboxServer, cli: InProcess) -> Callable[..., Result]:
    """`apply(file, "--yes")` as alice."""

    def run(*arguments: str | Path, **settings: Any) -> Result:
        return cli("apply", *arguments, env=sandbox.signed_in, **settings)

    return run


def writes(sandbox: SandboxServer) -> list[Request]:
    """The requests that change something."""
    return [
        one
        for one in sandbox.requests()
        if one.method != "GET" and "/auth/" not in one.path and "login" not in one.path
    ]


def reads(sandbox: SandboxServer) -> list[str]:
    return [f"{one.path}" for one in sandbox.requests("GET /v2/")]


def everything(org: str) -> dict[str, Any]:
    return {
        "organization": org,
        "teams": {"ops": {"description": "Run it", "members": ["carol", "zoe@example.com"]}},
        "members": {"dave": "editor", "bob": "member"},
        "repositories": {
            "api": {
                "description": "The API",
                "overview": "api.md",
                "visibility": "private",
                "categories": ["security", "API management"],
                "immutable_tags": ["v.*"],
                "teams": {"ops": "admin"},
                "webhooks": {"deploy": "https://ci.example/1"},
            }
        },
    }


# What a file says


def test_the_example_does_what_it_says_and_then_nothing(
    new_sandbox: Callable[..., SandboxServer], cli: InProcess, tmp_path: Path
) -> None:
    sandbox = new_sandbox()
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    done = cli("apply", "acme.yaml", "--yes", "--format", "json", env=sandbox.signed_in)
    assert done.exit_code == 0
    rows = done.json()
    assert {row["status"] for row in rows} == {"done"}
    assert ("create", "repository", "acme/worker") in [
        (row["action"], row["kind"], row["name"]) for row in rows
    ]
    api = cli("repo", "inspect", "acme/api", "--format", "json", env=sandbox.signed_in).json()
    assert api["readme"] == (EXAMPLES / "api.md").read_text()
    assert api["categories"] == ["developer-tools", "api-management"]
    assert api["immutable_tags"] == [r"v\d+\.\d+\.\d+", ".*-RELEASE"]
    granted = cli("repo", "permission", "ls", "acme/worker", env=sandbox.signed_in).stdout
    assert granted == "acme/developers\twrite\nacme/operations\tadmin\nacme/readers\tread\n"
    sandbox.forget()
    again = cli("apply", "acme.yaml", env=sandbox.signed_in)
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == (
        "grace@example.com has not answered the invite yet\n"
        "acme is as acme.yaml says: nothing to change\n"
    )
    assert writes(sandbox) == []


def test_an_organization_is_made_what_a_file_says(
    sandbox: SandboxServer, org: str, write: Any, apply: Any, tmp_path: Path
) -> None:
    (tmp_path / "api.md").write_text("# API\n")
    file = write(everything(org))
    sandbox.forget()
    done = apply(file, "--yes")
    assert done.exit_code == 0
    lines = [
        ("create", "team", f"{org}/ops", "description: Run it"),
        ("change", "member", f"{org} dave", "role: member -> editor"),
        ("create", "invite", f"{org} zoe@example.com", "team: ops"),
        ("create", "invite", f"{org} bob", "role: member"),
        ("create", "team member", f"{org}/ops carol", ""),
        ("create", "repository", f"{org}/api",
         "visibility: private; description: The API; overview: 6 bytes"),
        ("change", "repository", f"{org}/api", "categories: (none) -> security, api-management"),
        ("change", "repository", f"{org}/api", "immutable_tags: (none) -> v.*"),
        ("create", "permission", f"{org}/api ops", "permission: admin"),
        ("create", "webhook", f"{org}/api deploy", "url: https://ci.example/1"),
    ]  # fmt: skip
    # Invites with the same terms are sent together, so that these two may come in any order.
    assert sorted(done.lines()) == sorted("\t".join((*line, "done")) for line in lines)
    signs = {"create": "+", "change": "~"}
    assert done.stderr.splitlines() == [
        *(
            f"  {signs[action]} {kind} {name}  {told}".rstrip()
            for action, kind, name, told in lines
        ),
        f"{org}: 7 to create, 3 to change",
        f"{org}: 10 done",
    ]
    assert len(writes(sandbox)) == len(lines)
    parts = sandbox.parts
    repository = parts.repositories.find(f"{org}/api")
    assert repository is not None
    assert repository.is_private
    assert repository.full_description == "# API\n"
    assert repository.categories == ("security", "api-management")
    assert repository.immutable_rules == ("v.*",)
    assert parts.accounts.role(org, "dave") == "editor"
    assert {(row["invitee"], row["team"]) for row in parts.invites.of(org)} == {
        ("zoe@example.com", "ops"),
        ("bob", ""),
    }


def test_a_plan_tells_no_secret_of_a_webhooks_url(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    hooks = {"deploy": "https://ci:first-word@ci.example/1?key=first-key"}
    document = {"organization": org, "repositories": {"api": {"webhooks": hooks}}}
    made = apply(write(document), "--yes")
    assert made.exit_code == 0
    assert "  + webhook " in made.stderr
    hooks["deploy"] = "https://ci:second-word@ci.example/2?key=second-key"
    changed = apply(write(document), "--yes")
    hidden = "url: https://ci.example/1?key=REDACTED -> https://ci.example/2?key=REDACTED"
    assert f"{org}/api deploy\t{hidden}\tdone" in changed.stdout
    assert f"{org}/api deploy  {hidden}\n" in changed.stderr
    told = made.stdout + made.stderr + changed.stdout + changed.stderr
    assert not any(secret in told for secret in ("-word", "first-key", "second-key"))
    assert apply(write(document), "--dry-run", "--exit-code").exit_code == 0


def test_a_second_run_changes_nothing_and_one_difference_is_one_request(
    sandbox: SandboxServer, org: str, write: Any, apply: Any, tmp_path: Path
) -> None:
    (tmp_path / "api.md").write_text("# API\n")
    document = everything(org)
    assert apply(write(document), "--yes").exit_code == 0
    sandbox.forget()
    again = apply(write(document), "--yes", "--format", "json")
    assert (again.exit_code, again.json(), writes(sandbox)) == (0, [], [])
    document["repositories"]["api"]["webhooks"]["chat"] = "https://chat.example/"
    changed = apply(write(document), "--yes", "-q")
    assert (changed.exit_code, changed.stdout, changed.stderr) == (0, "", "")
    assert [str(one) for one in writes(sandbox)] == [
        f"POST /v2/repositories/{org}/api/webhook_pipeline/"
    ]
    document["repositories"]["api"] |= {
        "description": "",
        "visibility": "public",
        "categories": [],
        "immutable_tags": [],
        "teams": {"ops": "read"},
        "webhooks": {"chat": "https://chat.example/2"},
    }
    assert apply(write(document), "--yes", "-q").exit_code == 0
    repository = sandbox.parts.repositories.find(f"{org}/api")
    assert repository is not None
    assert (repository.description, repository.is_private) == ("", False)
    assert (repository.categories, repository.immutable_tags) == ((), False)
    assert apply(write(document), "--dry-run", "--exit-code").exit_code == 0


def test_overviews_are_beside_the_file_wherever_one_is(
    org: str, apply: Any, tmp_path: Path
) -> None:
    there = tmp_path / "infra"
    (there / "docs").mkdir(parents=True)
    (there / "docs" / "api.md").write_text("# There\n")
    file = there / "org.json"
    file.write_text(
        json.dumps({"organization": org, "repositories": {"api": {"overview": "docs/api.md"}}})
    )
    assert apply("infra/org.json", "--yes", "-q").exit_code == 0
    assert "nothing to change" in apply(file).stderr
    (there / "docs" / "api.md").unlink()
    gone = apply(file, "--yes")
    assert gone.exit_code == 2
    assert "repositories.api.overview: cannot read" in gone.stderr


def test_a_document_may_come_on_stdin(org: str, apply: Any) -> None:
    text = f"organization: {org}\nteams:\n  ops:\n    members: [carol]\n"
    assert apply("-", "--yes", "-q", stdin=text).exit_code == 0
    toml = f'organization = "{org}"\n[teams.ops]\nmembers = ["carol"]\n'
    wrong = apply("-", stdin=toml)
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("error: stdin")
    again = apply("-", stdin=json.dumps({"organization": org, "teams": {"ops": {}}}))
    assert again.stderr == f"{org} is as stdin says: nothing to change\n"


def test_somebody_who_accepts_is_taken_into_the_other_teams(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    teams = {name: {"members": ["bob@example.com"]} for name in ("one", "two")}
    file = write({"organization": org, "teams": teams, "members": {"bob@example.com": "editor"}})
    invited = apply(file, "--yes")
    assert "bob@example.com is invited; the team two once they have accepted" in invited.stderr
    waiting = apply(file)
    assert "bob@example.com has not answered the invite yet; the team two" in waiting.stderr
    (invite,) = sandbox.parts.invites.of(org)
    sandbox.parts.invites.remove(invite["id"])
    sandbox.parts.teams.set_role(org, "bob", invite["role"])
    team = sandbox.parts.teams.find(org, invite["team"])
    assert team is not None
    sandbox.parts.teams.add(team, "bob")
    joined = apply(file, "--yes")
    assert joined.stdout == f"create\tteam member\t{org}/two bob\t\tdone\n"
    assert apply(file).stderr == f"{org} is as {file} says: nothing to change\n"


# Before anything changes


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    file = write({"organization": org, "teams": {"ops": {"members": ["carol"]}}})
    sandbox.forget()
    shown = apply(file, "--dry-run", "--format", "json")
    assert shown.exit_code == 0
    assert shown.json() == [
        {
            "action": "create",
            "kind": "team",
            "name": f"{org}/ops",
            "change": "",
            "status": "planned",
            "before": {},
            "after": {},
            "error": None,
        },
        {
            "action": "create",
            "kind": "team member",
            "name": f"{org}/ops carol",
            "change": "",
            "status": "planned",
            "before": {},
            "after": {},
            "error": None,
        },
    ]
    assert apply(file, "--dry-run", "-q").stdout == f"{org}/ops\n{org}/ops carol\n"
    assert apply(file, "--dry-run", "--exit-code", "-q").exit_code == 1
    assert apply(file, "--exit-code").exit_code == 2
    assert writes(sandbox) == []


def test_a_terminal_sees_the_plan_and_is_asked(
    sandbox: SandboxServer, org: str, write: Any, terminal: Screen
) -> None:
    teams = {"ops": {"description": "Run it"}}
    file = write({"organization": org, "teams": teams, "members": {"dave": "editor"}})
    plan = (
        f"  + team {org}/ops  description: Run it\n"
        f"  ~ member {org} dave  role: member -> editor\n"
        f"{org}: 1 to create, 1 to change\n"
    )
    question = f"Make these changes to {org}? [y/N] "
    with terminal("apply", file, env=sandbox.signed_in, columns=120) as screen:
        screen.expect(plan + question)
        screen.send("n\n")
        assert screen.wait() == 1
        assert screen.screen.endswith("nothing was changed\n")
    assert writes(sandbox) == []
    with terminal("apply", file, env=sandbox.signed_in, columns=120) as screen:
        screen.expect(question)
        screen.send("y\n")
        assert screen.wait() == 0
        assert screen.screen == (
            f"{plan}{question}y\n"
            f"created the team {org}/ops\n"
            f"changed the member {org} dave: role\n"
            f"{org}: 2 done\n"
        )
    with terminal("apply", file, "--dry-run", env=sandbox.signed_in) as screen:
        assert screen.wait() == 0
        assert screen.screen == f"{org} is as {file} says: nothing to change\n"


def test_a_plan_on_a_terminal_is_not_cut_and_hostile_text_is_visible(
    sandbox: SandboxServer, org: str, write: Any, terminal: Screen
) -> None:
    hub_repository(sandbox, f"{org}/api", {})
    repository = sandbox.parts.repositories.find(f"{org}/api")
    assert repository is not None
    sandbox.parts.repositories.change(repository, description="\x1b[31mred\u202e[bold]")
    name = "n" * 100
    file = write({"organization": org, "repositories": {"api": {"description": "plain"}, name: {}}})
    with terminal("apply", file, "--dry-run", env=sandbox.signed_in, columns=60) as screen:
        assert screen.wait() == 0
        assert r"description: \x1b[31mred\u202e[bold] -> plain" in screen.screen.replace("\n", "")
        assert name in screen.screen.replace("\n", "")
        assert "\u202e" not in screen.raw


def test_without_a_terminal_it_takes_yes(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    file = write({"organization": org, "teams": {"ops": {}}})
    refused = apply(file)
    assert refused.exit_code == 2
    assert f"  + team {org}/ops\n" in refused.stderr
    assert "no terminal to ask on" in refused.stderr
    assert "--yes answers it" in refused.stderr
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"organization: x\nteams: {a: {nope: 1}}", "line 2, column 13: teams.a.nope: there is no"),
        (b"organization: \xff", "is not UTF-8 (byte 14)"),
        (b"#" * (1 << 20) + b"#", "has more than 1,048,576 bytes"),
        (b"organization: x\nrepositories: {api: {categories: [no-such]}}", "no category 'no-such'"),
    ],
)
def test_a_wrong_file_changes_nothing(
    sandbox: SandboxServer, apply: Any, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    done = apply("x.yaml", "--yes")
    assert done.exit_code == 2
    assert told in done.stderr
    assert writes(sandbox) == []
    assert apply("missing.yaml").exit_code == 2


def test_an_organization_that_is_not_there(sandbox: SandboxServer, write: Any, apply: Any) -> None:
    for section in ("teams", "members", "repositories"):
        done = apply(write({"organization": "no-such-org", section: {}}), "--yes")
        assert done.exit_code == 3
        assert done.stderr.startswith(f"error: cannot list the {section} of no-such-org: ")


def test_a_team_that_is_nowhere_is_found_before_anything_changes(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    repositories = {"api": {"teams": {"ghosts": "read"}}}
    done = apply(write({"organization": org, "repositories": repositories}), "--yes")
    assert done.exit_code == 2
    assert f"{org} has no team ghosts, and the file makes none" in done.stderr
    assert writes(sandbox) == []


# Failures


def test_a_failure_stops_nothing_but_what_needs_it(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    document = {
        "organization": org,
        "teams": {"bad": {"members": ["carol"]}, "good": {"members": ["dave"]}},
        "repositories": {"api": {"teams": {"bad": "read", "good": "read"}}},
    }
    fault = {"message": "no more teams today"}
    sandbox.fault(f"POST /v2/orgs/{org}/groups$", status=400, body=fault, times=1)
    sandbox.fault(f"POST /v2/repositories/{org}/api/groups", status=403, body=fault, times=1)
    done = apply(write(document), "--yes", "--format", "json")
    # The most severe of 1 and 4.
    assert done.exit_code == 4
    status = {row["name"]: row["status"] for row in done.json()}
    failed = next(name for name in (f"{org}/bad", f"{org}/good") if status[name] == "failed")
    other = f"{org}/good" if failed == f"{org}/bad" else f"{org}/bad"
    person = {f"{org}/bad": "carol", f"{org}/good": "dave"}
    team = failed.partition("/")[2]
    assert status == {
        failed: "failed",
        other: "done",
        f"{failed} {person[failed]}": "skipped",
        f"{other} {person[other]}": "done",
        f"{org}/api": "done",
        f"{org}/api {team}": "skipped",
        f"{org}/api {other.partition('/')[2]}": "failed",
    }
    errors = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [(one["code"], one["exit_code"]) for one in errors] == [("FAILED", 1), ("DENIED", 4)]
    assert (
        f"warning: left out the team member {failed} {person[failed]}:"
        f" it needs the team {failed}, which failed"
    ) in done.stderr
    sandbox.forget()
    again = apply(write(document), "--yes")
    assert again.exit_code == 0
    assert len(again.lines()) == 4
    assert len(writes(sandbox)) == 4
    assert "nothing to change" in apply(write(document)).stderr


def test_what_cannot_be_read_of_one_repository_is_left_alone(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    for name in ("api", "tools"):
        hub_repository(sandbox, f"{org}/{name}", {})
    hooks = {"deploy": "https://ci.example/"}
    wanted = {"description": "New", "webhooks": hooks}
    document = {"organization": org, "repositories": {"api": wanted, "tools": wanted}}
    sandbox.fault(f"GET /v2/repositories/{org}/api/webhook_pipeline", status=403, times=1)
    done = apply(write(document), "--yes")
    assert done.exit_code == 4
    assert f"error: cannot list the webhooks of {org}/api: " in done.stderr
    assert [line.split("\t")[1:3] for line in done.lines()] == [
        ["repository", f"{org}/api"],
        ["repository", f"{org}/tools"],
        ["webhook", f"{org}/tools deploy"],
    ]
    rest = apply(write(document), "--yes")
    assert rest.stdout == f"create\twebhook\t{org}/api deploy\turl: https://ci.example/\tdone\n"


def test_a_kill_in_the_middle_is_made_good_by_the_next_run(
    sandbox: SandboxServer, org: str, write: Any, apply: Any, hubcli: Subprocess
) -> None:
    names = [f"r{number:02d}" for number in range(60)]
    document = {
        "organization": org,
        "teams": {"ops": {}},
        "repositories": {
            name: {"description": name, "teams": {"ops": "read"}, "categories": ["security"]}
            for name in names
        },
    }
    file = write(document)
    sandbox.fault(f"POST /v2/namespaces/{org}/repositories", chunk_delay_seconds=0.5)
    process = hubcli.start("apply", file, "--yes", env=sandbox.signed_in)
    for _ in range(300):
        if len(sandbox.requests(f"POST /v2/namespaces/{org}/repositories")) >= 12:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    sandbox.clear_faults()
    made = len(sandbox.parts.repositories.of(org))
    assert 0 < made < len(names)
    again = apply(file, "--yes", "--format", "json")
    assert again.exit_code == 0
    created = [row for row in again.json() if row["kind"] == "repository" and not row["before"]]
    assert 0 < len(created) <= len(names) - made + 12
    assert "nothing to change" in apply(file).stderr
    assert len(sandbox.parts.repositories.of(org)) == len(names)


def test_ctrl_c_ends_it_and_what_was_made_stays(
    sandbox: SandboxServer, org: str, write: Any, apply: Any, terminal: Screen
) -> None:
    file = write({"organization": org, "repositories": {f"r{n:02d}": {} for n in range(40)}})
    sandbox.fault(f"POST /v2/namespaces/{org}/repositories", chunk_delay_seconds=0.5)
    with terminal("apply", file, "--yes", env=sandbox.signed_in) as screen:
        screen.expect("40 to create")
        while not sandbox.parts.repositories.of(org):
            time.sleep(0.05)
        screen.send("\x03")
        assert screen.wait() == 130
    assert "Traceback" not in screen.screen
    sandbox.clear_faults()
    assert apply(file, "--yes", "-q").exit_code == 0
    assert len(sandbox.parts.repositories.of(org)) == 40


@pytest.mark.parametrize(
    ("fault", "exit_code"), [({"retry_after": 3600}, 5), ({"status": 503}, 6)], ids=str
)
def test_a_server_that_gives_up_on_one_thing_is_asked_for_the_others(
    sandbox: SandboxServer, org: str, write: Any, apply: Any, fault: dict[str, int], exit_code: int
) -> None:
    sandbox.fault(f"POST /v2/namespaces/{org}/repositories", times=1, **fault)
    names = ("one", "two", "three")
    file = write({"organization": org, "repositories": {name: {} for name in names}})
    done = apply(file, "--yes", "--format", "json")
    assert done.exit_code == exit_code
    assert sorted(row["status"] for row in done.json()) == ["done", "done", "failed"]
    assert len(apply(file, "--yes").lines()) == 1


@pytest.mark.parametrize("scopes", [["repo:read"], ["repo:write"]])
def test_a_weak_token_is_told_what_it_takes(
    sandbox: SandboxServer, org: str, write: Any, cli: InProcess, scopes: list[str]
) -> None:
    _, weak = sandbox.parts.accounts.add_token("alice", "ci", scopes)
    env = {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": weak}
    file = write({"organization": org, "teams": {"ops": {}}, "members": {"carol": "editor"}})
    done = cli("apply", file, "--yes", env=env)
    assert done.exit_code == 4
    assert "repo:admin" in done.stderr
    assert "scope-group-edit" in done.stderr
    assert "scope-member-edit" in done.stderr


def test_a_member_may_look_but_not_change(
    sandbox: SandboxServer, org: str, write: Any, cli: InProcess
) -> None:
    env = {"HUBCLI_USERNAME": "carol", "HUBCLI_PASSWORD": sandbox.password}
    file = write({"organization": org, "teams": {"ops": {"members": ["carol"]}}})
    assert cli("apply", file, "--dry-run", env=env).exit_code == 0
    done = cli("apply", file, "--yes", env=env)
    assert done.exit_code == 4
    assert f"the role owner in {org}" in done.stderr


def test_a_token_of_the_organization_can_do_it_all(
    sandbox: SandboxServer, org: str, write: Any, cli: InProcess, tmp_path: Path
) -> None:
    (tmp_path / "api.md").write_text("# API\n")
    env = as_organization(
        sandbox,
        org,
        *("scope-group-edit", "scope-member-edit", "scope-invite-edit"),
        *("scope-repository-create", "scope-repository-list"),
        repositories=(
            *("scope-repository-admin", "scope-repository-settings-admin"),
            *("scope-repo-group-admin", "scope-webhook-admin"),
        ),
    )
    file = write(everything(org))
    done = cli("apply", file, "--yes", "--format", "json", env=env)
    assert done.exit_code == 0, done.stderr
    assert {row["status"] for row in done.json()} == {"done"}
    assert "nothing to change" in cli("apply", file, env=env).stderr


# Many


def test_a_hundred_repositories_and_twenty_teams_take_a_request_for_each_difference(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    teams = {f"team-{n:02d}": {"description": f"Team {n}", "members": ["carol"]} for n in range(20)}
    repositories: dict[str, dict[str, Any]] = {
        f"service-{n:03d}": {
            "description": f"Service {n}",
            "visibility": "public",
            "categories": ["security"],
        }
        for n in range(100)
    }
    document: dict[str, Any] = {
        "organization": org, "teams": teams, "repositories": repositories
    }  # fmt: skip
    sandbox.forget()
    made = apply(write(document), "--yes")
    assert made.exit_code == 0
    # A team and its member; a repository and its categories.
    assert len(made.lines()) == 20 * 2 + 100 * 2
    assert len(writes(sandbox)) == len(made.lines())
    pages = {
        "/v2/categories/",
        f"/v2/orgs/{org}/groups",
        f"/v2/orgs/{org}/members",
        f"/v2/namespaces/{org}/repositories",
    }
    assert sorted(reads(sandbox)) == sorted(pages)

    sandbox.forget()
    assert "nothing to change" in apply(write(document)).stderr
    assert sorted(reads(sandbox)) == sorted(pages)

    repositories["service-007"]["description"] = "Changed"
    teams["team-03"]["members"] = ["carol", "dave"]
    repositories["service-100"] = {"visibility": "private"}
    sandbox.forget()
    assert len(apply(write(document), "--yes").lines()) == 3
    assert len(writes(sandbox)) == 3
    assert sorted(reads(sandbox)) == sorted(pages)

    # What the lists do not tell is asked of the repositories that the file says it of.
    repositories["service-042"] |= {"immutable_tags": ["v.*"], "teams": {}, "webhooks": {}}
    sandbox.forget()
    assert len(apply(write(document), "--yes").lines()) == 1
    details = [
        f"/v2/namespaces/{org}/repositories/service-042",
        f"/v2/repositories/{org}/service-042/groups/",
        f"/v2/repositories/{org}/service-042/webhook_pipeline/",
    ]
    # The hundred and first repository is on a second page.
    pages_now = [*pages, f"/v2/namespaces/{org}/repositories"]
    assert sorted(reads(sandbox)) == sorted([*pages_now, *details])


def test_people_are_invited_a_hundred_at_once(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    everybody = [f"person{n:03d}@example.com" for n in range(250)]
    document = {
        "organization": org,
        "teams": {"ops": {"members": everybody[:40]}},
        "members": dict.fromkeys([*everybody, "no-such-person"], "member"),
    }
    sandbox.forget()
    done = apply(write(document), "--yes")
    assert done.exit_code == 1
    assert done.stderr.count("error: ") == 1
    assert (
        f"error: cannot create the invite {org} no-such-person:"
        " that is neither an address nor a Docker ID (INVALID_EMAIL_OR_DOCKER_ID)"
    ) in done.stderr
    assert sum(line.endswith("\tdone") for line in done.lines()) == 251
    sent = [one.body for one in sandbox.requests("POST /v2/invites/bulk")]
    assert sorted(len(body["invitees"]) for body in sent) == [11, 40, 100, 100]
    assert len(sandbox.parts.invites.of(org)) == 250
    sandbox.forget()
    again = apply(write(document), "--yes", "-q")
    assert again.exit_code == 1
    assert [one.body["invitees"] for one in writes(sandbox)] == [["no-such-person"]]


def test_a_request_for_many_that_fails_is_told_once(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    people = {f"person{n}@example.com": "member" for n in range(40)}
    sandbox.fault("POST /v2/invites/bulk", status=403, body={"message": "not today"}, times=1)
    document = {"organization": org, "members": people, "teams": {"ops": {}}}
    done = apply(write(document), "--yes")
    assert done.exit_code == 4
    assert done.stderr.count("error: ") == 1
    assert f"error: cannot invite people to {org}: not today; it takes the role own" in done.stderr
    assert f"{org}: 1 done, 40 failed\n" in done.stderr
    assert apply(write(document), "--yes", "-q").exit_code == 0
    assert len(sandbox.parts.invites.of(org)) == 40


# Prune


def test_prune_removes_what_the_sections_do_not_name(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    before = everything(org)
    before["repositories"]["api"].pop("overview")
    before["repositories"]["old"] = {}
    before["teams"]["old"] = {"members": ["carol"]}
    assert apply(write(before), "--yes", "-q").exit_code == 0
    after = {
        "organization": org,
        "teams": {"ops": {"members": []}, "new": {}},
        "members": {"alice": "owner", "carol": "member"},
        "repositories": {"api": {"teams": {"new": "read"}, "webhooks": {}}},
    }
    kept = apply(write(after), "--yes")
    assert [line.split("\t")[0] for line in kept.lines()] == ["create", "create"]
    planned = apply(write(after), "--prune", "--dry-run", "--fields", "action,kind,name")
    expected = [
        f"remove\tteam member\t{org}/ops carol",
        f"remove\tpermission\t{org}/api ops",
        f"remove\twebhook\t{org}/api deploy",
        f"remove\tinvite\t{org} bob",
        f"remove\tinvite\t{org} zoe@example.com",
        f"remove\tteam\t{org}/old",
        f"remove\trepository\t{org}/old",
        f"remove\tmember\t{org} dave",
    ]
    assert sorted(planned.lines()) == sorted(expected)
    done = apply(write(after), "--prune", "--yes")
    assert done.exit_code == 0
    assert f"  - repository {org}/old  with all its tags\n" in done.stderr
    parts = sandbox.parts
    assert [each.name for each in parts.repositories.of(org)] == ["api"]
    assert [row["name"] for row in parts.teams.of(org)] == ["new", "ops", "owners"]
    assert [row["name"] for row in parts.accounts.members_of(org)] == ["alice", "carol"]
    assert parts.invites.of(org) == []
    assert "nothing to change" in apply(write(after), "--prune").stderr


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"carol": "member"}, "would be left as an owner"),
        ({"carol": "owner"}, "it would remove alice, and that is you: name yourself in members"),
    ],
)
def test_prune_keeps_the_last_owner_and_oneself(
    sandbox: SandboxServer, org: str, write: Any, apply: Any, members: dict[str, str], told: str
) -> None:
    done = apply(write({"organization": org, "members": members}), "--prune", "--yes")
    assert done.exit_code == 2
    assert told in done.stderr
    assert writes(sandbox) == []


def test_whoever_hands_over_is_the_last_to_go(
    sandbox: SandboxServer, org: str, write: Any, apply: Any
) -> None:
    file = write({"organization": org, "members": {"alice": "member", "carol": "owner"}})
    assert apply(file, "--yes").exit_code == 0
    assert sandbox.parts.accounts.role(org, "alice") == "member"
    assert sandbox.parts.accounts.role(org, "carol") == "owner"
