"""The groups that the commands register in, their views, the parameters they share, the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.runtime import Runtime
from hubcli.cli.secretline import secret_line
from hubcli.errors import NotSignedIn
from hubcli.output import Field, Kind, View

if TYPE_CHECKING:
    from hubcli.auth.credentials import Credential
    from hubcli.hub.scim import Scim

group = Commands("Manage the users of an organization with SSO, as its identity provider does.")
user_group = Commands("Manage users.")
group.add_typer(user_group, name="user")

USER = View(
    "user",
    (
        Field("name", default=True),
        Field("username", default=True),
        Field("given_name", default=True),
        Field("family_name", default=True),
        Field("active", Kind.BOOL, default=True),
        Field("emails", Kind.LIST),
        Field("groups", Kind.LIST),
        Field("created", Kind.TIME),
        Field("updated", Kind.TIME),
        Field("id"),
    ),
)
SCHEMA = View(
    "schema",
    (
        Field("id", default=True),
        Field("name", default=True),
        Field("description", default=True),
        Field("attributes", Kind.LIST, default=True),
        Field("definitions", Kind.OBJECT),
    ),
    key="id",
)
RESOURCE_TYPE = View(
    "resource type",
    (
        Field("name", default=True),
        Field("endpoint", default=True),
        Field("schema", default=True),
        Field("description"),
        Field("id"),
    ),
)
CONFIG = View(
    "configuration",
    (
        Field("patch", Kind.BOOL, default=True),
        Field("bulk", Kind.BOOL, default=True),
        Field("filter", Kind.BOOL, default=True),
        Field("sort", Kind.BOOL, default=True),
        Field("etag", Kind.BOOL, default=True),
        Field("change_password", Kind.BOOL, default=True),
        Field("filter_results", Kind.NUMBER),
        Field("bulk_operations", Kind.NUMBER),
        Field("bulk_size", Kind.SIZE),
        Field("authentication", Kind.LIST),
        Field("documentation"),
    ),
    key="authentication",
)

USERS = "/v2/scim/2.0/Users"
ONE_USER = f"{USERS}/{{id}}"

TokenStdin = Annotated[
    bool,
    typer.Option("--token-stdin", help="Read the SCIM token from stdin, instead of the kept one."),
]
GivenName = Annotated[
    str | None, typer.Option("--given-name", metavar="TEXT", help="The first name.")
]
FamilyName = Annotated[
    str | None, typer.Option("--family-name", metavar="TEXT", help="The last name.")
]
WHO = "An address, a Docker ID, or an id."


def token_from_stdin(runtime: Runtime) -> Credential:
    """The token that comes on stdin."""
    from hubcli.auth.credentials.scim import scim_token

    return scim_token(secret_line(runtime, "the SCIM token"))


def client(runtime: Runtime, token_stdin: bool) -> Scim:
    """SCIM with the token from stdin, else the one that is found; NotSignedIn without one."""
    from hubcli.auth.credentials.scim import ScimTokens

    if token_stdin:
        return runtime.session.scim(token_from_stdin(runtime))
    token = ScimTokens(runtime.settings).find()
    if token is None:
        raise NotSignedIn(
            "no SCIM token is known; it comes from the SSO connection of the organization",
            hint="hubcli scim login",
        )
    return runtime.session.scim(token)
