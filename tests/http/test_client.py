"""The one place that speaks HTTP, on real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from hubcli import config
from hubcli.errors import (
    ConnectionBroken,
    ExitCode,
    RateLimited,
    TimedOut,
    TLSFailure,
    Unavailable,
    Untrusted,
    UsageError,
)
from hubcli.http.client import Client, Request, with_query
from hubcli.http.transport import Limits
from support.certificates import Authority
from support.scripted import Answer, ScriptedServer, Seen

NOW = 1_800_000_000.0


class Bench:
    """A client whose naps, notices and debug lines can be looked at."""

    def __init__(self, *, read: float = 5.0) -> None:
        self.naps: list[float] = []
        self.notices: list[str] = []
        self.lines: list[str] = []
        self.client = Client(
            limits=Limits(connect=2.0, read=read, write=5.0),
            max_wait=60.0,
            notify=self.notices.append,
            trace=self.lines.append,
            sleep=self.naps.append,
            clock=lambda: NOW,
        )


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.client.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """`serve(answer, answer, …)`: each request gets the next one, the last one stays."""
    running: list[ScriptedServer] = []

    def start(*answers: Answer | Callable[[Seen], Answer]) -> ScriptedServer:
        left = list(answers)
        lock = threading.Lock()

        def script(seen: Seen) -> Answer:
            with lock:
                answer = left.pop(0) if len(left) > 1 else left[0]
            return answer(seen) if callable(answer) else answer

        server = ScriptedServer(script)
        running.append(server)
        return server.__enter__()

    yield start
    for server in running:
        server.__exit__()


Serve = Callable[..., ScriptedServer]


def test_an_answer_is_read(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b'{"a": 1}', {"Content-Type": "Application/JSON; charset=utf-8"}))
    response = bench.client.request(Request("GET", server.url + "/x"))
    assert response.json() == {"a": 1}
    assert response.media_type == "application/json"
    assert server.seen[0].headers["user-agent"].startswith("hubcli/")


def test_connections_are_used_again(bench: Bench, serve: Serve) -> None:
    server = serve(Answer())
    for _ in range(3):
        bench.client.request(Request("GET", server.url))
    assert server.connections == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(bench: Bench, serve: Serve, status: int) -> None:
    server = serve(Answer(status), Answer(status), Answer(200, b"ok"))
    assert bench.client.request(Request("GET", server.url)).content == b"ok"
    assert len(server.seen) == 3
    first, second = bench.naps
    assert 0.1 <= first <= 0.4
    assert 0.2 <= second <= 0.8


def test_a_lasting_fault_is_an_answer_in_the_end(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(502, b"<html>"))
    assert bench.client.request(Request("GET", server.url)).status == 502
    assert len(server.seen) == 4


def test_what_may_not_be_repeated_is_sent_once(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(500))
    assert bench.client.request(Request("POST", server.url, body=b"x")).status == 500
    assert len(server.seen) == 1


def test_a_refused_post_was_not_acted_upon(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(429), Answer(201))
    assert bench.client.request(Request("POST", server.url, body=b"x")).status == 201
    assert [seen.body for seen in server.seen] == [b"x", b"x"]


def test_a_streamed_body_is_sent_again_in_full(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(503), Answer(201))
    request = Request(
        "PUT", server.url, headers={"Content-Length": "6"}, body=lambda: iter([b"abc", b"def"])
    )
    assert bench.client.request(request).status == 201
    assert [seen.body for seen in server.seen] == [b"abcdef", b"abcdef"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "7"},
        {"X-Retry-After": str(int(NOW) + 7)},
        {"Retry-After": format_datetime(datetime.fromtimestamp(NOW + 7, UTC), usegmt=True)},
    ],
)
def test_a_wait_that_is_asked_for_is_waited_and_said(
    bench: Bench, serve: Serve, headers: dict[str, str]
) -> None:
    server = serve(Answer(429, b"", headers), Answer(200))
    assert bench.client.request(Request("GET", server.url)).status == 200
    assert bench.naps == [7]
    assert "7 s" in bench.notices[0]


def test_a_wait_beyond_the_cap_ends_at_once(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(429, b"", {"Retry-After": "3600"}))
    with pytest.raises(RateLimited, match="come back at 2027-01-15T09:00:00Z") as failure:
        bench.client.request(Request("GET", server.url))
    assert failure.value.exit_code == ExitCode.RATE_LIMITED
    assert failure.value.retry_at == datetime.fromtimestamp(NOW + 3600, UTC)
    assert (bench.naps, len(server.seen)) == ([], 1)


def test_waits_add_up_to_the_cap(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(429, b"", {"Retry-After": "25"}))
    clock = [NOW]
    bench.client._clock = lambda: clock[0]
    bench.client._sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    with pytest.raises(RateLimited):
        bench.client.request(Request("GET", server.url))
    assert clock[0] == NOW + 50
    assert len(server.seen) == 3


def test_without_a_given_wait_429_is_an_answer_in_the_end(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(429))
    assert bench.client.request(Request("GET", server.url)).status == 429
    assert len(server.seen) == 4


def test_a_cut_answer_is_asked_for_again(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b"x" * 1000, cut=10), Answer(200, b"whole"))
    assert bench.client.request(Request("GET", server.url)).content == b"whole"


def test_an_answer_that_is_always_cut_is_a_failure(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b"x" * 1000, cut=10))
    with pytest.raises(ConnectionBroken):
        bench.client.request(Request("GET", server.url))
    assert len(server.seen) == 4


def test_an_endless_answer_is_cut_off(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b"x" * 5000))
    with pytest.raises(Unavailable, match="longer than 1000 bytes"):
        bench.client.request(Request("GET", server.url), most=1000)
    assert len(server.seen) == 1


def test_a_compressed_bomb_is_cut_off(bench: Bench, serve: Serve) -> None:
    import gzip

    bomb = gzip.compress(b"\0" * 50_000_000)
    server = serve(Answer(200, bomb, {"Content-Encoding": "gzip"}))
    with pytest.raises(Unavailable, match="longer than"):
        bench.client.request(Request("GET", server.url), most=1_000_000)


def test_a_redirect_carries_no_credential_elsewhere(bench: Bench, serve: Serve) -> None:
    other = serve(Answer(200, b"blob"))
    server = serve(Answer(307, b"", {"Location": other.url + "/signed?sig=secret"}))
    request = Request(
        "GET",
        server.url,
        headers={"Range": "bytes=5-", "X-Token": "secret", "Cookie": "a=b"},
        authorizer=_Fixed("Bearer secret"),
    )
    assert bench.client.request(request).content == b"blob"
    assert server.seen[0].headers["authorization"] == "Bearer secret"
    sent = other.seen[0].headers
    assert sent["range"] == "bytes=5-"
    assert not {"authorization", "x-token", "cookie"} & set(sent)
    assert not any("sig=secret" in line for line in bench.lines)


def test_a_redirect_on_the_same_origin_keeps_it(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(302, b"", {"Location": "/there"}), Answer(200, b"ok"))
    request = Request("GET", server.url + "/here", authorizer=_Fixed("Bearer secret"))
    assert bench.client.request(request).url == server.url + "/there"
    assert server.seen[1].headers["authorization"] == "Bearer secret"


def test_redirects_that_go_in_circles_end(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(302, b"", {"Location": "/again"}))
    with pytest.raises(Untrusted, match="more than 10 times"):
        bench.client.request(Request("GET", server.url))
    assert len(server.seen) == 11


def test_a_write_is_not_redirected(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(301, b"", {"Location": "/elsewhere"}))
    with pytest.raises(Unavailable, match="redirects a POST"):
        bench.client.request(Request("POST", server.url, body=b"x"))


def test_the_refusal_of_a_redirects_target_is_not_for_our_credential(
    bench: Bench, serve: Serve
) -> None:
    other = serve(Answer(401, b"", {"WWW-Authenticate": 'Bearer realm="https://evil/t"'}))
    server = serve(Answer(307, b"", {"Location": other.url}))
    authorizer = _Fixed("Bearer secret")
    assert bench.client.request(Request("GET", server.url, authorizer=authorizer)).status == 401
    assert authorizer.challenges == []


def test_a_401_is_answered_once(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(401, b"", {"WWW-Authenticate": "Basic realm=x"}))
    authorizer = _Fixed(None, "Basic abc")
    request = Request("GET", server.url, authorizer=authorizer, scopes=("repository:a:pull",))
    assert bench.client.request(request).status == 401
    assert authorizer.challenges == ["Basic realm=x"]
    assert [seen.headers.get("authorization") for seen in server.seen] == [None, "Basic abc"]


def test_cookies_are_not_kept(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b"", {"Set-Cookie": "session=secret"}))
    bench.client.request(Request("GET", server.url))
    bench.client.request(Request("GET", server.url))
    assert "cookie" not in server.seen[1].headers


def test_debug_lines_tell_method_status_time_and_bytes(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b"12345"))
    url = f"{server.url}/v2/?n=5&access_token=secret"
    bench.client.request(Request("GET", url, authorizer=_Fixed("Bearer topsecret")))
    asked, answered = bench.lines
    assert asked == f"> GET {server.url}/v2/?n=5&access_token=REDACTED"
    assert answered.startswith(f"< 200 GET {server.url}/v2/?n=5&access_token=REDACTED ")
    assert answered.endswith(" ms, 5 bytes")
    assert "topsecret" not in "".join(bench.lines)


def test_nobody_there_is_unavailable(bench: Bench) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ConnectionBroken, match=f"127.0.0.1:{port} refuses") as failure:
        bench.client.request(Request("GET", f"http://127.0.0.1:{port}/"))
    assert failure.value.exit_code == ExitCode.UNAVAILABLE
    assert len(bench.naps) == 3


def test_a_server_that_never_answers_times_out() -> None:
    bench = Bench(read=0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(TimedOut, match="stopped answering"):
            bench.client.request(Request("GET", url))
    bench.client.close()
    assert bench.naps == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def _tls(authority: Authority, *, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = authority.server()
    context.load_cert_chain(pair.certificate, pair.key)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.certificate)
    return context


def test_an_untrusted_certificate_is_a_tls_failure(bench: Bench, authority: Authority) -> None:
    with (
        ScriptedServer(lambda _: Answer(), _tls(authority)) as server,
        pytest.raises(TLSFailure, match="no trusted connection") as failure,
    ):
        bench.client.request(Request("GET", server.url))
    assert (failure.value.code, bench.naps) == ("TLS", [])
    assert server.seen == []


def test_a_configured_authority_is_trusted(bench: Bench, authority: Authority) -> None:
    with ScriptedServer(lambda _: Answer(200, b"tls"), _tls(authority)) as server:
        row = config.RegistryRow(ca_file=str(authority.certificate))
        request = Request("GET", server.url, endpoint=config.Endpoint("r", server.url, row))
        assert bench.client.request(request).content == b"tls"


def test_a_client_certificate_is_shown_to_its_own_registry_only(
    bench: Bench, authority: Authority
) -> None:
    pair = authority.client()
    row = config.RegistryRow(
        ca_file=str(authority.certificate),
        client_cert=str(pair.certificate),
        client_key=str(pair.key),
    )
    with (
        ScriptedServer(lambda _: Answer(200, b"ok"), _tls(authority, wants_client=True)) as own,
        ScriptedServer(lambda _: Answer(200, b"ok"), _tls(authority, wants_client=True)) as other,
    ):
        endpoint = config.Endpoint("r", own.url, row)
        assert bench.client.request(Request("GET", own.url, endpoint=endpoint)).content == b"ok"
        with pytest.raises(Unavailable):
            bench.client.request(Request("GET", other.url, endpoint=endpoint))
        assert other.seen == []


def test_a_redirect_from_https_to_http_is_refused(bench: Bench, authority: Authority) -> None:
    with (
        ScriptedServer(lambda _: Answer(200, b"blob")) as plain,
        ScriptedServer(
            lambda _: Answer(307, b"", {"Location": plain.url}), _tls(authority)
        ) as server,
    ):
        row = config.RegistryRow(ca_file=str(authority.certificate))
        endpoint = config.Endpoint("r", server.url, row)
        with pytest.raises(Untrusted, match="from https to plain http") as failure:
            bench.client.request(Request("GET", server.url, endpoint=endpoint))
        assert failure.value.exit_code == ExitCode.UNAVAILABLE
        assert plain.seen == []


def test_a_certificate_file_that_is_missing_is_named(bench: Bench) -> None:
    row = config.RegistryRow(ca_file="/nonexistent.pem")
    endpoint = config.Endpoint("r", "https://127.0.0.1:1", row)
    with pytest.raises(TLSFailure, match=r"/nonexistent\.pem"):
        bench.client.request(Request("GET", endpoint.url, endpoint=endpoint))


def test_a_stream_is_handed_out_before_its_body(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(503), Answer(200, b"x" * 100_000))
    with bench.client.stream(Request("GET", server.url)) as stream:
        assert stream.status == 200
        assert sum(len(chunk) for chunk in stream) == 100_000
    assert len(server.seen) == 2


def test_a_stream_that_breaks_says_so(bench: Bench, serve: Serve) -> None:
    server = serve(Answer(200, b"x" * 1000, cut=10))
    with (
        bench.client.stream(Request("GET", server.url)) as stream,
        pytest.raises(ConnectionBroken, match="broke"),
    ):
        stream.read()


def test_queries_are_appended() -> None:
    assert with_query("http://x/", {"a": 1, "b": None, "c": ["d", "e"]}) == "http://x/?a=1&c=d&c=e"
    assert with_query("http://x/?y=z", {"q": "a b&"}) == "http://x/?y=z&q=a+b%26"
    assert with_query("http://x/", {}) == "http://x/"


class _Fixed:
    """An authorizer that sends what it was told to."""

    def __init__(self, first: str | None, second: str | None = None) -> None:
        self.first = first
        self.second = second
        self.challenges: list[str] = []

    def header(self, scopes: tuple[str, ...]) -> str | None:
        return self.first

    def challenged(
        self, scopes: tuple[str, ...], challenges: tuple[str, ...], sent: str | None
    ) -> str | None:
        assert sent == self.first
        self.challenges.extend(challenges)
        return self.second


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("socks5://user:hunter2@proxy.example", "SOCKS"),
        ("ftp://user:hunter2@proxy.example", "no http or https address"),
        ("http://user:hunter2/@proxy.example", "no http or https address"),
    ],
)
def test_a_proxy_that_is_none_is_a_mistake_of_use(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, proxy: str, reason: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError, match=reason) as caught:
        bench.client.request(Request("GET", "https://registry.example/v2/"))
    assert "hunter2" not in str(caught.value)


def test_a_long_refusal_holds_no_connection_while_a_token_is_asked_for(serve: Serve) -> None:
    """The token server may be on the same host, and there may be no other connection."""
    server = serve(Answer(401, b"x" * (3 << 20)), Answer(200, b"token"), Answer(200, b"in"))
    with closing(Client(limits=Limits(read=5.0, connections=1))) as client:

        class Asking:
            def header(self, scopes: tuple[str, ...]) -> str | None:
                return None

            def challenged(
                self, scopes: tuple[str, ...], challenges: tuple[str, ...], sent: str | None
            ) -> str | None:
                return client.request(Request("GET", server.url + "/token")).content.decode()

        answers: list[bytes] = []
        request = Request("GET", server.url, authorizer=Asking())
        asking = threading.Thread(
            target=lambda: answers.append(client.request(request).content), daemon=True
        )
        asking.start()
        asking.join(10)
        assert answers == [b"in"]
