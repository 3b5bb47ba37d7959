"""`hubcli scim user ls|inspect|create|edit`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import One, Rows, Shown, named
from hubcli.cli.listings import Cut, Sort, told
from hubcli.cli.options import Limit
from hubcli.cli.runtime import Runtime
from hubcli.cli.scim.declared import (
    ONE_USER,
    USER,
    USERS,
    WHO,
    FamilyName,
    GivenName,
    TokenStdin,
    client,
    user_group,
)
from hubcli.errors import UsageError, doing
from hubcli.output import Row

_LIST = "list the users"
_BY_TIME = ("created", "updated")


@user_group.command("ls", shows=USER, calls=(f"GET {USERS}",))
def ls(
    runtime: Runtime,
    filter: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="EXPR",
            help="As SCIM has it: 'userName sw \"jo\"'; eq, ne, co, sw, and, or, not, ( ).",
        ),
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Only who is, or is not.")
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="name|username|created|updated[=asc|desc]",
            help="Order by a field.",
        ),
    ] = None,
    limit: Limit = None,
    token_stdin: TokenStdin = False,
) -> Shown:
    """List the users of an organization, active or not.

    All but a table is written as the pages arrive, however many users there are.

    \b
    Examples:
      hubcli scim user ls
      hubcli scim user ls --inactive --sort updated=desc
      hubcli scim user ls --filter 'userName co "@example.com"' --format jsonl
    """
    from hubcli.hub.scim import SORTABLE

    order = Sort.parse(sort, {name: name in _BY_TIME for name in SORTABLE})
    with doing(_LIST):
        listing = client(runtime, token_stdin).users(
            filter=filter,
            order=order.field if order else "name",
            descending=order.descending if order else False,
            wanted=limit if active is None else None,
        )
        total = listing.count if active is None else None
    rows = (row for row in told(_LIST, None, listing) if active is None or row["active"] is active)
    cut = Cut(rows, limit, lambda: total)
    return Rows(cut, more=cut.more if runtime.output.stdout_is_terminal else None)


@user_group.command("inspect", shows=USER, calls=(f"GET {ONE_USER}", f"GET {USERS}"))
def inspect(
    runtime: Runtime,
    users: Annotated[list[str], typer.Argument(metavar="USER…", help=f"{WHO[:-1]}; several.")],
    token_stdin: TokenStdin = False,
) -> Shown:
    """Show users, and the teams that they are in.

    \b
    Examples:
      hubcli scim user inspect jon.snow@example.com
      hubcli scim user inspect jonsnow --format '{{.id}}'
    """
    with doing("inspect the users"):
        scim = client(runtime, token_stdin)

    def found(user: str) -> Row:
        with doing("inspect", user):
            return scim.find(user)

    return named(runtime, users, found)


@user_group.command("create", shows=USER, calls=(f"POST {USERS}",))
def create(
    runtime: Runtime,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Where the user can be reached by mail.")
    ],
    given_name: GivenName = None,
    family_name: FamilyName = None,
    token_stdin: TokenStdin = False,
) -> Shown:
    """Let somebody into the organization, who gets a Docker ID if there is none for the address.

    Whoever has one is put into the team company.

    \b
    Examples:
      hubcli scim user create jon.snow@example.com --given-name Jon --family-name Snow
    """
    if "@" not in address:
        raise UsageError(f"{address!r} is no address: a user is created by one")
    with doing("create the user", address):
        scim = client(runtime, token_stdin)
        return One(scim.create(address, given_name, family_name))


@user_group.command("edit", shows=USER, calls=(f"PUT {ONE_USER}", f"GET {ONE_USER}"))
def edit(
    runtime: Runtime,
    user: Annotated[str, typer.Argument(metavar="USER", help=WHO)],
    given_name: GivenName = None,
    family_name: FamilyName = None,
    token_stdin: TokenStdin = False,
) -> Shown:
    """Change the name of a user; all else stays as it is.

    \b
    Examples:
      hubcli scim user edit jon.snow@example.com --family-name Targaryen
    """
    if not given_name and not family_name:
        raise UsageError("nothing to change: --given-name or --family-name, which cannot be empty")
    with doing("edit the user", user):
        scim = client(runtime, token_stdin)
        identifier = str(scim.find(user)["id"])
        return One(scim.update(identifier, given=given_name, family=family_name))
