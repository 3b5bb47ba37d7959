"""`hubcli team grant`: lets a team use repositories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.team.changes import Change, changes
from hubcli.cli.team.declared import CHANGE, Repositories, Team, group
from hubcli.cli.team.listing import GRANTS
from hubcli.cli.team.names import check_repositories, number_of, parse_team, repositories
from hubcli.errors import UsageError, doing
from hubcli.output import Selection
from hubcli.reference import is_glob

_ACTION = "grant the team access to"


@group.command(
    "grant",
    shows=CHANGE,
    calls=(
        f"POST {GRANTS}",
        f"GET {GRANTS}/{{group_id}}",
        f"PATCH {GRANTS}/{{group_id}}",
    ),
)
def grant(
    runtime: Runtime,
    selection: Selection,
    team: Team,
    names: Repositories,
    permission: Annotated[
        str,
        typer.Option("--permission", metavar="read|write|admin", help="What it may do then."),
    ],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Let a team read, write or administer repositories, whatever it could do before.

    A quoted pattern stands for the repositories that it matches: what is about to change is shown,
    and you are asked.

    \b
    Examples:
      hubcli team grant acme/developers acme/api --permission write
      hubcli team grant acme/developers 'acme/web-*' --permission read --dry-run
    """
    from hubcli.hub.grants import PERMISSIONS

    if permission not in PERMISSIONS:
        raise UsageError(f"a permission is one of {', '.join(PERMISSIONS)}, not {permission!r}")
    name = parse_team(team)
    check_repositories(names, name, _ACTION)
    with doing("find the team"):
        number = number_of(runtime, name)
    chosen = repositories(runtime, names, _ACTION)
    planned = [*changes(runtime, name, number, chosen, permission, _ACTION)]
    if dry_run:
        existing = runtime.each(planned, _existing(runtime, chosen))
        return Rows(change.row for change in existing)
    wanted = [change for change in planned if change.is_one]
    if wanted and not yes and any(map(is_glob, names)):
        what = these(wanted, "repository", "repositories")
        question = f"Change what {name} may do with {what}?"
        ask(runtime.output, [*map(str, wanted)], question, "nothing was granted")
    for change in planned:
        with runtime.attempting(), doing(_ACTION, change.repository):
            if change.before is None:
                runtime.session.hub.grants.grant(change.repository, number, permission)
            elif change.is_one:
                runtime.session.hub.grants.change(change.repository, number, permission)
            if not selection.quiet:
                runtime.output.notice(str(change))
    return None


def _existing(runtime: Runtime, named: Mapping[str, bool]) -> Callable[[Change], Change]:
    """What looks whether there is a repository that was named: no access tells nothing of it."""

    def checked(change: Change) -> Change:
        if change.before is None and named[change.repository]:
            with doing(_ACTION, change.repository):
                runtime.session.hub.repositories.inspect(change.repository)
        return change

    return checked
