"""`hubcli scim login|logout`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.runtime import Runtime
from hubcli.cli.scim.declared import USERS, group, token_from_stdin
from hubcli.errors import NotSignedIn, UsageError, doing


def _refuse_token(value: str | None) -> str | None:
    if value is not None:
        raise UsageError(
            "a token in the arguments can be read by everybody on this machine",
            hint="hubcli scim login --token-stdin",
        )
    return value


@group.command("login", calls=(f"GET {USERS}",))
def login(
    runtime: Runtime,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the SCIM token from stdin.")
    ] = False,
    token: Annotated[  # noqa: ARG001 - there to be refused
        str | None, typer.Option("--token", hidden=True, callback=_refuse_token)
    ] = None,
) -> None:
    """Keep the SCIM token of an organization, once Docker Hub has accepted it.

    Owners find it where the SSO connection of the organization is set up. It is kept in the
    system's keyring, in the place of any other, and shown to nothing but SCIM in the Hub API.

    \b
    Examples:
      hubcli scim login
      hubcli scim login --token-stdin < token.txt
    """
    from hubcli.auth.credentials.scim import ScimTokens, scim_token

    tokens = ScimTokens(runtime.settings)
    with doing("keep the SCIM token"):
        tokens.ready()
        if token_stdin:
            given = token_from_stdin(runtime)
        else:
            given = scim_token(runtime.output.secret("SCIM token", "--token-stdin").strip())
        try:
            runtime.session.scim(given).check()
        except NotSignedIn as refusal:
            refusal.hint = None  # it says: sign in
            raise
        place = tokens.keep(given)
    runtime.output.notice(f"The SCIM token is kept ({place})")
    if tokens.is_overruled:
        runtime.output.warning("HUBCLI_SCIM_TOKEN is set, and goes before what was stored")


@group.command("logout", network=False)
def logout(runtime: Runtime) -> None:
    """Forget the SCIM token; Docker Hub still takes it from whoever has it.

    \b
    Examples:
      hubcli scim logout
    """
    from hubcli.auth.credentials.scim import ScimTokens

    with doing("forget the SCIM token"):
        known = ScimTokens(runtime.settings).forget()
    runtime.output.notice("The SCIM token is forgotten" if known else "No SCIM token is kept")
