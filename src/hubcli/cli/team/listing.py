"""`hubcli team ls|inspect` and `hubcli team repo ls`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown, named
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import Limit
from hubcli.cli.runtime import Runtime
from hubcli.cli.team.declared import GRANT, TEAM, Team, Teams, group, repository_group
from hubcli.cli.team.names import TeamName, found, number_of, parse_team
from hubcli.errors import doing
from hubcli.output import Row

_LIST = "list the teams of"
_REPOSITORIES = "list the repositories of"
GROUP = "/v2/orgs/{org_name}/groups/{group_name}"
GRANTS = "/v2/repositories/{namespace}/{repository}/groups"


@group.command("ls", shows=TEAM, calls=("GET /v2/orgs/{org_name}/groups",))
def ls(
    runtime: Runtime,
    organization: Annotated[str, typer.Argument(metavar="ORG", help="An organization.")],
    member: Annotated[
        str | None, typer.Option("--member", metavar="USER", help="Only those with this member.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only names with this in them.")
    ] = None,
    limit: Limit = None,
) -> Shown:
    """List the teams of an organization.

    \b
    Examples:
      hubcli team ls acme
      hubcli team ls acme --member carol -q
    """
    with doing(_LIST, organization):
        listing = runtime.session.hub.teams.list(
            organization, member=member and member.lower(), search=search, wanted=limit
        )
        total = listing.count
    cut = Cut(told(_LIST, organization, listing), limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@group.command("inspect", shows=TEAM, calls=(f"GET {GROUP}",))
def inspect(runtime: Runtime, teams: Teams) -> Shown:
    """Show teams: what they are for, how many are in them, and their role.

    \b
    Examples:
      hubcli team inspect acme/developers
      hubcli team inspect acme/developers --format '{{.id}}'
    """
    names = [parse_team(text) for text in teams]

    def shown(name: TeamName) -> Row:
        with doing("inspect", str(name)):
            return found(runtime, name)

    return named(runtime, names, shown)


@repository_group.command(
    "ls",
    shows=GRANT,
    calls=(f"GET {GRANTS}/{{group_id}}", "GET /v2/namespaces/{namespace}/repositories"),
)
def repositories(
    runtime: Runtime,
    team: Team,
    filter: Annotated[
        str | None,
        typer.Option("--filter", metavar="GLOB", help="Only repositories with names like this."),
    ] = None,
    limit: Limit = None,
) -> Shown:
    """List the repositories that a team may use, and what it may do with them.

    Docker Hub keeps no such list: every repository of the organization is asked, several at a
    time. --filter asks fewer. The members of the team owners may do everything with all of them.

    \b
    Examples:
      hubcli team repo ls acme/developers
      hubcli team repo ls acme/developers --filter 'web-*' --format json
    """
    name = parse_team(team)
    with doing(_REPOSITORIES, str(name)):
        number = number_of(runtime, name)
    grants = runtime.session.hub.grants.of_team(name.organization, number, filter or "*")

    def shown(row: Row) -> Row:
        return {"name": row["repository"], "permission": row["permission"], "team": str(name)}

    rows = (shown(row) for row in told(_REPOSITORIES, str(name), grants))
    return Rows(Cut(rows, limit, lambda: None))
