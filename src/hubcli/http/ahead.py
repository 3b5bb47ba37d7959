"""A connection that is on its way while the program still imports what is going to use it.

What speaks HTTP takes about as long to import as a far server takes to answer a knock: side by side
they cost that once. Nothing is sent but what opens the connection.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from hubcli.config import Endpoint
from hubcli.http import origin
from hubcli.http.routes import Route, context, route

if TYPE_CHECKING:
    import ssl

_FRESH = 5.0
"""Seconds for which it may be left waiting: a server may end one that nothing comes on."""


def tcp(host: str, port: int, timeout: float | None) -> socket.socket:
    """A connection that sends what it is given at once."""
    # As bytes, so that Python does not import its tables of international names for it.
    name: Any = host.encode("ascii") if host.isascii() else host
    opened = socket.create_connection((name, port), timeout)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def begin(url: str, endpoint: Endpoint | None, timeout: float) -> Ahead | None:
    """Begin to connect to the server at `url`, within `timeout` seconds; None through a proxy."""
    way = route(url, endpoint)
    _, host, port = origin.origin(url)
    # A name outside ASCII is encoded by whoever sends the request.
    return None if way.is_proxied or not host.isascii() else Ahead(way, host, port, timeout)


class Ahead:
    """Whoever is the first to go to `host` takes the connection, or what kept it from opening."""

    def __init__(self, route: Route, host: str, port: int, timeout: float) -> None:
        self._place = route, host, port
        self._timeout = timeout
        self._context: ssl.SSLContext | None = None
        self._has_context = threading.Event()
        self._opened: tuple[socket.socket, float] | None = None
        self._failure: Exception | None = None
        self._taken = self._closed = False
        self._lock = threading.Lock()
        # It ends with the program, wherever it is: nobody waits for what nobody needs.
        self._thread = threading.Thread(target=self._open, daemon=True)
        self._thread.start()

    def take(self, route: Route, host: str, port: int) -> socket.socket | None:
        """The connection, once; None to open another one. Raises what opening it would."""
        if (route, host, port) != self._place:
            return None
        with self._lock:
            mine = not self._taken and not self._closed
            # Nobody's, if it is closed before it is open: whoever opens it closes it then.
            self._taken = self._taken or mine
        if not mine:
            return None
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        assert self._opened is not None
        opened, since = self._opened
        if time.monotonic() - since < _FRESH:
            return opened
        opened.close()
        return None

    def context(self, route: Route) -> ssl.SSLContext | None:
        """The context of its TLS, if that is of `route`: making another one takes time."""
        if route != self._place[0] or not route.tls:
            return None
        self._has_context.wait()
        return self._context

    def close(self) -> None:
        """Let go of a connection that nobody has taken."""
        with self._lock:
            self._closed = True
            left = None if self._taken else self._opened
        if left is not None:
            left[0].close()

    def _open(self) -> None:
        try:
            opened = self._connected(*self._place)
        except Exception as error:  # noqa: BLE001 - raised where the connection is taken
            self._failure = error
            return
        finally:
            self._has_context.set()
        with self._lock:
            self._opened = opened, time.monotonic()
            unwanted = self._closed and not self._taken
        if unwanted:
            opened.close()

    def _connected(self, route: Route, host: str, port: int) -> socket.socket:
        if not route.tls:
            return tcp(host, port, self._timeout)
        self._context = context(route)
        self._has_context.set()
        opened = tcp(host, port, self._timeout)
        try:
            return self._context.wrap_socket(opened, server_hostname=host.encode("ascii"))
        except BaseException:
            opened.close()
            raise
