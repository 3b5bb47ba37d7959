"""Documents: what they say in each format, and what is refused of them, and where."""

from __future__ import annotations

import builtins
import json
from typing import Any

import pytest

from hubcli.desired.document import is_repository_name, read_document
from hubcli.desired.organization import Organization, Repository, Team
from hubcli.errors import HubcliError, UsageError

YAML = """
# Everything that a document can say.
organization: Acme
teams:
  Developers:
    description: Build and push
    members: [carol, Erin@Example.com]
  readers:
members:
  carol: Editor
  dave:
repositories:
  api:
    description: "The API"
    overview: docs/api.md
    visibility: private
    categories: [developer-tools, Security]
    immutable_tags: ['v.*']
    teams: {developers: write}
    webhooks: {Deploy: https://ci.example/hooks/1}
  acme/tools: {}
"""
JSON = json.dumps(
    {
        "organization": "Acme",
        "teams": {
            "Developers": {
                "description": "Build and push",
                "members": ["carol", "Erin@Example.com"],
            },
            "readers": None,
        },
        "members": {"carol": "Editor", "dave": None},
        "repositories": {
            "api": {
                "description": "The API",
                "overview": "docs/api.md",
                "visibility": "private",
                "categories": ["developer-tools", "Security"],
                "immutable_tags": ["v.*"],
                "teams": {"developers": "write"},
                "webhooks": {"Deploy": "https://ci.example/hooks/1"},
            },
            "acme/tools": {},
        },
    }
)
TOML = """
organization = "Acme"

[teams.Developers]
description = "Build and push"
members = ["carol", "Erin@Example.com"]

[teams.readers]

[members]
carol = "Editor"
dave = "member"

[repositories.api]
description = "The API"
overview = "docs/api.md"
visibility = "private"
categories = ["developer-tools", "Security"]
immutable_tags = ["v.*"]
teams = { developers = "write" }
webhooks = { Deploy = "https://ci.example/hooks/1" }

[repositories."acme/tools"]
"""
SAID = Organization(
    "acme",
    teams={
        "developers": Team("Build and push", ("carol", "erin@example.com")),
        "readers": Team(),
    },
    members={"carol": "editor", "dave": None},
    repositories={
        "api": Repository(
            description="The API",
            overview="read from docs/api.md",
            visibility="private",
            categories=("developer-tools", "Security"),
            immutable_tags=("v.*",),
            teams={"developers": "write"},
            webhooks={"Deploy": "https://ci.example/hooks/1"},
        ),
        "tools": Repository(),
    },
)


def read(text: str, name: str = "acme.yaml") -> Organization:
    return read_document(text, name, lambda path: f"read from {path}")


def refusal(text: str, name: str = "acme.yaml") -> str:
    with pytest.raises(UsageError) as caught:
        read(text, name)
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "name"),
    [(YAML, "acme.yaml"), (YAML, "stdin"), (JSON, "acme.json"), (JSON, "stdin"), (JSON, "a.yml")],
)
def test_a_document_says_the_same_in_yaml_and_json(text: str, name: str) -> None:
    assert read(text, name) == SAID


def test_toml_has_no_nothing_and_says_the_rest() -> None:
    said = read(TOML, "acme.toml")
    assert said.members == {"carol": "editor", "dave": "member"}
    assert (said.teams, said.repositories) == (SAID.teams, SAID.repositories)


def test_what_is_not_there_is_not_named_and_what_is_empty_names_nothing() -> None:
    assert read("organization: acme") == Organization("acme")
    named = read("{organization: acme, teams: , members: [], repositories: {api: }}")
    assert named == Organization("acme", {}, {}, {"api": Repository()})
    cleared = read("{organization: acme, repositories: {api: {description: '', categories: []}}}")
    assert cleared.repositories == {"api": Repository(description="", categories=())}


def test_words_that_yaml_takes_for_something_else_are_names() -> None:
    said = read("{organization: no, teams: {on: {members: [yes, 007, 1.0, 2026-01-01, null_]}}}")
    assert said.name == "no"
    assert said.teams == {"on": Team(members=("yes", "007", "1.0", "2026-01-01", "null_"))}


