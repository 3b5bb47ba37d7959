"""Organizations on Docker Hub: those one belongs to, their profile, and their settings."""

from __future__ import annotations

from hubcli import timestamps
from hubcli.errors import HubcliError
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, flag, names, number, text
from hubcli.hub.pages import Listing, NumberedPages
from hubcli.hub.requirements import Requirement, requiring

_READ_SETTINGS = Requirement("owner", "scope-ram-read", reads=True)
_RESTRICT_IMAGES = Requirement("owner", "scope-ram-write", plan="Business")


class Organizations:
    """Organizations by name."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, wanted: int | None = None) -> Listing:
        """The organizations that the caller belongs to, each with the caller's `role`.

        GET /v2/user/orgs/
        """
        return Listing(
            NumberedPages(self._api, "/v2/user/orgs/"),
            read_organization,
            wanted=wanted,
            workers=self._concurrency,
        )

    def inspect(self, name: str) -> Row:
        """One organization; what only its members are told (role, plan, teams) where one is.

        NotFound where there is none. GET /v2/orgs/{org}/, GET /v2/user/orgs/
        """
        row = read_organization(self._api.get(f"{organization_route(name)}/").object()) or {}
        try:
            own = {each["name"]: each for each in self.list()}.get(row.get("name"), {})
        except HubcliError:
            own = {}
        return row | {field: value for field, value in own.items() if value is not None}

    def settings(self, name: str) -> Object:
        """The settings as Hub has them, `{"restricted_images": {"enabled": …}}` and what it adds.

        GET /v2/orgs/{name}/settings
        """
        with requiring(name, _READ_SETTINGS):
            return self._api.get(organization_route(name, "settings")).object()

    def set_settings(self, name: str, settings: Object) -> Object:
        """Put `settings`, all of them, in the place of the old ones; what Hub made of them.

        PUT /v2/orgs/{name}/settings
        """
        with requiring(name, _RESTRICT_IMAGES):
            route = organization_route(name, "settings")
            answer = self._api.send("PUT", route, body=settings)
            return answer.object() if answer.content else settings

    def registry_access(self, name: str) -> Object:
        """Which registries members may use with Docker Desktop.

        `{"enabled", "standard_registries": [{"id", "allowed"}], "custom_registries": [{"address",
        "friendly_name", "allowed"}]}`. GET /v2/orgs/{org}/settings/registry-access-management
        """
        with requiring(name, Requirement("owner", "scope-ram-read", plan="Business", reads=True)):
            return self._api.get(_registry_access(name)).object()

    def set_registry_access(self, name: str, settings: Object) -> Object:
        """Put `settings`, all of them, in the place of the old ones.

        PUT /v2/orgs/{org}/settings/registry-access-management
        """
        with requiring(name, Requirement("owner", "scope-ram-write", plan="Business")):
            answer = self._api.send("PUT", _registry_access(name), body=settings)
            return answer.object() if answer.content else settings


def organization_route(name: str, rest: str = "") -> str:
    """The route of an organization, without a slash at its end, or of something below it."""
    route = f"/v2/orgs/{segment(name.lower())}"
    return f"{route}/{rest}" if rest else route


def _registry_access(name: str) -> str:
    return organization_route(name, "settings/registry-access-management")


def read_organization(found: Object) -> Row | None:
    """A row from an organization as Hub sends it; None where it has no name.

    `role` is the caller's, in lower case; `own_teams` are the caller's teams there.
    """
    name = text(found.get("orgname"))
    if name is None:
        return None
    role = text(found.get("user_role"))
    return {
        "name": name,
        "full_name": text(found.get("full_name")),
        "role": role and role.lower(),
        "plan": text(found.get("plan_name")),
        "teams": number(found.get("org_groups_count")),
        "own_teams": names(found.get("user_groups"), "name"),
        "company": text(found.get("company")),
        "location": text(found.get("location")),
        "badge": text(found.get("badge")),
        "active": flag(found.get("is_active")),
        "parent": text(found.get("parent_name")),
        "profile_url": text(found.get("profile_url")),
        "id": text(found.get("id")),
        "created": timestamps.normalised(found.get("date_joined")),
    }
