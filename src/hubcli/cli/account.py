"""`hubcli account`: who one is on Docker Hub, and what one may still do there."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Commands, One, Rows, Shown
from hubcli.cli.limits import displayed, hub_limits
from hubcli.cli.listings import told
from hubcli.cli.runtime import Runtime
from hubcli.cli.views import LIMIT
from hubcli.errors import Denied, doing
from hubcli.output import Field, Kind, Row, View
from hubcli.reference import HUB

group = Commands("Show your Docker Hub account.")

ACCOUNT = View(
    "account",
    (
        Field("name", default=True),
        Field("id"),
        Field("email", default=True),
        Field("full_name", default=True),
        Field("type", default=True),
        Field("plan", default=True),
        Field("created", Kind.TIME, default=True),
    ),
)


@group.command(
    "info",
    shows=ACCOUNT,
    calls=(
        "GET /v2/user",
        "GET /v2/users/{user}",
        "GET /v2/orgs/{org}",
        "GET /api/billing/v4/accounts/{id}/hub-plan",
    ),
)
def info(
    runtime: Runtime,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A user or organization; default is yourself."),
    ] = None,
) -> Shown:
    """Show an account: yourself, another user, or an organization.

    \b
    Examples:
      hubcli account info
      hubcli account info docker --format '{{.type}}'
    """
    with doing("show the account", name):
        return One(_own(runtime) if name is None else runtime.session.hub.account.named(name))


@group.command("limits", shows=LIMIT)
def limits(runtime: Runtime) -> Shown:
    """Show what Docker Hub still allows: pulls as yourself and as anybody, calls of its API.

    Asking is no pull.
    """
    return Rows(map(displayed, told("read the limits of", HUB, hub_limits(runtime))))


def _own(runtime: Runtime) -> Row:
    """Whoever is signed in; an organization's access token is that organization."""
    session = runtime.session
    try:
        return session.hub.account.own()
    except Denied:
        credential = session.keychain.find(HUB)
        if credential is None or "OAT" not in str(credential.kind):
            raise
        return session.hub.account.named(credential.username)
