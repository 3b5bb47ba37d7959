"""What token servers answer, and where they may not send us."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli.auth.challenge import Challenge, repository_scope
from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens import server
from hubcli.auth.tokens.server import Grant
from hubcli.config import Endpoint
from hubcli.errors import Denied, HubcliError, NotSignedIn, Unavailable, Untrusted
from hubcli.http.client import Client
from hubcli.timestamps import from_epoch
from support.jwts import jwt
from support.scripted import Answer, ScriptedServer, Seen

ALICE = Credential("alice", "s3cret", "keyring")
REFRESH = Credential("alice", "refresh", "keyring", Kind.REFRESH_TOKEN)
NAMELESS = Credential("<token>", "refresh", "keyring", Kind.REFRESH_TOKEN)
SCOPES = (repository_scope("a/b", "pull", "push"), repository_scope("c/d", "pull"))
GOOD = {"token": "t", "expires_in": 300}


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, content, headers)


class Realm:
    """A scripted token server, and what it was asked."""

    def __init__(self, scripted: ScriptedServer, http: Client) -> None:
        self._scripted = scripted
        self._http = http
        self.answers: list[Answer] = []
        scripted.script = self._next

    def _next(self, _: Seen) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def fetch(
        self, *answers: Answer, credential: Credential | None = ALICE, offline: bool = False
    ) -> Grant | None:
        self.answers = list(answers)
        parameters = {"realm": f"{self._scripted.url}/token?keep=1", "service": "a service"}
        return server.fetch(
            self._http,
            Endpoint("registry.example", self._scripted.url),
            Challenge("bearer", parameters),
            SCOPES,
            credential,
            offline=offline,
        )

    @property
    def seen(self) -> list[Seen]:
        return self._scripted.seen

    def query(self, at: int = -1) -> Mapping[str, list[str]]:
        return parse_qs(urlsplit(self.seen[at].path).query)


@pytest.fixture
def realm() -> Iterator[Realm]:
    http = Client(sleep=lambda _: None)
    with ScriptedServer(lambda _: Answer()) as scripted:
        yield Realm(scripted, http)
    http.close()


def test_get_names_service_scopes_and_account(realm: Realm) -> None:
    assert realm.fetch(answer(GOOD)) == Grant("t", 300.0)
    assert realm.query() == {
        "keep": ["1"],
        "service": ["a service"],
        "scope": ["repository:a/b:pull,push", "repository:c/d:pull"],
        "client_id": ["hubcli"],
        "account": ["alice"],
    }
    expected = base64.b64encode(b"alice:s3cret").decode()
    assert realm.seen[0].headers["authorization"] == f"Basic {expected}"


def test_anonymous_callers_show_nothing(realm: Realm) -> None:
    assert realm.fetch(answer(GOOD), credential=None) == Grant("t", 300.0)
    assert "authorization" not in realm.seen[0].headers
    assert "account" not in realm.query()


def test_a_refresh_token_is_asked_for_and_handed_out(realm: Realm) -> None:
    grant = realm.fetch(answer({**GOOD, "refresh_token": "r"}), offline=True)
    assert grant == Grant("t", 300.0, "r")
    assert realm.query()["offline_token"] == ["true"]


def test_a_refresh_token_goes_by_post_and_not_in_the_address(realm: Realm) -> None:
    assert realm.fetch(answer({"access_token": "t"}), credential=REFRESH) == Grant("t", 60.0)
    (seen,) = realm.seen
    assert (seen.method, seen.path) == ("POST", "/token?keep=1")
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh"],
        "service": ["a service"],
        "client_id": ["hubcli"],
        "scope": ["repository:a/b:pull,push repository:c/d:pull"],
    }


@pytest.mark.parametrize("status", [400, 401, 404, 405])
def test_without_post_the_refresh_token_is_a_password(realm: Realm, status: int) -> None:
    assert realm.fetch(answer({}, status), answer(GOOD), credential=REFRESH) == Grant("t", 300.0)
    assert [seen.method for seen in realm.seen] == ["POST", "GET"]
    assert base64.b64decode(realm.seen[1].headers["authorization"].split()[1]) == b"alice:refresh"


def test_a_refresh_token_without_a_user_is_no_password(realm: Realm) -> None:
    with pytest.raises(NotSignedIn, match="refuses the refresh token"):
        realm.fetch(answer({}, 401), credential=NAMELESS)
    assert [seen.method for seen in realm.seen] == ["POST"]


def test_a_refresh_token_is_not_carried_to_another_place(realm: Realm) -> None:
    with ScriptedServer(lambda _: answer(GOOD)) as elsewhere:
        moved = Answer(307, b"", {"Location": f"{elsewhere.url}/token"})
        with pytest.raises(HubcliError):
            realm.fetch(moved, credential=REFRESH)
        assert elsewhere.seen == []


@dataclass(frozen=True)
class Ago:
    """A time so many seconds before the test runs, which may be long after it was collected."""

    seconds: int

    def __str__(self) -> str:
        return str(from_epoch(int(time.time()) - self.seconds))


@pytest.mark.parametrize(
    ("body", "lifetime"),
    [
        ({"token": "t"}, 60),
        ({"token": "t", "expires_in": 300}, 300),
        ({"token": "t", "expires_in": 5}, 60),
        ({"token": "t", "expires_in": -5}, 60),
        ({"token": "t", "expires_in": "300"}, 60),
        ({"token": "t", "expires_in": True}, 60),
        ({"token": "t", "expires_in": None}, 60),
        ({"token": "t", "expires_in": 10**9}, 86_400),
        ({"token": "t", "expires_in": 300, "issued_at": Ago(0)}, 300),
        ({"token": "t", "expires_in": 300, "issued_at": Ago(100)}, 200),
        ({"token": "t", "expires_in": 300, "issued_at": Ago(-3600)}, 300),
        ({"token": "t", "expires_in": 300, "issued_at": Ago(3600)}, 300),
        ({"token": "t", "expires_in": 300, "issued_at": "yesterday"}, 300),
        ({"token": "t", "expires_in": 300, "issued_at": 5}, 300),
        ({"access_token": jwt(iat=1000, exp=5500)}, 4500),
        ({"access_token": jwt(iat=1000, exp=5500), "expires_in": 300}, 300),
        ({"token": jwt(iat=1000, exp=1003)}, 60),
        ({"token": jwt(iat=1000, exp=900)}, 60),
        ({"token": jwt(exp=4_000_000_000)}, 60),
        ({"token": jwt(iat=True, exp=10**400)}, 60),
        ({"token": jwt(iat=0, exp=10**400)}, 60),
        ({"token": jwt(iat=0, exp=10**12)}, 86_400),
    ],
)
def test_lifetimes(realm: Realm, body: dict[str, object], lifetime: int) -> None:
    """The scripted server's `Date` is the time of this machine."""
    timed = {name: str(one) if isinstance(one, Ago) else one for name, one in body.items()}
    grant = realm.fetch(answer(timed))
    assert grant is not None
    assert lifetime - 30 < grant.lifetime <= lifetime


