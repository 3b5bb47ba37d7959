"""`hubcli org member ls|role|rm`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

import typer

from hubcli.cli.commands import One, Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.namelists import gathered
from hubcli.cli.options import DryRun, Limit, NamesFile, Yes
from hubcli.cli.org.declared import MEMBER, Organization, Users, member_group
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, doing
from hubcli.output import Row, Selection

_LIST = "list the members of"
_INVITEE = "invitee"


@member_group.command("ls", shows=MEMBER, calls=("GET /v2/orgs/{org_name}/members",))
def ls(
    runtime: Runtime,
    organization: Organization,
    filter: Annotated[
        str | None, typer.Option("--filter", metavar="GLOB", help="Only Docker IDs like this.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only whose name or address has this in it."),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="Only those who are this; invitee, too."),
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="TEAM", help="Only those in this team.")
    ] = None,
    invited: Annotated[
        bool, typer.Option("--invited", help="Show those who are only invited, too.")
    ] = False,
    limit: Limit = None,
) -> Shown:
    """List the members of an organization.

    Whoever is invited by address has no Docker ID yet: the address stands for it. All but a table
    is written as the pages arrive, however many members there are.

    \b
    Examples:
      hubcli org member ls acme --role owner
      hubcli org member ls acme --team developers -q
      hubcli org member ls acme --format jsonl --fields name,email,last_seen
    """
    from hubcli.hub.members import ROLES

    filter, role, team = (text and text.lower() for text in (filter, role, team))
    in_page = filter is None and team is None and role in {None, *ROLES}
    with doing(_LIST, organization):
        listing = runtime.session.hub.members.list(
            organization,
            search=search,
            role=role if role in ROLES else None,
            invites=invited or role == _INVITEE,
            wanted=limit if in_page else None,
        )
        total = listing.count if in_page else None

    # What an invitee will be Hub knows, but does not tell: it leaves out the others itself.
    roles = {role, _INVITEE} if role in ROLES else {role}

    def accepts(row: Row) -> bool:
        teams = row["teams"]
        return (
            (filter is None or fnmatchcase(str(row["name"]).lower(), filter))
            and (role is None or row["role"] in roles)
            and (team is None or (isinstance(teams, list) and team in map(str.lower, teams)))
        )

    rows = (row for row in told(_LIST, organization, listing) if accepts(row))
    cut = Cut(rows, limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@member_group.command("role", shows=MEMBER, calls=("PUT /v2/orgs/{org_name}/members/{username}",))
def role(
    runtime: Runtime,
    selection: Selection,
    organization: Organization,
    user: Annotated[str, typer.Argument(metavar="USER", help="The Docker ID of a member.")],
    role: Annotated[
        str,
        typer.Argument(metavar="ROLE", help="owner, editor, member, or the name of a custom role."),
    ],
) -> Shown:
    """Change what a member may do in an organization.

    \b
    Examples:
      hubcli org member role acme dave editor
    """
    with doing("change the role of", user):
        row = runtime.session.hub.members.set_role(organization, user, role)
    if selection.format or selection.fields or selection.query:
        return One(row)
    if not selection.quiet:
        runtime.output.notice(f"{row['name']} is {row['role']} in {organization.lower()}")
    return None


@member_group.command(
    "rm",
    shows=MEMBER,
    calls=(
        "DELETE /v2/orgs/{org_name}/members/{username}",
        "GET /v2/orgs/{org_name}/members",
    ),
)
def rm(
    runtime: Runtime,
    selection: Selection,
    organization: Organization,
    users: Users = None,
    from_file: NamesFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Take members out of an organization and all of its teams.

    The last owner stays: make somebody else owner first, with hubcli org member role.

    \b
    Examples:
      hubcli org member rm acme dave erin
      hubcli org member rm acme --from-file left.txt --dry-run
    """
    named = gathered(runtime, users, from_file, "member")
    wanted = dict.fromkeys(user.lower() for user in named)
    found = list(runtime.each(wanted, lambda user: _found(runtime, organization, user)))
    if dry_run:
        return Rows(found)
    if not found:
        return None
    if not yes:
        lines = [f"{row['name']}  {row['role']}, {_teams(row)}" for row in found]
        question = f"Remove {these(found, 'member', 'members')} from {organization.lower()}?"
        ask(runtime.output, lines, question, "nobody was removed")
    for row in found:
        name = str(row["name"])
        with runtime.attempting(), doing("remove", name):
            runtime.session.hub.members.remove(organization, name)
            if not selection.quiet:
                runtime.output.notice(f"removed {name} from {organization.lower()}")
    return None


def _found(runtime: Runtime, organization: str, user: str) -> Row:
    """The member `user`; Hub has no call for a single one."""
    with doing("remove", user):
        listing = runtime.session.hub.members.list(organization, search=user)
        found = [row for row in listing if row["name"] == user]
        if not found:
            raise NotFound(
                f"no such member of {organization}", hint=f"hubcli org member ls {organization}"
            )
        return found[0]


def _teams(row: Row) -> str:
    teams = row["teams"]
    return ", ".join(map(str, teams)) if isinstance(teams, list) and teams else "no team"
