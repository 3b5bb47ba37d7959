"""`hubcli team create|edit|rm`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import One, Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.team.declared import TEAM, Description, Team, Teams, group
from hubcli.cli.team.listing import GROUP
from hubcli.cli.team.names import TeamName, found, parse_team
from hubcli.errors import Conflict, UsageError, doing
from hubcli.output import Row, Selection

_DELETE = "delete the team"


@group.command("create", shows=TEAM, calls=("POST /v2/orgs/{org_name}/groups",))
def create(
    runtime: Runtime,
    team: Team,
    description: Description = None,
    exist_ok: Annotated[
        bool, typer.Option("--exist-ok", help="Be content if it exists already.")
    ] = False,
) -> Shown:
    """Create a team without members.

    \b
    Examples:
      hubcli team create acme/developers --description 'Build and push'
      hubcli team member add acme/developers carol erin
      hubcli team grant acme/developers 'acme/web-*' --permission write
    """
    name = parse_team(team)
    with doing("create the team", str(name)):
        try:
            row = runtime.session.hub.teams.create(name.organization, name.team, description)
        except Conflict as error:
            if not exist_ok:
                error.hint = f"hubcli team edit {name}"
                raise
            runtime.output.notice(f"{name} exists already: nothing was changed")
            return One(found(runtime, name))
    return One(row)


@group.command("edit", shows=TEAM, calls=(f"PATCH {GROUP}",))
def edit(
    runtime: Runtime,
    team: Team,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEAM", help="What it is called from now on.")
    ] = None,
    description: Description = None,
    role: Annotated[
        str | None,
        typer.Option(
            "--role", metavar="ROLE", help="owner, editor, member, or the name of a custom role."
        ),
    ] = None,
) -> Shown:
    """Change what is named of a team, and nothing else.

    --role is what the members of the team are in the organization.

    \b
    Examples:
      hubcli team edit acme/developers --name builders
      hubcli team edit acme/developers --description 'Build and push'
    """
    old = parse_team(team)
    if name is None and description is None and role is None:
        raise UsageError("nothing to change: --name, --description or --role")
    new = None if name is None else parse_team(f"{old.organization}/{name}").team
    with doing("edit the team", str(old)):
        row = runtime.session.hub.teams.edit(
            old.organization, old.team, name=new, description=description, role=role
        )
    return One(row)


@group.command("rm", shows=TEAM, calls=(f"DELETE {GROUP}", f"GET {GROUP}"))
def rm(
    runtime: Runtime,
    selection: Selection,
    teams: Teams,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete teams with all that they were granted; their members stay in the organization.

    \b
    Examples:
      hubcli team rm acme/interns
      hubcli team rm acme/interns --dry-run
    """
    names = dict.fromkeys(map(parse_team, teams))
    doomed: dict[TeamName, Row] = {}
    for name in names:
        with runtime.attempting(), doing(_DELETE, str(name)):
            doomed[name] = found(runtime, name)
    if dry_run:
        return Rows(doomed.values())
    if not doomed:
        return None
    if not yes:
        lines = [_line(name, row) for name, row in doomed.items()]
        question = f"Delete {these(lines, 'team', 'teams')}, and all that was granted?"
        ask(runtime.output, lines, question, "nothing was deleted")
    for name in doomed:
        with runtime.attempting(), doing(_DELETE, str(name)):
            runtime.session.hub.teams.delete(name.organization, name.team)
            if not selection.quiet:
                runtime.output.notice(f"deleted {name}")
    return None


def _line(name: TeamName, row: Row) -> str:
    members = row["members"]
    if not isinstance(members, int):
        return str(name)
    return f"{name}  {members:,} {'member' if members == 1 else 'members'}"
