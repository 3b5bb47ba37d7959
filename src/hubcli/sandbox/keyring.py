"""A keyring for programs inside a sandbox: one private JSON file instead of the user's own.

`PYTHON_KEYRING_BACKEND` names the class, `HUBCLI_SANDBOX_KEYRING` the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential
from keyring.errors import KeyringError, PasswordDeleteError

from hubcli import files

BACKEND = f"{__name__}.SandboxKeyring"
FILE_VARIABLE = "HUBCLI_SANDBOX_KEYRING"

Entries = dict[str, dict[str, str]]
"""Passwords by service and user name."""


class SandboxKeyring(KeyringBackend):
    """Entries in the file that the environment names (mode 0600), shared by all its processes."""

    # Used by name only: whoever merely imports it must not find it chosen for lack of a better one.
    priority = -1
    never_asks = True

    def get_password(self, service: str, username: str) -> str | None:
        return _read(_path()).get(service, {}).get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        with _changed() as entries:
            stored = entries.setdefault(service, {})
            stored.pop(username, None)
            stored[username] = password

    def delete_password(self, service: str, username: str) -> None:
        with _changed() as entries:
            if entries.get(service, {}).pop(username, None) is None:
                raise PasswordDeleteError(f"no entry of {username} for {service}")

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        """The entry of `username`, or with None the one that was stored last."""
        stored = _read(_path()).get(service, {})
        name = username if username is not None else next(reversed(stored), None)
        if name is None or name not in stored:
            return None
        return SimpleCredential(name, stored[name])


def _path() -> Path:
    name = os.environ.get(FILE_VARIABLE)
    if not name:
        raise KeyringError(f"{FILE_VARIABLE} is not set: this keyring is for a sandbox only")
    return Path(name)


def _read(path: Path) -> Entries:
    try:
        entries: Entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise KeyringError(f"{path} cannot be read: {error}") from error
    return entries


@contextmanager
def _changed() -> Iterator[Entries]:
    """The entries, written back whole unless the block fails."""
    path = _path()
    with files.locked(path):
        entries = _read(path)
        yield entries
        files.replace(path, json.dumps(entries).encode())
