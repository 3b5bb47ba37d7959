"""The members of organizations in the Hub API."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hubcli.sandbox.accounts import now
from hubcli.sandbox.hub.answers import message, not_found, paged
from hubcli.sandbox.hub.authority import authorized
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.people import person
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.permissions import Role
from hubcli.sandbox.teams import LastOwner

ROLES = ("owner", "editor", "member")
_COLUMNS = ("Name", "Username", "Email", "Type", "Role", "Teams", "Date Joined")
_CHUNK = 100


class MemberRoutes:
    """The endpoints below `/v2/orgs/{org}/members`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        everybody = "/v2/orgs/{org}/members"
        return [
            # Ahead of the others: its last part could be read as a name.
            *gateway.route("GET", f"{everybody}/export", self.export),
            *gateway.route("GET", everybody, self.listing),
            *gateway.route("PUT", f"{everybody}/{{user}}", self.change),
            *gateway.route("DELETE", f"{everybody}/{{user}}", self.remove),
        ]

    def listing(self, call: Call) -> Response:
        """A page of the members, and of those who are invited if that is asked for."""
        account = self._authorized(call, Role.MEMBER, "scope-member-read")
        kind = call.query.get("type", "")
        members = [] if kind == "invitee" else self._hub.accounts.members_of(account["name"])
        wanted = [each for each in members if _is_wanted(each, call.query)]
        invited = kind in {"all", "invitee"} or call.query.get("invites") == "true"
        invites = self._hub.invites.of(account["name"]) if invited else []
        rows = [*wanted, *(each for each in invites if _is_wanted_invite(each, call.query))]
        return paged(
            call.request,
            len(rows),
            lambda page: [self._shown(account["name"], each) for each in page.of(rows)],
        )

    def export(self, call: Call) -> Response:
        """All members as a table; the owners' business."""
        account = self._authorized(call, Role.OWNER, "scope-member-read")
        name = f"{account['name']}-members-{now()[:10]}.csv"
        return StreamingResponse(
            self._table(account["name"]),
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment;filename="{name}"'},
        )

    def change(self, call: Call) -> Response:
        """Another role for a member."""
        account = self._authorized(call, Role.OWNER, "scope-member-edit")
        organization, member = account["name"], self._member(call, account)
        role = call.body().text("role")
        if role not in ROLES:
            raise message(400, f"invalid role {role}: it is one of {', '.join(ROLES)}")
        try:
            self._hub.teams.set_role(organization, member, role)
        except LastOwner:
            raise message(400, "the last owner of an organization cannot be changed") from None
        self._hub.audit.record(
            organization, "org.member.role.change", call.signed_in.account,
            f"made {member} {role}", name=member, role=role,
        )  # fmt: skip
        found = next(
            each for each in self._hub.accounts.members_of(organization) if each["name"] == member
        )
        return JSONResponse(self._shown(organization, found))

    def remove(self, call: Call) -> Response:
        """A member less, here and in all teams."""
        account = self._authorized(call, Role.OWNER, "scope-member-edit")
        organization, member = account["name"], self._member(call, account)
        try:
            self._hub.teams.expel(organization, member)
        except LastOwner:
            raise message(400, "the last owner of an organization cannot be removed") from None
        self._hub.audit.record(
            organization, "org.member.remove", call.signed_in.account, f"removed {member}",
            name=member,
        )  # fmt: skip
        return Response(status_code=204)

    def _authorized(self, call: Call, role: Role, scope: str) -> sqlite3.Row:
        return authorized(self._hub, call, call.part("org"), role, scope)

    def _member(self, call: Call, account: sqlite3.Row) -> str:
        member = call.part("user").lower()
        if self._hub.accounts.role(account["name"], member) is None:
            raise not_found("member not found")
        return member

    def _shown(self, organization: str, row: sqlite3.Row) -> dict[str, Any]:
        return (
            _invitee(row)
            if "invitee" in row.keys()  # noqa: SIM118 - a row is no mapping
            else member_shown(row, self._hub.teams.names_of(organization, row["name"]))
        )

    def _table(self, organization: str) -> Iterator[bytes]:
        yield _line(_COLUMNS)
        members = iter(self._hub.accounts.members_of(organization))
        while some := list(islice(members, _CHUNK)):
            yield b"".join(self._row(organization, each) for each in some)

    def _row(self, organization: str, member: sqlite3.Row) -> bytes:
        teams = self._hub.teams.names_of(organization, member["name"])
        joined = str(member["joined"]).replace("T", " ").replace("Z", " +0000 UTC")
        return _line(
            (
                member["full_name"],
                member["name"],
                member["email"],
                "User",
                str(member["role"]).capitalize(),
                ", ".join(teams),
                joined,
            )
        )


def member_shown(account: sqlite3.Row, teams: list[str]) -> dict[str, Any]:
    """A member (`org_member`)."""
    return {
        **person(account),
        "email": account["email"],
        "role": str(account["role"]).capitalize(),
        "groups": teams,
        "is_guest": False,
        "primary_email": account["email"],
    }


def _invitee(invite: sqlite3.Row) -> dict[str, Any]:
    """Somebody who is invited, as a member to be: without a name if invited by address."""
    by_mail = "@" in invite["invitee"]
    return {
        "username": "" if by_mail else invite["invitee"],
        "email": invite["invitee"] if by_mail else "",
        "role": "Invitee",
        "groups": [invite["team"]] if invite["team"] else [],
        "date_joined": invite["created"],
        "type": "User",
    }


def _is_wanted(member: sqlite3.Row, query: Mapping[str, str]) -> bool:
    text = query.get("search", "").lower()
    found = any(text in member[name].lower() for name in ("name", "full_name", "email"))
    return found and query.get("role", "") in {"", member["role"]}


def _is_wanted_invite(invite: sqlite3.Row, query: Mapping[str, str]) -> bool:
    found = query.get("search", "").lower() in invite["invitee"].lower()
    return found and query.get("role", "") in {"", invite["role"]}


def _line(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()
