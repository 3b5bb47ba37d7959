"""Teams of organizations on Docker Hub, and who is in them. The Hub API calls a team a group."""

from __future__ import annotations

from hubcli.http.doubt import known, made_once
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, number, text
from hubcli.hub.members import read_member
from hubcli.hub.organizations import organization_route
from hubcli.hub.pages import Listing, NumberedPages
from hubcli.hub.requirements import Guarded, Requirement, requiring

_READ = Requirement("member", "scope-group-read", reads=True)
_EDIT = Requirement("owner", "scope-group-edit", plan="Team or Business")


class Teams:
    """Teams by organization and name."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(
        self,
        organization: str,
        *,
        member: str | None = None,
        search: str | None = None,
        wanted: int | None = None,
    ) -> Listing:
        """The teams of an organization; only those that `member` is in, if that is named.

        GET /v2/orgs/{org_name}/groups
        """
        query: dict[str, object] = {"username": member, "search": search}
        pages = NumberedPages(self._api, organization_route(organization, "groups"), query)
        return Listing(
            Guarded(pages, organization, _READ),
            lambda team: read_team(team, organization),
            wanted=wanted,
            workers=self._concurrency,
        )

    def inspect(self, organization: str, team: str) -> Row:
        """One team; NotFound where there is none.

        GET /v2/orgs/{org_name}/groups/{group_name}
        """
        with requiring(organization, _READ):
            found = self._api.get(_route(organization, team)).object()
        return read_team({"name": team, **found}, organization) or {}

    def create(self, organization: str, team: str, description: str | None = None) -> Row:
        """A new team; Conflict where there is one of that name.

        POST /v2/orgs/{org_name}/groups
        """
        body = {"name": team} | ({} if description is None else {"description": description})

        def made() -> Row:
            with requiring(organization, _EDIT):
                route = organization_route(organization, "groups")
                found = self._api.send("POST", route, body=body).object()
            return read_team({"name": team, **found}, organization) or {}

        return made_once(made, lambda: known(lambda: self.inspect(organization, team)))

    def edit(
        self,
        organization: str,
        team: str,
        *,
        name: str | None = None,
        description: str | None = None,
        role: str | None = None,
    ) -> Row:
        """Change what is given, and nothing else.

        PATCH /v2/orgs/{org_name}/groups/{group_name}
        """
        given = {"name": name, "description": description, "role": role}
        body = {field: value for field, value in given.items() if value is not None}

        def changed() -> Row:
            with requiring(organization, _EDIT):
                route = _route(organization, team)
                found = self._api.send("PATCH", route, body=body, repeatable=name is None).object()
            return read_team({"name": name or team, **found}, organization) or {}

        def found() -> Row | None:
            """The team under its new name, if it has no other any more."""
            if name is None or known(lambda: self.inspect(organization, team)) is not None:
                return None
            return known(lambda: self.inspect(organization, name))

        return made_once(changed, found)

    def delete(self, organization: str, team: str) -> None:
        """Delete a team; its members stay in the organization.

        DELETE /v2/orgs/{org_name}/groups/{group_name}
        """
        with requiring(organization, _EDIT):
            self._api.send("DELETE", _route(organization, team))

    # Members

    def members(
        self,
        organization: str,
        team: str,
        *,
        search: str | None = None,
        wanted: int | None = None,
    ) -> Listing:
        """The members of a team, as rows of `members.read_member`.

        GET /v2/orgs/{org_name}/groups/{group_name}/members
        """
        route = _route(organization, team, "members")
        pages = NumberedPages(self._api, route, {"search": search}, bare=True)
        return Listing(
            Guarded(pages, organization, _READ),
            read_member,
            wanted=wanted,
            workers=self._concurrency,
        )

    def add_member(self, organization: str, team: str, user: str) -> None:
        """Put a member of the organization into a team; once more changes nothing.

        POST /v2/orgs/{org_name}/groups/{group_name}/members
        """
        with requiring(organization, _EDIT):
            route = _route(organization, team, "members")
            self._api.send("POST", route, body={"member": user.lower()}, repeatable=True)

    def remove_member(self, organization: str, team: str, user: str) -> None:
        """Take somebody out of a team, not out of the organization.

        DELETE /v2/orgs/{org_name}/groups/{group_name}/members/{username}
        """
        with requiring(organization, _EDIT):
            route = _route(organization, team, f"members/{segment(user.lower())}")
            self._api.send("DELETE", route)


def _route(organization: str, team: str, rest: str = "") -> str:
    route = organization_route(organization, f"groups/{segment(team)}")
    return f"{route}/{rest}" if rest else route


def read_team(found: Object, organization: str) -> Row | None:
    """A row from a team as Hub sends it; None where it has no name.

    `name` is `organization/team`; `id` is the number by which repositories know it.
    """
    team = text(found.get("name"))
    if team is None:
        return None
    organization = organization.lower()
    role = text(found.get("role"))
    return {
        "name": f"{organization}/{team}",
        "description": text(found.get("description")),
        "members": number(found.get("member_count")),
        "role": role and role.lower(),
        "id": number(found.get("id")),
        "uuid": text(found.get("uuid")),
        "organization": organization,
        "team": team,
    }
