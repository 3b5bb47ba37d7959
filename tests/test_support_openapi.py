"""The comparison of Hub requests and answers with Docker's published document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from support import openapi
from support.exchanges import Message, Receive, Recorder, Send, Verdict
from support.openapi import Document, Exchange
from support.openapi_corrections import CORRECTIONS, UNDOCUMENTED

TAGS = "/v2/namespaces/library/repositories/alpine/tags"
REPOSITORIES = "/v2/namespaces/alice/repositories"


@pytest.fixture(scope="module")
def document() -> Document:
    return openapi.require_document()


def exchange(
    method: str, target: str, status: int = 200, *, request: object = None, response: object = None
) -> Exchange:
    """As hubcli would make it, its bodies in JSON; None is no body."""
    asked, answered = (
        b"" if body is None else json.dumps(body).encode() for body in (request, response)
    )
    json_type = "application/json"
    return Exchange(method, target, status, "hubcli/1", json_type, asked, json_type, answered)


@pytest.mark.parametrize(
    ("method", "target", "request_body"),
    [
        ("GET", f"{TAGS}?page=2&page_size=100&ordering=last_updated", None),
        ("GET", f"{TAGS}/", None),
        ("HEAD", f"{TAGS}/3.20", None),
        ("POST", REPOSITORIES, {"name": "app", "is_private": True}),
        ("POST", "/v2/auth/token", {"identifier": "alice", "secret": "x"}),
        ("DELETE", "/v2/repositories/alice/app/", None),
        ("GET", "/api/search/v4?query=x", None),
    ],
)
def test_what_hub_knows_is_no_fault(
    document: Document, method: str, target: str, request_body: object
) -> None:
    assert document.request_faults(exchange(method, target, request=request_body)) == []


@pytest.mark.parametrize(
    ("method", "target", "request_body", "expected"),
    [
        ("GET", "/v2/namespace/alice/repositories", None, "no such route"),
        ("GET", "/api/search/v5?query=x", None, "no such route"),
        ("PUT", REPOSITORIES, {}, "no such route"),
        ("GET", f"{TAGS}?pagesize=100", None, "no query parameter 'pagesize'"),
        ("GET", f"{TAGS}?page=two", None, "parameter page: 'two' is not of type 'integer'"),
        ("GET", f"{TAGS}?ordering=size", None, "parameter ordering: 'size' is not one of"),
        ("GET", TAGS, {}, "takes no body"),
        ("POST", REPOSITORIES, None, "needs a body"),
        ("POST", REPOSITORIES, {"name": "a b"}, "the body.name: 'a b' does not match"),
        ("POST", REPOSITORIES, {"is_private": True}, "'name' is a required property"),
        ("POST", REPOSITORIES, {"name": "app", "private": True}, "no member 'private'"),
    ],
)
def test_a_wrong_request_is_a_fault(
    document: Document, method: str, target: str, request_body: object, expected: str
) -> None:
    faults = document.request_faults(exchange(method, target, request=request_body))
    assert [fault for fault in faults if expected in fault] != []


def test_values_are_for_the_server_to_refuse_but_names_are_not(document: Document) -> None:
    bad_name = exchange("POST", REPOSITORIES, 400, request={"name": "a b"})
    assert document.request_faults(bad_name) == []
    bad_member = exchange("POST", REPOSITORIES, 400, request={"name": "app", "private": True})
    assert document.request_faults(bad_member) == ["the body has no member 'private'"]


TAG = {
    "name": "3.20",
    "digest": "sha256:0",
    "tag_status": "active",
    "v2": True,
    "images": [{"architecture": "amd64", "digest": None}],
    "last_updated": "2026-01-02T03:04:05Z",
    "tag_last_pulled": None,
}


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"count": 1, "next": None, "previous": None, "results": [TAG]}, None),
        (200, {"count": 1, "results": [TAG | {"images": {}}]}, "images: {} is not of type"),
        (200, {"count": 1, "results": [TAG | {"v2": "yes"}]}, "v2: 'yes' is not of type"),
        (200, {"count": "1"}, "count: '1' is not of type 'integer'"),
        (404, {"message": "object not found"}, None),
        (404, {"message": ["object not found"]}, "message: ['object not found']"),
        (429, {"whatever": 1}, None),
        (503, {"whatever": 1}, None),
        (302, {}, "does not answer 302"),
    ],
)
def test_answers_are_compared(
    document: Document, status: int, answer: object, expected: str | None
) -> None:
    faults = document.answer_faults(exchange("GET", TAGS, status, response=answer))
    if expected is None:
        assert faults == []
    else:
        assert [fault for fault in faults if expected in fault] != []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Ann,ann,a@x.example,User,Owner,2020-01-01", None),
        ("Ann,ann,a@x.example,Robot,Owner,2020-01-01", "'Robot' is not one of"),
        ("Ann,ann", "Email: None is not of type"),
    ],
)
def test_tables_are_compared_row_by_row(document: Document, row: str, expected: str | None) -> None:
    table = f"Name,Username,Email,Type,Role,Date Joined\n{row}\n".encode()
    target = "/v2/orgs/acme/members/export"
    faults = document.answer_faults(
        Exchange("GET", target, 200, response_type="text/csv", response=table)
    )
    assert (faults == []) is (expected is None)
    assert expected is None or expected in faults[0]


def test_an_answer_of_another_type_is_a_fault(document: Document) -> None:
    page = replace(exchange("GET", TAGS), response_type="text/html", response=b"<html>")
    assert document.answer_faults(page) == ["the answer is text/html, not application/json"]
    nothing = replace(page, response_type="", response=b"")
    assert document.answer_faults(nothing) == ["the answer is of no type, not application/json"]
    assert document.answer_faults(replace(page, method="HEAD")) == []
    assert document.answer_faults(replace(page, status=503)) == []


def test_what_nobody_called_with_success_is_known(document: Document) -> None:
    verdict = Verdict()
    routes = [operation.route for operation in document.operations]
    assert verdict.unexercised == sorted(routes)
    verdict.add(exchange("GET", TAGS, response={"count": 0, "results": []}))
    verdict.add(exchange("GET", f"{TAGS}/none", 404, response={"message": "no"}))
    merged = Verdict()
    merged.merge(verdict.as_data())
    called = "GET /v2/namespaces/{namespace}/repositories/{repository}/tags"
    assert {*routes} - {*merged.unexercised} == {called}


@pytest.mark.parametrize("route", UNDOCUMENTED)
def test_an_undocumented_route_is_really_undocumented(document: Document, route: str) -> None:
    method, path = route.split(" ")
    assert document.operation(exchange(method, path.format_map(_Anything()))) is None


def test_corrections_have_reasons() -> None:
    assert [one.place for one in CORRECTIONS if not one.reason] == []


class _Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "x"


@pytest.mark.usefixtures("document")
def test_only_hub_requests_of_hubcli_are_judged() -> None:
    verdict = Verdict()
    verdict.add(exchange("GET", "/v2/alice/app/manifests/latest"))
    verdict.add(exchange("GET", "/v2/"))
    verdict.add(Exchange("GET", "/v2/typo/x", 404, "curl/8"))
    assert verdict.faults == []
    verdict.add(exchange("GET", "/v2/typo/x", 404))
    verdict.add(exchange("GET", "/v2/user/", response={}))
    verdict.add(exchange("GET", TAGS, response={}))
    assert verdict.faults == [
        "GET /v2/typo/x -> 404: no such route, and it is not listed as undocumented []"
    ]
    assert verdict.undocumented == {"GET /v2/user": 1}
    assert list(verdict.documented.values()) == [1]
    twice = Verdict()
    twice.merge(verdict.as_data())
    twice.merge(verdict.as_data())
    assert twice.undocumented["GET /v2/user"] == 2
    assert len(twice.faults) == 2


def test_the_recorder_keeps_json_bodies_and_passes_everything_on() -> None:
    sent: list[Message] = []
    body = b'{"answer": 42}'

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert (await receive())["body"] == b'{"question": 6}'
        headers = [(b"Content-Type", b"application/json; charset=utf-8")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b'{"question": 6}', "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    recorder = Recorder(app)
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/v2/a%20b",
        "query_string": b"x=1",
        "headers": [(b"user-agent", b"hubcli/1"), (b"content-type", b"application/json")],
    }
    asyncio.run(recorder(scope, receive, send))  # type: ignore[arg-type]  # a mapping is enough
    (kept,) = recorder.exchanges
    assert (kept.method, kept.target, kept.path) == ("POST", "/v2/a%20b?x=1", "/v2/a b")
    assert (kept.status, kept.request, kept.response) == (201, b'{"question": 6}', body)
    assert len(sent) == 3
