"""Faults switched on over HTTP, and the log of what was asked."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.requestlog import RequestLog
from support.sandbox_registry import RegistryServer, digest_of, registry_server, serving

BLOB = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def module_registry() -> Iterator[RegistryServer]:
    with registry_server() as server:
        server.push_blob("a/b", BLOB)
        server.push_image("a/b", "v1")
        yield server


@pytest.fixture
def registry(module_registry: RegistryServer) -> Iterator[RegistryServer]:
    module_registry.client.delete("/_sandbox/requests")
    yield module_registry
    module_registry.client.delete("/_sandbox/faults")


def switch(registry: RegistryServer, *rules: dict[str, Any]) -> None:
    answer = registry.client.post("/_sandbox/faults", json=list(rules))
    assert answer.status_code == 200, answer.text


def get_blob(registry: RegistryServer, **headers: str) -> httpx.Response:
    return registry.client.get(f"/v2/a/b/blobs/{digest_of(BLOB)}", headers=headers)


class TestAnswers:
    def test_a_status_in_place_of_the_answer(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "^GET /v2/a/b/tags", "status": 503})

        assert registry.client.get("/v2/a/b/tags/list").status_code == 503
        assert registry.client.get("/v2/").status_code == 200

    def test_the_next_ones_only(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "/v2/$", "status": 500, "skip": 1, "times": 2})

        found = [registry.client.get("/v2/").status_code for _ in range(5)]

        assert found == [200, 500, 500, 200, 200]

    def test_rules_follow_one_another(self, registry: RegistryServer) -> None:
        switch(
            registry,
            {"match": "GET /v2/$", "status": 500, "times": 1},
            {"match": "/v2/$", "status": 502, "times": 2},
        )

        found = [registry.client.get("/v2/").status_code for _ in range(4)]

        assert found == [500, 502, 502, 200]

    def test_too_many_requests(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "", "retry_after": 7, "headers": {"X-Note": "busy"}})

        answer = registry.client.get("/v2/a/b/tags/list")

        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "7"
        assert answer.headers["X-Note"] == "busy"
        assert answer.json()["errors"][0]["code"] == "TOOMANYREQUESTS"

    @pytest.mark.parametrize(
        ("retry_after", "sent"), [(0.5, "0.5"), ("Fri, 31 Dec 2027 23:59:59 GMT",) * 2]
    )
    def test_when_to_come_again(
        self, registry: RegistryServer, retry_after: float | str, sent: str
    ) -> None:
        switch(registry, {"match": "", "status": 503, "retry_after": retry_after})

        answer = registry.client.get("/v2/")

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, sent)

    @pytest.mark.parametrize(
        ("body", "text", "content_type"),
        [
            ("<html>", "<html>", "text/plain; charset=utf-8"),
            ({"detail": "no"}, '{"detail":"no"}', "application/json"),
            ([], "[]", "application/json"),
        ],
    )
    def test_a_body_of_ones_own(
        self, registry: RegistryServer, body: object, text: str, content_type: str
    ) -> None:
        switch(registry, {"match": "", "status": 418, "body": body})

        answer = registry.client.get("/v2/")

        assert (answer.text, answer.headers["Content-Type"]) == (text, content_type)


class TestConnections:
    @pytest.mark.parametrize("limit", [0, 1, 300_000])
    def test_the_answer_is_cut(self, registry: RegistryServer, limit: int) -> None:
        switch(registry, {"match": "GET .*/blobs/", "cut_after_bytes": limit, "times": 1})
        received: list[bytes] = []

        def download() -> None:
            path = f"/v2/a/b/blobs/{digest_of(BLOB)}"
            with registry.client.stream("GET", path) as answer:
                assert answer.headers["Content-Length"] == str(len(BLOB))
                received.extend(answer.iter_raw())

        with pytest.raises(httpx.RemoteProtocolError):
            download()
        assert b"".join(received) == BLOB[:limit]

        rest = get_blob(registry, Range=f"bytes={limit}-")
        assert BLOB[:limit] + rest.content == BLOB

    def test_an_answer_within_the_limit_is_whole(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "", "cut_after_bytes": len(BLOB) + 1})

        assert get_blob(registry).content == BLOB

    def test_an_injected_answer_is_cut_as_well(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "", "status": 500, "body": "0123456789", "cut_after_bytes": 4})

        with pytest.raises(httpx.RemoteProtocolError):
            registry.client.get("/v2/")

    def test_a_request_is_cut_and_what_came_is_kept(self, registry: RegistryServer) -> None:
        location = registry.client.post("/v2/a/b/blobs/uploads/").headers["Location"]
        switch(registry, {"match": "PATCH", "cut_request_after_bytes": 300_000})

        with socket.create_connection(("127.0.0.1", registry.port)) as connection:
            head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BLOB)}\r\n\r\n"
            connection.sendall(head.encode() + BLOB)
            assert connection.recv(100).startswith(b"HTTP/1.1 500")

        assert registry.client.get(location).headers["Range"] == "0-299999"

    def test_a_request_within_the_limit_is_whole(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "POST", "cut_request_after_bytes": len(BLOB)})

        assert registry.push_blob("a/c", BLOB) == digest_of(BLOB)

    def test_a_wait_before_the_answer(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "GET /v2/$", "delay_seconds": 0.3})

        started = time.perf_counter()
        assert registry.client.get("/v2/").status_code == 200
        assert time.perf_counter() - started >= 0.3

    def test_a_wait_before_each_piece(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "blobs", "chunk_delay_seconds": 0.05})

        started = time.perf_counter()
        assert get_blob(registry).content == BLOB
        # Four pieces of 256 KiB.
        assert time.perf_counter() - started >= 0.2


class TestSwitches:
    def test_are_shown_and_cleared(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "tags", "status": 500})
        switch(registry, {"match": "/v2/$", "status": 502, "times": 1})
        registry.client.get("/v2/")

        shown = registry.client.get("/_sandbox/faults").json()
        assert [(rule["match"], rule["met"]) for rule in shown] == [("tags", 0), ("/v2/$", 1)]

        assert registry.client.delete("/_sandbox/faults").json() == []
        assert registry.client.get("/v2/a/b/tags/list").status_code == 200

    def test_one_rule_needs_no_list(self, registry: RegistryServer) -> None:
        answer = registry.client.post("/_sandbox/faults", json={"match": "x", "status": 500})

        assert len(answer.json()) == 1

    def test_are_not_faulty_themselves(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "", "status": 500})

        assert registry.client.get("/_sandbox/faults").status_code == 200
        assert registry.client.get("/_sandbox/requests").status_code == 200

    @pytest.mark.parametrize(
        "rule",
        [
            "text",
            {},
            {"match": 1},
            {"match": "["},
            {"match": "", "status": "500"},
            {"match": "", "stauts": 500},
            {"match": "", "met": 1},
        ],
    )
    def test_a_rule_that_is_none_is_refused(self, registry: RegistryServer, rule: object) -> None:
        answer = registry.client.post("/_sandbox/faults", json=[{"match": "ok"}, rule])

        assert answer.status_code == 400
        assert answer.json()["message"]
        assert registry.client.get("/_sandbox/faults").json() == []

    def test_what_is_no_json_is_refused(self, registry: RegistryServer) -> None:
        assert registry.client.post("/_sandbox/faults", content=b"{").status_code == 400
        assert registry.client.put("/_sandbox/faults").status_code == 405


def log(client: httpx.Client) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = client.get("/_sandbox/requests").json()
    return requests


class TestRequestLog:
    def test_what_was_asked(self, registry: RegistryServer) -> None:
        registry.client.get("/v2/a/b/tags/list?n=2", headers={"Authorization": "Bearer s3cret"})
        get_blob(registry, Range="bytes=1-2")
        registry.client.get("/v2/nobody/knows/tags/list")

        tags, blob, unknown = log(registry.client)

        assert (tags["method"], tags["path"], tags["query"]) == ("GET", "/v2/a/b/tags/list", "n=2")
        assert (tags["status"], blob["status"], unknown["status"]) == (200, 206, 404)
        assert (tags["authorization"], blob["authorization"]) == ("Bearer", None)
        assert blob["values"]["range"] == "bytes=1-2"
        assert blob["values"]["user-agent"].startswith("python-httpx/")
        assert "authorization" in tags["headers"]
        assert "s3cret" not in str(tags)

    def test_faults_are_in_it(self, registry: RegistryServer) -> None:
        switch(registry, {"match": "", "status": 503})
        registry.client.get("/v2/")

        assert [entry["status"] for entry in log(registry.client)] == [503]

    def test_is_forgotten(self, registry: RegistryServer) -> None:
        registry.client.get("/v2/")

        assert registry.client.delete("/_sandbox/requests").json() == []
        assert log(registry.client) == []


@pytest.fixture(scope="module")
def echo() -> Iterator[httpx.Client]:
    """A client of an application that counts the bytes it gets, behind a log."""

    async def count(request: Request) -> Response:
        return JSONResponse(len(await request.body()))

    app = Starlette(
        routes=[Route("/v2/{rest:path}", count, methods=["POST"])],
        middleware=[Middleware(RequestLog)],
    )
    url = "http://127.0.0.1:{}"
    with serving(app) as port, httpx.Client(base_url=url.format(port), verify=False) as client:
        yield client


@pytest.fixture
def client(echo: httpx.Client) -> httpx.Client:
    echo.delete("/_sandbox/requests")
    return echo


class TestLoggedBodies:
    """Of the Hub's JSON requests, so that they can be held against its description."""

    def test_secrets_are_told_by_their_type_only(self, client: httpx.Client) -> None:
        sent = {
            "username": "alice",
            "password": "wonderland",
            "login_2fa_token": "x",
            "code": 123456,
            "nested": [{"secret": None, "Password": ["a"], "client_secret": {}, "token": True}],
            "token_label": "mine",
        }

        client.post("/v2/users/login", json=sent)

        assert log(client)[0]["body"] == {
            "username": "alice",
            "password": "string",
            "login_2fa_token": "string",
            "code": "number",
            "nested": [
                {
                    "secret": "null",
                    "Password": "array",
                    "client_secret": "object",
                    "token": "boolean",
                }
            ],
            "token_label": "mine",
        }

    def test_secrets_in_a_query(self, client: httpx.Client) -> None:
        client.post("/v2/x?a=1&token=s3cret&b=")

        assert log(client)[0]["query"] == "a=1&token=string&b="

    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (b"{", "application/json"),
            (b"\xff", "application/json"),
            (b'"' + b"x" * 300_000 + b'"', "application/json"),
            (b'{"a": 1}', "application/vnd.oci.image.manifest.v1+json"),
            (b"a=1", "application/x-www-form-urlencoded"),
        ],
    )
    def test_others_are_not_kept(
        self, client: httpx.Client, content: bytes, content_type: str
    ) -> None:
        headers = {"Content-Type": content_type}

        answer = client.post("/v2/x", content=content, headers=headers)

        assert answer.json() == len(content)
        assert log(client)[0]["body"] is None
