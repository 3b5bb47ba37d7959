"""`hubcli scim schema|resource-type|config`: what the server says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from hubcli.cli.commands import One, Rows, Shown, named
from hubcli.cli.runtime import Runtime
from hubcli.cli.scim.declared import CONFIG, RESOURCE_TYPE, SCHEMA, TokenStdin, client, group
from hubcli.errors import doing
from hubcli.output import Row

_ROOT = "/v2/scim/2.0"


@group.command(
    "schema", shows=SCHEMA, calls=(f"GET {_ROOT}/Schemas", f"GET {_ROOT}/Schemas/{{id}}")
)
def schema(
    runtime: Runtime,
    schemas: Annotated[
        list[str] | None, typer.Argument(metavar="[SCHEMA…]", help="Ids of schemas; default all.")
    ] = None,
    token_stdin: TokenStdin = False,
) -> Shown:
    """Show what a user consists of, as far as the server knows.

    \b
    Examples:
      hubcli scim schema
      hubcli scim schema urn:ietf:params:scim:schemas:core:2.0:User --format json
    """
    with doing("read the schemas"):
        scim = client(runtime, token_stdin)
    return _shown(runtime, "read the schema", schemas, scim.schemas, scim.schema)


@group.command(
    "resource-type",
    shows=RESOURCE_TYPE,
    calls=(f"GET {_ROOT}/ResourceTypes", f"GET {_ROOT}/ResourceTypes/{{name}}"),
)
def resource_type(
    runtime: Runtime,
    types: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RESOURCE_TYPE…]", help="Names of types; default all."),
    ] = None,
    token_stdin: TokenStdin = False,
) -> Shown:
    """Show what kinds of things the server manages.

    \b
    Examples:
      hubcli scim resource-type
      hubcli scim resource-type User
    """
    with doing("read the resource types"):
        scim = client(runtime, token_stdin)
    return _shown(runtime, "read the resource type", types, scim.resource_types, scim.resource_type)


@group.command("config", shows=CONFIG, calls=(f"GET {_ROOT}/ServiceProviderConfig",))
def config(runtime: Runtime, token_stdin: TokenStdin = False) -> Shown:
    """Show which parts of SCIM the server has.

    \b
    Examples:
      hubcli scim config
      hubcli scim config --format json
    """
    with doing("read the configuration of SCIM"):
        return One(client(runtime, token_stdin).config())


def _shown(
    runtime: Runtime,
    action: str,
    names: list[str] | None,
    all: Callable[[], Iterator[Row]],
    one: Callable[[str], Row],
) -> Shown:
    def found(name: str) -> Row:
        with doing(action, name):
            return one(name)

    if not names:
        with doing(f"{action}s"):
            return Rows([*all()])
    return named(runtime, names, found)
