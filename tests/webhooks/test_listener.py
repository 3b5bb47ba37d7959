"""The listener on a real socket: whom it takes pushes from, and whom it bears with."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from hubcli.errors import HubcliError, UsageError
from hubcli.webhooks import Listener, listener
from support.webhook_payloads import payload

SECRET = "0123456789abcdef-secret"
LIMIT = 1 << 20


@pytest.fixture
def refusals() -> list[str]:
    return []


@pytest.fixture
def listening(refusals: list[str]) -> Iterator[Listener]:
    with Listener("127.0.0.1", 0, secret=SECRET, refused=refusals.append) as server:
        yield server


@pytest.fixture(scope="module")
def standing() -> Iterator[Listener]:
    """One for all tests of what is refused: nothing is left behind by that."""
    with Listener("127.0.0.1", 0, secret=SECRET) as server:
        yield server


def post(
    server: Listener,
    body: bytes | Iterator[bytes] | None,
    path: str = f"/{SECRET}",
    method: str = "POST",
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, answer.read()
    finally:
        connection.close()


def raw(server: Listener, request: bytes) -> bytes:
    """All that comes back to bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        with suppress(OSError):
            connection.sendall(request)
        answer = b""
        with suppress(OSError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_push_is_taken_and_handed_out(listening: Listener) -> None:
    assert post(listening, payload(tag="v1"))[0] == 202
    assert post(listening, payload(tag="v2"), f"/{SECRET}/?from=hub")[0] == 202
    listening.stop()
    assert [push.tag for push in listening.pushes()] == ["v1", "v2"]


def test_a_body_may_come_in_chunks(listening: Listener) -> None:
    content = payload(tag="v1")
    assert post(listening, iter([content[:10], content[10:]]))[0] == 202
    listening.stop()
    assert [push.content for push in listening.pushes()] == [content]


@pytest.mark.parametrize(
    "path",
    ["/", "", f"/{SECRET[:-1]}", f"/{SECRET}x", f"/x/{SECRET}", f"/{SECRET.upper()}", "/\xe9"],
)
def test_another_address_is_not_there_and_says_no_more(
    listening: Listener, refusals: list[str], path: str
) -> None:
    for method in ("POST", "GET", "DELETE"):
        request = f"{method} {path or '*'} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        answer = raw(listening, request.encode("latin-1"))
        assert status(answer) == 404
        assert answer.partition(b"\r\n\r\n")[2] == b""
    assert refusals == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "BREW", "OPTIONS"])
def test_a_push_is_posted(standing: Listener, method: str) -> None:
    found, headers, _ = post(standing, None, method=method)
    assert (found, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("content", [b"garbage", b"{}", b"\0" * 1000, payload(tag="a b")])
def test_garbage_is_refused_and_told(
    listening: Listener, refusals: list[str], content: bytes
) -> None:
    assert post(listening, content)[0] == 400
    assert len(refusals) == 1
    listening.stop()
    assert [*listening.pushes()] == []


def test_the_largest_body_passes_and_one_byte_more_does_not(listening: Listener) -> None:
    content = payload(tag="v1")
    padded = content + b" " * (LIMIT - len(content))
    assert post(listening, padded)[0] == 202
    assert post(listening, padded + b" ")[0] == 413
    assert post(listening, iter([padded, b" "]))[0] == 413


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", 411),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: 1e3\r\n", 400),
        ("Content-Length: 99999999999999999999\r\n", 400),
        ("Content-Length: 999999999999\r\n", 413),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: gzip\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 400),
    ],
)
def test_a_body_is_framed_in_one_way(standing: Listener, head: str, expected: int) -> None:
    request = f"POST /{SECRET} HTTP/1.1\r\nHost: x\r\n{head}\r\n{{}}"
    assert status(raw(standing, request.encode())) == expected


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"-1\r\n", b"\r\n", b"2\r\n{}xx\r\n", b"1" * 2000, b"ffffffffff\r\n"]
)
def test_chunks_that_are_none_are_refused(standing: Listener, body: bytes) -> None:
    head = f"POST /{SECRET} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status(raw(standing, head.encode() + body)) == 400


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
        b"GET / HTTP/1.1\r\nX: " + b"y" * 200_000 + b"\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n",
    ],
)  # fmt: skip
def test_a_flood_of_headers_is_refused(standing: Listener, head: bytes) -> None:
    assert status(raw(standing, head + b"\r\n")) in {414, 431}


@pytest.mark.parametrize(
    "request_line", [b"\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n"]
)
def test_what_is_not_http_changes_nothing(standing: Listener, request_line: bytes) -> None:
    raw(standing, request_line)
    assert post(standing, payload())[0] == 202


