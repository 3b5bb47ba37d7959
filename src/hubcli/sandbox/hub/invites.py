"""Invites to organizations in the Hub API."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.accounts import SEATS
from hubcli.sandbox.hub.answers import forbidden, message, not_found
from hubcli.sandbox.hub.authority import authorized
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.members import ROLES
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.permissions import Role

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_READ, _EDIT = "scope-invite-read", "scope-invite-edit"


class InviteRoutes:
    """The endpoints about invites; all of them are the owners' business."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        return [
            *gateway.route("GET", "/v2/orgs/{org}/invites", self.listing),
            *gateway.route("POST", "/v2/invites/bulk", self.send),
            *gateway.route("PATCH", "/v2/invites/{id}/resend", self.resend),
            *gateway.route("DELETE", "/v2/invites/{id}", self.cancel),
        ]

    def listing(self, call: Call) -> Response:
        """All invites at once: this list has no pages."""
        account = authorized(self._hub, call, call.part("org"), Role.OWNER, _READ)
        found = self._hub.invites.of(account["name"])
        return JSONResponse({"data": [_shown(each) for each in found]})

    def send(self, call: Call) -> Response:
        """Invites for those who can be invited; the others are told by their status."""
        body = call.body()
        account = authorized(self._hub, call, body.text("org"), Role.OWNER, _EDIT)
        organization = account["name"]
        team, role = body.text("team", ""), body.text("role", "member")
        if team and self._hub.teams.find(organization, team) is None:
            raise message(400, f"group {team} not found")
        if role not in ROLES:
            raise message(400, f"invalid role {role}: it is one of {', '.join(ROLES)}")
        invitees, is_rehearsal = body.texts("invitees"), body.flag("dry_run", False)
        self._require_seats(account, {each.lower() for each in invitees})
        results = []
        for invitee in invitees:
            result: dict[str, Any] = {"invitee": invitee}
            result["status"] = self._status(organization, invitee.lower())
            if result["status"] == "invited" and not is_rehearsal:
                result["invite"] = self._invite(call, organization, invitee.lower(), team, role)
            results.append(result)
        return JSONResponse({"invitees": results}, 202)

    def _require_seats(self, account: sqlite3.Row, invitees: set[str]) -> None:
        """403 where the plan is not for so many people; Hub's own words are not known."""
        limit, organization = SEATS.get(account["plan"]), account["name"]
        if limit is None:
            return
        new = sum(self._status(organization, each) == "invited" for each in invitees)
        used = len(self._hub.accounts.members_of(organization))
        used += len(self._hub.invites.of(organization))
        if new and used + new > limit:
            raise forbidden(
                f"the subscription plan has {limit} seats: {used} are in use, {new} more are wanted"
            )

    def _status(self, organization: str, invitee: str) -> str:
        """`invited`, or why not; a Docker ID must be somebody's."""
        by_mail = _ADDRESS.fullmatch(invitee) is not None
        known = self._hub.accounts.find(invitee)
        if not by_mail and (known is None or known["is_organization"]):
            return "invalid_email_or_docker_id"
        members = self._hub.accounts.members_of(organization) if by_mail else []
        addresses = {member["email"] for member in members}
        if invitee in addresses or self._hub.accounts.role(organization, invitee) is not None:
            return "existing_org_member"
        if invitee in {each["invitee"] for each in self._hub.invites.of(organization)}:
            return "already_invited"
        return "invited"

    def _invite(
        self, call: Call, organization: str, invitee: str, team: str, role: str
    ) -> dict[str, Any]:
        inviter = call.signed_in.account
        invite = self._hub.invites.add(organization, invitee, team=team, role=role, inviter=inviter)
        self._hub.audit.record(
            organization, "org.member.invite.send", inviter, f"invited {invitee}", name=invitee
        )
        return _shown(invite)

    def resend(self, call: Call) -> Response:
        """The message once more."""
        self._hub.invites.resent(self._invited(call)["id"])
        return Response(status_code=204)

    def cancel(self, call: Call) -> Response:
        """An invite is withdrawn."""
        self._hub.invites.remove(self._invited(call)["id"])
        return Response(status_code=204)

    def _invited(self, call: Call) -> sqlite3.Row:
        """The invite in the path, if the caller may change it."""
        # Strangers are told to sign in, not what there is.
        invite = self._hub.invites.find(call.part("id")) if call.signed_in else None
        if invite is None:
            raise not_found("invite not found")
        authorized(self._hub, call, invite["organization"], Role.OWNER, _EDIT)
        return invite


def _shown(invite: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": invite["id"],
        "inviter_username": invite["inviter"],
        "invitee": invite["invitee"],
        "org": invite["organization"],
        "team": invite["team"],
        "role": str(invite["role"]).capitalize(),
        "created_at": invite["created"],
    }
