"""`hubcli scim user activate|deactivate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown
from hubcli.cli.namelists import gathered
from hubcli.cli.options import DryRun, NamesFile, Yes
from hubcli.cli.plans import ask, these
from hubcli.cli.runtime import Runtime
from hubcli.cli.scim.declared import ONE_USER, USER, USERS, WHO, TokenStdin, client, user_group
from hubcli.errors import UsageError, doing
from hubcli.output import Row, Selection

if TYPE_CHECKING:
    from hubcli.hub.scim import Scim

_CALLS = (f"PUT {ONE_USER}", f"GET {ONE_USER}", f"GET {USERS}")

Users = Annotated[list[str] | None, typer.Argument(metavar="[USER…]", help=WHO)]


@user_group.command("deactivate", shows=USER, calls=_CALLS)
def deactivate(
    runtime: Runtime,
    selection: Selection,
    users: Users = None,
    from_file: NamesFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    token_stdin: TokenStdin = False,
) -> Shown:
    """Take users out of the organization and its teams; activate lets them in again.

    \b
    Examples:
      hubcli scim user deactivate jon.snow@example.com
      hubcli scim user deactivate --from-file left.txt --dry-run
    """
    return _switch(runtime, selection, users, from_file, token_stdin, False, yes, dry_run)


@user_group.command("activate", shows=USER, calls=_CALLS)
def activate(
    runtime: Runtime,
    selection: Selection,
    users: Users = None,
    from_file: NamesFile = None,
    dry_run: DryRun = False,
    token_stdin: TokenStdin = False,
) -> Shown:
    """Let users into the organization again who were deactivated.

    \b
    Examples:
      hubcli scim user activate jon.snow@example.com
    """
    return _switch(runtime, selection, users, from_file, token_stdin, True, True, dry_run)


def _switch(
    runtime: Runtime,
    selection: Selection,
    users: list[str] | None,
    from_file: str | None,
    token_stdin: bool,
    active: bool,
    yes: bool,
    dry_run: bool,
) -> Shown:
    if token_stdin and from_file == "-":
        raise UsageError("--token-stdin and --from-file - both want stdin")
    action = "activate" if active else "deactivate"
    named = gathered(runtime, users, from_file, "user")
    with doing(f"{action} the users"):
        scim = client(runtime, token_stdin)
    wanted = _wanted(runtime, scim, named, action, active, selection)
    if dry_run:
        return Rows(wanted)
    if not wanted:
        return None
    if not yes:
        lines = [f"{row['name']}  {row['username'] or ''}" for row in wanted]
        who = these(lines, "user", "users")
        question = f"Take {who} out of the organization and its teams?"
        ask(runtime.output, lines, question, "nobody was deactivated")
    for row in wanted:
        with runtime.attempting(), doing(action, str(row["name"])):
            scim.update(str(row["id"]), active=active)
            if not selection.quiet:
                runtime.output.notice(f"{row['name']} is {_word(active)}")
    return None


def _word(active: bool) -> str:
    return "active" if active else "inactive"


def _wanted(
    runtime: Runtime,
    scim: Scim,
    named: Sequence[str],
    action: str,
    active: bool,
    selection: Selection,
) -> list[Row]:
    """Those who are not yet as they should be, each once; those who are, it is said of."""
    found: dict[object, Row] = {}
    for user in named:
        with runtime.attempting(), doing(action, user):
            row = scim.find(user)
            if row["active"] is not active:
                found.setdefault(row["id"], row)
            elif not selection.quiet:
                runtime.output.notice(f"{row['name']} is {_word(active)} already")
    return list(found.values())
