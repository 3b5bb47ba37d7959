"""The device flow, against the sandbox and against servers that behave otherwise."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence

import pytest

from hubcli.auth.signin import DeviceCode, DeviceLogin, HubSignIn
from hubcli.config import HubSettings
from hubcli.errors import Denied, HubcliError, NotSignedIn, TimedOut, Unavailable
from hubcli.http.client import Client
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen


@pytest.fixture
def http() -> Iterator[Client]:
    client = Client(sleep=lambda _: None)
    yield client
    client.close()


def settings(url: str) -> HubSettings:
    return HubSettings("test-client", url, "https://hub.example")


def approve(url: str, code: DeviceCode, **form: str) -> None:
    data = urllib.parse.urlencode({"user_code": code.user_code, **form}).encode()
    with urllib.request.urlopen(f"{url}/_sandbox/device/approve", data=data, timeout=10):
        pass


def test_a_login_that_is_approved(new_sandbox: Callable[..., SandboxServer], http: Client) -> None:
    sandbox = new_sandbox(device_interval=0.05)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        import time

        naps.append(seconds)
        time.sleep(seconds)
        if len(naps) == 3:
            approve(sandbox.url, code, username="alice")

    login = DeviceLogin(http, settings(sandbox.url), sleep=nap)
    code = login.begin()
    assert code.page == f"{sandbox.url}/_sandbox/device/approve"
    assert code.link == f"{code.page}?user_code={code.user_code}"
    credential = HubSignIn(http, sandbox.url).after_web_login(login.wait(code))
    assert (credential.username, str(credential.kind)) == ("alice", "PAT")
    assert naps == [0.05] * 3
    begun = sandbox.requests("POST /oauth/device/code")
    assert len(begun) == 1
    assert code.secret not in repr(code)


def test_a_login_that_is_refused(new_sandbox: Callable[..., SandboxServer], http: Client) -> None:
    sandbox = new_sandbox(device_interval=0.05)
    login = DeviceLogin(http, settings(sandbox.url))
    code = login.begin()
    approve(sandbox.url, code, deny="yes")
    with pytest.raises(Denied, match="refused in the browser"):
        login.wait(code)


CODE = {
    "device_code": "secret",
    "user_code": "ABCD",
    "verification_uri_complete": "https://hub.example/activate?user_code=ABCD",
    "expires_in": 900,
    "interval": 5,
}
PENDING = (403, {"error": "authorization_pending"})
SLOW_DOWN = (400, {"error": "slow_down"})
GOOD = (200, {"access_token": "t"})


class Waiting:
    """Time that passes while the login naps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


Play = Callable[..., tuple[str, Waiting, list[Seen]]]


@pytest.fixture
def play(http: Client) -> Play:
    """`play([(status, body), …], code={…})`: the token, the waiting, what was sent."""

    def run(
        answers: Sequence[tuple[int, object]], code: object = CODE, status: int = 200
    ) -> tuple[str, Waiting, list[Seen]]:
        script = [(status, code), *answers]

        def answer(_: Seen) -> Answer:
            status, body = script.pop(0) if len(script) > 1 else script[0]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return Answer(status, content)

        waiting = Waiting()
        with ScriptedServer(answer) as server:
            login = DeviceLogin(
                http, settings(server.url), sleep=waiting.sleep, clock=lambda: waiting.now
            )
            return login.wait(login.begin()), waiting, server.seen

    return run


def test_what_is_sent(play: Play) -> None:
    token, _, (begin, poll) = play([GOOD])
    assert token == "t"
    assert begin.path == "/oauth/device/code"
    assert urllib.parse.parse_qs(begin.body.decode()) == {
        "client_id": ["test-client"],
        "audience": ["https://hub.example"],
        "scope": ["openid"],
    }
    assert poll.path == "/oauth/token"
    assert urllib.parse.parse_qs(poll.body.decode()) == {
        "client_id": ["test-client"],
        "grant_type": ["urn:ietf:params:oauth:grant-type:device_code"],
        "device_code": ["secret"],
    }


def test_the_pace_is_the_servers(play: Play) -> None:
    _, waiting, _ = play([PENDING, SLOW_DOWN, PENDING, GOOD])
    assert waiting.naps == [5, 5, 10, 10]


@pytest.mark.parametrize("interval", [None, 0, -1, "5", True])
def test_an_interval_that_makes_no_sense_is_the_default(play: Play, interval: object) -> None:
    _, waiting, _ = play([GOOD], {**CODE, "interval": interval})
    assert waiting.naps == [5]


def test_waiting_ends_with_the_code(play: Play) -> None:
    with pytest.raises(TimedOut, match="in time"):
        play([PENDING], {**CODE, "expires_in": 21})


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        ((403, {"error": "expired_token"}), TimedOut, "in time"),
        ((403, {"error": "access_denied", "error_description": "no"}), Denied, r"\(no\)"),
        ((403, {"error": "invalid_grant", "error_description": "why"}), NotSignedIn, "why"),
        ((403, b"<html>"), NotSignedIn, "answers 403"),
        ((200, {}), Unavailable, "without a token"),
        ((502, b"<html>"), Unavailable, "502"),
    ],
)
def test_other_ends(
    play: Play, answer: tuple[int, object], kind: type[HubcliError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        play([answer])


@pytest.mark.parametrize(
    "code",
    [
        {},
        {**CODE, "user_code": ""},
        {**CODE, "user_code": "\x1b[31m"},
        {**CODE, "device_code": 7},
        {**CODE, "verification_uri_complete": "file:///etc/passwd"},
        {**CODE, "verification_uri_complete": "javascript:alert(1)"},
    ],
)
def test_a_code_that_is_none(play: Play, code: object) -> None:
    with pytest.raises(Unavailable, match="without a code"):
        play([GOOD], code)


def test_a_client_id_that_is_refused(play: Play) -> None:
    with pytest.raises(HubcliError, match="unknown client"):
        play([], {"error": "invalid_client", "error_description": "unknown client"}, 403)


@pytest.mark.parametrize(
    "body", [{}, {"data": []}, {"data": {"token": 7}}, {"data": {"token": "x"}}]
)
def test_a_web_login_without_its_access_token(
    sandbox: SandboxServer, http: Client, body: object
) -> None:
    sandbox.fault("POST /v2/access-tokens/desktop-generate", status=201, body=body)
    with pytest.raises(Unavailable, match="without an access token"):
        HubSignIn(http, sandbox.url).after_web_login("a.e30.c")
