"""What a registry's error answers mean (distribution-spec 1.1, "Error Codes")."""

from __future__ import annotations

import json

import pytest

from hubcli.errors import (
    Denied,
    ExitCode,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    Unavailable,
    Unsupported,
)
from hubcli.http.response import Response
from hubcli.registry.problems import problem, told


def answer(status: int, body: object = None, challenge: str | None = None) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    challenges = () if challenge is None else (challenge,)
    return Response(status, {}, content, "http://x/v2/", challenges)


def error(code: str | None = None, message: str | None = None) -> dict[str, object]:
    members = {"code": code, "message": message}
    return {"errors": [{name: value for name, value in members.items() if value is not None}]}


@pytest.mark.parametrize(
    ("response", "kind", "told_as", "exit_code"),
    [
        (
            answer(404, error("MANIFEST_UNKNOWN", "manifest unknown to registry")),
            NotFound,
            "not found (MANIFEST_UNKNOWN)",
            ExitCode.NOT_FOUND,
        ),
        (answer(404, error("NAME_UNKNOWN")), NotFound, "not found (NAME_UNKNOWN)", 3),
        (answer(404, b"404 page not found\n"), NotFound, "not found (NOT_FOUND)", 3),
        (answer(404, error("UNKNOWN", "Not Found")), NotFound, "not found (NOT_FOUND)", 3),
        (answer(400, error("NAME_UNKNOWN")), NotFound, "not found (NAME_UNKNOWN)", 3),
        (
            answer(403, error("DENIED", "Requested access to the resource is denied.")),
            Denied,
            "requested access to the resource is denied (DENIED)",
            4,
        ),
        (
            answer(405, error("UNSUPPORTED", "The operation is unsupported.")),
            Unsupported,
            "the operation is unsupported (UNSUPPORTED)",
            1,
        ),
        (
            answer(400, error("DIGEST_INVALID", "GHCR says so")),
            HubcliError,
            "GHCR says so (DIGEST_INVALID)",
            1,
        ),
        (
            answer(
                429, {"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached it"}]}
            ),
            RateLimited,
            "you have reached it (TOOMANYREQUESTS)",
            5,
        ),
        (
            answer(502, b"<html>bad gateway"),
            Unavailable,
            "the server answered 502 (UNAVAILABLE)",
            6,
        ),
        (answer(500, error("DENIED", "no")), Unavailable, "no (DENIED)", 6),
        (
            answer(401, error("UNAUTHORIZED", "authentication required"), 'Basic realm="r"'),
            NotSignedIn,
            "authentication required (UNAUTHORIZED)",
            4,
        ),
    ],
)
def test_an_answer_is_a_failure_of_its_kind(
    response: Response, kind: type[HubcliError], told_as: str, exit_code: int
) -> None:
    found = problem(response, "quay.io")
    assert type(found) is kind
    assert str(found) == told_as
    assert found.exit_code == exit_code


def test_a_401_says_how_to_sign_in() -> None:
    assert problem(answer(401), "quay.io").hint == "hubcli login quay.io"


def test_a_token_that_is_not_enough_may_mean_that_there_is_nothing() -> None:
    refused = answer(401, error("UNAUTHORIZED"), 'Bearer realm="r",error="insufficient_scope"')
    assert problem(refused, "x.io", may_be_missing=True).reason == "not found, or not allowed"
    assert problem(refused, "x.io").reason == "not allowed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'"text"',
        b"null",
        b'{"errors": []}',
        b'{"errors": "no"}',
        b'{"errors": [7]}',
        b'{"errors": [{"code": 7, "message": {}}]}',
        b'{"errors": [{"code": "no code at all", "message": "  . "}]}',
    ],
)
def test_any_body_may_come(body: bytes) -> None:
    assert told(body) == (None, None)


def test_a_message_is_one_bounded_clause() -> None:
    code, message = told(json.dumps(error("denied", "Not\n\tyours. " + "x" * 1000)).encode())
    assert code == "DENIED"
    assert message is not None
    assert message.startswith("not yours. xxx")
    assert len(message) == 301
