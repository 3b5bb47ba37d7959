"""The `auths` format that docker, podman and skopeo share, and hubcli's own file in it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hubcli.auth.credentials.credential import (
    IDENTITY_TOKEN_USER,
    Credential,
    Kind,
    account_key,
    docker_address,
)
from hubcli.config import Settings, config_directory
from hubcli.errors import CredentialFailure
from hubcli.files import locked, replace

_LARGEST = 8 << 20

Document = dict[str, Any]


def read(path: Path) -> Document:
    """The JSON object in a file, empty where there is no file; CredentialFailure else."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise CredentialFailure(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > _LARGEST:
        raise CredentialFailure(f"{path} is longer than {_LARGEST} bytes")
    return parse(content, str(path))


def parse(content: bytes | str, named: str) -> Document:
    """A JSON object; CredentialFailure where it is none. Nothing of the content is shown."""
    if not content.strip():
        return {}
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise CredentialFailure(f"{named} is not JSON") from None
    if not isinstance(document, dict):
        raise CredentialFailure(f"{named} is not a JSON object")
    return document


def table(document: Document, name: str, named: str) -> dict[str, Any]:
    """A member that is an object, empty where it is missing."""
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CredentialFailure(f"{name} in {named} is not a JSON object")
    return value


def find(document: Document, key: str, named: str, source: str) -> Credential | None:
    """The credential of `key` in `auths`; the exact spelling wins over one that means the same."""
    entries = table(document, "auths", named)
    exact = (docker_address(key), key)
    others = (each for each in entries if each not in exact and account_key(each) == key)
    for address in (*(each for each in dict.fromkeys(exact) if each in entries), *others):
        credential = _decode(entries[address], address, named, source)
        if credential is not None:
            return credential
    return None


def knows(document: Document, key: str, named: str) -> bool:
    """Whether `auths` has an entry for a key, be it an empty one."""
    return any(account_key(address) == key for address in table(document, "auths", named))


def accounts(document: Document, named: str) -> dict[str, str]:
    """User names by key; entries that hold nothing, or nothing readable, are left out."""
    found = {}
    for address, entry in table(document, "auths", named).items():
        try:
            credential = _decode(entry, address, named, "")
        except CredentialFailure:
            continue
        if credential is not None:
            found[account_key(address)] = credential.username
    return found


def _decode(entry: object, address: str, named: str, source: str) -> Credential | None:
    """One entry: `auth` holds base64 of `user:password`; an empty one is docker's marker."""
    if not isinstance(entry, dict):
        raise CredentialFailure(f"the entry {address} of {named} is not a JSON object")
    fields = {name: entry.get(name) or "" for name in _FIELDS}
    if not all(isinstance(value, str) for value in fields.values()):
        raise CredentialFailure(f"the entry {address} of {named} holds something else than text")
    username, secret = fields["username"], fields["password"]
    if fields["auth"]:
        username, secret = _pair(fields["auth"], address, named)
    if fields["identitytoken"]:
        name = username or IDENTITY_TOKEN_USER
        return Credential(name, fields["identitytoken"], source, Kind.REFRESH_TOKEN)
    if not username or not secret:
        return None
    return Credential.found(username, secret, source)


_FIELDS = ("auth", "username", "password", "identitytoken")


def _pair(encoded: str, address: str, named: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise CredentialFailure(f"the entry {address} of {named} is not base64 of text") from None
    username, colon, secret = decoded.partition(":")
    if not colon or not username:
        raise CredentialFailure(f"the entry {address} of {named} holds no user:password")
    return username, secret.rstrip("\0")


def _encode(credential: Credential) -> dict[str, str]:
    if credential.kind is Kind.REFRESH_TOKEN:
        return {"auth": _base64(f"{credential.username}:"), "identitytoken": credential.secret}
    return {"auth": _base64(f"{credential.username}:{credential.secret}")}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class FileStore:
    """hubcli's `auth.json`: secrets in the clear, for the user's eyes only (0600)."""

    name = "auth file"

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, settings: Settings) -> FileStore:
        """`HUBCLI_AUTH_FILE`, else `auth.json` beside the configuration file."""
        named = settings.environ.get("HUBCLI_AUTH_FILE")
        if named:
            return cls(Path(named).expanduser())
        directory = settings.path.parent if settings.path else config_directory()
        return cls(directory / "auth.json")

    def find(self, host: str) -> Credential | None:
        return find(read(self.path), host, str(self.path), self.name)

    def accounts(self) -> Mapping[str, str]:
        return accounts(read(self.path), str(self.path))

    def ready(self, host: str) -> None:
        """A file can always be tried."""

    def put(self, host: str, credential: Credential) -> None:
        def store(entries: dict[str, Any]) -> bool:
            discard(entries, host)
            entries[docker_address(host)] = _encode(credential)
            return True

        change(self.path, store)

    def remove(self, host: str) -> bool:
        if not self.path.exists():
            return False
        return change(self.path, lambda entries: discard(entries, host))


def change(path: Path, edit: Callable[[dict[str, Any]], bool]) -> bool:
    """Let `edit` change the `auths` of a file while no other process does; False if it did not.

    What else is in the file survives; CredentialFailure where it cannot be read or written.
    """
    try:
        with locked(path):
            document = read(path)
            entries = table(document, "auths", str(path))
            changed = edit(entries)
            if changed:
                document["auths"] = entries
                text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
                replace(path, text.encode())
            return changed
    except OSError as error:
        reason = error.strerror or str(error)
        raise CredentialFailure(f"{path} cannot be written: {reason}") from error


def discard(entries: dict[str, Any], key: str) -> bool:
    """Remove all spellings of a key; False where there was none."""
    spellings = [address for address in entries if account_key(address) == key]
    for address in spellings:
        del entries[address]
    return bool(spellings)
