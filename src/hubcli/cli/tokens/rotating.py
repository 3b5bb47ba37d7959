"""`hubcli token rotate`: a successor first, the old token last, and all undone between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli import timestamps
from hubcli.cli.repo.names import own_namespace
from hubcli.cli.runtime import Runtime
from hubcli.cli.tokens.expiries import after
from hubcli.cli.tokens.managing import CREATED, Named, group
from hubcli.errors import HubcliError, NotFound, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import HUB

if TYPE_CHECKING:
    from hubcli.auth.credentials import Credential
    from hubcli.hub.tokens import PersonalTokens

_STORES = ("none", "keyring", "file", "docker")


@group.command(
    "rotate",
    shows=CREATED,
    calls=(
        "GET /v2/access-tokens",
        "GET /v2/access-tokens/{uuid}",
        "POST /v2/access-tokens",
        "POST /v2/auth/token",
        "PATCH /v2/access-tokens/{uuid}",
        "DELETE /v2/access-tokens/{uuid}",
    ),
)
def rotate(
    runtime: Runtime,
    selection: Selection,
    name: Named,
    store: Annotated[
        str,
        typer.Option(
            "--store",
            metavar="|".join(_STORES),
            help="Where hubcli's own credential is that token: put the new one there.",
        ),
    ] = "none",
    remove: Annotated[
        bool, typer.Option("--remove/--disable", help="What becomes of the old one.")
    ] = False,
) -> None:
    """Replace an access token by a new one with the same label, scopes and time to live.

    The new one is checked by signing in with it, and stored if you like; only then the old one is
    disabled (and says so in its label) or removed. Where a step fails, those before it are undone.
    The new secret is shown this once; where it cannot be written, that is undone, too.

    \b
    Examples:
      hubcli token rotate ci -q > token.txt
      hubcli token rotate laptop --store keyring --remove
    """
    if store not in _STORES:
        raise UsageError(f"--store takes {', '.join(_STORES)}, not {store!r}")
    with doing("rotate the access token", name):
        tokens = runtime.session.hub.tokens_of_user
        old = tokens.find(name)
        user = own_namespace(runtime.session)
        made = _successor(runtime, tokens, old)
        uuid = str(made["uuid"])
        with _undoing(runtime, lambda: tokens.delete(uuid), f"remove the new token, {uuid}"):
            credential = _checked(runtime, user, str(made["token"]))
            with _stored(runtime, store, credential):
                # Before the old one goes: it may be what we are signed in with, and then nothing
                # could be undone any more.
                runtime.output.item(CREATED, made, selection)
                runtime.output.flush()
                _retire(runtime, tokens, old, remove)


def _successor(runtime: Runtime, tokens: PersonalTokens, old: Row) -> Row:
    scopes, label = old["scopes"], str(old["label"])
    if not isinstance(scopes, list) or not scopes:
        raise UsageError("Docker Hub does not tell its scopes", hint="hubcli token create --help")
    known = _called(tokens, label)
    try:
        return tokens.create(label, scopes, _expiry(old))
    except HubcliError as error:
        if error.in_doubt:
            _remove_lost(runtime, tokens, label, known, error)
        raise


def _called(tokens: PersonalTokens, label: str) -> set[str]:
    """The ids of all tokens with this label."""
    return {str(row["uuid"]) for row in tokens.list() if row["label"] == label}


def _remove_lost(
    runtime: Runtime, tokens: PersonalTokens, label: str, known: set[str], error: HubcliError
) -> None:
    """Remove a new token whose secret was lost with the answer; a second one is somebody's."""
    try:
        lost = _called(tokens, label) - known
        if len(lost) == 1:
            tokens.delete(lost.pop())
            error.hint = None
            runtime.output.warning("a new token was made, its secret lost: it is removed again")
    except HubcliError as failure:
        runtime.output.warning(f"could not remove the new token: {failure.reason}")


def _expiry(old: Row) -> str | None:
    """As long after now as the old one's was after its creation."""
    created, expires = timestamps.parse(old["created"]), timestamps.parse(old["expires"])
    if expires is None:
        return None
    moment = after(datetime.now(UTC), expires - created) if created else expires
    return timestamps.render((moment or expires).replace(microsecond=0))


def _checked(runtime: Runtime, user: str, secret: str) -> Credential:
    from hubcli.auth.credentials import Credential
    from hubcli.auth.signin import HubSignIn

    credential = Credential.found(user, secret, "")
    HubSignIn(runtime.session.http, runtime.settings.hub_url).check(credential)
    return credential


@contextmanager
def _undoing(runtime: Runtime, undo: Callable[[], object], what: str) -> Iterator[None]:
    """Run `undo` where the body fails; that it cannot be undone is told, too."""
    try:
        yield
    except BaseException:
        try:
            undo()
        except HubcliError as failure:
            runtime.output.warning(f"could not {what}: {failure.reason}")
        raise


@contextmanager
def _stored(runtime: Runtime, name: str, credential: Credential) -> Iterator[None]:
    """Put the credential where the old one was; there again if the body fails."""
    if name == "none":
        yield
        return
    from hubcli.auth.credentials import store

    target = store(name, runtime.settings)
    target.ready(HUB)
    before = target.find(HUB)
    if before is not None and before.username.lower() != credential.username.lower():
        raise UsageError(f"the {name} has a credential of {before.username}, not of this account")

    def restore() -> None:
        if before is None:
            target.remove(HUB)
        else:
            target.put(HUB, before)

    with _undoing(runtime, restore, f"put the old credential back into the {name}"):
        target.put(HUB, credential)
        yield


def _retire(runtime: Runtime, tokens: PersonalTokens, old: Row, remove: bool) -> None:
    """Disable or remove the old one; where its fate is unknown, the new one is kept for certain."""
    uuid = str(old["uuid"])
    try:
        if remove:
            tokens.delete(uuid)
        else:
            tokens.edit(uuid, label=_marked(str(old["label"])), active=False)
    except HubcliError as failure:
        state = _state(tokens, uuid)
        if state == "active":
            runtime.output.warning("the token that was shown is removed again")
            raise
        if state == "unknown":
            runtime.report(failure)
            runtime.output.warning(f"keep the new token: the old one, {uuid}, may be gone")


def _state(tokens: PersonalTokens, uuid: str) -> str:
    """`active`, `retired` or `unknown`."""
    try:
        return "active" if tokens.inspect(uuid)["active"] else "retired"
    except NotFound:
        return "retired"
    except HubcliError:
        return "unknown"


def _marked(label: str) -> str:
    """The label keeps meaning the token that works."""
    mark = f" (rotated {datetime.now(UTC):%Y-%m-%d})"
    return f"{label[: 100 - len(mark)]}{mark}"
