"""`hubcli token`: personal access tokens of Docker Hub."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Commands, One, Rows, Shown, named
from hubcli.cli.listings import Cut, told
from hubcli.cli.options import DryRun, Limit, Yes
from hubcli.cli.runtime import Runtime
from hubcli.cli.tokens.expiries import expiry
from hubcli.errors import UsageError, doing
from hubcli.output import Field, Kind, Row, Selection, View

group = Commands("Manage personal access tokens.")

_FIELDS = (
    Field("uuid", default=True),
    Field("label", default=True),
    Field("scopes", Kind.LIST, default=True),
    Field("active", Kind.BOOL, default=True),
    Field("created", Kind.TIME, default=True),
    Field("last_used", Kind.TIME, default=True),
    Field("expires", Kind.TIME, default=True),
    Field("generated_by"),
    Field("creator_ip"),
    Field("creator_ua"),
    Field("client_id"),
)
TOKEN = View("access token", _FIELDS, key="uuid")
CREATED = View("access token", (Field("token", default=True), *_FIELDS), key="token")

Named = Annotated[str, typer.Argument(metavar="UUID_OR_LABEL", help="An access token.")]
SeveralNamed = Annotated[list[str], typer.Argument(metavar="UUID_OR_LABEL…", help="Access tokens.")]
_ONE = "GET /v2/access-tokens/{uuid}"
_LIST = "GET /v2/access-tokens"
_EDIT = "PATCH /v2/access-tokens/{uuid}"


def _checked_label(label: str) -> str:
    from hubcli.hub.tokens import LONGEST_LABEL

    if not 1 <= len(label) <= LONGEST_LABEL:
        raise UsageError(f"a label has 1 to {LONGEST_LABEL} characters")
    return label


@group.command("ls", shows=TOKEN, calls=(_LIST,))
def ls(runtime: Runtime, limit: Limit = None) -> Shown:
    """List your access tokens.

    \b
    Examples:
      hubcli token ls
      hubcli token ls --format json
    """
    with doing("list the access tokens of", "your account"):
        listing = runtime.session.hub.tokens_of_user.list(limit)
        count = listing.count
    cut = Cut(told("list the access tokens of", "your account", listing), limit, lambda: count)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@group.command("create", shows=CREATED, calls=("POST /v2/access-tokens",))
def create(
    runtime: Runtime,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", metavar="SCOPE", help="repo:public_read, read, write or admin."),
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="90d|DATE", help="Default: never.")
    ] = None,
) -> Shown:
    """Create an access token; its secret is shown this once.

    With -q the secret stands alone on stdout.

    \b
    Examples:
      hubcli token create ci --scope repo:write --expires 90d
      hubcli token create ci --scope repo:read -q > token.txt
    """
    from hubcli.hub.tokens import SCOPES

    for each in scope:
        if each not in SCOPES:
            raise UsageError(f"--scope takes {', '.join(SCOPES)}, not {each!r}")
    when = expiry(expires)
    with doing("create the access token", _checked_label(label)):
        return One(runtime.session.hub.tokens_of_user.create(label, scope, when))


@group.command("inspect", shows=TOKEN, calls=(_ONE, _LIST))
def inspect(runtime: Runtime, names: SeveralNamed) -> Shown:
    """Show access tokens; never their secrets.

    \b
    Examples:
      hubcli token inspect ci
    """

    def shown(name: str) -> Row:
        with doing("inspect the access token", name):
            return runtime.session.hub.tokens_of_user.find(name)

    return named(runtime, names, shown)


@group.command("edit", shows=TOKEN, calls=(_EDIT,))
def edit(
    runtime: Runtime,
    name: Named,
    label: Annotated[str, typer.Option("--label", metavar="LABEL", help="The new label.")],
) -> Shown:
    """Rename an access token; scopes and expiry are fixed once it is made.

    \b
    Examples:
      hubcli token edit ci --label ci-old
    """
    with doing("edit the access token", name):
        tokens = runtime.session.hub.tokens_of_user
        return One(tokens.edit(str(tokens.find(name)["uuid"]), label=_checked_label(label)))


def _switch(runtime: Runtime, names: list[str], active: bool) -> Shown:
    tokens = runtime.session.hub.tokens_of_user

    def switched(name: str) -> Row:
        with doing("activate" if active else "deactivate", name):
            return tokens.edit(str(tokens.find(name)["uuid"]), active=active)

    return named(runtime, names, switched)


@group.command("activate", shows=TOKEN, calls=(_EDIT,))
def activate(runtime: Runtime, names: SeveralNamed) -> Shown:
    """Switch access tokens on again.

    \b
    Examples:
      hubcli token activate ci
    """
    return _switch(runtime, names, True)


@group.command("deactivate", shows=TOKEN, calls=(_EDIT,))
def deactivate(runtime: Runtime, names: SeveralNamed) -> Shown:
    """Switch access tokens off; activate undoes it.

    \b
    Examples:
      hubcli token deactivate ci
    """
    return _switch(runtime, names, False)


@group.command("rm", shows=TOKEN, calls=("DELETE /v2/access-tokens/{uuid}",))
def rm(
    runtime: Runtime,
    selection: Selection,
    names: SeveralNamed,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete access tokens for good.

    \b
    Examples:
      hubcli token rm ci
      hubcli token rm ci nightly --yes
    """
    tokens = runtime.session.hub.tokens_of_user
    doomed: dict[str, Row] = {}
    for name in names:
        with runtime.attempting(), doing("delete the access token", name):
            found = tokens.find(name)
            doomed[str(found["uuid"])] = found
    if dry_run:
        return Rows(doomed.values())
    if not doomed:
        return None
    if not yes:
        for uuid, row in doomed.items():
            runtime.output.notice(f"  {row['label']}  {uuid}")
        these = "this access token" if len(doomed) == 1 else f"these {len(doomed):,} access tokens"
        if not runtime.output.confirm(f"Delete {these} for good?"):
            runtime.output.notice("nothing was deleted")
            raise typer.Exit(1)
    for uuid, row in doomed.items():
        with runtime.attempting(), doing("delete the access token", str(row["label"])):
            tokens.delete(uuid)
            if not selection.quiet:
                runtime.output.notice(f"deleted {row['label']} ({uuid})")
    return None
