"""The sandbox's token server, and the registry that wants its tokens (distribution's spec)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubcli import timestamps
from hubcli.sandbox.access import OpenAccess
from hubcli.sandbox.tokens import InvalidToken, Scope, TokenMint, parse_scopes
from support.sandbox_registry import (
    RegistryServer,
    digest_of,
    encoded,
    errors,
    image,
    registry_server,
)

ALICE = ("alice", "wonderland")
MALLORY = ("mallory", "malice")
SERVICE = "registry.docker.io"
FORM = {"service": SERVICE, "client_id": "test", "grant_type": "password"}


class Neighbours(OpenAccess):
    """`alice/*` is hers, of which others may pull all but `alice/private`."""

    people = {"alice": "wonderland", "mallory": "malice"}

    def authenticate(self, username: str, secret: str) -> str | None:
        return username if self.people.get(username) == secret else None

    def allowed(
        self, subject: str | None, repository: str, actions: frozenset[str]
    ) -> frozenset[str]:
        if subject == repository.partition("/")[0]:
            return actions
        return actions & {"pull"} if repository != "alice/private" else frozenset()

    def may_list_catalog(self, subject: str | None) -> bool:
        return subject is not None


class Clock:
    now = 1_800_000_000.5

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Guarded:
    """A registry that wants tokens, and its clock."""

    registry: RegistryServer
    clock: Clock

    @property
    def client(self) -> httpx.Client:
        return self.registry.client

    def ask(self, *scopes: str, auth: tuple[str, str] | None = None, **more: str) -> httpx.Response:
        parameters: dict[str, Any] = {"service": SERVICE, "scope": scopes, **more}
        return self.client.get("/token", params=parameters, auth=auth)

    def bearer(self, *scopes: str, auth: tuple[str, str] | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ask(*scopes, auth=auth).json()['token']}"}

    def challenge(self, answer: httpx.Response) -> dict[str, str]:
        assert (answer.status_code, errors(answer)) == (401, ["UNAUTHORIZED"])
        kind, _, parameters = answer.headers["WWW-Authenticate"].partition(" ")
        assert kind == "Bearer"
        return dict(re.findall(r'(\w+)="([^"]*)"', parameters))


@pytest.fixture(scope="module")
def module_guarded() -> Iterator[Guarded]:
    clock = Clock()
    with registry_server(access=Neighbours(), mint=TokenMint(b"s", clock=clock)) as registry:
        guarded = Guarded(registry, clock)
        for name in ("alice/public", "alice/private"):
            registry.client.headers = httpx.Headers(
                guarded.bearer(f"repository:{name}:push,pull", auth=ALICE)
            )
            registry.push_image(name, "v1")
            registry.push_blob(name, f"only in {name}".encode())
            registry.client.headers = httpx.Headers()
        yield guarded


@pytest.fixture
def guarded(module_guarded: Guarded) -> Iterator[Guarded]:
    yield module_guarded
    module_guarded.clock.now = Clock.now


class TestChallenge:
    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("GET", "/v2/", None),
            ("GET", "/v2/_catalog", "registry:catalog:*"),
            ("GET", "/v2/alice/public/tags/list", "repository:alice/public:pull"),
            ("HEAD", "/v2/alice/public/manifests/v1", "repository:alice/public:pull"),
            ("PUT", "/v2/alice/public/manifests/v1", "repository:alice/public:pull,push"),
            ("DELETE", "/v2/alice/public/manifests/v1", "repository:alice/public:delete"),
            ("GET", f"/v2/a/b/blobs/{digest_of(b'')}", "repository:a/b:pull"),
            ("DELETE", f"/v2/a/b/blobs/{digest_of(b'')}", "repository:a/b:delete"),
            ("GET", f"/v2/a/b/referrers/{digest_of(b'')}", "repository:a/b:pull"),
            ("POST", "/v2/a/b/blobs/uploads/", "repository:a/b:pull,push"),
            ("PATCH", "/v2/a/b/blobs/uploads/some", "repository:a/b:pull,push"),
        ],
    )
    def test_says_what_is_needed(
        self, guarded: Guarded, method: str, path: str, scope: str | None
    ) -> None:
        answer = guarded.client.request(method, path)

        assert answer.status_code == 401
        header = answer.headers["WWW-Authenticate"]
        expected = f'Bearer realm="http://{guarded.registry.host}/token",service="{SERVICE}"'
        assert header == expected + (f',scope="{scope}"' if scope else "")

    def test_names_the_host_that_was_asked(self, guarded: Guarded) -> None:
        answer = guarded.client.get("/v2/", headers={"Host": "hub.localhost:1234"})

        assert guarded.challenge(answer)["realm"] == "http://hub.localhost:1234/token"

    def test_repeats_nothing_but_a_host(self, guarded: Guarded) -> None:
        answer = guarded.client.get("/v2/", headers={"Host": 'x",realm="http://evil'})

        assert guarded.challenge(answer)["realm"] == f"http://{guarded.registry.host}/token"

    @pytest.mark.parametrize("credentials", ["Basic YWxpY2U6d29uZGVybGFuZA==", "Bearer", "x"])
    def test_takes_nothing_but_tokens(self, guarded: Guarded, credentials: str) -> None:
        answer = guarded.client.get("/v2/", headers={"Authorization": credentials})

        assert answer.status_code == 401

    @pytest.mark.parametrize("token", ["x", "a.b.c", "é.é.é", "." * 3])
    def test_refuses_what_is_no_token(self, guarded: Guarded, token: str) -> None:
        header = (b"Authorization", f"Bearer {token}".encode())
        answer = guarded.client.get("/v2/", headers=[header])

        assert guarded.challenge(answer)["error"] == "invalid_token"

    def test_refuses_a_token_that_was_changed(self, guarded: Guarded) -> None:
        token = guarded.ask("repository:alice/public:pull").json()["token"]
        head, claims, signature = token.split(".")
        other = guarded.ask("repository:alice/private:pull", auth=ALICE).json()["token"]

        forged = f"{head}.{other.split('.')[1]}.{signature}"
        answer = guarded.client.get("/v2/", headers={"Authorization": f"Bearer {forged}"})

        assert claims != other.split(".")[1]
        assert guarded.challenge(answer)["error"] == "invalid_token"

    def test_refuses_an_expired_token(self, guarded: Guarded) -> None:
        headers = guarded.bearer()
        assert guarded.client.get("/v2/", headers=headers).status_code == 200

        guarded.clock.now += 299
        assert guarded.client.get("/v2/", headers=headers).status_code == 200
        guarded.clock.now += 1
        answer = guarded.client.get("/v2/", headers=headers)
        assert guarded.challenge(answer)["error"] == "invalid_token"

    @pytest.mark.parametrize(
        "scope",
        [
            "repository:alice/public:pull",
            "repository:alice/private:pull,push",
            "repository:nobody/knows:pull,push",
        ],
    )
    def test_refuses_what_the_token_does_not_cover(self, guarded: Guarded, scope: str) -> None:
        """Whoever may not see a repository is told no more than about one that is not there."""
        headers = guarded.bearer(scope)
        name = scope.split(":")[1]

        answer = guarded.client.post(f"/v2/{name}/blobs/uploads/", headers=headers)

        found = guarded.challenge(answer)
        assert found["error"] == "insufficient_scope"
        assert found["scope"] == f"repository:{name}:pull,push"

    def test_a_private_repository_is_for_those_who_may(self, guarded: Guarded) -> None:
        path, scope = "/v2/alice/private/manifests/v1", "repository:alice/private:pull"

        for auth, status in ((None, 401), (MALLORY, 401), (ALICE, 200)):
            headers = guarded.bearer(scope, auth=auth)
            assert guarded.client.get(path, headers=headers).status_code == status


class TestGet:
    def test_anybody_gets_a_token(self, guarded: Guarded) -> None:
        answer = guarded.ask("repository:alice/public:pull")

        assert answer.status_code == 200
        issued = answer.json()
        assert issued["token"] == issued["access_token"]
        assert issued["expires_in"] == 300
        assert timestamps.parse(issued["issued_at"]) == datetime.fromtimestamp(
            int(guarded.clock.now), UTC
        )
        assert "refresh_token" not in issued

    @pytest.mark.parametrize(
        ("auth", "asked", "granted"),
        [
            (None, ["repository:alice/public:pull,push"], "repository:alice/public:pull"),
            (None, ["repository:alice/private:pull"], ""),
            (ALICE, ["repository:alice/private:push,pull"], "repository:alice/private:pull,push"),
            (ALICE, ["repository:alice/x:*"], "repository:alice/x:pull,push,delete"),
            (MALLORY, ["repository:alice/public:*"], "repository:alice/public:pull"),
            (
                ALICE,
                ["repository:alice/x:push", "repository:library/y:pull,push"],
                "repository:alice/x:push repository:library/y:pull",
            ),
            (
                ALICE,
                ["repository:alice/x:push repository:alice/y:pull"],
                "repository:alice/x:push repository:alice/y:pull",
            ),
            (ALICE, ["registry:catalog:*"], "registry:catalog:*"),
            (None, ["registry:catalog:*"], ""),
            (ALICE, ["nonsense", "x:y", "galaxy:alice/x:pull", ""], ""),
            (ALICE, ["repository(plugin):alice/x:pull"], "repository:alice/x:pull"),
        ],
    )
    def test_grants_what_is_both_asked_and_allowed(
        self, guarded: Guarded, auth: tuple[str, str] | None, asked: list[str], granted: str
    ) -> None:
        answer = guarded.ask(*asked, auth=auth)

        assert (answer.status_code, answer.json()["scope"]) == (200, granted)

    def test_wrong_credentials_are_refused(self, guarded: Guarded) -> None:
        answer = guarded.ask("repository:alice/public:pull", auth=("alice", "wrong"))

        assert (answer.status_code, errors(answer)) == (401, ["UNAUTHORIZED"])
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    @pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer YTpi", ""])
    def test_no_credentials_at_all_are_not_taken_for_anonymous(
        self, guarded: Guarded, header: str
    ) -> None:
        answer = guarded.client.get("/token", headers={"Authorization": header})

        assert (answer.status_code, errors(answer)) == (401, ["UNAUTHORIZED"])

    def test_offline_adds_a_refresh_token(self, guarded: Guarded) -> None:
        assert "refresh_token" in guarded.ask(auth=ALICE, offline_token="true").json()
        assert "refresh_token" not in guarded.ask(offline_token="true").json()


class TestPost:
    def post(self, guarded: Guarded, **fields: str) -> httpx.Response:
        return guarded.client.post("/token", data=FORM | fields)

    def test_a_password(self, guarded: Guarded) -> None:
        scope = "repository:alice/private:pull repository:alice/x:push"

        answer = self.post(guarded, username="alice", password="wonderland", scope=scope)

        issued = answer.json()
        assert (answer.status_code, issued["scope"], issued["expires_in"]) == (200, scope, 300)
        assert "refresh_token" not in issued
        headers = {"Authorization": f"Bearer {issued['access_token']}"}
        path = "/v2/alice/private/manifests/v1"
        assert guarded.client.get(path, headers=headers).status_code == 200

    def test_a_refresh_token_in_place_of_the_password(self, guarded: Guarded) -> None:
        password = {"username": "alice", "password": "wonderland"}
        first = self.post(guarded, **password, access_type="offline").json()
        guarded.clock.now += 100_000

        answer = self.post(
            guarded,
            grant_type="refresh_token",
            refresh_token=first["refresh_token"],
            scope="repository:alice/private:pull",
        )

        assert answer.json()["scope"] == "repository:alice/private:pull"

    def test_tokens_are_for_one_use_only(self, guarded: Guarded) -> None:
        issued = guarded.ask(auth=ALICE, offline_token="true").json()

        refresh = {"Authorization": f"Bearer {issued['refresh_token']}"}
        refused = guarded.client.get("/v2/", headers=refresh)
        assert guarded.challenge(refused)["error"] == "invalid_token"
        exchanged = self.post(guarded, grant_type="refresh_token", refresh_token=issued["token"])
        assert (exchanged.status_code, errors(exchanged)) == (401, ["UNAUTHORIZED"])

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"username": "alice", "password": "wrong"}, 401),
            ({"grant_type": "refresh_token"}, 401),
            ({"grant_type": "magic"}, 400),
            ({"grant_type": ""}, 400),
            ({"service": ""}, 400),
            ({"client_id": ""}, 400),
            ({"scope": "x" * 70_000}, 413),
        ],
    )
    def test_what_is_refused(self, guarded: Guarded, fields: dict[str, str], status: int) -> None:
        answer = self.post(guarded, **fields)

        assert answer.status_code == status
        assert len(errors(answer)) == 1

    @pytest.mark.parametrize("content", [b"scope=\xff", b"", b"%ff=%ff", b"&&&"])
    def test_a_form_that_is_none(self, guarded: Guarded, content: bytes) -> None:
        answer = guarded.client.post("/token", content=content)

        assert answer.status_code == 400


class TestMounting:
    """A mount needs to pull from the source as well."""

    TARGET = "repository:alice/target:pull,push"
    SECRET = digest_of(b"only in alice/private")

    def mount(
        self, guarded: Guarded, headers: dict[str, str], target: str, **source: str
    ) -> httpx.Response:
        return guarded.client.post(
            f"/v2/{target}/blobs/uploads/", params={"mount": self.SECRET} | source, headers=headers
        )

    def test_with_a_token_for_both(self, guarded: Guarded) -> None:
        headers = guarded.bearer(
            "repository:alice/copy:pull,push", "repository:alice/private:pull", auth=ALICE
        )

        answer = self.mount(guarded, headers, "alice/copy", **{"from": "alice/private"})

        assert answer.status_code == 201
        deleted = guarded.client.delete(
            answer.headers["Location"],
            headers=guarded.bearer("repository:alice/copy:delete", auth=ALICE),
        )
        assert deleted.status_code == 202

    def test_a_token_for_the_target_alone_is_challenged_for_both(self, guarded: Guarded) -> None:
        headers = guarded.bearer(self.TARGET, auth=ALICE)

        answer = self.mount(guarded, headers, "alice/target", **{"from": "alice/private"})

        found = guarded.challenge(answer)
        assert found["error"] == "insufficient_scope"
        assert found["scope"] == f"{self.TARGET} repository:alice/private:pull"

    @pytest.mark.parametrize("source", [{"from": "alice/private"}, {}], ids=["from", "anywhere"])
    def test_without_the_right_to_the_source_it_is_an_upload(
        self, guarded: Guarded, source: dict[str, str]
    ) -> None:
        headers = guarded.bearer(
            "repository:mallory/x:pull,push", "repository:alice/private:pull", auth=MALLORY
        )

        assert self.mount(guarded, headers, "mallory/x", **source).status_code == 202


def test_the_catalog_names_what_may_be_pulled(guarded: Guarded) -> None:
    def listed(auth: tuple[str, str]) -> list[str]:
        headers = guarded.bearer("registry:catalog:*", auth=auth)
        names: list[str] = guarded.client.get("/v2/_catalog", headers=headers).json()[
            "repositories"
        ]
        return names

    assert "alice/public" in listed(MALLORY)
    assert "alice/private" not in listed(MALLORY)
    assert {"alice/public", "alice/private"} <= set(listed(ALICE))


def test_tokens_are_good_after_a_restart(tmp_path: Path) -> None:
    headers: dict[str, str] = {}
    for run in range(2):
        with registry_server(tmp_path, Neighbours()) as registry:
            secret = registry.storage.database.secret("registry")
        with registry_server(tmp_path, Neighbours(), TokenMint(secret)) as registry:
            if run == 0:
                token = registry.client.get("/token", auth=ALICE).json()["token"]
                headers = {"Authorization": f"Bearer {token}"}
            assert registry.client.get("/v2/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("repository:a/b:pull,push", Scope("a/b", frozenset({"pull", "push"}))),
        ("repository:host:5000/a:pull", Scope("host:5000/a", frozenset({"pull"}))),
        ("repository(image):a:pull", Scope("a", frozenset({"pull"}))),
        ("registry:catalog:*", Scope("catalog", frozenset({"*"}), "registry")),
    ],
)
def test_scopes(text: str, found: Scope) -> None:
    assert parse_scopes([text]) == [found]


def test_a_token_for_another_service() -> None:
    token = TokenMint(b"secret", "one").access_token("alice", [])

    assert TokenMint(b"secret", "one").grant(token).subject == "alice"
    with pytest.raises(InvalidToken):
        TokenMint(b"secret", "two").grant(token)
    with pytest.raises(InvalidToken):
        TokenMint(b"other", "one").grant(token)


def test_a_push_is_its_subjects(guarded: Guarded) -> None:
    headers = guarded.bearer("repository:alice/mine:pull,push", auth=ALICE)
    for content in (b"config", b"layer"):
        digest = digest_of(content)
        path = f"/v2/alice/mine/blobs/uploads/?digest={digest}"
        assert guarded.client.post(path, content=content, headers=headers).status_code == 201
    document = encoded(image(b"config", [b"layer"]))

    path = "/v2/alice/mine/manifests/v1"
    assert guarded.client.put(path, content=document, headers=headers).status_code == 201

    tag = guarded.registry.storage.tags.get("alice/mine", "v1")
    assert tag is not None
    assert tag.pushed_by == "alice"