def test_members_may_be_a_list_without_roles() -> None:
    assert read("{organization: a, members: [Carol, dave]}").members == {
        "carol": None,
        "dave": None,
    }


def test_anchors_and_merge_keys_are_what_they_stand_for() -> None:
    said = read("""
organization: acme
repositories:
  api: &service
    visibility: private
    teams: &grants {developers: write}
  web: {<<: *service, visibility: public}
  cli: {<<: [{description: First}, *service, {description: Second}]}
  docs: {teams: *grants}
""")
    private = Repository(visibility="private", teams={"developers": "write"})
    assert said.repositories == {
        "api": private,
        "web": Repository(visibility="public", teams={"developers": "write"}),
        "cli": Repository("First", visibility="private", teams={"developers": "write"}),
        "docs": Repository(teams={"developers": "write"}),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("organisation: acme",
         "line 1, column 1: organisation: there is no such key; did you mean organization?"),
        ("organization: a\nrepositories:\n  api:\n    visibilty: x",
         "line 4, column 5: repositories.api.visibilty: there is no such key; did you mean vis"),
        ("organization: a\nteams:\n  x: {zzz: 1}",
         "line 3, column 7: teams.x.zzz: there is no such key; there are description, members"),
        ("teams: {}", "line 1, column 1: it names no organization: organization: NAME"),
        ("organization: a/b", "line 1, column 15: organization: that is no name"),
        ("organization: a\norganization: b",
         "line 2, column 1: the key 'organization' is there twice"),
        ("organization: a\nteams:\n  x:\n  x:", "line 4, column 3: the key 'x' is there twice"),
        ("organization: a\nteams:\n  x:\n  X:", "line 4, column 3: teams.X: x is there twice"),
        ("organization: a\nrepositories:\n  api:\n  a/api:",
         "line 4, column 3: repositories.a/api: api is there twice"),
        ("organization: a\nteams: [x]", "line 2, column 8: teams: a mapping of names is wanted"),
        ("organization: a\nteams: {x: {members: y}}",
         "line 2, column 22: teams.x.members: a list is wanted here"),
        ("organization: a\nteams: {x: {members: [[]]}}",
         "line 2, column 23: teams.x.members: a text is wanted here"),
        ("organization: a\nteams: {owners: {members: [b]}}",
         "line 2, column 18: teams.owners.members: an owner is somebody with the role owner"),
        ("organization: a\nmembers: {x: {}}", "line 2, column 14: members.x: a text is wanted"),
        ("organization: a\nmembers: {' ': owner}", "line 2, column 11: members. : that is no name"),
        ('organization: a\nmembers: {"a\\e[31m": owner}', "that is no name"),
        ("organization: a\nrepositories:\n  b/api:", "line 3, column 3: repositories.b/api: that"),
        ("organization: a\nrepositories:\n  ../up:", "no name of a repository"),
        ("organization: a\nrepositories:\n  api: {visibility: secret}",
         "line 3, column 21: repositories.api.visibility: one of public, private is wanted here"),
        ("organization: a\nrepositories:\n  api: {teams: {x: own}}",
         "repositories.api.teams.x: one of read, write, admin is wanted here"),
        ("organization: a\nrepositories:\n  api: {webhooks: {x: 'ftp://x/'}}",
         "line 3, column 23: repositories.api.webhooks.x: 'ftp://x/' is no http or https URL"),
        ("organization: a\nrepositories:\n  api: {webhooks: {x: 'ftp://u:pw@x/?key=k'}}",
         "webhooks.x: 'ftp://x/?key=REDACTED' is no http or https URL"),
        ("organization: a\nrepositories:\n  api: {categories: [a, b, c, d]}",
         "repositories.api.categories: a repository has at most 3 categories"),
        (f"organization: a\nrepositories:\n  api: {{description: {'ä' * 51}}}",
         "line 3, column 22: repositories.api: the description has 102 bytes; Docker Hub"),
        ('organization: a\nrepositories:\n  api: {description: "\\ud800"}', "is not UTF-8"),
        ("organization: a\nrepositories:\n  api: {overview: }",
         "repositories.api.overview: a text is wanted here"),
        ("- organization: a", "line 1, column 1: a mapping of names is wanted here"),
        ("just a text", "line 1, column 1: a mapping of names is wanted here"),
        ("", "it names no organization"),
        ("organization: [", "line 1, column 16: "),
        ("organization: a\n---\norganization: b", "line 2, column 1: "),
        ("organization: \x00", "special characters are not allowed"),
        ("? [a]\n: b", "line 1, column 3: a key is a text"),
        ("{<<: a}", "line 1, column 6: a mapping is wanted behind <<"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    reason = refusal(text)
    assert reason.startswith("acme.yaml")
    assert told in reason


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ('{"organization": "a",\n "teams": {"x": 1 1}}', "a.json", "a.json, line 2, column 19: "),
        ('{"organization": "a", "organization": "b"}', "a.json", "'organization' is there twice"),
        ('{"organization": "a", "organization": "b"}', "a.yaml", "'organization' is there twice"),
        ('{"organization": "a", "taems": {}}', "a.json",
         "a.json: taems: there is no such key; did you mean teams?"),
        ("[1, 2]", "a.json", "a.json: a mapping of names is wanted here"),
        ("[" * 100_000, "a.json", "nested too deeply"),
        ('{"a":' * 30 + "1" + "}" * 30, "a.json", "nested too deeply"),
        ('organization = "a"\nb = [', "a.toml", "a.toml"),
        ('organization = a', "a.toml", "a.toml, line 1, column 16: invalid value"),
        ('organization = "a"\norganization = "b"', "a.toml", "a.toml: cannot overwrite a value"),
        ("a = " + "[" * 5_000, "a.toml", "a.toml: it is nested too deeply"),
    ],
)  # fmt: skip
def test_json_and_toml_are_as_strict(text: str, name: str, told: str) -> None:
    assert told in refusal(text, name)


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "it has more than 100,000 values"),
        ("a: &a [*a]", "it is nested too deeply"),
        ("a: &a {<<: *a}", "it is nested too deeply"),
        ("[" * 5_000, "it is nested too deeply"),
        ("{a: " * 5_000, "it is nested too deeply"),
        ("[" * 30 + "]" * 30, "line 1, column 22: it is nested too deeply"),
        ("a: !!python/object/apply:os.system [id]",
         "line 1, column 4: nothing is made of the tag tag:yaml.org,2002:python/object"),
        ("a: !!binary aGk=", "nothing is made of the tag"),
        ("a: !mine b", "nothing is made of the tag !mine"),
        ("a: !!set {b}", "nothing is made of the tag"),
        ("%YAML 9.0\n---\na: b", "found incompatible YAML document"),
        ("a: *b", "found undefined alias 'b'"),
    ],
)  # fmt: skip
def test_hostile_yaml_is_refused_and_makes_nothing(text: str, told: str) -> None:
    assert told in refusal(text)


