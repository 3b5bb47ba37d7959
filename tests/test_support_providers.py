"""The tests' own tools for registries: contracts, and the watch over secrets."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
import requests

from support.openapi import Exchange
from support.providers import contracts
from support.providers.standin import Running, line
from support.providers.watching import Watch
from support.scripted import Answer, ScriptedServer

SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "basePath": "/api/v2.0/",
    "parameters": {"size": {"name": "page_size", "in": "query", "type": "integer", "maximum": 100}},
    "responses": {"created": {"description": "", "schema": {"$ref": "#/definitions/Project"}}},
    "definitions": {
        "Project": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "quota": {"type": "integer", "x-nullable": True},
            },
        }
    },
    "paths": {
        "/projects/{name}": {
            "parameters": [{"name": "name", "in": "path", "type": "string", "required": True}],
            "get": {
                "parameters": [{"$ref": "#/parameters/size"}],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Project"}}},
            },
            "put": {
                "parameters": [
                    {"name": "body", "in": "body", "required": True,
                     "schema": {"$ref": "#/definitions/Project"}}
                ],
                "responses": {"201": {"$ref": "#/responses/created"}},
            },
        }
    },
}  # fmt: skip


def exchange(method: str, target: str, status: int, answer: bytes, body: bytes = b"") -> Exchange:
    kind = "application/json"
    return Exchange(method, target, status, "", kind if body else "", body, kind, answer)


@pytest.mark.parametrize(
    ("one", "request_", "answer"),
    [
        (exchange("GET", "/api/v2.0/projects/a?page_size=100", 200, b'{"name": "a"}'), "", ""),
        (exchange("GET", "/api/v2.0/projects/a?page_size=101", 200, b'{"name": "a"}'),
         "page_size", ""),
        (exchange("GET", "/api/v2.0/projects/a?nope=1", 200, b'{"name": "a"}'), "nope", ""),
        (exchange("GET", "/projects/a", 200, b"{}"), "no such route", ""),
        (exchange("GET", "/api/v2.0/projects/a/b", 200, b'{"name": "a"}'), "no such route", ""),
        (exchange("GET", "/api/v2.0/projects/a", 200, b"{}"), "", "'name' is a required"),
        (exchange("GET", "/api/v2.0/projects/a", 200, b'{"name": "a", "quota": null}'), "", ""),
        (exchange("GET", "/api/v2.0/projects/a", 202, b'{"name": "a"}'), "", "does not answer 202"),
        (exchange("PUT", "/api/v2.0/projects/a", 201, b'{"name": 1}', b'{"name": "a"}'),
         "", "1 is not of type"),
        (exchange("PUT", "/api/v2.0/projects/a", 201, b'{"name": "a"}', b'{"nam": "a"}'),
         "no member 'nam'", ""),
        (exchange("PUT", "/api/v2.0/projects/a", 201, b'{"name": "a"}'), "needs a body", ""),
    ],
)  # fmt: skip
def test_swagger_2_is_compared_as_openapi_is(one: Exchange, request_: str, answer: str) -> None:
    contract = contracts.of(SWAGGER)
    for expected, found in (
        (request_, contract.request_faults(one)),
        (answer, contract.answer_faults(one)),
    ):
        assert bool(expected) == bool(found), found
        assert expected in " ".join(found)


def test_parameters_with_slashes_are_said() -> None:
    one = exchange("GET", "/api/v2.0/projects/a/b", 200, b'{"name": "a"}')
    assert contracts.of(SWAGGER, parameters={"name": ".+"}).request_faults(one) == []


def test_a_missing_contract_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(contracts.VARIABLE, "")
    with pytest.raises(pytest.skip.Exception, match="HUBCLI_PROVIDER_APIS"):
        contracts.published("harbor/swagger.yaml")


def test_a_line_of_a_transcript_leaves_out_what_differs_from_run_to_run() -> None:
    target = f"/orgs/acme/versions/417/tags/v2?digest=sha256%3A{'a' * 64}"
    assert line(exchange("GET", target, 200, b"")) == (
        "GET /orgs/acme/versions/N/tags/v2?digest=sha256:…"
    )


# The watch


def registry(host: str, port: int, secret: str) -> Running:
    return Running("x", host, "", "u", secret, "ns", [f"127.0.0.1:{port}"], secrets=[secret])


BASIC = base64.b64encode(b"u:secret-of-a").decode()


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", "http://127.0.0.1:2/", headers={"Authorization": f"Basic {BASIC}"}),
        httpx.Request("GET", "http://127.0.0.1:2/", headers={"X-Any": "secret-of-a"}),
        httpx.Request("GET", "http://127.0.0.1:2/?token=secret-of%2Da"),
        httpx.Request("POST", "http://127.0.0.1:2/", content=b"password=secret%2Dof-a"),
        httpx.Request(
            "GET", "http://127.0.0.1:3/", headers={"Authorization": "Bearer minted-by-a"}
        ),
    ],
    ids=["basic", "header", "query", "body", "token"],
)
def test_the_watch_sees_what_leaks(request_: httpx.Request) -> None:
    watch = Watch()
    watch.guard([registry("a", 1, "secret-of-a"), registry("b", 2, "secret-of-b")])
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with watch.installed(), httpx.Client(transport=transport) as client:
        client.get("http://127.0.0.1:1/", headers={"Authorization": f"Basic {BASIC}"})
        client.get("http://127.0.0.1:1/v2/", headers={"Authorization": "Bearer minted-by-a"})
        assert watch.leaks == []
        client.send(request_)
    assert watch.leaks
    assert all(leak.endswith("has a secret of a") for leak in watch.leaks)


def test_the_watch_sees_what_the_packages_of_clouds_send() -> None:
    """google-auth, azure-identity and botocore go by urllib3, the first two through requests."""
    watch = Watch()
    with ScriptedServer(lambda _: Answer(200, b"{}")) as server:
        watch.guard([registry("a", server.port, "secret-of-a"), registry("b", 2, "secret-of-b")])
        with watch.installed():
            requests.post(server.url, data={"x": "secret-of-a"}, timeout=5)
            assert (watch.leaks, watch.seen_of_packages) == ([], 1)
            requests.get(server.url, headers={"X-Any": "secret-of-b"}, timeout=5)
    assert watch.leaks == [f"GET 127.0.0.1:{server.port}/ has a secret of b"]
