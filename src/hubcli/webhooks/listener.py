"""A small HTTP server for one address that nobody can guess: takes pushes, and waits with them.

Hub signs nothing, so that a secret segment of the path is what tells Hub from everybody else.
Requests are read in a few threads, within bounds; whoever listens takes pushes one by one.
"""

from __future__ import annotations

import hmac
import io
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from queue import Empty, SimpleQueue
from socketserver import BaseServer, TCPServer, ThreadingMixIn
from typing import Any, cast

from hubcli import timestamps
from hubcli.errors import HubcliError, UsageError
from hubcli.webhooks.events import Malformed, Push, read_push
from hubcli.webhooks.reading import LARGEST_BODY, LARGEST_HEAD, BoundedReader, Refused, body

REQUEST_SECONDS = 10.0
"""Seconds that a request may take from its first byte to its last."""

MOST_CONNECTIONS = 32
"""Connections that are read at once; one on top of them is told to come back."""

MOST_WAITING = 100
"""Pushes that wait to be taken; one on top of them is refused, so that Hub knows."""

_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,128}")
_DRAINED_SECONDS = 1.0
_ANSWERED_SECONDS = 2.0
_STOPPED = None


class Listener:
    """Listens from the beginning of the block to its end.

    `host` is a name or an address, port 0 any free port; `secret` is made up unless it is given.
    After `count` pushes no more are taken. `refused` is told, in any thread, of what came to the
    right address and was no push.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        secret: str | None = None,
        count: int | None = None,
        refused: Callable[[str], None] = lambda _: None,
        seconds: float = REQUEST_SECONDS,
    ) -> None:
        self.secret = checked_secret(secret) if secret is not None else secrets.token_urlsafe(32)
        self.refused = refused
        self.seconds = seconds
        self._left = count
        self._lock = threading.Condition()
        self._unanswered = 0
        self._open = True
        self._free = threading.BoundedSemaphore(MOST_WAITING)
        # Simple: a signal handler may put something in it, whatever was interrupted.
        self._waiting: SimpleQueue[Push | None] = SimpleQueue()
        self._server = _bound(host, port, self)
        self._host = host

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, secret: str | None = None) -> str:
        """The address to give to Docker Hub; `secret` takes the place of the real one."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/{secret or self.secret}"

    def __enter__(self) -> Listener:
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="webhook listener", daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        with self._lock:
            # What was taken is told so: else Hub would send it again, or call it lost.
            self._lock.wait_for(lambda: not self._unanswered, _ANSWERED_SECONDS)
        self._server.shutdown()
        self._server.server_close()

    def stop(self) -> None:
        """Take no more pushes; `pushes` ends with those that were taken. For signal handlers."""
        self._waiting.put(_STOPPED)

    def pushes(self) -> Iterator[Push]:
        """Pushes in the order in which they came, until `stop` or the last one of `count`."""
        while (push := self._waiting.get()) is not _STOPPED:
            self._free.release()
            yield push
        self._close()
        while (rest := self._next()) is not None:
            yield rest

    def _next(self) -> Push | None:
        """The next of those that were taken before the listener closed."""
        while True:
            try:
                push = self._waiting.get_nowait()
            except Empty:
                return None
            if push is not _STOPPED:
                self._free.release()
                return push

    def _close(self) -> None:
        with self._lock:
            self._open = False

    def accept(self, push: Push) -> None:
        """Keep a push until it is taken; Refused (503) where there is no room, or no time left.

        Whoever sent it is to be answered, and `answered` called then.
        """
        with self._lock:
            if not self._open or not self._free.acquire(blocking=False):
                raise Refused(503)
            self._unanswered += 1
            self._waiting.put(push)
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    self._open = False
                    self._waiting.put(_STOPPED)

    def answered(self) -> None:
        """Somebody whose push was kept knows of it, or has hung up."""
        with self._lock:
            self._unanswered -= 1
            self._lock.notify_all()

    def knows(self, target: str) -> bool:
        """Whether the target of a request is our address; how long it takes tells nothing of it."""
        path = target.partition("?")[0].removesuffix("/").removeprefix("/")
        return hmac.compare_digest(path.encode("utf-8", "surrogateescape"), self.secret.encode())


