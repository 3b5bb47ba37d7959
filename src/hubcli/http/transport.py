"""httpx clients, one for each way of reaching a host: proxies, time-outs, reuse."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from hubcli import __version__
from hubcli.http.ahead import Ahead, tcp
from hubcli.http.decoding import CODINGS
from hubcli.http.direct import Direct
from hubcli.http.routes import Route, context

USER_AGENT = f"hubcli/{__version__}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Time-outs in seconds, and how many connections may be open to one host.

    `read` is how long a server may be silent, and how long it may take for the whole head of an
    answer; in so long a body must bring `slowest` bytes a second.
    """

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0
    connections: int = 16
    slowest: int = 256

    @property
    def whole(self) -> float:
        """Seconds that a document, which is of use only as a whole, may take."""
        return 10 * self.read


class Transports:
    """Makes each client once and keeps its connections; safe between threads.

    Through a proxy httpx speaks by itself; our own transport does where there is none, and takes
    the connection that is `ahead`.
    """

    def __init__(self, limits: Limits, ahead: Ahead | None = None) -> None:
        self.limits = limits
        self._ahead = ahead
        self._clients: dict[Route, httpx.Client] = {}
        self._lock = threading.Lock()

    def client(self, route: Route) -> httpx.Client:
        with self._lock:
            found = self._clients.get(route)
            if found is None:
                found = self._clients[route] = self._build(route)
            return found

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _build(self, route: Route) -> httpx.Client:
        begun = None if self._ahead is None else self._ahead.context(route)
        made = begun or context(route)
        if route.is_proxied:
            return self._client(verify=made, trust_env=True, limits=_pooled(self.limits))
        connect = partial(_connected, self._ahead, route)
        own = Direct(connect, made, connections=self.limits.connections)
        return self._client(transport=own, trust_env=False)

    def _client(self, **settings: Any) -> httpx.Client:
        limits = self.limits
        return httpx.Client(
            follow_redirects=False,
            cookies=_NoCookies(),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": CODINGS},
            timeout=httpx.Timeout(
                connect=limits.connect, read=limits.read, write=limits.write, pool=None
            ),
            **settings,
        )


def _connected(
    ahead: Ahead | None, route: Route, host: str, port: int, timeout: float | None
) -> socket.socket:
    begun = None if ahead is None else ahead.take(route, host, port)
    return begun or tcp(host, port, timeout)


def _pooled(limits: Limits) -> httpx.Limits:
    return httpx.Limits(
        max_connections=limits.connections,
        max_keepalive_connections=limits.connections,
        keepalive_expiry=30.0,
    )


class _NoCookies(CookieJar):
    """Keeps nothing: no registry needs a cookie, and a kept one could be a credential."""

    def __init__(self) -> None:
        super().__init__(DefaultCookiePolicy(allowed_domains=[]))

    def set_cookie(self, cookie: Cookie) -> None:
        """Let it go by."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())
