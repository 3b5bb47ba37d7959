"""`hubcli repo collaborator ls|add|rm`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import DryRun, Limit, Yes
from hubcli.cli.repo.declared import COLLABORATOR, Name, collaborator_group
from hubcli.cli.repo.names import on_hub
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, doing
from hubcli.output import Row, Selection

_ROUTE = "/v2/repositories/{namespace}/{repository}/collaborators"
_LIST = "list the collaborators of"
_NONE = "hubcli knows collaborators on Docker Hub only, not on {host}"

Users = Annotated[list[str], typer.Argument(metavar="USER…", help="Docker IDs.")]


@collaborator_group.command("ls", shows=COLLABORATOR, calls=(f"GET {_ROUTE}",))
def ls(runtime: Runtime, name: Name, limit: Limit = None) -> Shown:
    """List who may push to a repository besides its owner.

    Repositories of organizations have teams for that: hubcli repo permission ls.

    \b
    Examples:
      hubcli repo collaborator ls alice/webapp
    """
    path = on_hub(name, _LIST, _NONE).path
    with doing(_LIST, path):
        listing = runtime.session.hub.collaborators.list(path, limit)
        total = listing.count
    cut = Cut(told(_LIST, path, listing), limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@collaborator_group.command("add", calls=(f"POST {_ROUTE}",))
def add(
    runtime: Runtime,
    name: Name,
    users: Users,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Say nothing but what went wrong.")
    ] = False,
) -> None:
    """Let people push to a repository of yours.

    \b
    Examples:
      hubcli repo collaborator add alice/webapp bob carol
    """
    path = on_hub(name, "add collaborators to", _NONE).path
    for user in dict.fromkeys(map(str.lower, users)):
        with runtime.attempting(), doing("add the collaborator", user):
            runtime.session.hub.collaborators.add(path, user)
            if not quiet:
                runtime.output.notice(f"{user} may push to {path}")


@collaborator_group.command(
    "rm", shows=COLLABORATOR, calls=(f"DELETE {_ROUTE}/{{user}}", f"GET {_ROUTE}")
)
def rm(
    runtime: Runtime,
    selection: Selection,
    name: Name,
    users: Users,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Let people push to a repository no more.

    \b
    Examples:
      hubcli repo collaborator rm alice/webapp bob
    """
    path = on_hub(name, "remove collaborators from", _NONE).path
    collaborators = runtime.session.hub.collaborators
    with doing(_LIST, path):
        known = {str(row["name"]).lower(): row for row in collaborators.list(path)}

    def found(user: str) -> Row:
        if user not in known:
            raise NotFound(
                f"no such collaborator of {path}",
                action="remove the collaborator",
                reference=user,
                hint=f"hubcli repo collaborator ls {path}",
            )
        return known[user]

    leaving = [*runtime.each(dict.fromkeys(map(str.lower, users)), found)]
    if dry_run:
        return Rows(leaving)
    if not leaving:
        return None
    names = ", ".join(str(row["name"]) for row in leaving)
    if not yes and not runtime.output.confirm(f"Take {names} the right to push to {path}?"):
        runtime.output.notice("nobody was removed")
        raise typer.Exit(1)
    for row in leaving:
        user = str(row["name"])
        with runtime.attempting(), doing("remove the collaborator", user):
            collaborators.remove(path, user)
            if not selection.quiet:
                runtime.output.notice(f"{user} may push to {path} no more")
    return None
