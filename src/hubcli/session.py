"""The composition root: wires settings, credentials and clients, each on first touch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from hubcli.config import Endpoint, Settings, cache_directory
from hubcli.errors import HubcliError, NotFound
from hubcli.reference import HUB, Reference

if TYPE_CHECKING:
    from hubcli.auth.credentials import Credential, Keychain
    from hubcli.auth.tokens import RegistryAuthorizer, TokenCache
    from hubcli.http.ahead import Ahead
    from hubcli.http.client import Client
    from hubcli.http.response import Response
    from hubcli.hub import Hub
    from hubcli.hub.scim import Scim
    from hubcli.providers import Provider, Providers
    from hubcli.registry import Registry, Repository
    from hubcli.stores.docker_daemon.engine import Engine


class Session:
    """What commands reach registries and Hub through.

    `notify` tells people about waits and fallbacks, `warn` about broken sources; `trace` takes the
    lines of `--debug`. `max_wait` (seconds) overrides the configuration. With `hurried` requests
    are tried once only, and credentials that somebody could be asked to unlock are left alone.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        notify: Callable[[str], None],
        warn: Callable[[str], None],
        trace: Callable[[str], None] | None = None,
        max_wait: float | None = None,
        hurried: bool = False,
    ) -> None:
        self.settings = settings
        self.notify = notify
        self.warn = warn
        self._trace = trace
        self._hurried = hurried
        self._max_wait = settings.defaults.max_wait if max_wait is None else max_wait
        self._registries: dict[str, Registry] = {}
        self._authorizers: dict[str, RegistryAuthorizer] = {}
        self._connections = 2 * settings.defaults.concurrency
        self._ahead: Ahead | None = None
        self._beginning = threading.Lock()
        self._making = threading.RLock()

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
        for client in ("http", "engine"):
            if client in self.__dict__:
                getattr(self, client).close()

    @cached_property
    def http(self) -> Client:
        from hubcli.http.client import Client
        from hubcli.http.retry import ATTEMPTS
        from hubcli.http.transport import Limits

        defaults = self.settings.defaults
        return Client(
            limits=Limits(
                connect=defaults.connect_timeout,
                read=defaults.read_timeout,
                write=defaults.read_timeout,
                connections=self._connections,
            ),
            max_wait=self._max_wait,
            attempts=1 if self._hurried else ATTEMPTS,
            notify=self.notify,
            trace=self._trace,
            ahead=self._ahead,
        )

    def _begin(self, url: str, endpoint: Endpoint | None = None) -> None:
        """Begin to connect to where the first request goes, for as long as `http` is not there."""
        with self._beginning:
            if self._ahead is not None or "http" in self.__dict__:
                return
            from hubcli.http import ahead

            self._ahead = ahead.begin(url, endpoint, self.settings.defaults.connect_timeout)

    @cached_property
    def engine(self) -> Engine:
        """The docker engine that the environment, or docker's context, names."""
        from hubcli.stores.docker_daemon.address import locate
        from hubcli.stores.docker_daemon.engine import Engine

        return Engine(locate(self.settings.environ), self._trace)

    def widen(self, transfers: int) -> None:
        """Allow for that many blobs on their way at once, before the first request.

        Each takes a connection to read from and one to write to; a token must get through too.
        """
        self._connections = max(self._connections, 2 * transfers + 2)

    @cached_property
    def keychain(self) -> Keychain:
        """Where credentials come from, in the order of the contract."""
        from hubcli.auth.credentials import keychain
        from hubcli.providers import Identities

        # Who is in a hurry does not wait for a cloud's metadata server.
        last = () if self._hurried else (Identities(lambda: self.providers),)
        return keychain(self.settings, warn=self.warn, may_ask=not self._hurried, last=last)

    @cached_property
    def providers(self) -> Providers:
        """What the hosts of references are, and their own APIs."""
        from hubcli.providers import Providers
        from hubcli.providers.memory import Memory

        return Providers(
            self.settings,
            Memory(cache_directory(self.settings.environ)),
            http=lambda: self.http,
            credential=lambda host: self.keychain.find(host),
            registry=self.registry,
            greet=self._greet,
            notify=self.notify,
            tokens=lambda: self.token_cache,
        )

    def _greet(self, host: str) -> Response:
        """The answer to `GET /v2/`, which also says how one signs in there."""
        answer = self.registry(host).greet()
        self._authorizers[host].heed(answer)
        return answer

    def provider(self, host: str) -> Provider:
        """What a registry can do by an API of its own; Docker Hub's is `hub`, and not this."""
        known = self.providers.known(host)
        if known is None or known.by_greeting:
            # Its API, if any, is where the registry is.
            endpoint = self.settings.endpoint(host)
            self._begin(endpoint.url, endpoint)
        return self.providers.at(host)

    @cached_property
    def token_cache(self) -> TokenCache:
        from hubcli.auth.tokens import TokenCache

        environ = self.settings.environ
        kept = not environ.get("HUBCLI_NO_TOKEN_CACHE")
        return TokenCache(cache_directory(environ) if kept else None)

    def registry(self, host: str) -> Registry:
        """The client of a registry, by the host in references (`docker.io` for Docker Hub)."""
        # Transfers side by side all come here first: one of them makes it, and connects.
        with self._making:
            if host not in self._registries:
                endpoint = self.settings.endpoint(host)
                self._begin(endpoint.url, endpoint)
                made = self._registry(host, self.keychain)
                self._registries[host], self._authorizers[host] = made
            return self._registries[host]

    def anonymous_registry(self, host: str) -> Registry:
        """The same without any credential: what somebody sees who is not signed in."""
        from hubcli.auth.credentials import Keychain

        return self._registry(host, Keychain((), warn=self.warn))[0]

    def _registry(self, host: str, keychain: Keychain) -> tuple[Registry, RegistryAuthorizer]:
        from hubcli.auth.tokens import RegistryAuthorizer
        from hubcli.registry import Registry

        endpoint = self.settings.endpoint(host)
        authorizer = RegistryAuthorizer(
            self.http, endpoint, keychain, self.token_cache, settled=lambda: registry.endpoint
        )
        registry = Registry(
            self.http,
            endpoint,
            authorizer,
            concurrency=endpoint.row.concurrency or self.settings.defaults.concurrency,
            absent=self._absent_on_hub if host == HUB else lambda _: False,
            warn=self.warn,
            quirks=self.providers.quirks(host),
        )
        return registry, authorizer

    def _absent_on_hub(self, path: str) -> bool:
        """Whether Hub's API knows no such repository: its registry tells that to nobody."""
        try:
            self.hub.repositories.inspect(path)
        except NotFound:
            return True
        except HubcliError:
            return False
        return False

    def repository(self, reference: Reference, *actions: str) -> Repository:
        """The client of the repository that a reference names; `actions` are pull by default."""
        return self.registry(reference.host).repository(reference.path, *actions)

    def deleting_in(self, reference: Reference) -> Repository:
        """The client of a repository that something is to be deleted from."""
        return self.registry(reference.host).deleting_in(reference.path)

    def scim(self, token: Credential) -> Scim:
        """SCIM in the Hub API, which takes a token of its own and no other credential."""
        from hubcli.auth.tokens import ScimAuthorizer
        from hubcli.hub.scim import Scim

        return Scim(
            self.http,
            self.settings.hub_url,
            ScimAuthorizer(token),
            concurrency=self.settings.defaults.concurrency,
        )

    @cached_property
    def hub(self) -> Hub:
        """The Hub API, signed in with whatever credential there is for docker.io."""
        self._begin(self.settings.hub_url)
        from hubcli.auth.tokens import HubAuthorizer
        from hubcli.hub import Hub

        authorizer = HubAuthorizer(
            self.http, self.settings.hub_url, self.keychain, self.token_cache
        )
        return Hub(
            self.http,
            self.settings.hub_url,
            authorizer,
            concurrency=self.settings.defaults.concurrency,
            notify=self.notify,
        )
