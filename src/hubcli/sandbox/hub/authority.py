"""Who may do what in an organization: by role, by the scopes of a token, by plan."""

from __future__ import annotations

import sqlite3

from hubcli.sandbox.accounts import PAID_PLANS, Scope
from hubcli.sandbox.hub.answers import Problem, forbidden, not_found
from hubcli.sandbox.hub.calls import Call
from hubcli.sandbox.hub.state import Hub, refusal
from hubcli.sandbox.permissions import Role, includes, organization_scopes


def organization(hub: Hub, name: str) -> sqlite3.Row:
    """The account of an organization; 404 where there is none."""
    account = hub.accounts.find(name)
    if account is None or not account["is_organization"]:
        raise not_found("Organization not found")
    return account


def authorized(hub: Hub, call: Call, name: str, role: Role, scope: str) -> sqlite3.Row:
    """The organization `name`, for callers with `role` in it, or a token of its with `scope`.

    A personal access token must be good for administering repositories to change anything.
    """
    account = organization(hub, name)
    identity = call.signed_in
    if identity.is_organization:
        if not includes(organization_scopes(identity, account["name"]), scope):
            raise refusal(identity)
        return account
    if identity.scope < (Scope.READ if scope.endswith("-read") else Scope.ADMIN):
        raise refusal(identity)
    if hub.permissions.role(identity, account["name"]) < role:
        raise forbidden()
    return account


def require_plan(account: sqlite3.Row, what: str, plans: frozenset[str] = PAID_PLANS) -> None:
    """403 where the plan of an organization does not include `what`."""
    if account["plan"] not in plans:
        raise not_in_plan(what)


def not_in_plan(what: str) -> Problem:
    return forbidden(f"{what} is not included in the organization's subscription plan")
