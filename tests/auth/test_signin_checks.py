"""What signing in makes of servers that do not answer as they should."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.signin import HubSignIn, RegistrySignIn
from hubcli.config import Endpoint
from hubcli.errors import (
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    Unavailable,
    Unsupported,
)
from hubcli.http.client import Client
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen

BOB = Credential("bob", SandboxServer.password, "")


@pytest.fixture
def http() -> Iterator[Client]:
    client = Client(sleep=lambda _: None, max_wait=5)
    yield client
    client.close()


# Docker Hub


def _no_code() -> str:
    raise AssertionError("no code is asked for here")


def check(http: Client, sandbox: SandboxServer) -> Credential:
    """Hub counts refusals, and locks an account that others use: here it only seems to refuse."""
    sandbox.fault("POST /v2/auth/token", status=401)
    return HubSignIn(http, sandbox.url).check_password(BOB, lambda: "000000", "hubcli on test")


@pytest.mark.parametrize(
    ("faults", "kind", "told"),
    [
        ({"POST /v2/users/login": (500, {})}, Unavailable, "500"),
        ({"POST /v2/users/login": (403, {"detail": "blocked"})}, Denied, "blocked"),
        ({"POST /v2/users/login": (401, {})}, NotSignedIn, "refuses the password of bob"),
        ({"POST /v2/users/login": (401, "<html>")}, NotSignedIn, "refuses the password of bob"),
        ({"POST /v2/users/login": (401, {"login_2fa_token": 7})}, NotSignedIn, "the password"),
        ({"POST /v2/users/login": (200, {})}, Unavailable, "without a token"),
        ({"POST /v2/users/2fa-login": (500, {})}, Unavailable, "500"),
        ({"POST /v2/users/2fa-login": (401, {})}, NotSignedIn, "refuses the code"),
        ({"POST /v2/users/2fa-login": (200, {"token": "a\nb"})}, Unavailable, "without a token"),
        (
            {
                "POST /v2/users/2fa-login": (200, {"token": "t"}),
                "POST /v2/access-tokens": (403, {"message": "too many tokens"}),
            },
            Denied,
            "too many tokens",
        ),
        (
            {
                "POST /v2/users/2fa-login": (200, {"token": "t"}),
                "POST /v2/access-tokens": (201, {"token": None}),
            },
            Unavailable,
            "without the access token",
        ),
    ],
)
def test_a_second_factor_that_fails(
    http: Client,
    sandbox: SandboxServer,
    faults: dict[str, tuple[int, object]],
    kind: type[HubcliError],
    told: str,
) -> None:
    for match, (status, body) in faults.items():
        sandbox.fault(match, status=status, body=body)
    with pytest.raises(kind, match=told) as failure:
        check(http, sandbox)
    if "POST /v2/access-tokens" in faults:
        assert failure.value.action == "make an access token on"
        assert sandbox.requests("POST /v2/access-tokens")


def test_a_session_without_a_second_factor_makes_an_access_token(
    http: Client, sandbox: SandboxServer
) -> None:
    """What the exchange refuses and the old login takes; no case is known where it does."""
    alice = Credential("alice", sandbox.password, "")
    sandbox.fault("POST /v2/auth/token", status=401, times=1)
    kept = HubSignIn(http, sandbox.url).check_password(alice, _no_code, "hubcli")
    assert (kept.username, kept.kind) == ("alice", Kind.PAT)
    (made,) = sandbox.requests("POST /v2/access-tokens")
    assert made.status == 201


def test_a_label_is_never_too_long_for_hub(http: Client, sandbox: SandboxServer) -> None:
    alice = Credential("alice", sandbox.password, "")
    sandbox.fault("POST /v2/auth/token", status=401, times=1)
    label = "hubcli on " + "x" * 200
    kept = HubSignIn(http, sandbox.url).check_password(alice, _no_code, label)
    assert kept.kind is Kind.PAT


@pytest.mark.parametrize(("status", "kind"), [(503, Unavailable), (429, RateLimited)])
def test_a_token_is_not_called_bad_by_a_hub_that_is_out_of_order(
    http: Client, sandbox: SandboxServer, status: int, kind: type[HubcliError]
) -> None:
    sandbox.fault("GET /v2/namespaces/library", status=status)
    with pytest.raises(kind):
        HubSignIn(http, sandbox.url).accepts("t")


# Registries


def sign_in(http: Client, *answers: Answer, credential: Credential = BOB) -> list[Seen]:
    script = list(answers)

    def answer(seen: Seen) -> Answer:
        return script.pop(0) if len(script) > 1 else script[0]

    with ScriptedServer(answer) as server:
        endpoint = Endpoint("registry.example", server.url)
        RegistrySignIn(http, endpoint).check(credential, offline=True)
        return server.seen


def asks(challenge: str) -> Answer:
    return Answer(401, b"{}", {"WWW-Authenticate": challenge})


@pytest.mark.parametrize(
    ("answers", "kind", "told"),
    [
        ([Answer(404)], NotFound, "answers 404 to a greeting"),
        ([Answer(500)], Unavailable, "answers 500"),
        ([Answer(401)], NotSignedIn, "does not say what it asks for"),
        ([asks("Negotiate")], Unsupported, "neither a password nor a token"),
        ([asks("Basic realm=x"), Answer(403)], Denied, "access is denied"),
        (
            [asks("Basic realm=x"), asks("Basic realm=x")],
            NotSignedIn,
            "refuses the password of bob",
        ),
    ],
)
def test_registries_that_do_not_let_us_in(
    http: Client, answers: list[Answer], kind: type[HubcliError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        sign_in(http, *answers)


def test_a_token_that_the_registry_does_not_take(http: Client) -> None:
    realm = ScriptedServer(lambda _: Answer(200, json.dumps({"token": "t"}).encode()))
    with realm:
        challenge = asks(f'Bearer realm="{realm.url}/token"')
        with pytest.raises(NotSignedIn, match="refuses the password of bob"):
            sign_in(http, challenge)


def test_a_refresh_token_is_not_shown_to_a_registry_that_wants_a_password(http: Client) -> None:
    refresh = Credential("bob", "r", "", Kind.REFRESH_TOKEN)
    with pytest.raises(Unsupported, match="not refresh tokens"):
        sign_in(http, asks("Basic realm=x"), credential=refresh)
