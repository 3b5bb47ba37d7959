"""What sends requests, by the way a host is reached: proxies, time-outs, reuse."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from hubcli import __version__
from hubcli.errors import UsageError
from hubcli.http.ahead import Ahead, tcp
from hubcli.http.decoding import CODINGS
from hubcli.http.direct import Direct
from hubcli.http.routes import Route, context

if TYPE_CHECKING:
    import ssl

_WHOLE = 10
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
        return _WHOLE * self.read


class Sender(Protocol):
    """Sends requests on one way; raises httpx's exceptions."""

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | Iterable[bytes] | None,
    ) -> httpx.Response:
        """The answer, its body still to come."""
        ...

    def close(self) -> None: ...


class Transports:
    """Makes each sender once and keeps its connections; safe between threads.

    Through a proxy httpx speaks by itself; our own transport does where there is none, and takes
    the connection that is `ahead`.
    """

    def __init__(self, limits: Limits, ahead: Ahead | None = None) -> None:
        self.limits = limits
        self._ahead = ahead
        self._senders: dict[Route, Sender] = {}
        self._closed = False
        self._lock = threading.Lock()

    def sender(self, route: Route) -> Sender:
        with self._lock:
            found = self._senders.get(route)
            if found is None:
                found = self._senders[route] = self._build(route)
            return found

    def close(self) -> None:
        """Keep no connection any more; a thread that was not waited for may still ask for one."""
        with self._lock:
            self._closed = True
            for sender in self._senders.values():
                sender.close()
            self._senders.clear()

    def _build(self, route: Route) -> Sender:
        begun = None if self._ahead is None else self._ahead.context(route)
        made = begun or context(route)
        if route.is_proxied:
            return _Proxied(made, self.limits)
        connect = partial(_connected, self._ahead, route)
        direct = Direct(connect, made, connections=self.limits.connections)
        if self._closed:
            direct.close()
        return Straight(direct, self.limits)


_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": CODINGS,
    "Connection": "keep-alive",
    "User-Agent": USER_AGENT,
}


class Straight:
    """Requests that go straight into our own transport.

    httpx's client would take as long again, for cookies, redirects and hooks that are not ours.
    """

    def __init__(self, transport: Direct, limits: Limits) -> None:
        self._transport = transport
        self._headers = httpx.Headers(_HEADERS)
        self._extensions = {"timeout": _timeout(limits).as_dict()}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | Iterable[bytes] | None,
    ) -> httpx.Response:
        merged = httpx.Headers(self._headers)
        merged.update(headers)
        request = httpx.Request(
            method, url, headers=merged, content=content, extensions=self._extensions
        )
        answer = self._transport.handle_request(request)
        answer.request = request
        return answer

    def close(self) -> None:
        self._transport.close()


class _Proxied:
    """Requests through the proxies that the environment names; UsageError for one that is none."""

    def __init__(self, context: ssl.SSLContext, limits: Limits) -> None:
        # What httpx says of an address may be a part of the password in it.
        try:
            self._client = httpx.Client(
                verify=context,
                trust_env=True,
                limits=_pooled(limits),
                follow_redirects=False,
                cookies=_NoCookies(),
                headers=_HEADERS,
                timeout=_timeout(limits),
            )
        except ImportError as error:
            raise _no_proxy("it speaks SOCKS, which takes the package socksio") from error
        except (ValueError, httpx.InvalidURL) as error:
            raise _no_proxy("it is no http or https address") from error

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | Iterable[bytes] | None,
    ) -> httpx.Response:
        request = self._client.build_request(method, url, headers=headers, content=content)
        return self._client.send(request, stream=True)

    def close(self) -> None:
        self._client.close()


def _no_proxy(reason: str) -> UsageError:
    return UsageError(
        f"a proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used: {reason}",
        hint="hubcli help environment",
    )


def _timeout(limits: Limits) -> httpx.Timeout:
    return httpx.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=None)


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
