"""HTTP/1.1 on our own sockets, as a transport of httpx: what blobs need to move fast.

httpx's own transport hands a body out in pieces of 64 KiB, each copied several times on its way
through httpcore and h11. Here h11 still writes and reads the heads, and bodies that need decoding;
a body that has a length is read from the socket as it comes.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import h11
import httpx

READ_SIZE = 256 << 10
"""Bytes asked of the system at once: a piece that is hashed and written before it leaves the
processor's cache. Larger ones were slower (benchmarks/transfer.py)."""

_LARGEST_HEAD = 100 << 10
_TLS_RECORD = 16 << 10
_SHORTEST = 0.001
"""Seconds; a socket that is told to wait no time at all does not wait, and fails otherwise."""

_GATHERING = 0.02
"""Seconds for which pieces that come slowly are put together."""

_NO_BODY = frozenset({204, 304})
_SAFE = frozenset({"GET", "HEAD"})

Timeouts = dict[str, float | None]

Connect = Callable[[str, int, float | None], socket.socket]
"""Opens a socket to a host and port, within a time in seconds; it may speak TLS already."""


class Direct(httpx.BaseTransport):
    """Sends each request on a connection of its own kind: up to `connections` to one origin.

    Raises httpx's exceptions, for the same reasons as its own transport does.
    """

    def __init__(
        self,
        connect: Connect,
        context: ssl.SSLContext | None = None,
        *,
        connections: int,
        keep_alive: float = 30.0,
    ) -> None:
        self._connect = connect
        self._context = context
        self._most = connections
        self._keep_alive = keep_alive
        self._origins: dict[_Origin, _Pool] = {}
        self._closed = False
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        origin = _origin(request.url)
        with self._lock:
            pool = self._origins.get(origin)
            if pool is None:
                pool = self._origins[origin] = _Pool(self._most, self._keep_alive)
                if self._closed:
                    pool.close()
        timeouts: Timeouts = request.extensions.get("timeout", {})
        while True:
            kept = pool.take()
            connection = kept or self._opened(origin, pool, timeouts.get("connect"))
            try:
                return connection.exchange(request, timeouts)
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                connection.close()
                if kept is None or connection.heard or request.method not in _SAFE:
                    raise
                # It was ended while it waited, which was not to be seen yet.
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Keep no connection any more: those of requests that are still made end with them."""
        with self._lock:
            self._closed = True
            for pool in self._origins.values():
                pool.close()

    def _opened(self, origin: _Origin, pool: _Pool, timeout: float | None) -> _Connection:
        try:
            with _failures(httpx.ConnectTimeout, httpx.ConnectError):
                opened = self._connect(origin.host, origin.port, timeout)
                try:
                    secured = self._secured(opened, origin)
                except BaseException:
                    opened.close()
                    raise
        except BaseException:
            pool.forget()
            raise
        return _Connection(secured, pool)

    def _secured(self, opened: socket.socket, origin: _Origin) -> socket.socket:
        if origin.scheme == "http" or isinstance(opened, ssl.SSLSocket):
            return opened
        if self._context is None:
            raise httpx.UnsupportedProtocol("there is no TLS on this way")
        return self._context.wrap_socket(opened, server_hostname=origin.host.encode("ascii"))


@dataclass(frozen=True, slots=True)
class _Origin:
    scheme: str
    host: str
    port: int


def _origin(url: httpx.URL) -> _Origin:
    if url.scheme not in {"http", "https"} or not url.host:
        raise httpx.UnsupportedProtocol(f"{url.scheme or 'no scheme'} is not HTTP")
    # As in a certificate: a name outside ASCII in its encoding.
    host = url.raw_host.decode("ascii").strip("[]")
    return _Origin(url.scheme, host, url.port or (443 if url.scheme == "https" else 80))


class _Pool:
    """The connections to one origin: a limited number, and those that wait for more to do."""

    def __init__(self, most: int, keep_alive: float) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._keep_alive = keep_alive
        self._idle: list[tuple[float, _Connection]] = []
        self._closed = False
        self._lock = threading.Lock()

    def take(self) -> _Connection | None:
        """One that can be used again, the last one used first; None: one may be opened."""
        self._free.acquire()
        while True:
            with self._lock:
                since, connection = self._idle.pop() if self._idle else (0.0, None)
            if connection is None:
                return None
            if time.monotonic() - since < self._keep_alive and connection.is_quiet:
                return connection
            connection.discard()

    def give_back(self, connection: _Connection) -> None:
        with self._lock:
            if self._closed:
                connection.discard()
            else:
                self._idle.append((time.monotonic(), connection))
        self._free.release()

    def forget(self) -> None:
        """One that was taken is no more."""
        self._free.release()

    def close(self) -> None:
        """End the connections that wait, and each other one once it has done its work."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.discard()


