"""The providers of the hosts that a command is about, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hubcli.auth.credentials import Credential
from hubcli.config import Settings
from hubcli.providers.capabilities import HasIdentity
from hubcli.providers.memory import Memory
from hubcli.providers.provider import Provider, Surroundings
from hubcli.providers.recognition import Recognised, announced, greeted, named
from hubcli.providers.rows import PLAIN, ROWS, ProviderRow
from hubcli.reference import HUB
from hubcli.registry.quirks import NO_QUIRKS, Quirks

if TYPE_CHECKING:
    from hubcli.auth.tokens import TokenCache
    from hubcli.http.client import Client
    from hubcli.http.response import Response
    from hubcli.registry import Registry


class Providers:
    """By host; Docker Hub is none of them. what is callable is the session's.

    What costs a request is asked once per process, and less often than that where `memory` has it.
    """

    def __init__(
        self,
        settings: Settings,
        memory: Memory,
        *,
        http: Callable[[], Client],
        credential: Callable[[str], Credential | None],
        registry: Callable[[str], Registry],
        greet: Callable[[str], Response],
        notify: Callable[[str], None],
        tokens: Callable[[], TokenCache],
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._http = http
        self._credential = credential
        self._registry = registry
        self._greet = greet
        self._notify = notify
        self._tokens = tokens
        self._asked: dict[str, Recognised | None] = {}
        self._providers: dict[str, Provider] = {}

    def known(self, host: str) -> Recognised | None:
        """What a host is, as far as that costs no request."""
        if host == HUB:
            return None
        found = named(self._settings, host)
        if found is not None or host in self._asked:
            return found or self._asked[host]
        remembered = self._memory.recall(self._settings.endpoint(host).url)
        return None if remembered is None else remembered[0]

    def quirks(self, host: str) -> Quirks:
        """Of its `/v2/` side."""
        known = self.known(host)
        return NO_QUIRKS if known is None else known.row.quirks

    def recognise(self, host: str) -> Recognised | None:
        """What a host is; a stranger is asked, with one request and no credential.

        None where that gives nothing away; the failure of a host that does not answer.
        """
        if host == HUB:
            return None
        found = named(self._settings, host)
        if found is not None:
            return found
        if host not in self._asked:
            self._asked[host] = self._ask(host)
        return self._asked[host]

    def at(self, host: str) -> Provider:
        """The provider of a host; one without capabilities where there is no API that we know."""
        if host not in self._providers:
            found = self.recognise(host)
            self._providers[host] = self._provider(host, PLAIN if found is None else found.row)
        return self._providers[host]

    def _provider(self, host: str, row: ProviderRow) -> Provider:
        return (row.load() or Provider)(
            Surroundings(
                row,
                host,
                self._settings.endpoint(host),
                self._settings.environ,
                self._http(),
                credential=lambda: self._credential(host),
                registry=lambda: self._registry(host),
                notify=self._notify,
                concurrency=self._settings.defaults.concurrency,
                tokens=self._tokens,
            )
        )

    def _ask(self, host: str) -> Recognised | None:
        remembered = self._memory.recall(self._settings.endpoint(host).url)
        if remembered is not None:
            return remembered[0]
        return self._learn(host, self._greet(host))

    def _learn(self, host: str, answer: Response) -> Recognised | None:
        found = greeted(answer)
        if found is not None:
            self._registry(host).quirks = found.row.quirks
        if answer.ok or answer.status == 401:
            self._memory.keep(self._settings.endpoint(host).url, found)
        return found

    # What an identity is told is decided by names alone: whoever answers can claim to be anybody.

    def identity(self, host: str) -> Credential | None:
        """Who the user is to the provider of a host that is known by its name or configuration."""
        if host == HUB or "/" in host:
            return None
        found = named(self._settings, host)
        row = announced(self._settings.environ, host) if found is None else found.row
        if row is None:
            return None
        provider = self._provider(host, row)
        return provider.identity() if isinstance(provider, HasIdentity) else None

    def identities(self) -> Mapping[str, str]:
        """The hosts at which there could be one: those that are configured, or announced."""
        environ = self._settings.environ
        hosts = [row.home for row in ROWS if any(environ.get(name) for name in row.variables)]
        hosts += [
            environ[row.host_variable].strip().lower()
            for row in ROWS
            if row.host_variable and environ.get(row.host_variable)
        ]
        for host in self._settings.registries:
            found = None if host == HUB else named(self._settings, host)
            kind = None if found is None else found.row.load()
            if kind is not None and issubclass(kind, HasIdentity):
                hosts.append(host)
        return {host: "" for host in hosts if host is not None}


class Identities:
    """The provider's own identity as the last of the sources of credentials."""

    name = "the provider's own identity"

    def __init__(self, providers: Callable[[], Providers]) -> None:
        self._providers = providers

    def find(self, host: str) -> Credential | None:
        return self._providers().identity(host)

    def accounts(self) -> Mapping[str, str]:
        return self._providers().identities()
