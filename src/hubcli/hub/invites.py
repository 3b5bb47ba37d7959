"""Invites to organizations on Docker Hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from hubcli import timestamps
from hubcli.errors import Unavailable
from hubcli.http.response import Response
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, objects, text
from hubcli.hub.organizations import organization_route
from hubcli.hub.requirements import Requirement, requiring

_Person = TypeVar("_Person")
MOST = 100
"""Invitees that are sent in one request."""
INVITED = "invited"
"""The status of an invitee who was, or with a dry run would be, invited."""

_READ = Requirement("owner", "scope-invite-read", reads=True)
_EDIT = Requirement("owner", "scope-invite-edit")
_THEIRS = "the organization of the invite"


def batches(people: Iterable[_Person]) -> Iterator[Sequence[_Person]]:
    """At most MOST at a time."""
    rest = iter(people)
    while some := tuple(islice(rest, MOST)):
        yield some


class Invites:
    """Invites by organization and, once they are sent, by id."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self, organization: str) -> Sequence[Row]:
        """The invites that nobody has answered yet; Hub sends them all at once.

        GET /v2/orgs/{org_name}/invites
        """
        with requiring(organization, _READ):
            body = self._api.get(organization_route(organization, "invites")).object()
        return [read_invite(each, organization) for each in objects(body.get("data"))]

    def send(
        self,
        organization: str,
        invitees: Sequence[str],
        *,
        team: str | None = None,
        role: str | None = None,
        dry_run: bool = False,
    ) -> Sequence[Row]:
        """Invite people by address or Docker ID; a row for each, in the order of `invitees`.

        Hub accepts the whole even where it refuses some: each row has its own `status`, which is
        INVITED where all is well. POST /v2/invites/bulk
        """
        body: dict[str, object] = {"org": organization.lower(), "invitees": [*invitees]}
        body |= {name: value for name, value in (("team", team), ("role", role)) if value}
        if dry_run:
            body["dry_run"] = True
        send = self._api.ask if dry_run else self._post
        with requiring(organization, _EDIT):
            answer = send("/v2/invites/bulk", body).object()
        results = answer.get("invitees")
        # The published document wraps them twice.
        if isinstance(results, dict):
            results = results.get("invitees")
        if not isinstance(results, list):
            raise Unavailable("the server answered without the invitees that were sent")
        told = {str(each.get("invitee")).lower(): each for each in objects(results)}
        return [
            _result(invitee, told.get(invitee.lower(), {}), organization) for invitee in invitees
        ]

    def _post(self, path: str, body: object) -> Response:
        return self._api.send("POST", path, body=body)

    def resend(self, identifier: str) -> None:
        """Send the message of an invite again. PATCH /v2/invites/{id}/resend"""
        with requiring(_THEIRS, _EDIT):
            self._api.send("PATCH", f"/v2/invites/{segment(identifier)}/resend")

    def cancel(self, identifier: str) -> None:
        """Withdraw an invite. DELETE /v2/invites/{id}"""
        with requiring(_THEIRS, _EDIT):
            self._api.send("DELETE", f"/v2/invites/{segment(identifier)}")


def read_invite(found: Object, organization: str) -> Row:
    """A row from an invite as Hub sends it."""
    role = text(found.get("role"))
    return {
        "id": text(found.get("id")),
        "invitee": text(found.get("invitee")),
        "organization": text(found.get("org")) or organization.lower(),
        "team": text(found.get("team")),
        "role": role and role.lower(),
        "inviter": text(found.get("inviter_username")),
        "created": timestamps.normalised(found.get("created_at")),
    }


def _result(invitee: str, told: Object, organization: str) -> Row:
    """`status` is None where Hub said nothing of somebody."""
    invite = told.get("invite")
    row = read_invite(invite if isinstance(invite, dict) else {}, organization)
    return row | {"invitee": invitee, "status": text(told.get("status"))}
