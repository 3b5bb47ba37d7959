"""What error answers of the Hub API are told as: every body shape that Hub is known to send."""

from __future__ import annotations

import json

import pytest

from hubcli.errors import (
    Conflict,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    Unavailable,
)
from hubcli.http.response import Response
from hubcli.hub.problems import problem, refuses_organization_token


def answer(status: int, body: object, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, content, "https://hub.docker.com/v2/x")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"detail": "Some words."}, "some words"),
        ({"message": "some words", "errinfo": {"api_call_name": "x"}, "txnid": "1"}, "some words"),
        ({"fields": {"ordering": ["Invalid value"]}, "text": "some words"}, "some words"),
        ({"full_description": ["Too long."]}, "full_description: Too long"),
        ({"__all__": ["Some words."]}, "some words"),
        ({"name": ["Too long.", "Too odd."], "url": ["No URL."]},
         "name: Too long; name: Too odd; url: No URL"),
        ({"fields": {"ordering": ["Invalid value."]}}, "ordering: Invalid value"),
        ({"fields": {"ordering": ["Invalid value."]}, "text": ""}, "ordering: Invalid value"),
        ({"errors": {"name": ["Taken."]}}, "name: Taken"),
        (["Some words.", "more"], "some words"),
        ([{"detail": "Some words."}], "some words"),
        ({"code": 7, "message": "some words", "details": []}, "some words"),
        ({"schemas": ["urn:x"], "status": "400", "detail": "some words"}, "some words"),
        ({"schemas": ["urn:x"], "status": "400"}, "the server answered 400"),
        ({"code": 3, "message": "", "details": ["x"]}, "the server answered 400"),
        ({"errors": [{"code": "DENIED", "message": "some words"}]}, "some words"),
        ({"error": "invalid_request", "error_description": "some words"}, "some words"),
        ({"message": {"detail": {"text": "some words"}}}, "some words"),
        ({"message": "", "detail": ["", " some\n words "]}, "some words"),
        ({"detail": "Rate limit exceeded", "error": False}, "rate limit exceeded"),
        ({"message": "OCI says no"}, "OCI says no"),
    ],
)  # fmt: skip
def test_the_words_of_the_body_are_the_reason(body: object, reason: str) -> None:
    assert problem(answer(400, body)).reason == reason


@pytest.mark.parametrize(
    "body", [b"", b"plain", b"[" * 100_000, b"null", b"[]", b'{"message": {}}', b'{"x": [[[]]]}']
)
def test_a_body_without_words_leaves_the_status(body: bytes) -> None:
    assert problem(answer(400, body)).reason == "the server answered 400"


def test_a_body_that_is_nested_without_end_is_no_trouble() -> None:
    nested: object = "words"
    for _ in range(100):
        nested = {"message": nested}
    assert problem(answer(400, nested)).reason == "the server answered 400"


def test_a_long_body_is_cut() -> None:
    assert len(problem(answer(400, {"detail": "word " * 10_000})).reason) < 500


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (400, HubcliError, 1),
        (401, NotSignedIn, 4),
        (403, Denied, 4),
        (404, NotFound, 3),
        (409, Conflict, 1),
        (429, RateLimited, 5),
        (500, Unavailable, 6),
    ],
)
def test_the_status_decides_the_kind(status: int, kind: type[HubcliError], exit_code: int) -> None:
    error = problem(answer(status, {"detail": "words"}))
    assert type(error) is kind
    assert error.exit_code == exit_code


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"message": "object not found", "errinfo": {}}),
        (404, {"message": "404: Page Not Found"}),
        (401, {"message": "unauthorized"}),
    ],
)
def test_words_that_only_repeat_the_status_are_dropped(status: int, body: object) -> None:
    plain = {404: "not found", 401: "the credential was refused, or none was sent"}
    assert problem(answer(status, body)).reason == plain[status]


def test_an_unknown_user_is_told_to_sign_in() -> None:
    assert problem(answer(401, {"detail": "words"})).hint == "hubcli login"


@pytest.mark.parametrize(
    "text",
    [
        "access denied: insufficient scope",
        "access to the resource is forbidden with personal access token",
        "access is forbidden with a JWT issued from a personal access token",
    ],
)
@pytest.mark.parametrize("key", ["detail", "message"])
def test_a_token_that_is_too_weak_is_told_what_is_needed(key: str, text: str) -> None:
    error = problem(answer(403, {key: text}))
    assert isinstance(error, Denied)
    assert error.reason == text
    assert error.hint is not None
    assert "repo:admin" in error.hint
    assert "hubcli login" in error.hint


def test_an_organization_token_on_a_legacy_route_is_recognised() -> None:
    text = "token issued from organization access token is not allowed"
    refused = answer(403, {"message": text})
    assert refuses_organization_token(refused)
    assert not refuses_organization_token(answer(403, {"message": "access denied"}))
    assert not refuses_organization_token(answer(401, {"message": text}))
    error = problem(refused)
    assert error.hint is not None
    assert "as a user" in error.hint


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("key", ["__all__", "message"])
def test_a_name_that_is_taken_is_a_conflict(status: int, key: str) -> None:
    text = "Repository with this Name and Namespace already exists."
    error = problem(answer(status, {key: [text]}))
    assert isinstance(error, Conflict)
    assert "already exists" in error.reason


def test_a_registrys_error_that_hub_hands_on_keeps_its_code() -> None:
    body = {"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}
    assert problem(answer(429, body)).code == "TOOMANYREQUESTS"
    assert problem(answer(403, {"errors": [{"code": 7}]})).code == "DENIED"


def test_a_limit_says_when_to_come_back() -> None:
    error = problem(answer(429, {"detail": "Rate limit exceeded"}, x_ratelimit_reset="1795528800"))
    assert isinstance(error, RateLimited)
    assert error.reason == "rate limit exceeded; come back at 2026-11-24T14:00:00Z"
    assert error.retry_at is not None
    assert error.retry_at.timestamp() == 1795528800


@pytest.mark.parametrize("reset", ["", "soon", "-1", "9" * 40])
def test_a_limit_without_a_usable_time_is_told_without_it(reset: str) -> None:
    error = problem(answer(429, {"detail": "words"}, x_ratelimit_reset=reset))
    assert isinstance(error, RateLimited)
    assert error.reason == "words"


@pytest.mark.parametrize(
    "headers", [{}, {"content_type": "text/html; charset=UTF-8"}], ids=["unsaid", "said"]
)
def test_a_page_of_the_web_firewall_is_no_refusal_of_the_user(headers: dict[str, str]) -> None:
    page = b"\n<!DOCTYPE html><title>Just a moment...</title>"
    error = problem(answer(403, page, **headers))
    assert type(error) is Unavailable
    assert "web firewall in front of hub.docker.com" in error.reason


def test_a_page_of_a_broken_gateway_is_told_as_such() -> None:
    error = problem(answer(502, b"<html>"))
    assert error.reason == "hub.docker.com answered 502 with a web page"
    assert error.exit_code == 6
