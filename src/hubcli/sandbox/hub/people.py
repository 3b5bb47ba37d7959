"""Accounts in the Hub API: people, organizations, plans, quotas."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.accounts import PAID_PLANS, UNLIMITED
from hubcli.sandbox.hub.answers import forbidden, not_found, paged
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.state import Hub


class PeopleRoutes:
    """The endpoints about accounts."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        return [
            *gateway.route("GET", "/v2/user", self.me),
            *gateway.route("GET", "/v2/user/orgs", self.my_organizations),
            *gateway.route("GET", "/v2/users/{user}", self.user),
            *gateway.route("GET", "/v2/users/{user}/registry-settings", self.quota),
            *gateway.route("GET", "/v2/orgs/{org}", self.organization),
            *gateway.route("GET", "/v2/orgs/{org}/members", self.members),
            *gateway.route("GET", "/api/billing/v4/accounts/{id}/hub-plan", self.plan),
        ]

    def me(self, call: Call) -> Response:
        """The caller's own account; an organization access token has none."""
        if call.signed_in.is_organization:
            raise forbidden("token issued from organization access token is not allowed")
        account = self._account(call.signed_in.account, organization=False)
        return JSONResponse({**_person(account), "email": account["email"]})

    def user(self, call: Call) -> Response:
        """What anybody may know of a person."""
        return JSONResponse(_person(self._account(call.part("user"), organization=False)))

    def organization(self, call: Call) -> Response:
        """What anybody may know of an organization."""
        account = self._account(call.part("org"), organization=True)
        return JSONResponse({**_facts(account), "orgname": account["name"], "type": "Organization"})

    def my_organizations(self, call: Call) -> Response:
        """A page of the organizations the caller belongs to."""
        joined = self._hub.accounts.organizations_of(call.signed_in.account)
        return paged(
            call.request,
            len(joined),
            lambda page: [_membership(account) for account in page.of(joined)],
        )

    def members(self, call: Call) -> Response:
        """A page of an organization's members, for its members."""
        name = self._account(call.part("org"), organization=True)["name"]
        if self._hub.permissions.role(call.signed_in, name) == 0:
            raise forbidden()
        members = self._hub.accounts.members_of(name)
        return paged(
            call.request, len(members), lambda page: [_member(each) for each in page.of(members)]
        )

    def plan(self, call: Call) -> Response:
        """What an account pays for; for itself, or for an organization's members."""
        account = self._hub.accounts.by_id(call.part("id"))
        if account is None:
            raise not_found()
        if self._hub.permissions.role(call.signed_in, account["name"]) == 0:
            raise forbidden()
        paid = account["plan"] in PAID_PLANS
        return JSONResponse(
            {
                "name": account["plan"],
                "legacy": False,
                "seats": len(self._hub.accounts.members_of(account["name"])) or 1,
                "private_repos": account["private_limit"],
                "teams": UNLIMITED if paid else 0,
                "collaborators": UNLIMITED if paid else 0,
                "parallel_builds": 5 if paid else 0,
                "duration": "month" if paid else "",
            }
        )

    def quota(self, call: Call) -> Response:
        """How many private repositories there are and may be, and what new ones are by default."""
        account = self._account(call.part("user"))
        if self._hub.permissions.role(call.signed_in, account["name"]) == 0:
            raise forbidden()
        used = self._hub.repositories.private_count(account["name"])
        limit = account["private_limit"]
        return JSONResponse(
            {
                "private_repo_used": used,
                "num_free_private_repos": min(limit, 1),
                "private_repo_limit": limit,
                "private_repo_available": max(0, limit - used),
                "private_repo_percent_used": round(100 * used / limit, 1) if limit else 0.0,
                "default_repo_visibility": (
                    "private" if account["private_by_default"] else "public"
                ),
            }
        )

    def _account(self, name: str, *, organization: bool | None = None) -> sqlite3.Row:
        account = self._hub.accounts.find(name)
        if account is None or organization not in (None, bool(account["is_organization"])):
            raise not_found("User not found" if not organization else "Organization not found")
        return account


def _facts(account: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": account["id"],
        "uuid": account["id"],
        "full_name": account["full_name"],
        "location": account["location"],
        "company": account["company"],
        "profile_url": "",
        "date_joined": account["joined"],
        "gravatar_email": "",
        "gravatar_url": "",
    }


def _person(account: sqlite3.Row) -> dict[str, Any]:
    return {
        **_facts(account),
        "username": account["name"],
        "type": "User",
        "is_staff": False,
        "is_admin": False,
    }


def _member(account: sqlite3.Row) -> dict[str, Any]:
    role = str(account["role"]).capitalize()
    owner = role == "Owner"
    return {
        **_person(account),
        "email": account["email"],
        "role": role,
        "groups": ["owners"] if owner else [],
        "is_guest": False,
        "primary_email": account["email"],
    }


def _membership(account: sqlite3.Row) -> dict[str, Any]:
    return {
        **_facts(account),
        "orgname": account["name"],
        "type": "Organization",
        "badge": "",
        "is_active": True,
        "user_role": str(account["role"]).capitalize(),
        "user_groups": ["owners"] if account["role"] == "owner" else [],
        "org_groups_count": 1,
        "plan_name": account["plan"],
        "parent_name": None,
    }
