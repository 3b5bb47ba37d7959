"""`hubcli org ls|inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown, named
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import Limit
from hubcli.cli.org.declared import ORGANIZATION, group
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing
from hubcli.output import Row


@group.command("ls", shows=ORGANIZATION, calls=("GET /v2/user/orgs",))
def ls(runtime: Runtime, limit: Limit = None) -> Shown:
    """List the organizations you belong to, with your role in each.

    \b
    Examples:
      hubcli org ls
      hubcli org ls --format json --query "[?role=='owner'].name"
    """
    action = "list your organizations"
    with doing(action):
        listing = runtime.session.hub.organizations.list(limit)
        total = listing.count
    cut = Cut(told(action, None, listing), limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@group.command("inspect", shows=ORGANIZATION, calls=("GET /v2/orgs/{org}", "GET /v2/user/orgs"))
def inspect(
    runtime: Runtime,
    names: Annotated[list[str], typer.Argument(metavar="ORG…", help="Organizations.")],
) -> Shown:
    """Show what there is to know of organizations.

    Role, plan and teams are told of those you belong to.

    \b
    Examples:
      hubcli org inspect acme
      hubcli org inspect acme --format '{{.plan}}'
    """

    def found(name: str) -> Row:
        with doing("inspect", name):
            return runtime.session.hub.organizations.inspect(name)

    return named(runtime, names, found)
