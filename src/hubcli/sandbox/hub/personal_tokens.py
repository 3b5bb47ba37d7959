"""Personal access tokens in the Hub API."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli import timestamps
from hubcli.sandbox.accounts import SCOPES, Identity, Scope
from hubcli.sandbox.hub.answers import invalid_value, not_found, paged
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.state import Hub, refusal

_MOST_GENERATED = 5


class PersonalTokenRoutes:
    """The endpoints below `/v2/access-tokens`; a token that manages tokens must be a strong one."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        one = "/v2/access-tokens/{uuid}"
        return [
            # Ahead of the others: its last part could be read as an id.
            *gateway.route("POST", "/v2/access-tokens/desktop-generate", self.generate),
            *gateway.route("GET", "/v2/access-tokens", self.listing),
            *gateway.route("POST", "/v2/access-tokens", self.create),
            *gateway.route("GET", one, self.read),
            *gateway.route("PATCH", one, self.edit),
            *gateway.route("DELETE", one, self.delete),
        ]

    def listing(self, call: Call) -> Response:
        """A page of the caller's tokens, without their secrets."""
        tokens = self._hub.accounts.tokens(self._manager(call).account)
        return paged(
            call.request,
            len(tokens),
            lambda page: [_shown(token) for token in page.of(tokens)],
            active_count=sum(token["is_active"] for token in tokens),
        )

    def create(self, call: Call) -> Response:
        """A new token; the only answer that ever tells its secret."""
        body, owner = call.body(), self._manager(call).account
        label, scopes = body.members.get("token_label"), body.members.get("scopes")
        if not isinstance(label, str) or not 1 <= len(label) <= 100:
            raise invalid_value("token_label", "a label of 1 to 100 characters is expected")
        if not isinstance(scopes, list) or not scopes or not all(s in SCOPES for s in scopes):
            raise invalid_value("scopes", f"some of {', '.join(SCOPES)} are expected")
        expires = body.members.get("expires_at")
        if expires is not None and timestamps.parse(expires) is None:
            raise invalid_value("expires_at", "a time as of RFC 3339 is expected")
        address = call.request.client.host if call.request.client else ""
        identifier, secret = self._hub.accounts.add_token(
            owner,
            label,
            scopes,
            expires=timestamps.normalised(expires),
            address=address,
            agent=call.request.headers.get("user-agent", ""),
        )
        token = self._hub.accounts.token(owner, identifier)
        assert token is not None
        return JSONResponse({**_shown(token), "token": secret}, 201)

    def generate(self, call: Call) -> Response:
        """A token for a program after a web login; the oldest of them makes room for it."""
        owner = self._manager(call).account
        generated = [
            token
            for token in self._hub.accounts.tokens(owner)
            if token["generated_by"] == "desktop-generate"
        ]
        for token in generated[_MOST_GENERATED - 1 :]:
            self._hub.accounts.remove_token(owner, token["uuid"])
        agent = call.request.headers.get("user-agent", "")
        _, secret = self._hub.accounts.add_token(
            owner, f"auto: {agent}", [Scope.ADMIN.label], generated_by="desktop-generate"
        )
        return JSONResponse({"data": {"token": secret}}, 201)

    def read(self, call: Call) -> Response:
        """One token, without its secret."""
        return JSONResponse(_shown(self._token(call)))

    def edit(self, call: Call) -> Response:
        """Another label, or switched on or off."""
        token, body = self._token(call), call.body()
        label = body.text("token_label", token["label"])
        if not 1 <= len(label) <= 100:
            raise invalid_value("token_label", "a label of 1 to 100 characters is expected")
        active = body.flag("is_active", bool(token["is_active"]))
        self._hub.accounts.change_token(token["owner"], token["uuid"], label, active)
        return JSONResponse(_shown(self._token(call)))

    def delete(self, call: Call) -> Response:
        """A token is gone for good."""
        token = self._token(call)
        self._hub.accounts.remove_token(token["owner"], token["uuid"])
        return Response(status_code=204)

    @staticmethod
    def _manager(call: Call) -> Identity:
        identity = call.signed_in
        if identity.scope < Scope.ADMIN or identity.is_organization:
            raise refusal(identity)
        return identity

    def _token(self, call: Call) -> sqlite3.Row:
        found = self._hub.accounts.token(self._manager(call).account, call.part("uuid"))
        if found is None:
            raise not_found("access token not found")
        return found


def _shown(token: sqlite3.Row) -> dict[str, Any]:
    shown = {
        "uuid": token["uuid"],
        "client_id": "HUB",
        "creator_ip": token["address"],
        "creator_ua": token["agent"],
        "created_at": token["created"],
        "last_used": token["last_used"],
        "generated_by": token["generated_by"],
        "is_active": bool(token["is_active"]),
        "token": "",
        "token_label": token["label"],
        "scopes": json.loads(token["scopes"]),
    }
    if token["expires"] is not None:
        shown["expires_at"] = token["expires"]
    return shown