class _Connection:
    """One socket, used by one exchange at a time."""

    def __init__(self, opened: socket.socket, pool: _Pool) -> None:
        self._socket = opened
        self._pool = pool
        self._is_tls = isinstance(opened, ssl.SSLSocket)
        self._patience: float | None = None
        self.heard = False
        """Whether anything has come since the last request."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come while nobody asked: an end, or what belongs to no answer."""
        try:
            return not _readable(self._socket)
        except (OSError, ValueError):
            return False

    def exchange(self, request: httpx.Request, timeouts: Timeouts) -> httpx.Response:
        """Send a request, and read the head of its answer."""
        protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self.heard = False
        self._socket.settimeout(timeouts.get("write"))
        whole = self._sent(protocol, request)
        self._patience = timeouts.get("read")
        self._socket.settimeout(self._patience)
        answer = self._head(protocol)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers.raw_items(),
            stream=_Body(self, protocol, answer, request.method, reusable=whole),
            extensions={
                "http_version": b"HTTP/" + answer.http_version,
                "reason_phrase": bytes(answer.reason),
            },
        )

    def receive(self, most: int = READ_SIZE) -> bytes:
        """Up to `most` bytes as they come, none at the end."""
        with _failures(httpx.ReadTimeout, httpx.ReadError):
            data = self._gathered(most) if self._is_tls else self._socket.recv(most)
        self.heard = self.heard or bool(data)
        return data

    def deadline(self) -> float | None:
        """The end of the time that a server may be silent, from now on."""
        return None if self._patience is None else time.monotonic() + self._patience

    def next_event(self, protocol: h11.Connection, until: float | None) -> object:
        """The next event, with as much data as it takes: a head, or a bit of a body.

        It must be whole by `until`: it is a few lines at most.
        """
        try:
            if until is not None and time.monotonic() > until:
                raise httpx.ReadTimeout("there is no end to what comes before the answer")
            while (event := protocol.next_event()) is h11.NEED_DATA:
                if until is not None:
                    self._socket.settimeout(max(until - time.monotonic(), _SHORTEST))
                data = self.receive()
                if not data and protocol.their_state is h11.SEND_RESPONSE:
                    raise httpx.RemoteProtocolError("the server ends without an answer")
                protocol.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        finally:
            with suppress(OSError):  # it may have been closed meanwhile
                self._socket.settimeout(self._patience)
        return event

    def give_back(self) -> None:
        """Let others use it."""
        self._pool.give_back(self)

    def close(self) -> None:
        """End it, so that another one may be opened."""
        self.discard()
        self._pool.forget()

    def discard(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def _sent(self, protocol: h11.Connection, request: httpx.Request) -> bool:
        """Whether all of it went; a server that wants no more of it may have answered why."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        try:
            head = h11.Request(
                method=request.method.encode("ascii"),
                target=request.url.raw_path,
                headers=request.headers.raw,
            )
            if not self._send(protocol.send(head) or b""):
                return False
            for chunk in request.stream:
                for piece in protocol.send_with_data_passthrough(h11.Data(data=chunk)) or ():
                    if not self._send(piece):
                        return False
            return self._send(protocol.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error

    def _send(self, data: bytes) -> bool:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._socket.send(rest) :]
        except TimeoutError as error:
            raise httpx.WriteTimeout(str(error)) from error
        except OSError:
            return False
        return True

    def _head(self, protocol: h11.Connection) -> h11.Response:
        """The head of the answer; what is said before it takes of the same time."""
        until = self.deadline()
        while True:
            event = self.next_event(protocol, until)
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise httpx.RemoteProtocolError("the server answers in another protocol")

    def _gathered(self, most: int) -> bytes:
        """Several records of TLS in one piece, unless they come slowly."""
        pieces = [self._socket.recv(_TLS_RECORD)]
        size, until = len(pieces[0]), time.monotonic() + _GATHERING
        # An end that is found here is told once more when it is asked for again.
        while pieces[-1] and size + _TLS_RECORD <= most and time.monotonic() < until:
            if not self._has_more():
                break
            pieces.append(self._socket.recv(_TLS_RECORD))
            size += len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _has_more(self) -> bool:
        assert isinstance(self._socket, ssl.SSLSocket)
        return self._socket.pending() > 0 or _readable(self._socket)


class _Body(httpx.SyncByteStream):
    """The body of an answer; its connection is given back at its end."""

    def __init__(
        self,
        connection: _Connection,
        protocol: h11.Connection,
        answer: h11.Response,
        method: str,
        *,
        reusable: bool,
    ) -> None:
        self._connection = connection
        self._protocol = protocol
        self._reusable = reusable and not _closes(answer)
        self._ended = False
        self._size = _length(answer, method)
        if self._size == 0:
            self._reusable = self._reusable and not protocol.trailing_data[0]
            self._end()

    def __iter__(self) -> Iterator[bytes]:
        if self._size is None:
            yield from self._decoded()
        elif self._size:
            yield from self._plain(self._size)

    def close(self) -> None:
        """Give the connection back if no more is to come on it; else end it."""
        if not self._ended:
            come, _ = self._protocol.trailing_data
            self._reusable = self._reusable and self._size == len(come)
            self._end()

    def _plain(self, size: int) -> Iterator[bytes]:
        """As many bytes as were told, straight from the socket."""
        come, _ = self._protocol.trailing_data
        left = size - len(come)
        if left < 0:
            come, self._reusable = come[:size], False
        if left <= 0:
            self._end()
        if come:
            yield come
        self._size = None  # from here on it cannot be told what is still to come
        while left > 0:
            chunk = self._connection.receive(min(left, READ_SIZE))
            if not chunk:
                raise httpx.RemoteProtocolError(
                    f"the body ends after {size - left} of {size} bytes"
                )
            left -= len(chunk)
            if not left:
                self._end()
            yield chunk

    def _decoded(self) -> Iterator[bytes]:
        """A body in chunks, or one that ends with the connection."""
        while isinstance(event := self._next(), h11.Data):
            yield bytes(event.data)
        done = self._protocol.our_state is self._protocol.their_state is h11.DONE
        self._reusable = self._reusable and done and not self._protocol.trailing_data[0]
        self._end()

    def _next(self) -> object:
        return self._connection.next_event(self._protocol, self._connection.deadline())

    def _end(self) -> None:
        self._ended = True
        if self._reusable:
            self._connection.give_back()
        else:
            self._connection.close()


def _readable(opened: socket.socket) -> bool:
    """Whether something has come, be it the end."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(opened, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([opened], [], [], 0)[0])  # pragma: no cover - Windows


def _length(answer: h11.Response, method: str) -> int | None:
    """Bytes of the body (RFC 9112, section 6.3); None where h11 has to find its end."""
    if method == "HEAD" or answer.status_code in _NO_BODY:
        return 0
    headers = dict(answer.headers)  # h11 has put equal lengths together, and refused others
    if b"transfer-encoding" in headers or b"content-length" not in headers:
        return None
    return int(headers[b"content-length"])


def _closes(answer: h11.Response) -> bool:
    options = (value for name, value in answer.headers if name == b"connection")
    asked = any(b"close" in value.lower() for value in options)
    return asked or answer.http_version < b"1.1"


@contextmanager
def _failures(
    timeout: type[httpx.TimeoutException], failure: type[httpx.NetworkError]
) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise failure(str(error)) from error
