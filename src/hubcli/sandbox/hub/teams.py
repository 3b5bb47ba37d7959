"""Teams in the Hub API, which calls them groups, and their members."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import message, not_found, paged
from hubcli.sandbox.hub.authority import authorized, require_plan
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.members import ROLES
from hubcli.sandbox.hub.people import person
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.permissions import Role
from hubcli.sandbox.teams import OWNERS, LastOwner

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{1,29}")
_READ, _EDIT = "scope-group-read", "scope-group-edit"


class TeamRoutes:
    """The endpoints below `/v2/orgs/{org}/groups`: members read them, owners change them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        every = "/v2/orgs/{org}/groups"
        one = f"{every}/{{team}}"
        return [
            *gateway.route("GET", every, self.listing),
            *gateway.route("POST", every, self.create),
            *gateway.route("GET", one, self.read),
            *gateway.route("PUT", one, self.replace),
            *gateway.route("PATCH", one, self.edit),
            *gateway.route("DELETE", one, self.delete),
            *gateway.route("GET", f"{one}/members", self.members),
            *gateway.route("POST", f"{one}/members", self.add_member),
            *gateway.route("DELETE", f"{one}/members/{{user}}", self.remove_member),
        ]

    def listing(self, call: Call) -> Response:
        """A page of the teams, of one member's if that is asked for."""
        account = self._authorized(call, Role.MEMBER, _READ)
        member = call.query.get("username", "").lower() or None
        search = call.query.get("search", "").lower()
        teams = [
            team for team in self._hub.teams.of(account["name"], member) if search in team["name"]
        ]
        return paged(
            call.request, len(teams), lambda page: [_shown(team) for team in page.of(teams)]
        )

    def create(self, call: Call) -> Response:
        """A new team without members."""
        account = self._authorized(call, Role.OWNER, _EDIT)
        require_plan(account, "creating teams")
        body = call.body()
        name = self._free_name(account, body.text("name"))
        self._hub.teams.create(account["name"], name, body.text("description", ""))
        self._record(call, account, "create", f"created the team {name}", name)
        return JSONResponse(_shown(self._found(account, name)), 201)

    def read(self, call: Call) -> Response:
        """One team."""
        return JSONResponse(_shown(self._team(call, Role.MEMBER, _READ)[1]))

    def replace(self, call: Call) -> Response:
        """A name, which is required, and a description; none is an empty one."""
        account, team = self._team(call, Role.OWNER, _EDIT)
        body = call.body()
        told = {"name": body.text("name"), "description": body.text("description", "")}
        return self._changed(call, account, team, told)

    def edit(self, call: Call) -> Response:
        """What is given: a name, a description, a role."""
        account, team = self._team(call, Role.OWNER, _EDIT)
        body = call.body()
        given = [field for field in ("name", "description", "role") if field in body]
        return self._changed(call, account, team, {field: body.text(field) for field in given})

    def _changed(
        self, call: Call, account: sqlite3.Row, team: sqlite3.Row, told: Mapping[str, str]
    ) -> Response:
        kept = {"name": team["name"], "description": team["description"], "role": team["role"]}
        facts = {**kept, **told}
        if facts["role"] not in ROLES:
            raise message(400, f"invalid role {facts['role']}: it is one of {', '.join(ROLES)}")
        if facts["name"] != team["name"]:
            self._refuse_owners(team)
            self._free_name(account, facts["name"])
        self._hub.teams.change(team, **facts)
        self._record(call, account, "update", f"changed the team {team['name']}", facts["name"])
        return JSONResponse(_shown(self._found(account, facts["name"])))

    def delete(self, call: Call) -> Response:
        """A team is gone, with all that it was granted."""
        account, team = self._team(call, Role.OWNER, _EDIT)
        self._refuse_owners(team)
        self._hub.teams.remove(team)
        self._record(call, account, "delete", f"deleted the team {team['name']}", team["name"])
        return Response(status_code=204)

    def members(self, call: Call) -> Response:
        """A page of a team's members; owners are told the addresses."""
        account, team = self._team(call, Role.MEMBER, _READ)
        identity = call.signed_in
        role = self._hub.permissions.role(identity, account["name"])
        with_address = role >= Role.OWNER or identity.is_organization
        search = call.query.get("search", "").lower()
        members = [
            each
            for each in self._hub.teams.members(team)
            if search in each["name"] or search in each["full_name"].lower()
        ]
        return paged(
            call.request,
            len(members),
            lambda page: [_member(each, with_address) for each in page.of(members)],
        )

    def add_member(self, call: Call) -> Response:
        """One of the organization more in the team; once more changes nothing."""
        account, team = self._team(call, Role.OWNER, _EDIT)
        member = call.body().text("member").lower()
        if self._hub.accounts.role(account["name"], member) is None:
            raise not_found(f"{member} is not a member of {account['name']}")
        self._hub.teams.add(team, member)
        text = f"added {member} to the team {team['name']}"
        self._record(call, account, "member.add", text, member)
        return Response(status_code=200)

    def remove_member(self, call: Call) -> Response:
        """One less in the team, still in the organization."""
        account, team = self._team(call, Role.OWNER, _EDIT)
        member = call.part("user").lower()
        try:
            if not self._hub.teams.drop(team, member):
                raise not_found(f"{member} is not in the group {team['name']}")
        except LastOwner:
            raise message(400, "the last owner of an organization cannot be removed") from None
        text = f"removed {member} from the team {team['name']}"
        self._record(call, account, "member.remove", text, member)
        return Response(status_code=204)

    def _authorized(self, call: Call, role: Role, scope: str) -> sqlite3.Row:
        return authorized(self._hub, call, call.part("org").lower(), role, scope)

    def _team(self, call: Call, role: Role, scope: str) -> tuple[sqlite3.Row, sqlite3.Row]:
        """The organization and the team in the path."""
        account = self._authorized(call, role, scope)
        return account, self._found(account, call.part("team"))

    def _found(self, account: sqlite3.Row, name: str) -> sqlite3.Row:
        team = self._hub.teams.find(account["name"], name.lower())
        if team is None:
            raise not_found("group not found")
        return team

    def _free_name(self, account: sqlite3.Row, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise message(400, "invalid group name: 2 to 30 of a-z, 0-9, _ and - are expected")
        if self._hub.teams.find(account["name"], name) is not None:
            raise message(400, f"a group with the name {name} already exists")
        return name

    def _record(
        self, call: Call, account: sqlite3.Row, what: str, description: str, name: str
    ) -> None:
        self._hub.audit.record(
            account["name"], f"org.team.{what}", call.signed_in.account, description, name=name
        )

    @staticmethod
    def _refuse_owners(team: sqlite3.Row) -> None:
        if team["name"] == OWNERS:
            raise message(400, f"the group {OWNERS} can be neither renamed nor deleted")


def _shown(team: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": team["id"],
        "uuid": team["uuid"],
        "name": team["name"],
        "description": team["description"],
        "member_count": team["members"],
        "role": team["role"],
    }


def _member(account: sqlite3.Row, with_address: bool) -> dict[str, Any]:
    shown = person(account)
    return {**shown, "email": account["email"]} if with_address else shown
