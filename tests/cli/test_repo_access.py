"""`hubcli repo collaborator`, `permission` and `verify-tags`, and what `repo edit` tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubcli.cli.completion.tree import meaning
from hubcli.sandbox.hub.categories import CATEGORIES
from support.hub_repositories import hub_repository
from support.running import InProcess, Result
from support.sandbox import SandboxServer

Alice = Callable[..., Result]
TAGS = {"v1": "a", "v2": "b", "latest": "b", "v2-RELEASE": "c"}


@pytest.fixture
def alice(sandbox: SandboxServer, cli: InProcess) -> Alice:
    return lambda *argv, **more: cli(*argv, env=sandbox.signed_in, **more)


@pytest.fixture
def tagged(sandbox: SandboxServer, repository: str) -> str:
    hub_repository(sandbox, repository, TAGS)
    return repository


@pytest.fixture
def own(sandbox: SandboxServer, repository: str) -> str:
    """A repository of alice herself."""
    path = f"alice/{repository.partition('/')[0]}"
    hub_repository(sandbox, path, {"latest": "x"})
    return path


# Immutable tags


def test_rules_are_tried_before_they_are_set(alice: Alice, tagged: str) -> None:
    done = alice("repo", "verify-tags", tagged, "v.*", ".*-RELEASE", "--format", "json")
    assert {row["name"]: row["rules"] for row in done.json()} == {
        "v1": ["v.*"],
        "v2": ["v.*"],
        "v2-RELEASE": ["v.*", ".*-RELEASE"],
    }
    assert alice("repo", "inspect", tagged, "--format", "json").json()["immutable_tags"] == []
    none = alice("repo", "verify-tags", tagged, "x")
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr == f"{tagged}: no tag matches\n"


def test_without_a_rule_those_that_are_set_count(alice: Alice, tagged: str) -> None:
    assert "no rules are set" in alice("repo", "verify-tags", tagged).stderr
    alice("repo", "edit", tagged, "--immutable-tags", "v1")
    assert alice("repo", "verify-tags", tagged, "-q").stdout == "v1\n"


def test_a_rule_that_is_none_is_refused_before_anything_changes(
    alice: Alice, tagged: str, sandbox: SandboxServer
) -> None:
    assert alice("repo", "verify-tags", tagged, "(").exit_code == 1
    arguments = ("--description", "New", "--immutable-tags", "(")
    assert alice("repo", "edit", tagged, *arguments).exit_code == 1
    assert sandbox.requests("PATCH") == []


def test_edit_tells_what_a_rule_freezes(alice: Alice, tagged: str, sandbox: SandboxServer) -> None:
    edit = ("repo", "edit", tagged, "--immutable-tags", "v[0-9]")
    planned = alice(*edit, "--dry-run")
    assert planned.lines() == ["immutable_tags: (none) -> v[0-9]", "freezes v1, v2"]
    assert sandbox.requests("PATCH") == []
    done = alice(*edit)
    assert done.stderr == (
        f"immutable_tags: (none) -> v[0-9]\nfreezes v1, v2\nchanged {tagged}: immutable_tags\n"
    )


def test_many_tags_are_counted_and_a_dry_run_names_them_all(
    alice: Alice, sandbox: SandboxServer, repository: str
) -> None:
    hub_repository(sandbox, repository, {f"v{number:02}": "same" for number in range(13)})
    edit = ("repo", "edit", repository, "--immutable-tags", ".*")
    assert alice(*edit, "--dry-run").lines()[1].endswith("v11, v12")
    assert "v09 and 3 others\n" in alice(*edit).stderr


def test_a_question_tells_what_would_be_first_and_says_it_once(alice: Alice, own: str) -> None:
    arguments = ("repo", "edit", own, "--private", "--description", "New")
    done = alice(*arguments, stdin="y\n", terminal=True)
    told, question, rest = done.stderr.partition(f"Make {own} private")
    assert "visibility: public -> private\n" in told
    assert "description: (none) -> New\n" in told
    assert question
    assert "->" not in rest


def test_what_was_refused_is_not_told_as_if_it_were_done(alice: Alice) -> None:
    done = alice("repo", "edit", "bob/tools", "--description", "x", "--format", "json")
    assert done.exit_code == 4
    assert "->" not in done.stderr


@pytest.mark.parametrize("flag", ["--archive", "--unarchive"])
def test_archiving_is_refused_before_anything_is_asked(
    alice: Alice, sandbox: SandboxServer, flag: str
) -> None:
    done = alice("repo", "edit", "alice/webapp", flag)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert sandbox.requests() == []


def test_categories_complete_to_those_of_hub() -> None:
    for command, metavar in (("repo create", "C"), ("search", "SLUG")):
        value = meaning(command, metavar)
        assert value is not None
        assert set(value.words) == set(CATEGORIES)


# Who may do what


def test_collaborators_come_and_go(alice: Alice, own: str) -> None:
    added = alice("repo", "collaborator", "add", own, "Carol", "dave", "carol")
    assert added.exit_code == 0
    assert added.stderr == f"carol may push to {own}\ndave may push to {own}\n"
    assert alice("repo", "collaborator", "add", own, "carol").exit_code == 0
    assert alice("repo", "collaborator", "ls", own, "-q").lines() == ["carol", "dave"]
    asked = alice("repo", "collaborator", "rm", own, "carol")
    assert asked.exit_code == 2
    assert f"Take carol the right to push to {own}?" in asked.stderr
    planned = alice("repo", "collaborator", "rm", own, "carol", "erin", "--dry-run", "-q")
    assert (planned.exit_code, planned.stdout) == (3, "carol\n")
    removed = alice("repo", "collaborator", "rm", own, "CAROL", "--yes")
    assert removed.stderr == f"carol may push to {own} no more\n"
    assert alice("repo", "collaborator", "ls", own, "-q").lines() == ["dave"]


def test_one_that_cannot_be_added_does_not_keep_the_others(alice: Alice, own: str) -> None:
    done = alice("repo", "collaborator", "add", own, "nobody-here", "carol")
    assert done.exit_code == 1
    assert "cannot add the collaborator nobody-here: " in done.stderr
    assert alice("repo", "collaborator", "ls", own, "-q").lines() == ["carol"]


def test_organizations_have_teams_instead(alice: Alice) -> None:
    done = alice("repo", "collaborator", "ls", "acme/api")
    assert done.exit_code == 1
    assert "teams" in done.stderr


def test_teams_are_listed_with_what_they_may(alice: Alice) -> None:
    done = alice("repo", "permission", "ls", "acme/internal", "--format", "json")
    (row,) = done.json()
    assert (row["name"], row["permission"], row["team"]) == ("acme/readers", "read", "readers")
    assert isinstance(row["team_id"], int)
    assert alice("repo", "permission", "ls", "acme/internal").stdout == "acme/readers\tread\n"


def test_who_is_no_administrator_is_told_what_it_takes(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    env = {"HUBCLI_USERNAME": "carol", "HUBCLI_PASSWORD": sandbox.password}
    done = cli("repo", "permission", "ls", "acme/api", env=env)
    assert done.exit_code == 4
    assert "scope-repo-group-read" in done.stderr


@pytest.mark.parametrize(
    "command", [("collaborator", "ls"), ("permission", "ls"), ("verify-tags",)]
)
def test_other_registries_have_none_of_that(cli: InProcess, command: tuple[str, ...]) -> None:
    done = cli("repo", *command, "quay.io/a/b")
    assert done.exit_code == 1
    assert "quay.io" in done.stderr
