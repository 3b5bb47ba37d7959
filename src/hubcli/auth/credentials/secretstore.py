"""The system's keyring (Secret Service, Keychain, Credential Manager) as hubcli's store.

One entry of the service `hubcli` per host, and one that lists the hosts, since keyrings cannot be
searched. The keyring library is imported when the keyring is first asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hubcli.auth.credentials.credential import Credential
from hubcli.config import config_directory
from hubcli.errors import CredentialFailure
from hubcli.files import locked

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "hubcli"
_INDEX = "hosts of hubcli"
_LONGEST_WAIT = 30.0

_Result = TypeVar("_Result")


class KeyringStore:
    """hubcli's own credentials. No usable keyring means that there are none."""

    name = "keyring"

    def __init__(self, *, longest_wait: float = _LONGEST_WAIT) -> None:
        self._longest_wait = longest_wait

    def find(self, host: str) -> Credential | None:
        entry = self._read(host)
        if entry is None:
            return None
        try:
            members = json.loads(entry)
            username, secret = members["username"], members["secret"]
        except (ValueError, KeyError, TypeError):
            raise CredentialFailure(f"the entry of {host} is not one of hubcli") from None
        return Credential.found(str(username), str(secret), self.name)

    def accounts(self) -> Mapping[str, str]:
        return self._index(self._read(_INDEX))

    def put(self, host: str, username: str, secret: str) -> None:
        """CredentialFailure that names the ways out where there is no keyring."""
        entry = json.dumps({"username": username, "secret": secret})

        def write(backend: KeyringBackend) -> bool:
            with locked(_lock_file()):
                index = self._index(backend.get_password(SERVICE, _INDEX))
                backend.set_password(SERVICE, host, entry)
                if index.get(host) != username:
                    backend.set_password(SERVICE, _INDEX, json.dumps({**index, host: username}))
            return True

        if not self._asked(write):
            raise CredentialFailure(
                "there is no keyring on this system",
                hint="--store docker uses docker's credential store, --store file a plain file",
            )

    def remove(self, host: str) -> bool:
        def erase(backend: KeyringBackend) -> bool:
            with locked(_lock_file()):
                index = self._index(backend.get_password(SERVICE, _INDEX))
                known = backend.get_password(SERVICE, host) is not None
                if known:
                    backend.delete_password(SERVICE, host)
                if index.pop(host, None) is not None:
                    backend.set_password(SERVICE, _INDEX, json.dumps(index))
                return known

        return self._asked(erase) or False

    def _read(self, name: str) -> str | None:
        return self._asked(lambda backend: backend.get_password(SERVICE, name))

    @staticmethod
    def _index(text: str | None) -> dict[str, str]:
        try:
            members = json.loads(text or "{}")
        except ValueError:
            return {}
        return members if isinstance(members, dict) else {}

    def _asked(self, ask: Callable[[KeyringBackend], _Result]) -> _Result | None:
        """What `ask` says; None without a keyring. A keyring may wait for its password for ever,
        so it is asked in a thread that can be left behind."""
        answers: list[_Result | None] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                backend = _backend()
                answers.append(None if backend is None else ask(backend))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                failures.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._longest_wait)
        if failures:
            raise _failure(failures[0]) from failures[0]
        if not answers:
            raise CredentialFailure(f"it does not answer within {self._longest_wait:.0f} s")
        return answers[0]


def _backend() -> KeyringBackend | None:
    """The keyring that is configured or fits best; None where none is usable."""
    import keyring
    from keyring.backends import chainer, fail, null

    backend: Any = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring):
        return None
    if isinstance(backend, chainer.ChainerBackend) and not backend.backends:
        return None
    return backend  # type: ignore[no-any-return]


def _failure(error: BaseException) -> BaseException:
    from keyring.errors import KeyringError

    if isinstance(error, CredentialFailure) or not isinstance(error, Exception):
        return error
    if isinstance(error, KeyringError):
        return CredentialFailure(str(error) or type(error).__name__)
    return CredentialFailure(f"{type(error).__name__}: {error}")


def _lock_file() -> Path:
    return config_directory() / "keyring"
