"""`hubcli team revoke`: lets a team use repositories no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.team.changes import Change, changes
from hubcli.cli.team.declared import CHANGE, Repositories, Team, group
from hubcli.cli.team.listing import GRANTS
from hubcli.cli.team.names import check_repositories, number_of, parse_team, repositories
from hubcli.errors import NotFound, doing
from hubcli.output import Selection

_ACTION = "revoke the team's access to"


@group.command(
    "revoke",
    shows=CHANGE,
    calls=(f"DELETE {GRANTS}/{{group_id}}", f"GET {GRANTS}/{{group_id}}"),
)
def revoke(
    runtime: Runtime,
    selection: Selection,
    team: Team,
    names: Repositories,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Take a team's access to repositories away.

    A quoted pattern stands for those that it matches and that the team has access to.

    \b
    Examples:
      hubcli team revoke acme/developers acme/api
      hubcli team revoke acme/developers 'acme/web-*' --dry-run
    """
    name = parse_team(team)
    check_repositories(names, name, _ACTION)
    with doing("find the team"):
        number = number_of(runtime, name)
    chosen = repositories(runtime, names, _ACTION)
    planned = changes(runtime, name, number, chosen, None, _ACTION)
    leaving = _granted(runtime, planned, chosen)
    if dry_run:
        return Rows(change.row for change in leaving)
    if not leaving:
        return None
    if not yes:
        what = these(leaving, "repository", "repositories")
        question = f"Take {name} the access to {what}?"
        ask(runtime.output, [*map(str, leaving)], question, "nothing was revoked")
    for change in leaving:
        with runtime.attempting(), doing(_ACTION, change.repository):
            runtime.session.hub.grants.revoke(change.repository, number)
            if not selection.quiet:
                runtime.output.notice(str(change))
    return None


def _granted(
    runtime: Runtime, planned: Iterable[Change], named: Mapping[str, bool]
) -> list[Change]:
    """Where there is access to take away; repositories that were named and have none are reported.

    A pattern that matches only such repositories wants nothing that is not so already.
    """
    granted = []
    for change in planned:
        if change.is_one:
            granted.append(change)
        elif named[change.repository]:
            with runtime.attempting():
                raise NotFound(
                    f"{change.team} has no access to it",
                    action=_ACTION,
                    reference=change.repository,
                    hint=f"hubcli team repo ls {change.team}",
                )
    return granted
