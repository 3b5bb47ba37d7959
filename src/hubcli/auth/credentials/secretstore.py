"""The system's keyring (Secret Service, Keychain, Credential Manager) as hubcli's store.

One entry of the service `hubcli` per host, and one that lists the hosts, since keyrings cannot be
searched. The keyring library is imported when the keyring is first asked.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hubcli.auth.credentials.credential import Credential, Kind, kind_of
from hubcli.auth.credentials.environment import home
from hubcli.errors import CredentialFailure
from hubcli.files import locked

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "hubcli"
_INDEX = "hosts of hubcli"
_LONGEST_WAIT = 30.0
_WAYS_OUT = (
    "--store docker uses the credential store that docker's configuration names,"
    " --store file a file that only you can read"
)

_Result = TypeVar("_Result")


class KeyringStore:
    """hubcli's own credentials. No usable keyring means that there are none.

    A lock file beside `lock_beside` keeps two processes from changing the list of hosts at once;
    `longest_wait` are the seconds that a keyring may take, which may ask for its own password;
    without `may_ask` one that would have to counts as none.
    """

    name = "keyring"

    def __init__(
        self, lock_beside: Path, *, longest_wait: float = _LONGEST_WAIT, may_ask: bool = True
    ) -> None:
        self._may_ask = may_ask
        self._lock_file = lock_beside.with_name("keyring")
        self._longest_wait = longest_wait

    def find(self, host: str) -> Credential | None:
        entry = self._read(host)
        if entry is None:
            return None
        try:
            members = json.loads(entry)
            username, secret = str(members["username"]), str(members["secret"])
            kind = Kind(members.get("kind") or kind_of(username, secret))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CredentialFailure(f"the entry of {host} is not one of hubcli") from None
        return Credential(username, secret, self.name, kind)

    def accounts(self) -> Mapping[str, str]:
        return self._index(self._read(_INDEX))

    def ready(self, host: str) -> None:  # noqa: ARG002 - all hosts are alike here
        """CredentialFailure that names the ways out where the keyring cannot keep anything."""
        if self._asked(lambda backend: [backend.get_password(SERVICE, _INDEX)]) is None:
            raise CredentialFailure("there is no keyring on this system", hint=_WAYS_OUT)

    def put(self, host: str, credential: Credential) -> None:
        entry = {"username": credential.username, "secret": credential.secret}
        if credential.kind is Kind.REFRESH_TOKEN:
            entry["kind"] = credential.kind

        def write(backend: KeyringBackend) -> bool:
            with locked(self._lock_file):
                index = self._index(backend.get_password(SERVICE, _INDEX))
                backend.set_password(SERVICE, host, json.dumps(entry))
                if index.get(host) != credential.username:
                    changed = {**index, host: credential.username}
                    backend.set_password(SERVICE, _INDEX, json.dumps(changed))
            return True

        if not self._asked(write):
            raise CredentialFailure("there is no keyring on this system", hint=_WAYS_OUT)

    def remove(self, host: str) -> bool:
        def erase(backend: KeyringBackend) -> bool:
            with locked(self._lock_file):
                index = self._index(backend.get_password(SERVICE, _INDEX))
                known = backend.get_password(SERVICE, host) is not None
                if known:
                    backend.delete_password(SERVICE, host)
                if index.pop(host, None) is not None:
                    backend.set_password(SERVICE, _INDEX, json.dumps(index))
                return known

        return self._asked(erase) or False

    # Secrets that are no host's: they stand under a name of their own, and in no list

    def secret(self, name: str) -> str | None:
        return self._read(name)

    def put_secret(self, name: str, secret: str) -> None:
        def write(backend: KeyringBackend) -> bool:
            backend.set_password(SERVICE, name, secret)
            return True

        if not self._asked(write):
            raise CredentialFailure("there is no keyring on this system", hint=_WAYS_OUT)

    def remove_secret(self, name: str) -> bool:
        """Forget it; False where there was none."""

        def erase(backend: KeyringBackend) -> bool:
            known = backend.get_password(SERVICE, name) is not None
            if known:
                backend.delete_password(SERVICE, name)
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
                if backend is not None and not self._may_ask and _might_ask(backend):
                    backend = None
                answers.append(None if backend is None else ask(backend))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                failures.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._longest_wait)
        if failures:
            raise _failure(failures[0]) from failures[0]
        if not answers:
            raise CredentialFailure(
                f"it does not answer within {self._longest_wait:.0f} s", hint=_WAYS_OUT
            )
        return answers[0]


def _backend() -> KeyringBackend | None:
    """The keyring that is configured or fits best; None where none is usable."""
    if _is_hopeless():
        return None
    import keyring
    from keyring.backends import chainer, fail, null

    backend: Any = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring):
        return None
    if isinstance(backend, chainer.ChainerBackend) and not backend.backends:
        return None
    return backend  # type: ignore[no-any-return]


def _is_hopeless() -> bool:
    """Whether there cannot be a keyring: all that the library knows on Linux need a session bus.

    Finding that out takes the library longer than a whole command, and servers and CI have none.
    """
    if sys.platform != "linux" or "keyring" in sys.modules:
        return False
    environ = os.environ
    if environ.get("PYTHON_KEYRING_BACKEND") or environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    configured = Path(environ.get("XDG_CONFIG_HOME") or home(".config"))
    if (configured / "python_keyring" / "keyringrc.cfg").exists():
        return False
    if (Path(environ.get("XDG_RUNTIME_DIR") or "/nonexistent") / "bus").exists():
        return False
    return not _has_plugins()


def _has_plugins() -> bool:
    """Whether a package beside keyring offers keyrings, by the entry points that are installed.

    They are read as the files they are: `importlib.metadata` takes several times as long.
    """
    for place in sys.path:
        try:
            with os.scandir(place or ".") as entries:
                names = [entry.name for entry in entries]
        except NotADirectoryError:
            return True  # an archive, into which the library can look
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")) and not name.startswith("keyring-"):
                with suppress(OSError):
                    points = Path(place, name, "entry_points.txt").read_bytes()
                    if b"[keyring.backends]" in points:
                        return True
    return False


def _might_ask(backend: Any) -> bool:
    """Whether reading from a keyring could make it ask for a password.

    The Secret Service asks when it is locked. The systems' own are open while their user is
    logged in; of others nobody knows, unless they say so themselves.
    """
    if getattr(backend, "never_asks", False):
        return False
    module = type(backend).__module__
    if module == "keyring.backends.SecretService":
        return _is_locked(getattr(backend, "preferred_collection", None))
    if module == "keyring.backends.chainer":
        return any(map(_might_ask, backend.backends))
    return module not in {"keyring.backends.macOS", "keyring.backends.Windows"}


def _is_locked(path: str | None) -> bool:
    """Whether the Secret Service's collection of that D-Bus path, or the default one, is locked."""
    import secretstorage

    with closing(secretstorage.dbus_init()) as bus:
        try:
            if path is not None:
                return bool(secretstorage.Collection(bus, path).is_locked())
            return bool(secretstorage.get_collection_by_alias(bus, "default").is_locked())
        except secretstorage.ItemNotFoundException:
            return True


def _failure(error: BaseException) -> BaseException:
    """Whatever a keyring or its library raises, it is the keyring that is broken."""
    if isinstance(error, CredentialFailure) or not isinstance(error, Exception):
        return error
    said = " ".join(str(error).split()) or type(error).__name__
    return CredentialFailure(f"it cannot be used: {said}", hint=_WAYS_OUT)
