"""The proxies count, delay and cut as they say."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from support.docker_registry import DockerRegistry
from support.proxy import ForwardProxy, Proxy

Proxies = Callable[..., Proxy]


@contextmanager
def echo_server() -> Iterator[str]:
    """Answers every byte with the same byte; yields its "127.0.0.1:PORT"."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionError):
                while data := connection.recv(65536):
                    connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def talk(proxy: Proxy, data: bytes) -> bytes:
    """What comes back of `data` until the connection ends."""
    host, port = proxy.host.split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(data)
        while len(received) < len(data):
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            received += part
    return received


def test_bytes_pass_and_are_counted(proxy: Proxies) -> None:
    with echo_server() as server:
        before = proxy(server)
        assert talk(before, b"x" * 100_000) == b"x" * 100_000
    assert (before.connections, before.bytes_up, before.bytes_down) == (1, 100_000, 100_000)


def test_a_round_trip_takes_its_time(proxy: Proxies) -> None:
    with echo_server() as server:
        started = time.monotonic()
        assert talk(proxy(server, round_trip=0.1), b"ping") == b"ping"
    assert time.monotonic() - started >= 0.2  # one for the connection, one for the answer


def test_an_answer_is_cut_at_the_byte(proxy: Proxies) -> None:
    with echo_server() as server:
        faulty = proxy(server)
        faulty.cut_answers(after=1000)
        assert talk(faulty, b"x" * 5000) == b"x" * 1000


def test_an_upload_is_cut_at_the_byte(proxy: Proxies) -> None:
    with echo_server() as server:
        faulty = proxy(server)
        faulty.cut_uploads(after=1000)
        talk(faulty, b"x" * 5000)
    assert faulty.bytes_up == 1000


def test_requests_are_counted_and_faults_pass(
    docker_registry: Callable[..., DockerRegistry], proxy: Proxies
) -> None:
    before = proxy(docker_registry().host)
    before.cut_answers(after=0)
    with pytest.raises(OSError, match=r"reset|closed|aborted|without response"):
        urllib.request.urlopen(f"{before.url}/v2/", timeout=5).close()
    with urllib.request.urlopen(f"{before.url}/v2/", timeout=5) as answer:
        assert answer.status == 200
    assert before.requests == ["GET /v2/", "GET /v2/"]


def test_a_forward_proxy_passes_requests_on(
    docker_registry: Callable[..., DockerRegistry], forward_proxy: ForwardProxy
) -> None:
    handler = urllib.request.ProxyHandler({"http": forward_proxy.url})
    port = docker_registry().host.split(":")[1]
    with urllib.request.build_opener(handler).open(f"http://outside.example:{port}/v2/") as answer:
        assert answer.read() == b"{}"
    assert forward_proxy.requests == [f"GET http://outside.example:{port}/v2/"]


def test_a_forward_proxy_tunnels(forward_proxy: ForwardProxy) -> None:
    host, port = forward_proxy.host.split(":")
    with (
        echo_server() as server,
        socket.create_connection((host, int(port)), timeout=5) as connection,
    ):
        target = f"outside.example:{server.split(':')[1]}"
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"through")
        assert connection.recv(1000) == b"through"
    assert forward_proxy.requests == [f"CONNECT {target}"]
