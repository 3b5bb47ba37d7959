"""The people in an organization on Docker Hub, and what they are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hubcli import timestamps
from hubcli.errors import Unavailable
from hubcli.http.client import Stream
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, flag, names, text
from hubcli.hub.organizations import organization_route
from hubcli.hub.pages import Listing, NumberedPages
from hubcli.hub.requirements import Guarded, Requirement, requiring

ROLES = ("owner", "editor", "member")
"""The roles that every organization has; custom ones have names of their own."""

_NO_TABLES = ("text/html", "application/json")
_READ = Requirement("member", "scope-member-read", reads=True)
_EXPORT = Requirement("owner", "scope-member-read", reads=True)
_EDIT = Requirement("owner", "scope-member-edit")


class Members:
    """Members by organization and user name."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(
        self,
        organization: str,
        *,
        search: str | None = None,
        role: str | None = None,
        invites: bool = False,
        wanted: int | None = None,
    ) -> Listing:
        """The members of an organization; with `invites` also those who are invited.

        `search` is looked for in names and addresses by Hub; `role` is one of ROLES.
        GET /v2/orgs/{org_name}/members
        """
        query: dict[str, object] = {"search": search, "role": role}
        if invites:
            query["invites"] = "true"
        pages = NumberedPages(self._api, organization_route(organization, "members"), query)
        return Listing(
            Guarded(pages, organization, _READ),
            read_member,
            wanted=wanted,
            workers=self._concurrency,
        )

    def set_role(self, organization: str, user: str, role: str) -> Row:
        """Make a member an owner, an editor, a member, or what a custom role is called.

        PUT /v2/orgs/{org_name}/members/{username}
        """
        with requiring(organization, _EDIT):
            answer = self._api.send("PUT", _member(organization, user), body={"role": role})
        # Whatever the answer leaves out, it is about this member and this role.
        found = answer.object() if answer.content else {}
        return read_member({"username": user.lower(), "role": role, **found}) or {}

    def remove(self, organization: str, user: str) -> None:
        """Take a member out of the organization and its teams; the last owner stays.

        DELETE /v2/orgs/{org_name}/members/{username}
        """
        with requiring(organization, _EDIT):
            self._api.send("DELETE", _member(organization, user))

    @contextmanager
    def export(self, organization: str) -> Iterator[Stream]:
        """Hub's own table of the members, as CSV, while it comes.

        Unavailable where something else comes in its place. GET /v2/orgs/{org_name}/members/export
        """
        with (
            requiring(organization, _EXPORT),
            self._api.stream(organization_route(organization, "members/export")) as stream,
        ):
            kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind in _NO_TABLES:
                raise Unavailable(f"the server answered with {kind}, not with a table")
            yield stream


def _member(organization: str, user: str) -> str:
    return organization_route(organization, f"members/{segment(user.lower())}")


def read_member(found: Object) -> Row | None:
    """A row from a member as Hub sends it; None where it is nobody.

    `role` is in lower case, `invitee` for somebody who is only invited: who has no Docker ID yet
    goes by the address. `joined` is when the account was made. `last_login`, `last_seen` and
    `desktop_version` are known only where the organization has insights.
    """
    name, email = text(found.get("username")), text(found.get("email"))
    if name is None and email is None:
        return None
    role = text(found.get("role"))
    return {
        "name": name or email,
        "full_name": text(found.get("full_name")),
        "email": email or text(found.get("primary_email")),
        "role": role and role.lower(),
        "teams": names(found.get("groups"), "name"),
        "guest": flag(found.get("is_guest")),
        "joined": timestamps.normalised(found.get("date_joined")),
        "last_login": timestamps.normalised(found.get("last_logged_in_at")),
        "last_seen": timestamps.normalised(found.get("last_seen_at")),
        "desktop_version": text(found.get("last_desktop_version")),
        "company": text(found.get("company")),
        "location": text(found.get("location")),
        "id": text(found.get("id")),
    }
