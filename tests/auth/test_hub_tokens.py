"""Authorization for the Hub API: the exchange, its renewal, and what is never sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hubcli.auth.credentials import Credential, Keychain, Kind
from hubcli.auth.tokens import HubAuthorizer, TokenCache, jwt
from hubcli.errors import NotSignedIn, RateLimited, Unavailable
from hubcli.http.client import Client, Request
from support.sandbox import SandboxServer

ALICE = Credential("alice", SandboxServer.password, "keyring")
PRIVATE = "/v2/namespaces/alice/repositories/notes"
OAT_SCOPES = [{"type": "TYPE_REPO", "path": "acme/*", "scopes": ["scope-image-pull"]}]
PUBLIC = "/v2/namespaces/library/repositories/hello-world"


class Known:
    name = "test"

    def __init__(self, credential: Credential | None) -> None:
        self.credential = credential

    def find(self, host: str) -> Credential | None:
        assert host == "docker.io"
        return self.credential

    def accounts(self) -> dict[str, str]:
        return {}


class Run:
    """One run of hubcli against a Hub, `later` seconds on."""

    def __init__(
        self,
        url: str,
        cache: Path | None,
        credential: Credential | None,
        token: str | None,
        later: float,
    ) -> None:
        self.lines: list[str] = []
        self.url = url
        self.later = later
        self.http = Client(trace=self.lines.append, sleep=lambda _: None)
        ready = None if token is None else Credential("", token, "environment", Kind.TOKEN)
        self.authorizer = HubAuthorizer(
            self.http,
            url,
            Keychain([Known(credential)], warn=self.lines.append, token=ready),
            TokenCache(cache, clock=lambda: time.time() + self.later),
        )

    def get(self, path: str = PRIVATE) -> int:
        request = Request("GET", f"{self.url}{path}", authorizer=self.authorizer)
        return self.http.request(request).status


StartRun = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartRun]:
    with ExitStack() as stack:

        def make(
            sandbox: SandboxServer,
            credential: Credential | None = None,
            *,
            token: str | None = None,
            later: float = 0.0,
        ) -> Run:
            run = Run(sandbox.url, tmp_path, credential, token, later)
            stack.callback(run.http.close)
            return run

        yield make


def exchanges(sandbox: SandboxServer) -> int:
    return len(sandbox.requests("POST /v2/auth/token"))


def test_one_exchange_serves_many_requests_and_runs(
    sandbox: SandboxServer, start: StartRun
) -> None:
    run = start(sandbox, ALICE)
    assert [run.get(), run.get()] == [200, 200]
    assert start(sandbox, ALICE).get() == 200
    assert exchanges(sandbox) == 1
    assert {seen.authorization for seen in sandbox.requests("GET ")} == {"Bearer"}


@pytest.mark.parametrize(("later", "expected"), [(535, 1), (545, 2)])
def test_renewal_comes_a_minute_early(
    sandbox: SandboxServer, start: StartRun, later: float, expected: int
) -> None:
    start(sandbox, ALICE).get()
    assert start(sandbox, ALICE, later=later).get() == 200
    assert exchanges(sandbox) == expected


def test_a_session_that_ended_early_is_replaced_once(
    new_sandbox: Callable[..., SandboxServer], start: StartRun
) -> None:
    sandbox = new_sandbox()
    run = start(sandbox, ALICE)
    run.get()
    run.later = 30
    sandbox.fault(f"GET {PRIVATE}", status=401, times=1)
    assert run.get() == 200
    assert exchanges(sandbox) == 2
    sandbox.fault(f"GET {PRIVATE}", status=401)
    run.later = 60
    assert run.get() == 401
    assert run.get() == 401
    assert exchanges(sandbox) == 3


def test_threads_exchange_once(sandbox: SandboxServer, start: StartRun) -> None:
    run = start(sandbox, ALICE)
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(run.get())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16
    assert exchanges(sandbox) == 1


def test_strangers_send_nothing(sandbox: SandboxServer, start: StartRun) -> None:
    run = start(sandbox)
    assert run.get(PUBLIC) == 200
    assert run.get(PRIVATE) in {401, 404}
    assert {seen.authorization for seen in sandbox.requests("GET ")} == {None}
    assert exchanges(sandbox) == 0


def test_what_only_the_registry_takes_is_not_sent(sandbox: SandboxServer, start: StartRun) -> None:
    refresh = Credential("alice", "refresh", "docker", Kind.REFRESH_TOKEN)
    assert start(sandbox, refresh).get(PUBLIC) == 200
    assert exchanges(sandbox) == 0


def test_personal_and_organization_tokens_are_exchanged(
    sandbox: SandboxServer, start: StartRun
) -> None:
    accounts = sandbox.parts.accounts
    _, pat = accounts.add_token("alice", "test", ["repo:read"])
    _, oat = accounts.add_token("acme", "test", OAT_SCOPES, kind="oat")
    assert start(sandbox, Credential.found("alice", pat, "")).get() == 200
    assert start(sandbox, Credential.found("acme", oat, "")).get(PUBLIC) == 200
    assert exchanges(sandbox) == 2
    assert {seen.authorization for seen in sandbox.requests("GET ")} == {"Bearer"}


def test_a_wrong_password_says_whose_and_what_helps(
    sandbox: SandboxServer, start: StartRun
) -> None:
    wrong = Credential("alice", "wrong", "keyring")
    with pytest.raises(NotSignedIn, match=r"the password of alice \(keyring\)") as failure:
        start(sandbox, wrong).get(PUBLIC)
    assert "two-factor" in failure.value.reason
    assert "Incorrect authentication credentials" in failure.value.reason
    assert failure.value.hint == "hubcli login"
    with pytest.raises(NotSignedIn, match="the PAT of alice") as failure:
        start(sandbox, Credential.found("alice", "dckr_pat_wrong", "keyring")).get(PUBLIC)
    assert "two-factor" not in failure.value.reason


def test_a_ready_token_is_used_as_it_is(sandbox: SandboxServer, start: StartRun) -> None:
    issued = sandbox.parts.accounts.authenticate("alice", sandbox.password)
    assert issued is not None
    token = sandbox.parts.sessions.issue(issued)
    run = start(sandbox, Credential("alice", "wrong", "keyring"), token=token)
    assert run.get() == 200
    assert exchanges(sandbox) == 0
    with pytest.raises(NotSignedIn, match="HUBCLI_TOKEN"):
        start(sandbox, ALICE, token="bad").get(PUBLIC)
    assert exchanges(sandbox) == 0


def test_a_lock_out_is_a_rate_limit_and_not_hammered(
    sandbox: SandboxServer, start: StartRun
) -> None:
    sandbox.fault("POST /v2/auth/token", status=429, retry_after=600)
    with pytest.raises(RateLimited):
        start(sandbox, ALICE).get()
    assert exchanges(sandbox) == 1


@pytest.mark.parametrize(
    "body", [{}, [], {"access_token": 1}, {"access_token": "a\nb"}, {"access_token": ""}, "<html>"]
)
def test_an_exchange_without_a_token_is_told(
    sandbox: SandboxServer, start: StartRun, body: object
) -> None:
    sandbox.fault("POST /v2/auth/token", status=200, body=body)
    with pytest.raises(Unavailable):
        start(sandbox, ALICE).get()


@pytest.mark.parametrize(
    ("token", "claims"),
    [
        ("", {}),
        ("a.b", {}),
        ("a.!.c", {}),
        ("a.e30.c", {}),
        ("a.WzFd.c", {}),
        ("a.eyJleHAiOjZ9.c", {"exp": 6}),
    ],
)
def test_claims(token: str, claims: dict[str, object]) -> None:
    assert jwt.claims(token) == claims
    assert jwt.lifetime(token) is None
    assert jwt.expiry(token) == claims.get("exp")
