"""A connection begun before it is needed: taken once, by whoever goes to the same place."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hubcli.config import Endpoint, RegistryRow
from hubcli.errors import ConnectionBroken, TLSFailure
from hubcli.http import ahead
from hubcli.http.ahead import Ahead, begin
from hubcli.http.client import Client, Request
from hubcli.http.routes import Route
from support.certificates import Authority
from support.scripted import Answer, ScriptedServer

PLAIN = Route(tls=False, loopback=True)


@contextmanager
def scripted(tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda _: Answer(200, b"here"), tls) as server:
        yield server


def ready(connection: Ahead | None) -> Ahead:
    """The connection, once it is open or has failed."""
    assert connection is not None
    connection._thread.join(5)
    return connection


def test_the_first_request_to_the_place_takes_it() -> None:
    with (
        scripted() as server,
        closing(ready(begin(server.url, None, 5))) as begun,
        closing(Client(ahead=begun)) as client,
    ):
        for _ in range(2):
            assert client.request(Request("GET", server.url)).content == b"here"
        assert server.connections == 1
        assert begun.take(PLAIN, "127.0.0.1", server.port) is None


def test_another_place_gets_a_connection_of_its_own() -> None:
    with (
        scripted() as server,
        scripted() as other,
        closing(ready(begin(server.url, None, 5))) as begun,
        closing(Client(ahead=begun)) as client,
    ):
        for url in (other.url, server.url):
            client.request(Request("GET", url))
        assert (server.connections, other.connections) == (1, 1)


def test_tls_is_settled_ahead_as_the_row_says(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with scripted(context) as server:
        row = RegistryRow(ca_file=str(authority.certificate))
        endpoint = Endpoint("it", server.url, row)
        with (
            closing(ready(begin(server.url, endpoint, 5))) as begun,
            closing(Client(ahead=begun)) as client,
        ):
            request = Request("GET", server.url, endpoint=endpoint)
            assert client.request(request).content == b"here"
            assert server.connections == 1
        with (
            closing(ready(begin(server.url, Endpoint("it", server.url), 5))) as begun,
            closing(Client(ahead=begun, attempts=1)) as client,
            pytest.raises(TLSFailure, match="no trusted connection"),
        ):
            client.request(Request("GET", server.url, endpoint=Endpoint("it", server.url)))


def test_what_kept_it_from_opening_is_told_by_the_request() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with (
            closing(ready(begin(url, None, 5))) as begun,
            closing(Client(ahead=begun, attempts=1)) as client,
            pytest.raises(ConnectionBroken, match="refuses the connection"),
        ):
            client.request(Request("GET", url))


def test_an_unreadable_certificate_is_told_as_ever(tmp_path: Path) -> None:
    url = "https://127.0.0.1:9"
    endpoint = Endpoint("it", url, RegistryRow(ca_file=str(tmp_path / "none")))
    with (
        closing(ready(begin(url, endpoint, 5))) as begun,
        closing(Client(ahead=begun)) as client,
        pytest.raises(TLSFailure, match="none cannot be read"),
    ):
        client.request(Request("GET", url, endpoint=endpoint))


def test_one_that_has_waited_for_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_FRESH", 0.0)
    with (
        scripted() as server,
        closing(ready(begin(server.url, None, 5))) as begun,
        closing(Client(ahead=begun)) as client,
    ):
        assert client.request(Request("GET", server.url)).content == b"here"
        assert server.connections == 2


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, socket.socket]]:
    """Connections open once the event is set; with that, the other end of the one there is."""
    ours, theirs = socket.socketpair()
    opening = threading.Event()

    def connect(*_: object) -> socket.socket:
        opening.wait(5)
        return ours

    monkeypatch.setattr(ahead, "tcp", connect)
    with closing(theirs):
        yield opening, theirs


@pytest.mark.parametrize("opened", [True, False], ids=["open", "on its way"])
def test_one_that_nobody_took_is_closed(
    opened: bool, held: tuple[threading.Event, socket.socket]
) -> None:
    opening, theirs = held
    if opened:
        opening.set()
    begun = Ahead(PLAIN, "127.0.0.1", 80, 5)
    if opened:
        ready(begun)
    begun.close()
    opening.set()
    ready(begun)
    assert theirs.recv(1) == b""
    assert begun.take(PLAIN, "127.0.0.1", 80) is None


def test_one_that_is_asked_for_after_the_end_is_closed_all_the_same(
    held: tuple[threading.Event, socket.socket],
) -> None:
    opening, theirs = held
    begun = Ahead(PLAIN, "127.0.0.1", 80, 5)
    begun.close()
    assert begun.take(PLAIN, "127.0.0.1", 80) is None
    opening.set()
    ready(begun)
    assert theirs.recv(1) == b""


def test_nothing_is_begun_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> socket.socket:
        raise AssertionError("a connection past the proxy")

    monkeypatch.setattr(ahead, "tcp", connect)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert begin("https://registry.example", None, 5) is None
    monkeypatch.delenv("HTTPS_PROXY")
    with (
        closing(ready(begin("https://registry.example", None, 5))) as begun,
        pytest.raises(AssertionError, match="past the proxy"),
    ):
        begun.take(Route(tls=True, loopback=False), "registry.example", 443)
