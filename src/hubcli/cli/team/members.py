"""`hubcli team member ls|add|rm`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.namelists import gathered
from hubcli.cli.options import DryRun, Limit, NamesFile, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.team.declared import MEMBER, Quiet, Team, Users, member_group
from hubcli.cli.team.listing import GROUP
from hubcli.cli.team.names import TeamName, found, parse_team
from hubcli.errors import NotFound, doing
from hubcli.output import Row, Selection

_MEMBERS = f"{GROUP}/members"
_LIST = "list the members of"
_ADD = "add members to"
_REMOVE = "remove the member"


@member_group.command("ls", shows=MEMBER, calls=(f"GET {_MEMBERS}",))
def ls(
    runtime: Runtime,
    team: Team,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only whose name or address has this in it."),
    ] = None,
    limit: Limit = None,
) -> Shown:
    """List the members of a team; owners of the organization are shown their addresses.

    \b
    Examples:
      hubcli team member ls acme/developers
      hubcli team member ls acme/developers -q | xargs hubcli team member add acme/testers
    """
    name = parse_team(team)
    with doing(_LIST, str(name)):
        listing = runtime.session.hub.teams.members(
            name.organization, name.team, search=search, wanted=limit
        )
        total = listing.count
    cut = Cut(told(_LIST, str(name), listing), limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@member_group.command("add", calls=(f"POST {_MEMBERS}", f"GET {GROUP}"))
def add(
    runtime: Runtime,
    team: Team,
    users: Users = None,
    from_file: NamesFile = None,
    quiet: Quiet = False,
) -> None:
    """Put members of the organization into a team; once more changes nothing.

    Whoever is put into the team owners is an owner of the organization from then on.

    \b
    Examples:
      hubcli team member add acme/developers carol erin
      hubcli team member add acme/developers --from-file people.txt
    """
    name = parse_team(team)
    wanted = dict.fromkeys(map(str.lower, gathered(runtime, users, from_file, "member")))
    with doing(_ADD, str(name)):
        found(runtime, name)
    for user in wanted:
        with runtime.attempting(), doing("add the member", user):
            _add(runtime, name, user)
            if not quiet:
                runtime.output.notice(f"{user} is in {name}")


def _add(runtime: Runtime, name: TeamName, user: str) -> None:
    try:
        runtime.session.hub.teams.add_member(name.organization, name.team, user)
    except NotFound as error:
        error.hint = f"hubcli org invite send {name.organization} {user} --team {name.team}"
        raise


@member_group.command("rm", shows=MEMBER, calls=(f"DELETE {_MEMBERS}/{{username}}",))
def rm(
    runtime: Runtime,
    selection: Selection,
    team: Team,
    users: Users = None,
    from_file: NamesFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Take people out of a team; they stay in the organization.

    Whoever is taken out of the team owners is an ordinary member from then on; the last one stays.

    \b
    Examples:
      hubcli team member rm acme/developers carol
      hubcli team member rm acme/developers --from-file left.txt --dry-run
    """
    name = parse_team(team)
    wanted = dict.fromkeys(map(str.lower, gathered(runtime, users, from_file, "member")))
    leaving = [*runtime.each(wanted, _members(runtime, name, set(wanted)))]
    if dry_run:
        return Rows(leaving)
    if not leaving:
        return None
    if not yes:
        lines = [f"{row['name']}  {row['full_name'] or ''}" for row in leaving]
        question = f"Take {these(lines, 'member', 'members')} out of {name}?"
        ask(runtime.output, lines, question, "nobody was removed")
    for row in leaving:
        user = str(row["name"])
        with runtime.attempting(), doing(_REMOVE, user):
            runtime.session.hub.teams.remove_member(name.organization, name.team, user)
            if not selection.quiet:
                runtime.output.notice(f"{user} is in {name} no more")
    return None


def _members(runtime: Runtime, name: TeamName, wanted: set[str]) -> Callable[[str], Row]:
    """What finds one of `wanted` in the team; NotFound for those who are not in it."""
    with doing(_LIST, str(name)):
        listing = runtime.session.hub.teams.members(name.organization, name.team)
        known = {
            str(row["name"]).lower(): row for row in listing if str(row["name"]).lower() in wanted
        }

    def member(user: str) -> Row:
        if user not in known:
            raise NotFound(
                f"not in {name}",
                action=_REMOVE,
                reference=user,
                hint=f"hubcli team member ls {name}",
            )
        return known[user]

    return member
