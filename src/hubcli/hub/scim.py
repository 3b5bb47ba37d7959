"""Users of an organization on Docker Hub as its identity provider manages them: SCIM 2.0."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hubcli import timestamps
from hubcli.errors import NotFound, Unavailable
from hubcli.http.client import Authorizer, Client
from hubcli.http.doubt import known, made_once
from hubcli.hub.client import segment
from hubcli.hub.decoding import Object, Row, flag, names, number, objects, text
from hubcli.hub.pages import Listing
from hubcli.hub.scimcalls import LARGEST_PAGE, ScimApi, ScimPages, resources

SORTABLE = {
    "name": "userName",
    "username": "displayName",
    "created": "meta.created",
    "updated": "meta.lastModified",
}
"""What lists can be ordered by, as SCIM calls it."""

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


class Scim:
    """The users that the token of `authorizer` is for, at the Hub API at `url`."""

    def __init__(
        self, http: Client, url: str, authorizer: Authorizer, *, concurrency: int = 8
    ) -> None:
        self._api = ScimApi(http, url, authorizer)
        self._concurrency = concurrency

    def check(self) -> None:
        """Ask for next to nothing; NotSignedIn for a token that is refused.

        GET /v2/scim/2.0/Users
        """
        self._api.send("GET", "Users", query={"startIndex": 1, "count": 1})

    def users(
        self,
        *,
        filter: str | None = None,
        order: str = "name",
        descending: bool = False,
        wanted: int | None = None,
    ) -> Listing:
        """The users, as rows of `read_user`, ordered by one of SORTABLE.

        `filter` is an expression as SCIM has them: `userName sw "jo" and not (active eq true)`.
        GET /v2/scim/2.0/Users
        """
        # An order that stays the same while others come: pages are read at the same time.
        query = {
            "filter": filter,
            "sortBy": SORTABLE[order],
            "sortOrder": "descending" if descending else "ascending",
        }
        return Listing(
            ScimPages(self._api, "Users", query),
            read_user,
            key=lambda row: row["id"] or row["name"],
            wanted=wanted,
            largest=LARGEST_PAGE,
            workers=self._concurrency,
        )

    def find(self, user: str) -> Row:
        """The user with that id, address, or (without an @) Docker ID; NotFound.

        GET /v2/scim/2.0/Users/{id}; GET /v2/scim/2.0/Users
        """
        if _UUID.fullmatch(user):
            return _user(self._get(user), {"id": user})
        attribute, field = ("userName", "name") if "@" in user else ("displayName", "username")
        for row in self.users(filter=f"{attribute} eq {json.dumps(user)}"):
            if str(row[field]).lower() == user.lower():
                return row
        raise NotFound("no such user", hint="hubcli scim user ls")

    def create(self, address: str, given: str | None = None, family: str | None = None) -> Row:
        """Somebody more; Conflict where that is so already.

        POST /v2/scim/2.0/Users
        """
        body: dict[str, object] = {"schemas": [_USER], "userName": address}
        if given is not None or family is not None:
            body["name"] = _name({}, given, family)

        def made() -> Row:
            answer = self._api.send("POST", "Users", body=body)
            return _user(answer.object() if answer.content else {}, {"userName": address})

        return made_once(made, lambda: known(lambda: self.find(address)))

    def update(
        self,
        identifier: str,
        *,
        given: str | None = None,
        family: str | None = None,
        active: bool | None = None,
    ) -> Row:
        """Change what is given, and nothing else.

        PUT /v2/scim/2.0/Users/{id} replaces all that it can change, and a user of whom it is not
        said that he is active is so no more. So all is read first, and written back whole. Docker's
        document calls `enabled` what it calls `active` in answers: both are sent.
        """
        found = self._get(identifier)
        if active is None:
            active = flag(found.get("active"))
        if active is None:
            raise Unavailable("Docker Hub does not tell whether the user is active")
        before = found.get("name")
        name = _name(before if isinstance(before, dict) else {}, given, family)
        body = {
            "schemas": names(found.get("schemas")) or [_USER],
            **({"name": name} if name else {}),
            "active": active,
            "enabled": active,
        }
        answer = self._api.send("PUT", f"Users/{segment(identifier)}", body=body)
        after = answer.object() if answer.content else {}
        return _user(after, {**found, "name": name, "active": active})

    def _get(self, identifier: str) -> Object:
        return self._api.send("GET", f"Users/{segment(identifier)}").object()

    # The server itself

    def schemas(self) -> Iterator[Row]:
        """What a resource consists of: rows of `read_schema`.

        GET /v2/scim/2.0/Schemas
        """
        found = self._api.send("GET", "Schemas").object()
        return map(read_schema, resources(found))

    def schema(self, identifier: str) -> Row:
        """GET /v2/scim/2.0/Schemas/{id}"""
        return read_schema(self._api.send("GET", f"Schemas/{segment(identifier)}").object())

    def resource_types(self) -> Iterator[Row]:
        """What there is: rows of `read_resource_type`.

        GET /v2/scim/2.0/ResourceTypes
        """
        found = self._api.send("GET", "ResourceTypes").object()
        return map(read_resource_type, resources(found))

    def resource_type(self, name: str) -> Row:
        """GET /v2/scim/2.0/ResourceTypes/{name}"""
        found = self._api.send("GET", f"ResourceTypes/{segment(name)}").object()
        return read_resource_type(found)

    def config(self) -> Row:
        """What the server can do.

        GET /v2/scim/2.0/ServiceProviderConfig
        """
        return read_config(self._api.send("GET", "ServiceProviderConfig").object())


def _name(before: Object, given: str | None, family: str | None) -> dict[str, object]:
    """The whole name, whatever else there is in it, with the parts that are given."""
    parts = {"givenName": given, "familyName": family}
    return {**before, **{part: value for part, value in parts.items() if value is not None}}


def _user(found: Object, known: Object) -> Row:
    """A row from an answer about a user of whom something is known whatever it leaves out."""
    return read_user({**known, **found}) or {}


def read_user(found: Object) -> Row | None:
    """A row from a user as SCIM has one; None where it is nobody.

    `name` is the address, `username` the Docker ID.
    """
    name, identifier = text(found.get("userName")), text(found.get("id"))
    if name is None and identifier is None:
        return None
    about = found.get("meta")
    meta: Object = about if isinstance(about, dict) else {}
    called = found.get("name")
    parts: Object = called if isinstance(called, dict) else {}
    return {
        "name": name,
        "username": text(found.get("displayName")),
        "given_name": text(parts.get("givenName")),
        "family_name": text(parts.get("familyName")),
        "active": flag(found.get("active")),
        "emails": names(found.get("emails"), "value", "display"),
        "groups": names(found.get("groups"), "display", "value"),
        "created": timestamps.normalised(meta.get("created")),
        "updated": timestamps.normalised(meta.get("lastModified")),
        "id": identifier,
    }


def read_schema(found: Object) -> Row:
    """`attributes` are their names, those of parts behind a dot; `definitions` all there is."""
    definitions = objects(found.get("attributes"))
    attributes = []
    for each in definitions:
        whole = text(each.get("name")) or ""
        parts = [text(part.get("name")) for part in objects(each.get("subAttributes"))]
        attributes += [f"{whole}.{part}" for part in parts if part] or [whole]
    return {
        "id": text(found.get("id")),
        "name": text(found.get("name")),
        "description": text(found.get("description")),
        "attributes": attributes,
        "definitions": definitions,
    }


def read_resource_type(found: Object) -> Row:
    return {
        "name": text(found.get("name")),
        "endpoint": text(found.get("endpoint")),
        "schema": text(found.get("schema")),
        "description": text(found.get("description")),
        "id": text(found.get("id")),
    }


def read_config(found: Object) -> Row:
    """Which parts of SCIM there are, with their limits; None where that is not told."""

    def part(name: str) -> Object:
        value = found.get(name)
        return value if isinstance(value, dict) else {}

    features = {
        "patch": "patch",
        "bulk": "bulk",
        "filter": "filter",
        "sort": "sort",
        "etag": "etag",
        "change_password": "changePassword",
    }
    return {
        **{field: flag(part(name).get("supported")) for field, name in features.items()},
        "filter_results": number(part("filter").get("maxResults")),
        "bulk_operations": number(part("bulk").get("maxOperations")),
        "bulk_size": number(part("bulk").get("maxPayloadSize")),
        "authentication": names(objects(found.get("authenticationSchemes")), "name", "type"),
        "documentation": text(found.get("documentationUri")),
    }
