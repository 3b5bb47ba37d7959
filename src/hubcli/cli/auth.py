"""`hubcli auth`: who one is, tokens for other programs, and the credential-helper protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli import timestamps
from hubcli.cli.commands import Commands, Rows, Shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, NotSignedIn, UsageError, doing
from hubcli.output import Field, Kind, Row, View
from hubcli.reference import HUB, parse, parse_host

if TYPE_CHECKING:
    from hubcli.auth.credentials import Credential

group = Commands("See and use credentials.")

STATUS = View(
    "credential",
    (
        Field("registry", default=True),
        Field("username", default=True),
        Field("source", default=True),
        Field("kind", default=True),
        Field("expires", Kind.TIME, default=True),
        Field("valid", Kind.BOOL, default=True),
    ),
    key="registry",
)


@group.command("status", shows=STATUS)
def status(
    runtime: Runtime,
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="[HOST…]", help="Registries; default all.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Ask each registry; exit 4 if one refuses.")
    ] = False,
) -> Shown:
    """Show who you are, where, and from which source.

    A registry that is named and has no credential is an error (exit 4).

    \b
    Examples:
      hubcli auth status
      hubcli auth status docker.io --check
    """
    named = [parse_host(host) for host in hosts or ()]
    return Rows(_statuses(runtime, named, check))


@group.command("token")
def token(
    runtime: Runtime,
    reference: Annotated[str, typer.Argument(metavar="REF", help="A repository or image.")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="ACTION,…", help="What the token is for.")
    ] = "pull",
) -> None:
    """Print a bearer token for a repository, for use with curl.

    \b
    Examples:
      curl -H "Authorization: Bearer $(hubcli auth token alpine)" \\
        https://registry-1.docker.io/v2/library/alpine/tags/list
      hubcli auth token registry.example/app --scope pull,push
    """
    from hubcli.auth.challenge import repository_scope
    from hubcli.auth.tokens import RegistryAuthorizer
    from hubcli.registry import Registry
    from hubcli.registry.calls import ANY_ERROR, Call

    target = parse(reference).bare()
    wanted = str(repository_scope(target.path, *_actions(scope)))
    session = runtime.session
    endpoint = session.settings.endpoint(target.host)
    with doing("get a token for", str(target)):
        if endpoint.may_be_tls:
            registry = Registry(session.http, endpoint, None)
            registry.send(Call("GET", "/v2/", accepted=ANY_ERROR))
            endpoint = registry.endpoint
        authorizer = RegistryAuthorizer(
            session.http, endpoint, session.keychain, session.token_cache
        )
        runtime.output.text(authorizer.token((wanted,)))


@group.command("helper", network=False)
def helper(
    runtime: Runtime,
    action: Annotated[
        str, typer.Argument(metavar="get|store|erase|list", help="What docker asks for.")
    ],
) -> None:
    """Answer as a docker credential helper: get, store, erase, list.

    The request comes on stdin. docker finds this as docker-credential-hubcli: set "credsStore":
    "hubcli" in its configuration.
    """
    from hubcli.cli.credential_helper import answer

    text, exit_code = answer(action, runtime)
    if text:
        runtime.output.text(text)
    if exit_code:
        raise typer.Exit(exit_code)


def _actions(scope: str) -> tuple[str, ...]:
    actions = tuple(action for action in scope.split(",") if action)
    if not actions or not all(action == "*" or action.isalpha() for action in actions):
        raise UsageError("--scope takes actions such as pull,push,delete")
    return actions


def _statuses(runtime: Runtime, named: list[str], check: bool) -> Iterator[Row]:
    """One row per host with the credential that requests to it carry; refusals are reported."""
    keychain = runtime.session.keychain
    known = named or sorted(host for host in keychain.accounts() if "/" not in host)
    ready = keychain.token
    if ready is not None and (not named or HUB in named):
        yield _row(runtime, HUB, ready, check)
    shown = ready is not None
    for host in known:
        credential = keychain.find(host)
        if credential is not None:
            shown = True
            yield _row(runtime, host, credential, check)
        elif named and not (host == HUB and ready is not None):
            runtime.report(_stranger(host))
    if not shown and not named:
        runtime.output.notice("Not signed in to any registry; 'hubcli login' does it")


def _stranger(host: str) -> NotSignedIn:
    command = "hubcli login" if host == HUB else f"hubcli login {host}"
    return NotSignedIn("not signed in", reference=host, hint=command)


def _row(runtime: Runtime, host: str, credential: Credential, check: bool) -> Row:
    from hubcli.auth.credentials import IDENTITY_TOKEN_USER
    from hubcli.auth.tokens import jwt

    username = credential.username
    expiry = credential.expires or jwt.expiry(credential.secret)
    return {
        "registry": host,
        "username": username if username not in {"", IDENTITY_TOKEN_USER} else None,
        "source": credential.source,
        "kind": str(credential.kind),
        "expires": None if expiry is None else timestamps.from_epoch(expiry),
        "valid": _valid(runtime, host, credential) if check else None,
    }


def _valid(runtime: Runtime, host: str, credential: Credential) -> bool | None:
    """Whether the host takes the credential; None, and a report, where it cannot be asked."""
    try:
        with doing("sign in to", host):
            _ask(runtime, host, credential)
    except HubcliError as error:
        runtime.report(error)
        return False if isinstance(error, NotSignedIn) else None
    return True


def _ask(runtime: Runtime, host: str, credential: Credential) -> None:
    from hubcli.auth.credentials import Kind as Sort
    from hubcli.auth.signin import HubSignIn, RegistrySignIn

    session = runtime.session
    hub = HubSignIn(session.http, session.settings.hub_url)
    if credential.kind is Sort.TOKEN:
        if not hub.accepts(credential.secret):
            raise NotSignedIn(f"Docker Hub refuses the token from {credential.source}")
    elif host == HUB and credential.kind is not Sort.REFRESH_TOKEN:
        hub.check(credential)
    else:
        RegistrySignIn(session.http, session.settings.endpoint(host)).check(credential)
