"""The transport on sockets of its own, against servers that say what no library would."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from hubcli.http.ahead import tcp
from hubcli.http.client import Client, Request
from hubcli.http.direct import READ_SIZE, Direct
from support.certificates import Authority
from support.scripted import Answer, ScriptedServer

OK = b"HTTP/1.1 200 OK\r\n"


class RawServer:
    """Takes connections, and has `talk` speak on each in a thread of its own."""

    def __init__(self, talk: Callable[[socket.socket], None], tls: ssl.SSLContext | None) -> None:
        self._talk = talk
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listening.getsockname()[1]}/"
        self.connections = 0
        self.ended = threading.Semaphore(0)
        """Counts the connections that are closed on this side."""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                opened, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(opened,), daemon=True).start()

    def _serve(self, opened: socket.socket) -> None:
        with suppress(OSError):
            if self._tls:
                opened = self._tls.wrap_socket(opened, server_side=True)
            with opened:
                self._talk(opened)
        self.ended.release()


Serve = Callable[..., RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(
            talk: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
        ) -> RawServer:
            server = RawServer(talk, tls)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=Direct(tcp, connections=4), timeout=5) as client:
        yield client


def heads(opened: socket.socket) -> Iterator[bytes]:
    """The head of each request that comes on a connection."""
    read = b""
    while True:
        while b"\r\n\r\n" not in read:
            piece = opened.recv(65536)
            if not piece:
                return
            read += piece
        head, _, read = read.partition(b"\r\n\r\n")
        yield head


def answering(*answers: bytes) -> Callable[[socket.socket], None]:
    """Answers one request after the other with these bytes, then ends the connection."""

    def talk(opened: socket.socket) -> None:
        for answer, _ in zip(answers, heads(opened), strict=False):
            opened.sendall(answer)

    return talk


SMALL = OK + b"Content-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (SMALL, b"hi"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + SMALL, b"hi"),
    ],
    ids=["length", "empty", "lengths", "chunked", "204", "103"],
)
def test_an_answer_with_an_end_leaves_the_connection_for_the_next(
    serve: Serve, client: httpx.Client, answer: bytes, body: bytes
) -> None:
    server = serve(answering(answer, answer, answer))
    assert [client.get(server.url).content for _ in range(3)] == [body] * 3
    assert server.connections == 1


def test_what_is_asked_after_the_end_leaves_no_connection(serve: Serve) -> None:
    """By a thread that nobody waited for, say."""
    server = serve(answering(SMALL, SMALL))
    client = Client()
    client.close()
    for _ in range(2):
        assert client.request(Request("GET", server.url)).content == b"hi"
        assert server.ended.acquire(timeout=5)
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK + b"\r\nhi", b"hi"),
        (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (SMALL + b"HTTP/1.1 200 OK\r\n", b"hi"),
    ],
    ids=["until the end", "close", "HTTP/1.0", "more than asked for"],
)
def test_a_connection_that_is_no_good_any_more_is_not_used_again(
    serve: Serve, client: httpx.Client, answer: bytes, body: bytes
) -> None:
    server = serve(answering(answer))
    assert [client.get(server.url).content for _ in range(2)] == [body] * 2
    assert server.connections == 2


def test_the_length_of_a_head_is_that_of_a_body_that_does_not_come(
    serve: Serve, client: httpx.Client
) -> None:
    server = serve(answering(OK + b"Content-Length: 5000000000\r\n\r\n", SMALL))
    assert client.head(server.url).headers["content-length"] == "5000000000"
    assert client.get(server.url).content == b"hi"
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 30\r\n\r\nHTTP/1.1 ",
        b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 ",
    ],
    ids=["HEAD", "204"],
)
def test_what_comes_where_no_body_is_due_is_nobodys_answer(
    serve: Serve, client: httpx.Client, answer: bytes
) -> None:
    server = serve(answering(answer, answer))
    assert [client.head(server.url).content for _ in range(2)] == [b""] * 2
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 3\r\n\r\nhi",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhi",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        OK + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
    ids=[
        *("nothing", "half a head", "no HTTP", "two lengths", "less than nothing", "cut"),
        *("cut chunk", "no chunk", "another protocol", "endless head"),
    ],
)
def test_what_is_no_whole_answer_is_a_failure(
    serve: Serve, client: httpx.Client, answer: bytes
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(serve(answering(answer)).url)


def test_a_server_that_hung_up_meanwhile_is_called_again(
    serve: Serve, client: httpx.Client
) -> None:
    server = serve(answering(SMALL))
    for _ in range(5):
        assert client.get(server.url).content == b"hi"
        assert server.ended.acquire(timeout=5)
    assert server.connections == 5


def test_a_connection_that_ends_as_it_is_used_again_is_no_failure(
    serve: Serve, client: httpx.Client
) -> None:
    def talk(opened: socket.socket) -> None:
        asked = heads(opened)
        next(asked)
        opened.sendall(SMALL)
        next(asked)  # and no answer to this one

    server = serve(talk)
    assert [client.get(server.url).content for _ in range(3)] == [b"hi"] * 3
    with pytest.raises(httpx.RemoteProtocolError):  # it may have been acted upon
        client.post(server.url, content=b"")


def test_an_unread_answer_that_has_come_costs_no_connection(
    serve: Serve, client: httpx.Client
) -> None:
    server = serve(answering(SMALL, SMALL))
    with client.stream("GET", server.url) as response:
        assert response.status_code == 200
    assert client.get(server.url).content == b"hi"
    assert server.connections == 1


def test_an_answer_that_is_given_up_ends_its_connection(serve: Serve, client: httpx.Client) -> None:
    server = serve(answering(OK + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000, SMALL))
    with client.stream("GET", server.url) as response:
        assert next(response.iter_raw())
    with client.stream("GET", server.url) as response:
        assert response.status_code == 200
    assert server.connections == 2


def test_a_server_that_wants_no_more_is_heard(serve: Serve, client: httpx.Client) -> None:
    def talk(opened: socket.socket) -> None:
        next(heads(opened))
        opened.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nhalt")
        opened.shutdown(socket.SHUT_RD)
        opened.close()

    def body() -> Iterator[bytes]:
        for _ in range(1000):
            yield bytes(100_000)

    headers = {"Content-Length": "100000000"}
    with suppress(httpx.ReadError):  # where the answer was lost with the connection
        assert client.put(serve(talk).url, content=body(), headers=headers).status_code == 413


@pytest.mark.parametrize("size", [1, 3], ids=["too little", "too much"])
def test_a_body_of_another_length_than_told_is_refused(
    serve: Serve, client: httpx.Client, size: int
) -> None:
    server = serve(answering(SMALL))
    with pytest.raises(httpx.LocalProtocolError):
        client.put(server.url, content=iter([bytes(size)]), headers={"Content-Length": "2"})


def test_what_a_body_fails_with_is_not_the_servers_fault(
    serve: Serve, client: httpx.Client
) -> None:
    def body() -> Iterator[bytes]:
        yield b"a"
        raise FileNotFoundError("the source is gone")

    with pytest.raises(FileNotFoundError):
        client.put(serve(answering(SMALL)).url, content=body(), headers={"Content-Length": "2"})
    for _ in range(8):  # none of the four connections is lost for it
        assert client.get(serve(answering(SMALL)).url).content == b"hi"


def test_a_silent_server_is_not_waited_for(serve: Serve) -> None:
    def talk(opened: socket.socket) -> None:
        next(heads(opened))
        opened.recv(1)

    with (
        httpx.Client(transport=Direct(tcp, connections=1), timeout=0.2) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.get(serve(talk).url)


def test_nobody_there_is_a_failure_to_connect(client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for _ in range(8):  # more often than there may be connections
        with pytest.raises(httpx.ConnectError):
            client.get(f"http://127.0.0.1:{port}/")


def test_no_more_connections_than_allowed() -> None:
    most, now, lock = 0, 0, threading.Lock()
    together = threading.Barrier(4, timeout=10)

    def script(_: object) -> Answer:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        with lock:
            now -= 1
        return Answer(200, b"ok")

    with (
        ScriptedServer(script) as server,
        httpx.Client(transport=Direct(tcp, connections=4), timeout=10) as client,
        ThreadPoolExecutor(16) as threads,
    ):
        found = [*threads.map(lambda _: client.get(server.url).content, range(16))]
    assert found == [b"ok"] * 16
    assert (most, server.connections) == (4, 4)


def test_a_long_body_comes_whole_and_in_large_pieces(serve: Serve, client: httpx.Client) -> None:
    content = bytes(range(256)) * 16384 + b"end"
    server = serve(answering(OK + b"Content-Length: %d\r\n\r\n" % len(content) + content))
    with client.stream("GET", server.url) as response:
        pieces = [*response.iter_bytes()]
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= READ_SIZE


def test_a_long_body_comes_whole_through_tls(serve: Serve, tmp_path: Path) -> None:
    pair = Authority(tmp_path).server()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    content = bytes(range(256)) * 16384 + b"end"
    answer = OK + b"Content-Length: %d\r\n\r\n" % len(content) + content
    server = serve(answering(answer, answer), tls)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    with httpx.Client(transport=Direct(tcp, trusting, connections=1), timeout=5) as client:
        with client.stream("GET", server.url) as response:
            pieces = [*response.iter_bytes()]
        assert client.get(server.url).content == content
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= READ_SIZE
    assert server.connections == 1


def test_a_header_cannot_be_two(serve: Serve, client: httpx.Client) -> None:
    with pytest.raises(httpx.LocalProtocolError):
        client.get(serve(answering(SMALL)).url, headers={"X": "a\r\nAuthorization: b"})
