"""A registry and a Hub that mean harm, on real sockets: they answer as an attack says, to the byte.

`hubcli` reaches every `*.example` host at this server, with and without TLS, as if its name had
been looked up; what each connection was told stands in `asked`.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

from support.attacks.attack import Ask, Attack
from support.certificates import Authority

HOSTS = ("registry.example", "hub.example", "auth.example", "cdn.example", "evil.example")


class HostileServer:
    """Listens on a port with TLS and on one without; `attack` says what is answered."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory)
        pair = self.authority.server(*HOSTS)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(pair.certificate, pair.key)
        self._listening = {
            scheme: socket.create_server(("127.0.0.1", 0), backlog=64)
            for scheme in ("http", "https")
        }
        self.attack: Attack | None = None
        self.asked: list[Ask] = []
        self._stopped = threading.Event()
        for scheme, listening in self._listening.items():
            threading.Thread(target=self._accept, args=(scheme, listening), daemon=True).start()

    @contextmanager
    def carrying_out(self, attack: Attack) -> Iterator[None]:
        """Answer by `attack`, and nothing more once it is over."""
        self.attack, self._stopped = attack, threading.Event()
        self.asked.clear()
        try:
            with (
                mock.patch("hubcli.http.transport.tcp", self._connect),
                mock.patch("hubcli.http.ahead.tcp", self._connect),
            ):
                yield
        finally:
            self._stopped.set()

    def close(self) -> None:
        self._stopped.set()
        for listening in self._listening.values():
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def _connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """In the place of `hubcli.http.ahead.tcp`: names of nobody's are this server's."""
        assert host in HOSTS, f"hubcli connects to {host}:{port}"
        listening = self._listening["https" if port == 443 else "http"]
        return socket.create_connection(listening.getsockname(), timeout)

    def _accept(self, scheme: str, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                opened, _ = listening.accept()
                threading.Thread(target=self._serve, args=(scheme, opened), daemon=True).start()

    def _serve(self, scheme: str, opened: socket.socket) -> None:
        stopped = self._stopped
        with suppress(OSError, ValueError):
            if scheme == "https":
                opened = self._tls.wrap_socket(opened, server_side=True)
            with opened:
                ask = _read(opened, scheme)
                if ask is None or self.attack is None:
                    return
                self.asked.append(ask)
                _send(opened, self.attack.answer(ask, stopped), stopped)


def _read(opened: socket.socket, scheme: str) -> Ask | None:
    opened.settimeout(10)
    content = b""
    while b"\r\n\r\n" not in content:
        piece = opened.recv(65536)
        if not piece:
            return None
        content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        piece = opened.recv(65536)
        if not piece:
            return None
        body += piece
    return Ask(scheme, headers["host"], method, target, headers, body)


def _send(opened: socket.socket, pieces: Iterable[bytes], stopped: threading.Event) -> None:
    for piece in pieces:
        if stopped.is_set():
            return
        opened.sendall(piece)
    opened.shutdown(socket.SHUT_WR)
