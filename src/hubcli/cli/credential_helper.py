"""hubcli's keyring and auth file as a docker credential helper.

Protocol: docker/docker-credential-helpers: one argument, the request on stdin, the answer and
errors on stdout, exit status 0 or 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hubcli import __version__
from hubcli.cli.runtime import Runtime
from hubcli.errors import CredentialFailure

if TYPE_CHECKING:
    from hubcli.auth.credentials import Credential, Store

_LONGEST_REQUEST = 1 << 20
_NO_ADDRESS = "no credentials server URL"
_NO_USERNAME = "no credentials username"


def answer(action: str, runtime: Runtime) -> tuple[str, int]:
    """What goes to stdout, and the exit status."""
    from hubcli.auth.credentials import NOT_FOUND

    try:
        if action == "get":
            found = _get(runtime, _request(runtime))
            return (NOT_FOUND, 1) if found is None else (found, 0)
        if action == "store":
            _store(runtime, _request(runtime))
        elif action == "erase":
            _erase(runtime, _request(runtime))
        elif action == "list":
            return _list(runtime), 0
        elif action == "version":
            return f"docker-credential-hubcli (hubcli) {__version__}", 0
        else:
            return f"unknown action {action!r}: get, store, erase, list, version", 1
    except CredentialFailure as failure:
        return _told(failure), 1
    return "", 0


def _told(failure: CredentialFailure) -> str:
    """The reason; the hint speaks of an option that whoever called the helper does not have."""
    if failure.hint is None:
        return failure.reason
    return f"{failure.reason}; hubcli config set defaults.store file uses a plain file"


def _request(runtime: Runtime) -> str:
    stdin = runtime.output.terminal.stdin
    text = "" if stdin is None else stdin.read(_LONGEST_REQUEST + 1)
    if len(text) > _LONGEST_REQUEST:
        raise CredentialFailure("the request is too long")
    return text.strip()


def _stores(runtime: Runtime) -> dict[str, Store]:
    """Only what hubcli itself keeps: docker's configuration is where the question comes from."""
    from hubcli.auth.credentials import own_stores

    return own_stores(runtime.settings)


def _get(runtime: Runtime, address: str) -> str | None:
    from hubcli.auth.credentials import IDENTITY_TOKEN_USER, Kind

    key = _key(address)
    credential = _first(_stores(runtime).values(), key)
    if credential is None:
        return None
    refresh = credential.kind is Kind.REFRESH_TOKEN
    return json.dumps(
        {
            "ServerURL": address,
            "Username": IDENTITY_TOKEN_USER if refresh else credential.username,
            "Secret": credential.secret,
        }
    )


def _first(stores: Iterable[Store], key: str) -> Credential | None:
    """The first that is found; a broken store is an error only where no other one knows it."""
    failures: list[CredentialFailure] = []
    for store in stores:
        try:
            credential = store.find(key)
        except CredentialFailure as failure:
            failures.append(CredentialFailure(f"{store.name}: {failure.reason}"))
        else:
            if credential is not None:
                return credential
    if failures:
        raise failures[0]
    return None


def _store(runtime: Runtime, request: str) -> None:
    from hubcli.auth.credentials import Credential

    try:
        members = json.loads(request)
        address, username, secret = (
            str(members.get(name) or "") for name in ("ServerURL", "Username", "Secret")
        )
    except (ValueError, AttributeError, RecursionError):
        raise CredentialFailure("the request is no JSON object") from None
    if not username:
        raise CredentialFailure(_NO_USERNAME)
    key = _key(address)
    stores = _stores(runtime)
    name = runtime.settings.defaults.store
    chosen = stores[name if name in stores else "keyring"]
    chosen.put(key, Credential.found(username, secret, ""))
    for other in stores.values():
        if other is not chosen:
            other.remove(key)


def _erase(runtime: Runtime, address: str) -> None:
    key = _key(address)
    for store in _stores(runtime).values():
        store.remove(key)


def _list(runtime: Runtime) -> str:
    from hubcli.auth.credentials import docker_address

    accounts: dict[str, str] = {}
    for store in reversed(_stores(runtime).values()):
        accounts.update(store.accounts())
    return json.dumps({docker_address(key): name for key, name in sorted(accounts.items())})


def _key(address: str) -> str:
    from hubcli.auth.credentials import account_key

    if not address:
        raise CredentialFailure(_NO_ADDRESS)
    return account_key(address)