def checked_secret(secret: str) -> str:
    """`secret`, if it can be a segment of a path and hardly be guessed; else UsageError."""
    if not _SECRET.fullmatch(secret):
        raise UsageError("the secret has 16 to 128 characters out of A-Z a-z 0-9 . _ ~ -")
    return secret


def _bound(host: str, port: int, listener: Listener) -> _Server:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return _Server(family, address, listener)
    except OSError as error:
        raise HubcliError(
            error.strerror or str(error), action="listen on", reference=f"{host} port {port}"
        ) from error


class _Server(ThreadingMixIn, TCPServer):
    """A thread for each connection, up to `MOST_CONNECTIONS`."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, family: int, address: Any, listener: Listener) -> None:
        self.address_family = family
        self.listener = listener
        self._slots = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self._turn_away(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def _turn_away(self, request: socket.socket) -> None:
        """Say that there is no room, without waiting for anybody to read it."""
        try:
            request.setblocking(False)
            request.send(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"
                         b"Content-Length: 0\r\nConnection: close\r\n\r\n")  # fmt: skip
        except OSError:
            pass
        finally:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is nobody's concern."""


class _Handler(BaseHTTPRequestHandler):
    """One request for each connection."""

    protocol_version = "HTTP/1.1"
    server_version = "hubcli"
    sys_version = ""
    server: BaseServer

    def setup(self) -> None:
        connection = cast(socket.socket, self.request)
        self.connection = connection
        self._reader = BoundedReader(connection, self._listener.seconds, LARGEST_HEAD)
        self.rfile = io.BufferedReader(self._reader)
        self.wfile = connection.makefile("wb")

    @property
    def _listener(self) -> Listener:
        return cast(_Server, self.server).listener

    def handle(self) -> None:
        self.close_connection = True
        try:
            self.handle_one_request()
            self.close_connection = True
        except Refused as refusal:
            self._answer(refusal.status)

    def __getattr__(self, name: str) -> Any:
        """Whatever the method of a request is called, it is looked at in one place."""
        if name.startswith("do_"):
            return self._take
        raise AttributeError(name)

    def _take(self) -> None:
        """202 once a push has been kept, and not before."""
        if not self._listener.knows(self.path):
            raise Refused(404)
        if self.command != "POST":
            raise Refused(405)
        try:
            self._reader.allow(2 * LARGEST_BODY)
            headers: dict[str, list[str]] = {}
            for name, value in self.headers.items():
                headers.setdefault(name.lower(), []).append(value)
            content = body(self.rfile, headers)
            received = timestamps.render(datetime.now(UTC))
            self._listener.accept(read_push(content, received))
        except Malformed as fault:
            self._listener.refused(str(fault))
            raise Refused(400) from None
        except Refused as refusal:
            self._listener.refused(f"answered {refusal.status}")
            raise
        try:
            self._answer(202)
        finally:
            self._listener.answered()

    def send_error(
        self,
        code: int,
        message: str | None = None,  # noqa: ARG002 - the base class's signature
        explain: str | None = None,  # noqa: ARG002
    ) -> None:
        """What the base class finds wrong with a request; nothing of it is repeated."""
        self._answer(code)

    def _answer(self, status: int) -> None:
        """A status without a body, and the end of the connection."""
        self.close_connection = True
        try:
            self.connection.settimeout(_DRAINED_SECONDS)
            self.requestline = getattr(self, "requestline", "")
            self.request_version = "HTTP/1.1"
            self.send_response_only(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            if status == 405:
                self.send_header("Allow", "POST")
            if status == 503:
                self.send_header("Retry-After", "10")
            self.end_headers()
            self.wfile.flush()
            if status >= 400:
                self._drain()
        except OSError:
            return

    def _drain(self) -> None:
        """Read a little of what is still sent: closing with it unread would lose our answer."""
        self.connection.shutdown(socket.SHUT_WR)
        rest = BoundedReader(self.connection, _DRAINED_SECONDS, LARGEST_BODY)
        with suppress(Refused):
            while rest.read(1 << 16):
                pass

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing of a stranger's request goes to a terminal."""
