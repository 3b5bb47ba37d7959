"""httpx clients, one for each way of reaching a host: TLS, proxies, time-outs, reuse."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.request import getproxies

import httpx

from hubcli import __version__
from hubcli.errors import TLSFailure
from hubcli.http.direct import Direct, tcp

USER_AGENT = f"hubcli/{__version__}"


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached. Files are PEM; `loopback` hosts are reached without a proxy.

    The certificates of `ca_file` are trusted beside the system's, as docker does it.
    """

    tls: bool
    loopback: bool
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Time-outs in seconds, and how many connections may be open to one host."""

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0
    connections: int = 16


class Transports:
    """Makes each client once and keeps its connections; safe between threads.

    Through a proxy httpx speaks by itself; our own transport does where there is none.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
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
        context = _context(route)
        if not route.loopback and getproxies():
            return self._client(verify=context, trust_env=True, limits=_pooled(self._limits))
        own = Direct(tcp, context, connections=self._limits.connections)
        return self._client(transport=own, trust_env=False)

    def _client(self, **settings: Any) -> httpx.Client:
        limits = self._limits
        return httpx.Client(
            follow_redirects=False,
            cookies=_NoCookies(),
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(
                connect=limits.connect, read=limits.read, write=limits.write, pool=None
            ),
            **settings,
        )


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


def _context(route: Route) -> ssl.SSLContext:
    """A context that verifies; without TLS an empty one, since reading all CAs takes time."""
    if not route.tls:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        if route.ca_file:
            context.load_verify_locations(route.ca_file)
        if route.client_cert:
            context.load_cert_chain(route.client_cert, route.client_key)
    except (OSError, ssl.SSLError) as error:
        named = route.ca_file or route.client_cert
        raise TLSFailure(f"the certificate file {named} cannot be read: {error}") from error
    if not _has_system_cas():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _has_system_cas() -> bool:
    """Whether OpenSSL's own places (or SSL_CERT_FILE, SSL_CERT_DIR) hold any certificate."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return True
    return paths.capath is not None and any(Path(paths.capath).glob("*.0"))