def test_a_lifetime_that_is_no_number(realm: Realm) -> None:
    grant = realm.fetch(answer(b'{"token": "t", "expires_in": NaN}'))
    assert grant is not None
    assert grant.lifetime == 60


def test_either_name_of_the_token_will_do(realm: Realm) -> None:
    assert realm.fetch(answer({"access_token": "a"})) == Grant("a", 60.0)
    assert realm.fetch(answer({"token": "", "access_token": "a"})) == Grant("a", 60.0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"token": 1},
        {"token": "a\r\nX: y"},
        {"token": "\u20ac"},
        b"<html>",
        b"{",
        b"1" * 70_000,
    ],
)
def test_an_answer_without_a_token_is_told(realm: Realm, body: object) -> None:
    with pytest.raises(Unavailable):
        realm.fetch(answer(body))


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (401, {}, NotSignedIn, "registry.example refuses the password of alice (keyring)"),
        (401, {"details": "wrong  password"}, NotSignedIn, "(keyring): wrong password"),
        (401, {"errors": [{"code": "UNAUTHORIZED", "message": "no"}]}, NotSignedIn, ": no"),
        (403, {"message": "blocked"}, Denied, "(keyring): blocked"),
        (404, b"<html>", HubcliError, "the token server of registry.example answers 404"),
        (400, {"error": "invalid_scope"}, HubcliError, "answers 400: invalid_scope"),
        (403, {"error": {"code": 403, "message": "no", "status": "X"}}, Denied, "(keyring): no"),
    ],
)
def test_refusals(
    realm: Realm, status: int, body: object, kind: type[HubcliError], told: str
) -> None:
    with pytest.raises(kind) as failure:
        realm.fetch(answer(body, status))
    assert told in failure.value.reason
    if status in {401, 403}:
        assert failure.value.hint == "hubcli login registry.example"


@pytest.mark.parametrize("status", [401, 403])
def test_anonymous_callers_who_get_nothing_are_no_failure(realm: Realm, status: int) -> None:
    assert realm.fetch(answer({}, status), credential=None) is None


def test_a_server_that_is_down_is_tried_again(realm: Realm) -> None:
    assert realm.fetch(answer({}, 503), answer(GOOD)) == Grant("t", 300.0)


@pytest.mark.parametrize(
    ("url", "realm"),
    [
        ("https://registry.example", "http://registry.example/token"),
        ("https://registry.example", "https://127.0.0.1/token"),
        ("https://registry.example", "https://10.0.0.1/token"),
        ("http://registry.example", "http://localhost/token"),
        ("https://registry.example", "file:///etc/passwd"),
    ],
)
def test_realms_that_are_not_followed(url: str, realm: str) -> None:
    http = Client()
    challenge = Challenge("bearer", {"realm": realm})
    with pytest.raises(Untrusted):
        server.fetch(http, Endpoint("registry.example", url), challenge, (), ALICE)
    http.close()
