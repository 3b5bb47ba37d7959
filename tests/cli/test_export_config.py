"""`hubcli export-config` against the sandbox: what it writes, and that applying it does nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from support.hub_repositories import hub_repository
from support.organizations import new_organization
from support.running import InProcess
from support.sandbox import SandboxServer

HOSTILE = '\x1b[31mred\u202e "quoted" \U0001f600 #no: [bold]\x85'


@pytest.fixture
def org(sandbox: SandboxServer, cli: InProcess) -> str:
    """An organization of this test alone, with something of everything."""
    name = new_organization(sandbox, carol="member", dave="editor")
    parts = sandbox.parts
    parts.teams.create(name, "no", "Build: push")
    team = parts.teams.find(name, "no")
    assert team is not None
    parts.teams.add(team, "carol")
    parts.invites.add(name, "zoe@example.com", team="no", role="editor", inviter="alice")
    for repository in ("api", "internal"):
        hub_repository(sandbox, f"{name}/{repository}", {}, private=repository == "internal")
    api = parts.repositories.find(f"{name}/api")
    assert api is not None
    parts.repositories.change(
        api,
        description=HOSTILE,
        full_description="# API\n\nText.\n",
        categories=["security"],
        immutable_tags=True,
        immutable_rules=["v.*"],
    )
    parts.teams.grant(api.id, team["id"], "write")
    parts.webhooks.create(api.id, "Deploy: #1", "https://ci.example/1?a=b#c")
    return name


def test_it_says_what_there_is(sandbox: SandboxServer, cli: InProcess, org: str) -> None:
    done = cli("export-config", org, env=sandbox.signed_in)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.replace("\n", "").isprintable()
    expected = {
        "organization": org,
        "teams": {
            "no": {"description": "Build: push", "members": ["carol", "zoe@example.com"]},
            "owners": {},
        },
        "members": {
            "alice": "owner",
            "carol": "member",
            "dave": "editor",
            "zoe@example.com": "editor",
        },
        "repositories": {
            "api": {
                "description": HOSTILE,
                "visibility": "public",
                "categories": ["security"],
                "immutable_tags": ["v.*"],
                "teams": {"no": "write"},
                "webhooks": {"Deploy: #1": "https://ci.example/1?a=b#c"},
            },
            "internal": {
                "description": "",
                "visibility": "private",
                "categories": [],
                "immutable_tags": [],
                "teams": {},
                "webhooks": {},
            },
        },
    }
    assert yaml.safe_load(done.stdout) == expected
    assert cli("export-config", org, "--json", env=sandbox.signed_in).json() == expected


@pytest.mark.parametrize("name", ["org.yaml", "org.json"])
def test_applied_it_changes_nothing(
    sandbox: SandboxServer, cli: InProcess, org: str, tmp_path: Path, name: str
) -> None:
    as_json = ["--json"] if name.endswith("json") else []
    there = tmp_path / "infra"
    there.mkdir()
    arguments = ("-o", f"infra/{name}", "--overviews", "infra/texts", *as_json)
    done = cli("export-config", org, *arguments, env=sandbox.signed_in)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert (there / "texts" / "api.md").read_text() == "# API\n\nText.\n"
    assert [path.name for path in (there / "texts").iterdir()] == ["api.md"]
    assert (there / name).stat().st_mode & 0o777 == 0o600
    said = yaml.safe_load((there / name).read_text())
    assert said["repositories"]["api"]["overview"] == "texts/api.md"
    sandbox.forget()
    applied = cli("apply", f"infra/{name}", "--prune", "--yes", env=sandbox.signed_in)
    assert applied.exit_code == 0
    assert applied.stderr.endswith(f"{org} is as infra/{name} says: nothing to change\n")
    assert {one.method for one in sandbox.requests("/v2/orgs/")} == {"GET"}


def test_one_organization_is_made_like_another(
    sandbox: SandboxServer, cli: InProcess, org: str, tmp_path: Path
) -> None:
    other = new_organization(sandbox)
    document = json.loads(cli("export-config", org, "--json", env=sandbox.signed_in).stdout)
    document["organization"] = other
    # They are to be invited: no more than that can be done for them now.
    document["members"] = {"alice": "owner"}
    document["teams"]["no"].pop("members")
    (tmp_path / "other.json").write_text(json.dumps(document))
    assert cli("apply", "other.json", "--yes", "-q", env=sandbox.signed_in).exit_code == 0
    made = cli("export-config", other, "--json", env=sandbox.signed_in).json()
    assert made["repositories"] == document["repositories"]


def test_what_one_may_not_see_is_left_out_and_said(
    sandbox: SandboxServer, cli: InProcess, org: str
) -> None:
    env = {"HUBCLI_USERNAME": "carol", "HUBCLI_PASSWORD": sandbox.password}
    done = cli("export-config", org, env=env)
    assert done.exit_code == 0
    said = yaml.safe_load(done.stdout)
    assert set(said["repositories"]) == {"api"}
    assert not {"teams", "webhooks"} & set(said["repositories"]["api"])
    assert said["members"]["dave"] == "editor"
    assert f"warning: left out: cannot list the invites of {org}: " in done.stderr
    assert f"warning: left out: cannot list the webhooks of {org}/api: " in done.stderr


def test_thousands_of_members_are_read_in_pages_and_their_teams_with_them(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    done = cli("export-config", "megacorp", "--json", env=sandbox.signed_in)
    assert done.exit_code == 0
    said = done.json()
    assert len(said["members"]) == 2001
    assert said["teams"]["squad-01"]["members"] == [
        f"dev{number:04d}" for number in range(101, 106)
    ]
    # Twenty-one pages of members, and none of any team.
    assert len(sandbox.requests("GET /v2/orgs/megacorp/members")) == 21
    assert sandbox.requests("/groups/") == []


def test_failures_are_told(sandbox: SandboxServer, cli: InProcess, org: str) -> None:
    assert cli("export-config", "no-such-org", env=sandbox.signed_in).exit_code == 3
    anonymous = cli("export-config", org)
    assert anonymous.exit_code == 4
    assert anonymous.stdout == ""
    sandbox.fault(f"GET /v2/repositories/{org}/api/groups", status=400, times=1)
    broken = cli("export-config", org, env=sandbox.signed_in)
    assert broken.exit_code == 1
    assert "teams" not in yaml.safe_load(broken.stdout)["repositories"]["api"]
    nowhere = cli("export-config", org, "-o", "/dev/null/x", env=sandbox.signed_in)
    assert nowhere.exit_code == 1
    assert "(SYSTEM)" in nowhere.stderr