@pytest.mark.parametrize("sent", [b"", b"POST /", f"POST /{SECRET} HTTP/1.1\r\n".encode(), None])
def test_who_sends_too_slowly_is_let_go(sent: bytes | None) -> None:
    whole = f"POST /{SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n".encode()
    with Listener("127.0.0.1", 0, secret=SECRET, seconds=0.2) as server:
        # That it comes back at all is what is tested: nothing ends the connection from our side.
        assert b" 202 " not in raw(server, whole if sent is None else sent)
        assert post(server, payload())[0] == 202


def test_bytes_one_by_one_do_not_make_the_time_longer() -> None:
    with (
        Listener("127.0.0.1", 0, secret=SECRET, seconds=0.3) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection,
    ):
        done = threading.Event()

        def drip() -> None:
            with suppress(OSError):
                while not done.wait(0.02):
                    connection.send(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            # Without a deadline for the whole of it this would never come back.
            with suppress(ConnectionError):
                assert connection.recv(100) == b""
        finally:
            done.set()
            thread.join()


def test_many_connections_at_once_are_turned_away_and_forgotten(listening: Listener) -> None:
    with ExitStack() as held:
        for _ in range(listener.MOST_CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", listening.port), timeout=20)
            held.enter_context(connection)
            connection.sendall(b"POST /")
        answer = raw(listening, b"")
        assert status(answer) == 503
        assert b"Retry-After" in answer
    # With those gone there is room again: ask until it shows. Whoever is turned away may still have
    # been sending.
    for _ in range(1000):
        with suppress(ConnectionError):
            if post(listening, payload())[0] == 202:
                return
    raise AssertionError("no room again")


def test_no_more_than_a_hundred_wait(listening: Listener) -> None:
    answers = [post(listening, payload(tag=f"v{number}"))[0] for number in range(101)]
    assert answers == [202] * 100 + [503]
    pushes = listening.pushes()
    assert next(pushes).tag == "v0"
    assert post(listening, payload(tag="again"))[0] == 202


def test_after_the_last_one_that_is_wanted_no_more_are_taken() -> None:
    with Listener("127.0.0.1", 0, secret=SECRET, count=2) as server:
        assert [post(server, payload(tag=f"v{number}"))[0] for number in range(3)] == [
            202,
            202,
            503,
        ]
        assert [push.tag for push in server.pushes()] == ["v0", "v1"]


def test_whoever_sent_the_last_one_is_answered_before_the_end() -> None:
    server = Listener("127.0.0.1", 0, secret=SECRET, count=1)
    answers: list[int] = []
    with server:
        sender = threading.Thread(target=lambda: answers.append(post(server, payload())[0]))
        # As if the answer took a while: the end of the block has to wait for it.
        original, held = server.answered, threading.Event()

        def late() -> None:
            held.wait(20)
            original()

        server.answered = late  # type: ignore[method-assign]  # to hold it up
        sender.start()
        assert [push.tag for push in server.pushes()] == ["v1"]
        assert server._unanswered == 1
        threading.Timer(0.05, held.set).start()
    assert server._unanswered == 0
    sender.join(20)
    assert answers == [202]


def test_what_was_taken_before_the_end_is_handed_out(listening: Listener) -> None:
    post(listening, payload(tag="v1"))
    listening.stop()
    listening.stop()
    post(listening, payload(tag="v2"))
    pushes = listening.pushes()
    assert [push.tag for push in pushes] == ["v1", "v2"]
    assert post(listening, payload(tag="v3"))[0] == 503


def test_a_secret_is_made_up_and_never_the_same() -> None:
    with Listener("127.0.0.1", 0) as one, Listener("127.0.0.1", 0) as other:
        assert one.secret != other.secret
        assert len(one.secret) >= 43
        assert one.url() == f"http://127.0.0.1:{one.port}/{one.secret}"
        assert one.secret not in one.url("…")


@pytest.mark.parametrize(
    "secret", ["", "short", "x" * 129, "0123456789abcdef/x", "0123456789 abcdef"]
)
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(UsageError):
        Listener("127.0.0.1", 0, secret=secret)


def test_a_port_that_is_taken_is_told(standing: Listener) -> None:
    with pytest.raises(HubcliError, match=r"cannot listen on 127\.0\.0\.1 port \d+: .*in use"):
        Listener("127.0.0.1", standing.port)


def test_ipv6_is_spoken() -> None:
    try:
        server = Listener("::1", 0, secret=SECRET)
    except HubcliError:
        pytest.skip("no IPv6 here")
    with server:
        assert server.url() == f"http://[::1]:{server.port}/{SECRET}"
        connection = http.client.HTTPConnection("::1", server.port, timeout=20)
        connection.request("POST", f"/{SECRET}", body=payload())
        assert connection.getresponse().status == 202
        connection.close()
