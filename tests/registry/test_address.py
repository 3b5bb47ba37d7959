"""Plain http on loopback is a guess: http first, https where the port turns out to speak it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli.errors import ConnectionBroken, NotFound, TLSFailure, Unavailable
from hubcli.registry import Registry
from support.certificates import Authority
from support.docker_registry import DockerRegistry
from support.scripted import Answer, Script, ScriptedServer

Connect = Callable[..., Registry]
CATALOG = Answer(200, b'{"repositories": ["a/b"]}')


def tls_context(directory: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context, and the file that makes clients trust it."""
    pair = Authority(directory).server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context, str(directory / "ca.crt")


def names(registry: Registry) -> list[str]:
    return [name for page in registry.catalog() for name in page]


def test_a_right_guess_costs_nothing(
    connect: Connect, scripted: Callable[[Script], ScriptedServer]
) -> None:
    server = scripted(lambda _: CATALOG)
    registry = connect(f"127.0.0.1:{server.port}", guess=True)
    assert names(registry) == ["a/b"]
    assert [seen.path for seen in server.seen] == ["/v2/_catalog?n=1000"]
    assert registry.endpoint.url == f"http://127.0.0.1:{server.port}"


def test_go_says_that_it_speaks_tls(
    connect: Connect, docker_registry: Callable[..., DockerRegistry]
) -> None:
    real = docker_registry(tls=True)
    registry = connect(real.host, guess=True, ca_file=str(real.ca_file))
    assert isinstance(names(registry), list)
    assert registry.endpoint.url == f"https://{real.host}"


def test_the_text_is_asked_for_when_a_head_was_first(
    connect: Connect, docker_registry: Callable[..., DockerRegistry], repository: str
) -> None:
    real = docker_registry(tls=True)
    registry = connect(real.host, guess=True, ca_file=str(real.ca_file))
    with pytest.raises(NotFound, match=r"(NAME|MANIFEST)_UNKNOWN"):
        registry.repository(repository).resolve("v1")
    assert registry.endpoint.url.startswith("https://")


def test_others_break_the_connection(connect: Connect, tmp_path: Path) -> None:
    context, ca_file = tls_context(tmp_path)
    with ScriptedServer(lambda _: CATALOG, tls=context) as server:
        registry = connect(f"127.0.0.1:{server.port}", guess=True, ca_file=ca_file)
        assert names(registry) == ["a/b"]
        assert registry.endpoint.url.startswith("https://")


def test_a_stream_finds_out_as_well(connect: Connect, tmp_path: Path) -> None:
    from hubcli.registry import Call

    context, ca_file = tls_context(tmp_path)
    with ScriptedServer(lambda _: Answer(200, b"a blob"), tls=context) as server:
        registry = connect(f"127.0.0.1:{server.port}", guess=True, ca_file=ca_file)
        with registry.repository("a/b").stream(Call("GET", "blobs/x")) as stream:
            assert stream.read() == b"a blob"


def test_a_certificate_nobody_trusts_is_the_reason_told(connect: Connect, tmp_path: Path) -> None:
    context, _ = tls_context(tmp_path)
    with (
        ScriptedServer(lambda _: CATALOG, tls=context) as server,
        pytest.raises(TLSFailure, match="no trusted connection"),
    ):
        names(connect(f"127.0.0.1:{server.port}", guess=True))


def test_a_refused_connection_is_no_sign_of_tls(connect: Connect) -> None:
    with ScriptedServer(lambda _: CATALOG) as server:
        port = server.port
    registry = connect(f"127.0.0.1:{port}", guess=True)
    with pytest.raises(ConnectionBroken, match="refuses the connection"):
        names(registry)
    assert registry.endpoint.url.startswith("http://")


def test_a_broken_http_server_is_tried_again_over_http(
    connect: Connect, scripted: Callable[[Script], ScriptedServer]
) -> None:
    answers = iter([Answer(200, b"{" * 50, {"Content-Length": "50"}, cut=1), CATALOG])
    server = scripted(lambda _: next(answers))
    registry = connect(f"127.0.0.1:{server.port}", guess=True)
    assert names(registry) == ["a/b"]
    assert registry.endpoint.url.startswith("http://")


@pytest.mark.parametrize("status", [500, 503])
def test_a_first_answer_that_is_worth_a_second_try_gets_it(
    connect: Connect, scripted: Callable[[Script], ScriptedServer], status: int
) -> None:
    answers = iter([Answer(status), Answer(status), CATALOG])
    server = scripted(lambda _: next(answers))
    assert names(connect(f"127.0.0.1:{server.port}", guess=True)) == ["a/b"]


def test_a_bad_request_that_says_nothing_of_https_is_one(
    connect: Connect, scripted: Callable[[Script], ScriptedServer]
) -> None:
    server = scripted(lambda _: Answer(400, b'{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}'))
    registry = connect(f"127.0.0.1:{server.port}", guess=True)
    with pytest.raises(Exception, match="PAGINATION_NUMBER_INVALID") as failure:
        names(registry)
    assert not isinstance(failure.value, Unavailable)
    assert registry.endpoint.url.startswith("http://")
