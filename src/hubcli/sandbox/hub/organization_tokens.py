"""Access tokens of organizations in the Hub API."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli import timestamps
from hubcli.sandbox.accounts import Scope
from hubcli.sandbox.hub.answers import forbidden, invalid_value, not_found, paged
from hubcli.sandbox.hub.authority import not_in_plan, organization
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.state import Hub, refusal
from hubcli.sandbox.permissions import Role

_MOST = {"team": 10, "business": 100}
_MOST_REPOSITORIES = 50


class OrganizationTokenRoutes:
    """The endpoints below `/v2/orgs/{name}/access-tokens`, for owners who are no such token."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        several = "/v2/orgs/{organization}/access-tokens"
        one = f"{several}/{{token}}"
        return [
            *gateway.route("GET", several, self.listing),
            *gateway.route("POST", several, self.create),
            *gateway.route("GET", one, self.read),
            *gateway.route("PATCH", one, self.edit),
            *gateway.route("DELETE", one, self.delete),
        ]

    def listing(self, call: Call) -> Response:
        """A page of the tokens, counted by `total` as the document has it."""
        tokens = self._hub.accounts.tokens(self._owned(call)["name"])
        answer = paged(
            call.request, len(tokens), lambda page: [_shown(token) for token in page.of(tokens)]
        )
        members = json.loads(bytes(answer.body))
        # The document has no null for a link that is not there.
        shown = {name: value for name, value in members.items() if value is not None}
        return JSONResponse({"total": shown.pop("count"), **shown})

    def create(self, call: Call) -> Response:
        """A new token; the only answer that ever tells its secret."""
        account, body = self._owned(call), call.body()
        label, expires = body.members.get("label"), body.members.get("expires_at")
        if not isinstance(label, str) or not label:
            raise invalid_value("label", "a label is expected")
        if expires is not None and timestamps.parse(expires) is None:
            raise invalid_value("expires_at", "a time as of RFC 3339 is expected")
        resources = _resources(body.members.get("resources") or [])
        limit = _MOST[account["plan"]]
        if len(self._hub.accounts.tokens(account["name"])) >= limit:
            raise forbidden(f"the subscription plan is limited to {limit} access tokens")
        token, secret = self._hub.accounts.add_token(
            account["name"],
            label,
            resources,
            kind="oat",
            expires=timestamps.normalised(expires),
            agent=call.signed_in.account,
        )
        return JSONResponse({**self._details(account, token), "token": secret}, 201)

    def read(self, call: Call) -> Response:
        """One token and what it reaches."""
        account = self._owned(call)
        return JSONResponse(self._details(account, call.part("token")))

    def edit(self, call: Call) -> Response:
        """What is sent is changed; when it expires is not."""
        account, token, body = self._owned(call), call.part("token"), call.body()
        before = self._token(account, token)
        self._hub.accounts.change_token(
            account["name"],
            token,
            body.text("label", before["label"]),
            body.flag("is_active", bool(before["is_active"])),
        )
        if "resources" in body:
            resources = _resources(body.members["resources"])
            self._hub.accounts.change_scopes(account["name"], token, resources)
        return JSONResponse(self._details(account, token))

    def delete(self, call: Call) -> Response:
        """A token is gone for good."""
        account = self._owned(call)
        token = self._token(account, call.part("token"))
        self._hub.accounts.remove_token(account["name"], token["uuid"])
        return Response(status_code=204)

    def _owned(self, call: Call) -> sqlite3.Row:
        account = organization(self._hub, call.part("organization"))
        identity = call.signed_in
        if identity.is_organization or identity.scope < Scope.ADMIN:
            raise refusal(identity)
        if self._hub.permissions.role(identity, account["name"]) < Role.OWNER:
            raise forbidden()
        if account["plan"] not in _MOST:
            raise not_in_plan("organization access tokens")
        return account

    def _token(self, account: sqlite3.Row, token: str) -> sqlite3.Row:
        found = self._hub.accounts.token(account["name"], token)
        if found is None:
            raise not_found("access token not found")
        return found

    def _details(self, account: sqlite3.Row, token: str) -> dict[str, Any]:
        found = self._token(account, token)
        return {**_shown(found), "resources": json.loads(found["scopes"])}


def _resources(sent: object) -> list[dict[str, object]]:
    """What was sent, if it has the documented shape."""
    if not isinstance(sent, list):
        raise invalid_value("resources", "a list of resources is expected")
    if sum(isinstance(each, dict) and each.get("type") == "TYPE_REPO" for each in sent) > (
        _MOST_REPOSITORIES
    ):
        raise invalid_value("resources", f"at most {_MOST_REPOSITORIES} repositories are allowed")
    return [_resource(each) for each in sent]


def _resource(sent: object) -> dict[str, object]:
    members = sent if isinstance(sent, dict) else {}
    kind, path, scopes = (members.get(name) for name in ("type", "path", "scopes"))
    if kind not in {"TYPE_REPO", "TYPE_ORG"} or not isinstance(path, str) or not path:
        raise invalid_value("resources", "a type and a path are expected")
    if not isinstance(scopes, list) or not all(
        isinstance(scope, str) and scope.startswith("scope-") for scope in scopes
    ):
        raise invalid_value("resources", "invalid scope")
    return {"type": kind, "path": path, "scopes": scopes}


def _shown(token: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": token["uuid"],
        "label": token["label"],
        "created_by": token["agent"],
        "is_active": bool(token["is_active"]),
        "created_at": token["created"],
        "expires_at": token["expires"],
        "last_used_at": token["last_used"],
    }
