"""A gateway on loopback that passes requests on to one server, and spoils the one it is told to.

Each request has a connection of its own (every answer says `Connection: close`), so that what can
happen to a connection can happen to any request.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "reset", "reset in the request", "reset in the answer", "lost answer", "silence",
    "401", "429", "500", "502",
]  # fmt: skip
"""What can happen to a request: the connection breaks before the server hears of it, in its own
body, in the body of its answer, or once the server has acted and before it says so; no answer ever
comes; a status instead of the answer, which the server never hears of."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\n(?:keep-alive|connection):[^\r]*", re.IGNORECASE)
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><hr>nginx</body></html>"
_ANSWERS = {
    "401": (b"401 Unauthorized", b'{"detail": "token expired"}', b"application/json"),
    "429": (b"429 Too Many Requests", b'{"detail": "slow down"}', b"application/json"),
    "500": (b"500 Internal Server Error", b'{"message": "oops"}', b"application/json"),
    "502": (b"502 Bad Gateway", _HTML, b"text/html"),
}


@dataclass
class Gateway:
    """Counts requests from 0 since `expect`; `host` is 127.0.0.1:PORT while it runs."""

    upstream: str
    host: str = ""
    lines: list[str] = field(default_factory=list)
    """The requests since `expect`, as `GET /v2/`, in the order they came."""
    met: bool = False
    """Whether the fault happened."""
    _spoiled: int | None = None
    _fault: Fault | None = None
    _act: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def expect(self, number: int | None = None, fault: Fault | None = None) -> None:
        """Count anew; request `number` meets `fault`."""
        with self._lock:
            self.lines, self.met = [], False
            self._spoiled, self._fault, self._act = number, fault, None

    def call(self, number: int, fault: Fault, act: Callable[[], None]) -> None:
        """Count anew; do `act` where the connection of request `number` would be reset."""
        self.expect(number, fault)
        self._act = act

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        """Serve until the block ends."""
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            self.host = f"127.0.0.1:{listener.getsockname()[1]}"
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                # An accept that waits is not ended by closing the listener alone.
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                thread.join(5)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head, body = _head(client)
            if not head:
                return
            fault = self._fault_of(head.split(b" HTTP/", 1)[0].decode())
            if fault == "reset in the request":
                client.recv(_missing(head, body) // 2 or 1, socket.MSG_DONTWAIT)
            if fault in {"reset", "reset in the request"}:
                self._break(client)
                return
            body += _rest(client, head, body)
            if fault == "silence":
                client.recv(1)  # until the other side gives up
            elif fault in _ANSWERS:
                client.sendall(_answer(*_ANSWERS[fault], bodiless=head.startswith(b"HEAD ")))
            else:
                self._pass_on(client, head, body, fault)

    def _fault_of(self, line: str) -> Fault | None:
        with self._lock:
            number = len(self.lines)
            self.lines.append(line)
            if number != self._spoiled:
                return None
            self.met = True
        return self._fault

    def _pass_on(
        self, client: socket.socket, head: bytes, body: bytes, fault: Fault | None
    ) -> None:
        host, _, port = self.upstream.rpartition(":")
        with socket.socket() as server:
            server.connect((host, int(port)))
            once = _CONNECTION.sub(b"", head).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            server.sendall(once + body)
            if fault is None:
                while data := server.recv(1 << 16):
                    client.sendall(data)
                return
            answer = b""
            while data := server.recv(1 << 16):
                answer += data
            if fault == "reset in the answer":
                end = answer.index(b"\r\n\r\n") + 4
                client.sendall(answer[: end + (len(answer) - end) // 2])
            self._break(client)

    def _break(self, client: socket.socket) -> None:
        if self._act is not None:
            self._act()
        # What is closed now ends in a reset, not in an end.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request with its empty line, and what of its body has come along."""
    read = b""
    while b"\r\n\r\n" not in read:
        data = client.recv(1 << 16)
        read += data
        if not data or not read[:1].isalpha():  # gone, or trying whether this is TLS
            return b"", b""
    end = read.index(b"\r\n\r\n") + 4
    return read[:end], read[end:]


def _missing(head: bytes, body: bytes) -> int:
    found = _LENGTH.search(head)
    return int(found[1]) - len(body) if found else 0


def _rest(client: socket.socket, head: bytes, body: bytes) -> bytes:
    """What of the body is still to come."""
    rest = b""
    if _CHUNKED.search(head):
        while not (body + rest).endswith(b"0\r\n\r\n"):
            rest += client.recv(1 << 16)
        return rest
    while len(rest) < _missing(head, body):
        data = client.recv(1 << 16)
        if not data:
            raise ConnectionError("the client went away")
        rest += data
    return rest


def _answer(status: bytes, body: bytes, kind: bytes, *, bodiless: bool) -> bytes:
    length = str(len(body)).encode()
    return (
        b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind + b"\r\nContent-Length: " + length
        + b"\r\nRetry-After: 0\r\nConnection: close\r\n\r\n" + (b"" if bodiless else body)
    )  # fmt: skip
