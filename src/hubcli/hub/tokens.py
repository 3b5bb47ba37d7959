"""Personal access tokens of Docker Hub: lists, creation, changes, deletion."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hubcli import timestamps
from hubcli.errors import HubcliError, NotFound, Unavailable, UsageError
from hubcli.hub import lostsecrets
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, flag, names, text
from hubcli.hub.pages import Listing, NumberedPages

SCOPES = ("repo:public_read", "repo:read", "repo:write", "repo:admin")
"""What a token may do in all repositories of its owner, the weakest first."""

LONGEST_LABEL = 100

_ROUTE = "/v2/access-tokens"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class PersonalTokens:
    """The access tokens of whoever is signed in."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, wanted: int | None = None) -> Listing:
        """The tokens, without their secrets. GET /v2/access-tokens"""
        return Listing(
            NumberedPages(self._api, _ROUTE),
            read_token,
            key=lambda row: row["uuid"],
            wanted=wanted,
            workers=self._concurrency,
        )

    def inspect(self, uuid: str) -> Row:
        """One token by its id. GET /v2/access-tokens/{uuid}"""
        return _known(self._api.get(_route(uuid)).object(), uuid)

    def find(self, named: str) -> Row:
        """One token by id or label; UsageError naming the ids where several share the label."""
        if _UUID.fullmatch(named):
            return self.inspect(named)
        found = [row for row in self.list() if row["label"] == named]
        if not found:
            raise NotFound("no access token has this label", hint="hubcli token ls")
        if len(found) > 1:
            ids = ", ".join(str(row["uuid"]) for row in found)
            raise UsageError(f"{len(found)} access tokens have this label: {ids}")
        return found[0]

    def create(self, label: str, scopes: Sequence[str], expires: str | None = None) -> Row:
        """A new token; the row's `token` is its secret, which Hub never tells again.

        `expires` is RFC 3339, None for never. POST /v2/access-tokens
        """
        body: dict[str, object] = {"token_label": label, "scopes": [*scopes]}
        if expires is not None:
            body["expires_at"] = expires
        try:
            found = self._api.send("POST", _ROUTE, body=body).object()
        except HubcliError as error:
            lostsecrets.explain(error, lambda: self.list(), label, "uuid")
            raise
        row, secret = read_token(found), text(found.get("token"))
        if row is None or secret is None:
            raise Unavailable("Docker Hub answers without the access token that it made")
        return {**row, "token": secret}

    def edit(self, uuid: str, *, label: str | None = None, active: bool | None = None) -> Row:
        """Rename a token, switch it on or off. PATCH /v2/access-tokens/{uuid}"""
        given = {"token_label": label, "is_active": active}
        body = {field: value for field, value in given.items() if value is not None}
        answer = self._api.send("PATCH", _route(uuid), body=body, repeatable=True)
        return _known(answer.object(), uuid)

    def delete(self, uuid: str) -> None:
        """Delete a token for good. DELETE /v2/access-tokens/{uuid}"""
        self._api.send("DELETE", _route(uuid))


def _route(uuid: str) -> str:
    return f"{_ROUTE}/{segment(uuid)}"


def _known(found: Object, uuid: str) -> Row:
    return read_token({"uuid": uuid, **found}) or {}


def read_token(found: Object) -> Row | None:
    """A row from a token as Hub sends it, without its secret; None where it has no id."""
    uuid = text(found.get("uuid"))
    if uuid is None:
        return None
    return {
        "uuid": uuid,
        "label": text(found.get("token_label")),
        "scopes": names(found.get("scopes")),
        "active": flag(found.get("is_active")),
        "created": timestamps.normalised(found.get("created_at")),
        "last_used": timestamps.normalised(found.get("last_used")),
        "expires": timestamps.normalised(found.get("expires_at")),
        "generated_by": text(found.get("generated_by")),
        "creator_ip": text(found.get("creator_ip")),
        "creator_ua": text(found.get("creator_ua")),
        "client_id": text(found.get("client_id")),
    }
