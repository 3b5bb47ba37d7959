"""Organizations in the Hub API: profiles, the caller's own, settings."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import detail, paged
from hubcli.sandbox.hub.authority import authorized, organization, require_plan
from hubcli.sandbox.hub.calls import Body, Call, Gateway
from hubcli.sandbox.hub.people import a_person, facts
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.orgsettings import REGISTRY_ACCESS, RESTRICTED_IMAGES
from hubcli.sandbox.permissions import Role

_READ, _WRITE = "scope-ram-read", "scope-ram-write"
_BUSINESS = frozenset({"business"})


class OrganizationRoutes:
    """The endpoints about organizations themselves."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        one = "/v2/orgs/{org}"
        access = f"{one}/settings/registry-access-management"
        return [
            *gateway.route("GET", "/v2/user/orgs", self.mine),
            *gateway.route("GET", one, self.read),
            *gateway.route("GET", f"{one}/settings", self.settings),
            *gateway.route("PUT", f"{one}/settings", self.set_settings),
            *gateway.route("GET", access, self.registry_access),
            *gateway.route("PUT", access, self.set_registry_access),
        ]

    def mine(self, call: Call) -> Response:
        """A page of the organizations the caller belongs to."""
        caller = a_person(call).account
        joined = self._hub.accounts.organizations_of(caller)
        return paged(
            call.request,
            len(joined),
            lambda page: [self._membership(account, caller) for account in page.of(joined)],
        )

    def read(self, call: Call) -> Response:
        """What anybody may know of an organization."""
        return JSONResponse(_profile(organization(self._hub, call.part("org"))))

    def settings(self, call: Call) -> Response:
        """What is set for all members; the owners' business."""
        account = authorized(self._hub, call, call.part("org"), Role.OWNER, _READ)
        found = self._hub.settings.get(account["name"], RESTRICTED_IMAGES)
        return JSONResponse({RESTRICTED_IMAGES: found})

    def set_settings(self, call: Call) -> Response:
        """All settings at once; what is left out is an error."""
        account = authorized(self._hub, call, call.part("org"), Role.OWNER, _WRITE)
        require_plan(account, "restricting images")
        given = call.body().members.get(RESTRICTED_IMAGES)
        if not isinstance(given, dict):
            raise detail(400, "restricted_images is required")
        before = self._hub.settings.get(account["name"], RESTRICTED_IMAGES)
        flags = {name: Body(given).flag(name) for name in before}
        self._hub.settings.put(account["name"], RESTRICTED_IMAGES, flags)
        self._record(call, account, "settings.update", "updated the settings")
        return JSONResponse({RESTRICTED_IMAGES: flags})

    def registry_access(self, call: Call) -> Response:
        """Which registries members may use."""
        account = authorized(self._hub, call, call.part("org"), Role.OWNER, _READ)
        require_plan(account, "registry access management", _BUSINESS)
        return JSONResponse(self._hub.settings.get(account["name"], REGISTRY_ACCESS))

    def set_registry_access(self, call: Call) -> Response:
        """The same, all of it at once."""
        account = authorized(self._hub, call, call.part("org"), Role.OWNER, _WRITE)
        require_plan(account, "registry access management", _BUSINESS)
        body = call.body()
        found = {
            "enabled": body.flag("enabled"),
            "standard_registries": _registries(body, "standard_registries", ("id",)),
            "custom_registries": _registries(
                body, "custom_registries", ("address", "friendly_name")
            ),
        }
        self._hub.settings.put(account["name"], REGISTRY_ACCESS, found)
        state = "enabled" if found["enabled"] else "disabled"
        self._record(call, account, f"registry_access.{state}", f"{state} registry access")
        return JSONResponse(found)

    def _record(self, call: Call, account: sqlite3.Row, action: str, description: str) -> None:
        self._hub.audit.record(
            account["name"], f"org.{action}", call.signed_in.account, description
        )

    def _membership(self, account: sqlite3.Row, member: str) -> dict[str, Any]:
        teams = self._hub.teams
        return {
            **_profile(account),
            "badge": "",
            "is_active": True,
            "user_role": str(account["role"]).capitalize(),
            "user_groups": teams.names_of(account["name"], member),
            "org_groups_count": len(teams.of(account["name"])),
            "plan_name": account["plan"],
            "parent_name": None,
        }


def _profile(account: sqlite3.Row) -> dict[str, Any]:
    return {**facts(account), "orgname": account["name"], "type": "Organization"}


def _registries(body: Body, name: str, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """A list of registries: `texts` and `allowed` of each."""
    given = body.members.get(name)
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise detail(400, f"{name} must be a list of registries")
    return [
        {**{text: Body(each).text(text) for text in texts}, "allowed": Body(each).flag("allowed")}
        for each in given
    ]
