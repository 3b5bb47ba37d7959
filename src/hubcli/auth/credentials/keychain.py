"""The chain of sources: the one list that says where credentials come from, and in which order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hubcli.auth.credentials.authfile import FileStore
from hubcli.auth.credentials.credential import Credential
from hubcli.auth.credentials.docker import DockerConfig
from hubcli.auth.credentials.environment import Environment, hub_token
from hubcli.auth.credentials.podman import podman_files
from hubcli.auth.credentials.secretstore import KeyringStore
from hubcli.config import Settings, config_directory
from hubcli.errors import CredentialFailure


class Source(Protocol):
    """Somewhere credentials are found.

    Hosts are keys as `account_key` makes them. A source that is there but cannot be read raises
    CredentialFailure; one that is not there knows no credential.
    """

    @property
    def name(self) -> str: ...

    def find(self, host: str) -> Credential | None: ...

    def accounts(self) -> Mapping[str, str]:
        """User names by host, as far as they can be told without asking for secrets."""
        ...


class Store(Source, Protocol):
    """A source that keeps what `login` stores; failures are CredentialFailure."""

    def ready(self, host: str) -> None:
        """Fail now where `put` is going to, before anybody is asked for a secret."""
        ...

    def put(self, host: str, credential: Credential) -> None: ...

    def remove(self, host: str) -> bool:
        """Forget a host; False where nothing was known of it."""
        ...


class Keychain:
    """Asks its sources in turn; safe between threads, each host is looked up once, and again
    when what was found has run out.

    `token` is a ready bearer token for the Hub API. A broken source is told through `warn`, by
    name, and the next one asked; if none knows the host, it is said that the going is anonymous.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        warn: Callable[[str], None],
        token: Credential | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sources = tuple(sources)
        self.token = token
        self._warn = warn
        self._clock = clock
        self._found: dict[str, Credential | None] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def find(self, host: str) -> Credential | None:
        """The first credential for `host`, None to go anonymously."""
        with self._lock:
            found = self._found.get(host)
            if host not in self._found or (found is not None and found.is_spent(self._clock())):
                self._found[host] = self._search(host)
            return self._found[host]

    def accounts(self) -> dict[str, list[Source]]:
        """Hosts that some source knows, each with its sources in order; broken ones are told."""
        known: dict[str, list[Source]] = {}
        for source in self.sources:
            try:
                accounts = source.accounts()
            except CredentialFailure as failure:
                self._tell(source, failure)
                continue
            for host in accounts:
                known.setdefault(host, []).append(source)
        return known

    def _search(self, host: str) -> Credential | None:
        broken = False
        for source in self.sources:
            try:
                credential = source.find(host)
            except CredentialFailure as failure:
                broken = True
                self._tell(source, failure)
                continue
            if credential is not None:
                return credential
        if broken:
            self._warn(f"no other credential for {host} was found; going on anonymously")
        return None

    def _tell(self, source: Source, failure: CredentialFailure) -> None:
        told = f"{source.name}: {failure.reason}"
        if told not in self._told:
            self._told.add(told)
            self._warn(told)


def keychain(
    settings: Settings,
    warn: Callable[[str], None],
    *,
    may_ask: bool = True,
    last: Sequence[Source] = (),
) -> Keychain:
    """The sources of the contract, in its order, with `last` behind them.

    Without `may_ask` nobody is asked to unlock anything, for what is locked counts as empty.
    """
    environ = settings.environ
    return Keychain(
        (
            Environment(environ),
            *own_stores(settings, may_ask=may_ask).values(),
            DockerConfig(environ, may_ask=may_ask),
            *podman_files(environ, may_ask=may_ask),
            *last,
        ),
        warn=warn,
        token=hub_token(environ),
    )


def foreign_keychain(settings: Settings, warn: Callable[[str], None]) -> Keychain:
    """What is left without hubcli's own stores."""
    environ = settings.environ
    return Keychain(
        (Environment(environ), DockerConfig(environ), *podman_files(environ)), warn=warn
    )


def own_stores(settings: Settings, *, may_ask: bool = True) -> dict[str, Store]:
    """hubcli's own stores in the order they are asked, by the names that `--store` has."""
    return {"keyring": own_keyring(settings, may_ask=may_ask), "file": FileStore.of(settings)}


def own_keyring(settings: Settings, *, may_ask: bool = True) -> KeyringStore:
    """What hubcli keeps in the system's keyring."""
    beside = settings.path or config_directory() / "config.toml"
    return KeyringStore(beside, may_ask=may_ask)


def store(name: str, settings: Settings) -> Store:
    """The store that `--store` calls `keyring`, `file` or `docker`."""
    return DockerConfig(settings.environ) if name == "docker" else own_stores(settings)[name]