def test_overviews_are_read_and_measured() -> None:
    text = "{organization: a, repositories: {api: {overview: api.md}}}"

    def missing(path: str) -> str:
        raise UsageError(f"cannot read {path}: No such file or directory")

    with pytest.raises(UsageError, match=r"column 50: repositories.api.overview: cannot read api"):
        read_document(text, "a.yaml", missing)
    with pytest.raises(UsageError, match=r"the readme has 25,001 bytes; Docker Hub takes 25,000"):
        read_document(text, "a.yaml", lambda _: "x" * 25_001)


def test_without_the_package_yaml_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_yaml(name: str, *rest: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    with pytest.raises(HubcliError, match="YAML takes a package that is not installed") as caught:
        read(YAML)
    assert caught.value.hint == "pip install 'hubcli[yaml]'"
    assert read(JSON, "stdin") == SAID
    assert read(TOML, "acme.toml").repositories == SAID.repositories


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("api", True), ("a1", True), ("my.api-v2_x", True), ("a__b", True), ("a" * 255, True),
        ("a", False), ("a" * 256, False), ("API", False), ("..", False), ("a/b", False),
        ("-a", False), ("a-", False), ("a b", False), ("a\n", False), ("", False),
    ],
)  # fmt: skip
def test_names_of_repositories(name: str, known: bool) -> None:
    assert is_repository_name(name) is known
