"""Who may call what in the sandbox's Hub: every documented operation, by every kind of caller.

What is expected follows from Docker's access token reference and its roles, not from the sandbox.
Rows are chosen so that little is changed: whoever may is told that something is not there, or that
a value is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from hubcli.hub.organization_tokens import ORGANIZATION_SCOPES, REPOSITORY_SCOPES
from hubcli.sandbox.teams import OWNERS
from support import openapi
from support.hub_client import HubClient
from support.hub_report import HubReport
from support.openapi import Exchange
from support.sandbox import SandboxServer, sandbox_server

ORG = "authority"
PUBLIC, PRIVATE = f"{ORG}/open", f"{ORG}/closed"
NOBODY = "00000000-0000-0000-0000-000000000000"
NOT_YOU, TOO_WEAK = "access to the resource is forbidden", "access denied: insufficient scope"
NO_OAT = "token issued from organization access token is not allowed"
TOKENS = ("repo:public_read", "repo:read", "repo:write", "repo:admin")

# What a call takes of people: a rank in the organization, or a permission on the repository.
RANKS = {"member": 1, "editor": 2, "owner": 3}
PERMISSIONS = {"read": 1, "write": 2, "admin": 3}
ANYBODY, SOMEBODY, PERSON = "anybody", "somebody", "somebody who is no organization"


class Person(NamedTuple):
    """What somebody is, and the strength of the token that is used, as an index of `TOKENS`."""

    rank: int
    permission: int
    token: int = 3


PEOPLE = {
    "stranger": Person(0, 0),
    "member": Person(1, 0),
    "reader": Person(1, 1),
    "writer": Person(1, 2),
    "keeper": Person(1, 3),
    "editor": Person(2, 3),
    "owner": Person(3, 3),
}
TEAMS = {"reader": "read", "writer": "write", "keeper": "admin"}


@dataclass(frozen=True)
class Row:
    """One call: what whoever may is answered, and what it takes."""

    call: str
    answer: int
    takes: str
    scope: str | None = None
    """Of an organization access token; None where none is enough."""
    body: Any = None
    token: int = 3
    """The weakest personal access token, as an index of TOKENS."""

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.call.partition(" ")[2]

    @cached_property
    def repository(self) -> str | None:
        """The repository that the path names."""
        found = re.search(rf"/{ORG}/(?:repositories/)?(open|closed)\b", self.path)
        return found and f"{ORG}/{found[1]}"

    @property
    def is_legacy(self) -> bool:
        """The older API refuses organizations, but for one route, which the newer one has not."""
        older = self.path.startswith("/v2/repositories")
        return older and not (self.method == "POST" and self.path.endswith("/groups"))


def repository_rows(prefix: str, *, private: bool) -> Iterator[Row]:
    """What is below one repository, on the newer API or the older one."""
    reads = "read" if private else ANYBODY
    weakest = 1 if private else 0
    yield Row(f"GET {prefix}", 200, reads, "scope-repository-read", token=weakest)
    yield Row(f"GET {prefix}/tags", 200, reads, "scope-tag-read", token=weakest)
    yield Row(f"GET {prefix}/tags/none", 404, reads, "scope-tag-read", token=weakest)
    yield Row(f"PATCH {prefix}", 400, "admin", "scope-repository-edit", {"status": 7})
    yield Row(f"POST {prefix}/privacy", 400, "admin", "scope-repository-edit", {})
    yield Row(f"PATCH {prefix}/categories", 400, "admin", "scope-repository-edit", {})
    yield Row(f"DELETE {prefix}/tags/none", 404, "admin", "scope-tag-admin")
    yield Row(f"GET {prefix}/groups", 200, "admin", "scope-repo-group-read")
    yield Row(f"POST {prefix}/groups", 400, "admin", "scope-repo-group-edit", {})
    yield Row(f"GET {prefix}/groups/999", 404, "admin", "scope-repo-group-read")
    yield Row(f"PATCH {prefix}/groups/999", 404, "admin", "scope-repo-group-edit", {})
    yield Row(f"DELETE {prefix}/groups/999", 404, "admin", "scope-repo-group-admin")
    yield Row(f"GET {prefix}/webhook_pipeline", 200, "admin", "scope-webhook-read")
    yield Row(f"POST {prefix}/webhook_pipeline", 400, "admin", "scope-webhook-edit", {})
    yield Row(f"DELETE {prefix}/webhook_pipeline/none", 404, "admin", "scope-webhook-admin")
    yield Row(f"GET {prefix}/webhook_pipeline/none/history", 404, "admin", "scope-webhook-read")
    yield Row(f"POST {prefix}/stars", 200, SOMEBODY, "scope-repository-edit", {}, weakest)
    # Repositories of organizations have teams in their place.
    yield Row(f"GET {prefix}/collaborators", 400, "admin", "scope-repository-admin")
    yield Row(f"DELETE {prefix}/collaborators/none", 400, "admin", "scope-repository-admin")


def newer_rows(prefix: str, *, private: bool) -> Iterator[Row]:
    """The same, and what the newer API alone has."""
    yield from repository_rows(prefix, private=private)
    reads = "read" if private else ANYBODY
    weakest = 1 if private else 0
    settings = "scope-repository-settings-admin"
    yield Row(f"HEAD {prefix}", 200, reads, "scope-repository-read", token=weakest)
    yield Row(f"HEAD {prefix}/tags", 200, reads, "scope-tag-read", token=weakest)
    yield Row(f"HEAD {prefix}/tags/none", 404, reads, "scope-tag-read", token=weakest)
    yield Row(f"PATCH {prefix}/immutabletags", 400, "admin", settings, {})
    yield Row(f"POST {prefix}/immutabletags/verify", 400, "admin", settings, {})


def organization_rows() -> Iterator[Row]:
    org = f"/v2/orgs/{ORG}"
    yield Row(f"GET {org}", 200, ANYBODY, token=0)
    yield Row("GET /v2/user/orgs", 200, PERSON, token=0)
    yield Row("GET /v2/user", 200, PERSON, token=0)
    yield Row(f"GET {org}/settings", 200, "owner", "scope-ram-read", token=1)
    yield Row(f"PUT {org}/settings", 400, "owner", "scope-ram-write", {})
    access = f"{org}/settings/registry-access-management"
    yield Row(f"GET {access}", 200, "owner", "scope-ram-read", token=1)
    yield Row(f"PUT {access}", 400, "owner", "scope-ram-write", {})
    yield Row(f"GET {org}/members", 200, "member", "scope-member-read", token=1)
    yield Row(f"GET {org}/members/export", 200, "owner", "scope-member-read", token=1)
    yield Row(f"PUT {org}/members/none", 404, "owner", "scope-member-edit", {"role": "member"})
    yield Row(f"DELETE {org}/members/none", 404, "owner", "scope-member-edit")
    yield Row(f"GET {org}/invites", 200, "owner", "scope-invite-read", token=1)
    yield Row("POST /v2/invites/bulk", 202, "owner", "scope-invite-edit",
              {"org": ORG, "invitees": ["a@example.com"], "dry_run": True})  # fmt: skip
    yield Row("PATCH /v2/invites/{invite}/resend", 204, "owner", "scope-invite-edit")
    yield Row("DELETE /v2/invites/{invite}", 204, "owner", "scope-invite-edit")
    yield Row(f"GET {org}/groups", 200, "member", "scope-group-read", token=1)
    yield Row(f"POST {org}/groups", 400, "owner", "scope-group-edit", {})
    yield Row(f"GET {org}/groups/none", 404, "member", "scope-group-read", token=1)
    yield Row(f"PUT {org}/groups/none", 404, "owner", "scope-group-edit", {"name": "other"})
    yield Row(f"PATCH {org}/groups/none", 404, "owner", "scope-group-edit", {"name": "other"})
    yield Row(f"DELETE {org}/groups/none", 404, "owner", "scope-group-edit")
    yield Row(f"GET {org}/groups/owners/members", 200, "member", "scope-group-read", token=1)
    yield Row(f"POST {org}/groups/owners/members", 404, "owner", "scope-group-edit",
              {"member": "none"})  # fmt: skip
    yield Row(f"DELETE {org}/groups/owners/members/none", 404, "owner", "scope-group-edit")
    yield Row(f"GET /v2/auditlogs/{ORG}", 200, "owner", "scope-activity-read", token=1)
    yield Row(f"GET /v2/auditlogs/{ORG}/actions", 200, "owner", "scope-activity-read", token=1)
    tokens = f"{org}/access-tokens"
    yield Row(f"GET {tokens}", 200, "owner")
    yield Row(f"POST {tokens}", 400, "owner", body={})
    yield Row(f"GET {tokens}/{NOBODY}", 404, "owner")
    yield Row(f"PATCH {tokens}/{NOBODY}", 404, "owner", body={})
    yield Row(f"DELETE {tokens}/{NOBODY}", 404, "owner")


def other_rows() -> Iterator[Row]:
    yield Row("GET /v2/categories", 200, ANYBODY, token=0)
    yield Row("GET /v2/users/alice", 200, ANYBODY, token=0)
    yield Row(f"GET /v2/namespaces/{ORG}/repositories", 200, ANYBODY, token=0)
    create = "scope-repository-create"
    yield Row(f"POST /v2/namespaces/{ORG}/repositories", 400, "editor", create, {})
    yield Row("POST /v2/repositories", 400, "editor", create, {"namespace": ORG})
    yield Row("GET /v2/access-tokens", 200, SOMEBODY)
    yield Row("POST /v2/access-tokens", 400, SOMEBODY, body={})
    yield Row("POST /v2/access-tokens/desktop-generate", 201, SOMEBODY)
    yield Row(f"GET /v2/access-tokens/{NOBODY}", 404, SOMEBODY)
    yield Row(f"PATCH /v2/access-tokens/{NOBODY}", 404, SOMEBODY, body={})
    yield Row(f"DELETE /v2/access-tokens/{NOBODY}", 404, SOMEBODY)


def below(repository: str) -> str:
    namespace, name = repository.split("/")
    return f"/v2/namespaces/{namespace}/repositories/{name}"


ROWS = [
    *newer_rows(below(PUBLIC), private=False),
    *newer_rows(below(PRIVATE), private=True),
    *repository_rows(f"/v2/repositories/{PUBLIC}", private=False),
    *repository_rows(f"/v2/repositories/{PRIVATE}", private=True),
    *organization_rows(),
    *other_rows(),
]


# Documented, but about no rights: they take secrets, or a bearer token of their own.
ELSEWHERE = re.compile(r"POST /v2/(users/login|users/2fa-login|auth/token)|[A-Z]+ /v2/scim/2.0/.+")


def expected(row: Row, person: Person | None) -> tuple[int, str | None]:
    """What a person is answered, None being nobody: a status, and the words of a refusal."""
    if row.takes == ANYBODY:
        return row.answer, None
    if row.repository == PRIVATE and (
        person is None or person.permission < PERMISSIONS["read"] or person.token < 1
    ):
        return 404, None
    if person is None:
        return 401, "unauthorized"
    if person.token < row.token:
        return 403, TOO_WEAK
    enough = row.takes in {SOMEBODY, PERSON} or (
        person.permission >= PERMISSIONS[row.takes]
        if row.takes in PERMISSIONS
        else person.rank >= RANKS[row.takes]
    )
    return (row.answer, None) if enough else (403, NOT_YOU)


def expected_of_organization(row: Row, *, has_scope: bool, ours: bool) -> tuple[int, str | None]:
    """The same of an access token of an organization."""
    if row.is_legacy or row.takes == PERSON:
        return 403, NO_OAT
    if row.takes == ANYBODY or (has_scope and ours and row.scope):
        return row.answer, None
    return (404, None) if row.repository == PRIVATE and not ours else (403, TOO_WEAK)


@pytest.fixture(scope="module")
def world(hub_report: HubReport) -> Iterator[SandboxServer]:
    """A sandbox with an organization that has people of every kind and two repositories."""
    with sandbox_server() as server:
        parts = server.parts
        for name in (ORG, "elsewhere"):
            parts.accounts.add(name, is_organization=True, plan="business")
        parts.teams.create(ORG, OWNERS)
        ranks = {rank: name for name, rank in RANKS.items()}
        for name, person in PEOPLE.items():
            parts.accounts.add(name, password=server.password)
            if person.rank:
                parts.teams.set_role(ORG, name, ranks[person.rank])
        for name, permission in TEAMS.items():
            parts.teams.create(ORG, f"{name}s")
            team = parts.teams.find(ORG, f"{name}s")
            assert team is not None
            parts.teams.add(team, name)
            for path in (PUBLIC, PRIVATE):
                found = parts.repositories.find(path)
                number = (
                    parts.repositories.create(path, "owner", is_private=path == PRIVATE)
                    if found is None
                    else found.id
                )
                parts.teams.grant(number, team["id"], permission)
        yield server
    hub_report.judge(server.exchanges)


@pytest.fixture(scope="module")
def client(world: SandboxServer) -> Iterator[HubClient]:
    with HubClient(world.url) as hub:
        yield hub


class Caller:
    """Calls rows by whom is named, and notes what differs from what was expected."""

    def __init__(self, world: SandboxServer, hub: HubClient, row: Row) -> None:
        self._parts = world.parts
        self._hub = hub
        self._row = row
        self.wrong: list[str] = []

    def person(self, name: str, scope: str | None = None) -> None:
        """Somebody, with a password or a personal access token of that scope."""
        person = PEOPLE[name]
        if scope is None:
            self._check(f"{name}", expected(self._row, person), by=name)
            return
        _, secret = self._parts.accounts.add_token(name, "t", [scope])
        weak = person._replace(token=TOKENS.index(scope))
        self._check(f"{name} with {scope}", expected(self._row, weak), by=name, secret=secret)

    def nobody(self) -> None:
        self._check("nobody", expected(self._row, None))

    def organization(self, name: str, *, has_scope: bool) -> None:
        """An organization with the scope that is needed alone, or with all but that."""
        scopes = {*REPOSITORY_SCOPES, *ORGANIZATION_SCOPES}
        family = (self._row.scope or "-").rpartition("-")[0]
        chosen = (
            {self._row.scope or "scope-none"}
            if has_scope
            else {scope for scope in scopes if not scope.startswith(f"{family}-")}
        )
        resources = [
            {"type": "TYPE_REPO", "path": f"{name}/*", "scopes": sorted(chosen)},
            {"type": "TYPE_ORG", "path": name, "scopes": sorted(chosen)},
        ]
        _, secret = self._parts.accounts.add_token(name, "t", resources, kind="oat")
        told = expected_of_organization(self._row, has_scope=has_scope, ours=name == ORG)
        who = f"{name} {'with' if has_scope else 'without'} {self._row.scope}"
        self._check(who, told, by=name, secret=secret)

    def _check(self, who: str, told: tuple[int, str | None], **by: Any) -> None:
        path, body = self._row.path, self._row.body
        if "{invite}" in path:
            path = path.format(invite=self._invite(f"{uuid4()}@example.com"))
        answer = self._hub(self._row.method, path, json=body, **by)
        status, words = told
        text = answer.text if words and self._row.method != "HEAD" else words
        if answer.status_code != status or (words and words not in str(text)):
            self.wrong.append(f"{who}: {answer.status_code} {answer.text[:80]}, not {told}")

    def _invite(self, address: str) -> str:
        invites = self._parts.invites
        return str(invites.add(ORG, address, team="", role="member", inviter="owner")["id"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.call)
def test_rights_are_those_of_the_reference(
    world: SandboxServer, client: HubClient, row: Row
) -> None:
    caller = Caller(world, client, row)
    caller.nobody()
    for name in PEOPLE:
        caller.person(name)
    for scope in TOKENS:
        caller.person("owner", scope)
    for name in (ORG, "elsewhere"):
        caller.organization(name, has_scope=True)
        caller.organization(name, has_scope=False)
    assert caller.wrong == []


def test_every_documented_operation_is_in_the_table() -> None:
    document = openapi.require_document()
    asked = (Exchange(row.method, row.path.replace("{invite}", "1"), row.answer) for row in ROWS)
    covered = {found.route for each in asked if (found := document.operation(each)) is not None}
    routes = {operation.route for operation in document.operations}
    assert {route for route in routes - covered if not ELSEWHERE.fullmatch(route)} == set()
