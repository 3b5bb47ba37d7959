"""SCIM 2.0 in the Hub API: the users of one organization, and what the server can do."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import Problem
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.scimdocuments import (
    CONFIG,
    ERROR,
    LIST,
    RESOURCE_TYPE,
    USER,
    USER_SCHEMA,
)
from hubcli.sandbox.hub.scimfilters import BadFilter, predicate
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.scim import Exists, ScimPeople
from hubcli.sandbox.teams import LastOwner

LARGEST_PAGE = 200
_DEFAULT_PAGE = 10
_MEDIA_TYPE = "application/scim+json"
_ROOT = "/v2/scim/2.0"
_ALWAYS = frozenset({"schemas", "id"})

Endpoint = Callable[[Call, str], Response]
"""Of a call and the organization that its token is for."""


class ScimProblem(Problem):
    """An error as SCIM words it (RFC 7644, 3.12)."""

    def __init__(self, status: int, text: str, kind: str | None = None) -> None:
        body = {"schemas": [ERROR], "status": str(status), "detail": text}
        super().__init__(status, body if kind is None else {**body, "scimType": kind})

    @property
    def response(self) -> Response:
        return _answer(self.body, self.status)


class ScimRoutes:
    """The endpoints below `/v2/scim/2.0`, with a bearer token that is good for nothing else."""

    def __init__(self, hub: Hub, people: ScimPeople) -> None:
        self._hub = hub
        self._people = people

    def routes(self, gateway: Gateway) -> list[Route]:
        endpoints: tuple[tuple[str, str, Endpoint], ...] = (
            ("GET", "/Users", self.listing),
            ("POST", "/Users", self.create),
            ("GET", "/Users/{id}", self.read),
            ("PUT", "/Users/{id}", self.update),
            ("GET", "/Schemas", lambda *_: _list([USER_SCHEMA])),
            ("GET", "/Schemas/{id}", lambda call, _: _named(call.part("id"), USER_SCHEMA)),
            ("GET", "/ResourceTypes", lambda *_: _list([RESOURCE_TYPE])),
            ("GET", "/ResourceTypes/{id}", lambda call, _: _named(call.part("id"), RESOURCE_TYPE)),
            ("GET", "/ServiceProviderConfig", lambda *_: _answer(CONFIG)),
        )
        return [
            route
            for method, path, endpoint in endpoints
            for route in gateway.route(
                method, f"{_ROOT}{path}", self._guarded(endpoint), login=True
            )
        ]

    def _guarded(self, endpoint: Endpoint) -> Callable[[Call], Response]:
        """`endpoint` for tokens that are good, of organizations whose plan includes SCIM."""

        def guarded(call: Call) -> Response:
            scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
            organization = self._people.organization(token.strip())
            if scheme.lower() != "bearer" or organization is None:
                raise ScimProblem(401, "Unauthorized")
            account = self._hub.accounts.find(organization)
            if account is None or account["plan"] != "business":
                text = "SCIM is not included in the organization's subscription plan"
                raise ScimProblem(403, text)
            return endpoint(call, organization)

        return guarded

    def listing(self, call: Call, organization: str) -> Response:
        """A page of the users: past the end an empty one, unlike elsewhere in the Hub API."""
        start, count = _number(call, "startIndex", 1), _number(call, "count", _DEFAULT_PAGE)
        people = self._people.all(organization)
        expression = call.query.get("filter")
        # Teams are looked up for those that are shown: nothing is filtered or sorted by them.
        users = [(person, _shown(call, person)) for person in people]
        if expression is not None:
            try:
                wanted = predicate(expression)
            except BadFilter as bad:
                raise ScimProblem(400, f"Invalid filter: {bad}", "invalidFilter") from None
            users = [pair for pair in users if wanted(pair[1])]
        users = _sorted(call, users)
        page = users[start - 1 :][: min(count, LARGEST_PAGE)]
        shown = [{**user, "groups": self._groups(organization, person)} for person, user in page]
        return _list(
            [_limited(call, user) for user in shown],
            total=len(users),
            startIndex=start,
            itemsPerPage=len(shown),
        )

    def read(self, call: Call, organization: str) -> Response:
        """One user."""
        return self._one(call, organization, call.part("id"))

    def create(self, call: Call, organization: str) -> Response:
        """Somebody more, who is known by the address; 409 where that is so already."""
        members = _members(call)
        address = members.get("userName")
        if not isinstance(address, str) or "@" not in address:
            raise ScimProblem(400, "userName must be an email address", "invalidValue")
        try:
            identifier = self._people.create(organization, address, _name(members))
        except Exists:
            raise ScimProblem(409, f"User {address} already exists", "uniqueness") from None
        return self._one(call, organization, identifier, 201)

    def update(self, call: Call, organization: str) -> Response:
        """Another name, if one is given; without `active` (or `enabled`) that is false."""
        members = _members(call)
        person = self._found(organization, call.part("id"))
        active = members.get("active", members.get("enabled", False))
        if not isinstance(active, bool):
            raise ScimProblem(400, "active must be a boolean", "invalidValue")
        try:
            self._people.update(organization, person, _name(members), active)
        except LastOwner:
            text = "the last owner of an organization cannot be deactivated"
            raise ScimProblem(400, text, "mutability") from None
        return self._one(call, organization, call.part("id"))

    def _found(self, organization: str, identifier: str) -> sqlite3.Row:
        person = self._people.find(organization, identifier)
        if person is None:
            raise ScimProblem(404, f"User {identifier} not found")
        return person

    def _one(self, call: Call, organization: str, identifier: str, status: int = 200) -> Response:
        person = self._found(organization, identifier)
        user = {**_shown(call, person), "groups": self._groups(organization, person)}
        return _answer(user, status)

    def _groups(self, organization: str, person: sqlite3.Row) -> list[dict[str, str]]:
        names = self._hub.teams.names_of(organization, person["name"])
        return [{"value": name, "display": name} for name in names]


def _shown(call: Call, person: sqlite3.Row) -> dict[str, Any]:
    identifier = str(uuid.UUID(person["id"]))
    address = person["email"] or f"{person['name']}@example.com"
    given, _, family = person["full_name"].partition(" ")
    return {
        "schemas": [USER],
        "id": identifier,
        "userName": address,
        "name": {
            "givenName": person["given"] or given,
            "familyName": person["family"] or family,
        },
        "displayName": person["name"],
        "active": bool(person["active"]),
        "emails": [{"value": address, "display": address, "primary": True}],
        "meta": {
            "resourceType": "User",
            "created": person["joined"],
            "lastModified": person["modified"],
            "location": f"{str(call.request.base_url).rstrip('/')}{_ROOT}/Users/{identifier}",
        },
    }


def _sorted(
    call: Call, users: list[tuple[sqlite3.Row, dict[str, Any]]]
) -> list[tuple[sqlite3.Row, dict[str, Any]]]:
    name = call.query.get("sortBy")
    if name is None:
        return users

    def key(pair: tuple[sqlite3.Row, dict[str, Any]]) -> str:
        value: Any = pair[1]
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return str(value).lower()

    return sorted(users, key=key, reverse=call.query.get("sortOrder") == "descending")


def _limited(call: Call, user: dict[str, Any]) -> dict[str, Any]:
    wanted = {name.strip() for name in call.query.get("attributes", "").split(",")} - {""}
    if not wanted:
        return user
    return {name: value for name, value in user.items() if name in wanted | _ALWAYS}


def _number(call: Call, name: str, default: int) -> int:
    """A number from 1 up; smaller ones count as 1 (RFC 7644, 3.4.2.4)."""
    text = call.query.get(name, "")
    if not text:
        return default
    if not text.lstrip("-").isdecimal() or len(text) > 9:
        raise ScimProblem(400, f"{name} must be a number", "invalidValue")
    return max(1, int(text))


def _members(call: Call) -> Mapping[str, Any]:
    """The object that was sent, which must say what it is."""
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _MEDIA_TYPE:
        raise ScimProblem(400, f"Content-Type must be {_MEDIA_TYPE}", "invalidSyntax")
    try:
        members = call.body().members
    except Problem:
        raise ScimProblem(400, "Request is unparsable", "invalidSyntax") from None
    schemas = members.get("schemas")
    if not isinstance(schemas, list) or USER not in schemas:
        raise ScimProblem(400, f"schemas must name {USER}", "invalidSyntax")
    return members


def _name(members: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a name that are given, and not empty: a name can be changed, not cleared."""
    name = members.get("name")
    found = name if isinstance(name, Mapping) else {}
    parts = {"given": found.get("givenName"), "family": found.get("familyName")}
    return {part: value for part, value in parts.items() if isinstance(value, str) and value}


def _named(identifier: str, document: Mapping[str, Any]) -> Response:
    if identifier != document["id"]:
        raise ScimProblem(404, f"{identifier} not found")
    return _answer(document)


def _list(resources: list[Any], total: int | None = None, **more: int) -> Response:
    body = {
        "schemas": [LIST],
        "totalResults": len(resources) if total is None else total,
        **more,
        # As the document has it; RFC 7644 writes it with a capital.
        "resources": resources,
    }
    return _answer(body)


def _answer(body: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(dict(body), status, media_type=_MEDIA_TYPE)
