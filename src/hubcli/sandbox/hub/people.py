"""Accounts in the Hub API: people, plans, quotas."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.accounts import PAID_PLANS, SEATS, UNLIMITED, Identity
from hubcli.sandbox.hub.answers import forbidden, not_found
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.state import Hub


class PeopleRoutes:
    """The endpoints about accounts."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        return [
            *gateway.route("GET", "/v2/user", self.me),
            *gateway.route("GET", "/v2/users/{user}", self.user),
            *gateway.route("GET", "/v2/users/{user}/registry-settings", self.quota),
            *gateway.route("GET", "/api/billing/v4/accounts/{id}/hub-plan", self.plan),
        ]

    def me(self, call: Call) -> Response:
        """The caller's own account; an organization access token has none."""
        account = self._account(a_person(call).account, organization=False)
        return JSONResponse({**person(account), "email": account["email"]})

    def user(self, call: Call) -> Response:
        """What anybody may know of a person."""
        return JSONResponse(person(self._account(call.part("user"), organization=False)))

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
                "seats": self._seats(account),
                "private_repos": account["private_limit"],
                "teams": UNLIMITED if paid else 0,
                "collaborators": UNLIMITED if paid else 0,
                "parallel_builds": 5 if paid else 0,
                "duration": "month" if paid else "",
            }
        )

    def _seats(self, account: sqlite3.Row) -> int:
        members = len(self._hub.accounts.members_of(account["name"]))
        return SEATS.get(account["plan"], members or 1)

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


def a_person(call: Call) -> Identity:
    """The caller, who is no organization: 403 for a token of one."""
    if call.signed_in.is_organization:
        raise forbidden("token issued from organization access token is not allowed")
    return call.signed_in


def facts(account: sqlite3.Row) -> dict[str, Any]:
    """What a person and an organization have in common."""
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


def person(account: sqlite3.Row) -> dict[str, Any]:
    """What anybody may know of a person."""
    return {
        **facts(account),
        "username": account["name"],
        "type": "User",
        "is_staff": False,
        "is_admin": False,
    }
