"""What teams may do with a repository, in the Hub API."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import message, not_found, paged
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.repositories import NEW, OLD
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository
from hubcli.sandbox.teams import PERMISSIONS

_READ, _EDIT, _REMOVE = "scope-repo-group-read", "scope-repo-group-edit", "scope-repo-group-admin"


class GrantRoutes:
    """The endpoints below a repository's `groups`; its administrators' business."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        routes = []
        for prefix, legacy in ((NEW, False), (OLD, True)):
            every = f"{prefix}/{{repository}}/groups"
            one = f"{every}/{{id:int}}"
            # The one documented route, also for tokens of organizations.
            routes += gateway.route("POST", every, self.create)
            routes += gateway.route("GET", every, self.listing, legacy=legacy)
            routes += gateway.route("GET", one, self.read, legacy=legacy)
            routes += gateway.route("PATCH", one, self.change, legacy=legacy)
            routes += gateway.route("DELETE", one, self.delete, legacy=legacy)
        return routes

    def listing(self, call: Call) -> Response:
        """A page of the teams with access."""
        grants = self._hub.teams.grants(self._repository(call, _READ).id)
        return paged(
            call.request,
            len(grants),
            lambda page: [_shown(each, each["permission"]) for each in page.of(grants)],
        )

    def create(self, call: Call) -> Response:
        """Access for a team that had none."""
        repository = self._repository(call, _EDIT)
        body = call.body()
        identifier = body.members.get("group_id")
        if not isinstance(identifier, int) or isinstance(identifier, bool):
            raise message(400, "group_id must be a number")
        team, permission = self._team(repository, identifier), _permission(call)
        if self._hub.teams.granted(repository.id, team["id"]) is not None:
            raise message(400, f"group {team['name']} has access to the repository already")
        self._hub.teams.grant(repository.id, team["id"], permission)
        return JSONResponse(_shown(team, permission))

    def read(self, call: Call) -> Response:
        """What one team may do; 404 where that is nothing."""
        _, team, permission = self._granted(call, _READ)
        return JSONResponse(_shown(team, permission))

    def change(self, call: Call) -> Response:
        """More or less for a team that has access."""
        repository, team, _ = self._granted(call, _EDIT)
        permission = _permission(call)
        self._hub.teams.grant(repository.id, team["id"], permission)
        return JSONResponse(_shown(team, permission))

    def delete(self, call: Call) -> Response:
        """No access any more."""
        repository, team, _ = self._granted(call, _REMOVE)
        self._hub.teams.revoke(repository.id, team["id"])
        return Response(status_code=204)

    def _repository(self, call: Call, scope: str) -> HubRepository:
        """The repository in the path, for those who may say which teams use it."""
        repository = self._hub.administered(call, scope)
        account = self._hub.accounts.find(repository.namespace)
        if account is None or not account["is_organization"]:
            raise message(400, "only repositories of organizations have groups")
        return repository

    def _granted(self, call: Call, scope: str) -> tuple[HubRepository, sqlite3.Row, str]:
        repository = self._repository(call, scope)
        team = self._team(repository, int(call.part("id")))
        permission = self._hub.teams.granted(repository.id, team["id"])
        if permission is None:
            raise not_found("group has no access to the repository")
        return repository, team, permission

    def _team(self, repository: HubRepository, identifier: int) -> sqlite3.Row:
        team = self._hub.teams.by_id(repository.namespace, identifier)
        if team is None:
            raise not_found("group not found")
        return team


def _permission(call: Call) -> str:
    permission = call.body().text("permission")
    if permission not in PERMISSIONS:
        raise message(400, f"permission must be one of {', '.join(PERMISSIONS)}")
    return permission


def _shown(team: sqlite3.Row, permission: str) -> dict[str, Any]:
    return {"group_id": team["id"], "group_name": team["name"], "permission": permission}
