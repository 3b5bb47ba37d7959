"""Authorization for registries: how many requests it takes, and what it does when it is refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hubcli.auth.challenge import Challenge, repository_scope
from hubcli.auth.credentials import Credential, Keychain, Kind
from hubcli.auth.tokens import RegistryAuthorizer, Token, TokenCache, registry
from hubcli.config import Endpoint
from hubcli.errors import ConnectionBroken, ExitCode, NotSignedIn, Unsupported
from hubcli.http.client import Client, Request
from hubcli.http.response import Response
from support.docker_registry import DockerRegistry
from support.scripted import Answer, ScriptedServer, Seen

Registries = Callable[..., DockerRegistry]

ALICE = Credential("alice", "s3cret", "keyring")
BOB = Credential("bob", "hunter2", "keyring")
WRONG = Credential("alice", "wrong", "keyring")


class Known:
    """A source with one credential for every host."""

    name = "test"

    def __init__(self, credential: Credential | None) -> None:
        self.credential = credential

    def find(self, host: str) -> Credential | None:
        return self.credential

    def accounts(self) -> dict[str, str]:
        return {}


class Run:
    """One run of hubcli against a registry: its own connections and memory, the common cache."""

    def __init__(
        self, url: str, cache: Path | None, credential: Credential | None, later: float
    ) -> None:
        self.lines: list[str] = []
        self.later = later
        self.http = Client(trace=self.lines.append, sleep=lambda _: None)
        self.endpoint = Endpoint(url.partition("://")[2], url)
        self.cache = TokenCache(cache, clock=lambda: time.time() + self.later)
        keychain = Keychain([Known(credential)], warn=self.lines.append)
        self.authorizer = RegistryAuthorizer(self.http, self.endpoint, keychain, self.cache)

    def send(self, path: str, *scopes: str, method: str = "GET") -> Response:
        request = Request(
            method,
            f"{self.endpoint.url}{path}",
            authorizer=self.authorizer,
            scopes=scopes,
            endpoint=self.endpoint,
        )
        return self.http.request(request)

    def pull(self, repository: str) -> Response:
        """A request for pulling; 404 where it was let in, since nothing is there."""
        return self.send(f"/v2/{repository}/tags/list", str(repository_scope(repository, "pull")))

    @property
    def requests(self) -> int:
        return sum(line.startswith("> ") for line in self.lines)


StartRun = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartRun]:
    """`start(registry, ALICE)`: a run with the cache of the runs before it, `later` seconds on."""
    with ExitStack() as stack:

        def make(
            target: DockerRegistry | ScriptedServer,
            credential: Credential | None = None,
            *,
            cached: bool = True,
            later: float = 0.0,
        ) -> Run:
            run = Run(target.url, tmp_path if cached else None, credential, later)
            stack.callback(run.http.close)
            return run

        yield make


@pytest.fixture
def token_registry(docker_registry: Registries) -> DockerRegistry:
    found = docker_registry("token")
    assert found.tokens is not None
    found.tokens.forget()
    return found


def tokens_of(target: DockerRegistry) -> int:
    """How many requests the token server has seen."""
    assert target.tokens is not None
    return len(target.tokens.requests())


@pytest.mark.parametrize("credential", [None, ALICE])
def test_a_first_read_takes_three_requests_and_a_second_one(
    token_registry: DockerRegistry,
    start: StartRun,
    repository: str,
    credential: Credential | None,
) -> None:
    first, second = start(token_registry, credential), start(token_registry, credential)
    assert first.pull(repository).status == 404
    assert first.requests == 3
    assert second.pull(repository).status == 404
    assert second.requests == 1
    assert tokens_of(token_registry) == 1


def test_scopes_are_asked_for_up_front(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    scope = str(repository_scope(repository, "pull", "push"))
    run = start(token_registry, ALICE)
    assert run.send(f"/v2/{repository}/blobs/uploads/", scope, method="POST").status == 202
    assert token_registry.tokens is not None
    (asked,) = token_registry.tokens.requests()
    assert asked.scopes == (f"repository:{repository}:pull,push",)
    assert (asked.user, asked.service) == ("alice", "test-registry")
    assert asked.parameters["client_id"] == "hubcli"
    assert asked.parameters["account"] == "alice"


def test_what_the_registry_asks_for_beyond_our_wish_comes_first(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    own = str(repository_scope("other/app", "pull"))
    run = start(token_registry, ALICE)
    assert run.send(f"/v2/{repository}/blobs/uploads/", own, method="POST").status == 202
    assert token_registry.tokens is not None
    assert token_registry.tokens.requests()[-1].scopes == (
        f"repository:{repository}:pull,push",
        own,
    )


def test_without_a_wish_the_challenge_says_the_scope(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert start(token_registry).send(f"/v2/{repository}/tags/list").status == 404
    assert token_registry.tokens is not None
    (asked,) = token_registry.tokens.requests()
    assert asked.scopes == (f"repository:{repository}:pull",)


@pytest.mark.parametrize("credential", [None, ALICE])
def test_sixteen_threads_take_one_token(
    token_registry: DockerRegistry,
    start: StartRun,
    repository: str,
    credential: Credential | None,
) -> None:
    run = start(token_registry, credential)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(run.pull(repository).status))
        for _ in range(16)
    ]
    assert token_registry.tokens is not None
    with token_registry.tokens.behaving(delay=0.2):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [404] * 16
    assert tokens_of(token_registry) == 1


def test_each_repository_has_its_token(token_registry: DockerRegistry, start: StartRun) -> None:
    run = start(token_registry, ALICE)
    for name in ("one/app", "two/app", "one/app"):
        assert run.pull(name).status == 404
    assert tokens_of(token_registry) == 2


def test_a_token_that_ran_out_is_replaced_before_the_request(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    start(token_registry, ALICE).pull(repository)
    second = start(token_registry, ALICE, later=290)
    assert second.pull(repository).status == 404
    assert second.requests == 2
    assert tokens_of(token_registry) == 2


def test_a_token_that_is_refused_is_replaced_once(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    start(token_registry, ALICE).pull(repository)
    run = start(token_registry, ALICE)
    scope, now = repository_scope(repository, "pull"), run.cache.now()
    run.cache.keep(
        registry.audience(run.endpoint), ALICE.identity, Token("bad", (scope,), now, now + 300)
    )
    assert run.pull(repository).status == 404
    assert run.requests == 3
    again = start(token_registry, ALICE)
    assert again.pull(repository).status == 404
    assert again.requests == 1


def test_a_server_of_bad_tokens_is_not_asked_for_ever(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert token_registry.tokens is not None
    with token_registry.tokens.behaving(lifetime=-7200):
        run = start(token_registry, ALICE)
        assert run.pull(repository).status == 401
    assert tokens_of(token_registry) <= 2


def test_missing_rights_are_accepted_without_another_token(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert token_registry.tokens is not None
    token_registry.tokens.allowed["bob"] = set()
    scope = str(repository_scope(repository, "pull", "push"))
    run = start(token_registry, BOB)
    try:
        for _ in range(3):
            path = f"/v2/{repository}/blobs/uploads/"
            assert run.send(path, scope, method="POST").status == 401
    finally:
        token_registry.tokens.allowed.clear()
    assert tokens_of(token_registry) == 1


def test_rights_that_came_since_an_earlier_run_are_used(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert token_registry.tokens is not None
    scope, path = (
        str(repository_scope(repository, "pull", "push")),
        f"/v2/{repository}/blobs/uploads/",
    )
    token_registry.tokens.allowed["bob"] = set()
    assert start(token_registry, BOB).send(path, scope, method="POST").status == 401
    token_registry.tokens.allowed.clear()
    assert start(token_registry, BOB).send(path, scope, method="POST").status == 202


def test_a_wrong_password_is_told_with_its_source(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    with pytest.raises(NotSignedIn, match=r"refuses the password of alice \(keyring\)") as failure:
        start(token_registry, WRONG).pull(repository)
    assert failure.value.exit_code is ExitCode.NOT_ALLOWED
    assert failure.value.hint == f"hubcli login {token_registry.host}"


def test_a_changed_password_does_not_use_the_old_token(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert start(token_registry, ALICE).pull(repository).status == 404
    with pytest.raises(NotSignedIn):
        start(token_registry, WRONG).pull(repository)


def test_strangers_who_get_no_token_are_answered_by_the_registry(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert token_registry.tokens is not None
    with token_registry.tokens.behaving(anonymous=False):
        assert start(token_registry).pull(repository).status == 401


def test_a_refresh_token_is_exchanged(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    assert token_registry.tokens is not None
    form = {
        "grant_type": ["password"],
        "username": ["alice"],
        "password": ["s3cret"],
        "service": ["test-registry"],
        "access_type": ["offline"],
    }
    _, body = token_registry.tokens.answer("POST", form, None)
    token_registry.tokens.forget()
    refresh = Credential("alice", str(body["refresh_token"]), "keyring", Kind.REFRESH_TOKEN)
    scope = str(repository_scope(repository, "pull", "push"))
    run = start(token_registry, refresh)
    assert run.send(f"/v2/{repository}/blobs/uploads/", scope, method="POST").status == 202
    (asked,) = token_registry.tokens.requests()
    assert (asked.grant, asked.user) == ("refresh_token", "alice")


def test_a_damaged_cache_costs_requests_only(
    token_registry: DockerRegistry, start: StartRun, repository: str, tmp_path: Path
) -> None:
    start(token_registry, ALICE).pull(repository)
    for path in (tmp_path / "tokens").glob("*.json"):
        path.write_bytes(b"\0" * 100)
    run = start(token_registry, ALICE)
    assert run.pull(repository).status == 404
    assert run.requests == 3


def test_without_a_cache_directory_every_run_is_a_first_one(
    token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    for _ in range(2):
        run = start(token_registry, ALICE, cached=False)
        assert run.pull(repository).status == 404
        assert run.requests == 3


def test_basic(docker_registry: Registries, start: StartRun, repository: str) -> None:
    target = docker_registry("htpasswd")
    first, second = start(target, ALICE), start(target, ALICE)
    assert first.pull(repository).status == 404
    assert second.pull(repository).status == 404
    assert (first.requests, second.requests) == (2, 1)


def test_basic_for_strangers_and_with_the_wrong_password(
    docker_registry: Registries, start: StartRun, repository: str
) -> None:
    target = docker_registry("htpasswd")
    assert start(target).pull(repository).status == 401
    with pytest.raises(NotSignedIn, match="refuses the password of alice"):
        start(target, WRONG).pull(repository)


def test_an_open_registry(docker_registry: Registries, start: StartRun, repository: str) -> None:
    target = docker_registry()
    stranger, first, second = start(target), start(target, ALICE), start(target, ALICE)
    for run in (stranger, first, second):
        assert run.pull(repository).status == 404
    assert (stranger.requests, first.requests, second.requests) == (1, 2, 1)


def test_printing_tokens(
    docker_registry: Registries, token_registry: DockerRegistry, start: StartRun, repository: str
) -> None:
    scopes = (str(repository_scope(repository, "pull")),)
    token = start(token_registry, ALICE).authorizer.token(scopes)
    assert start(token_registry, ALICE).authorizer.token(scopes) == token
    assert start(token_registry).authorizer.token(scopes) != token
    assert token_registry.tokens is not None
    with (
        token_registry.tokens.behaving(anonymous=False),
        pytest.raises(NotSignedIn, match="gives strangers no token"),
    ):
        start(token_registry, cached=False).authorizer.token(scopes)
    for auth in ("htpasswd", "open"):
        with pytest.raises(Unsupported, match="has no tokens"):
            start(docker_registry(auth), ALICE).authorizer.token(scopes)


# Registries that nobody can install here


class Scripted:
    """`answer("/v2/", "Basic …")` answers requests by path and by the scheme they show."""

    def __init__(self, server: ScriptedServer) -> None:
        self.url = server.url
        self.seen = server.seen
        self.challenge = f'Bearer realm="{server.url}/token",service="s"'
        self.after_bearer: str | None = None
        self.good = {"good"}
        self.silent: set[str] = set()
        self.open = False
        server.script = self.answer

    def answer(self, seen: Seen) -> Answer:
        scheme, _, value = seen.headers.get("authorization", "").partition(" ")
        if seen.path.startswith("/token"):
            token = f"t{len(self.seen)}"
            self.good.add(token)
            return Answer(200, json.dumps({"token": token}).encode())
        if (scheme == "Bearer" and value in self.good) or (
            scheme == "Basic" and seen.path == "/v2/_catalog"
        ):
            return Answer(200, b"{}")
        if self.open and seen.path == "/v2/":
            return Answer(200, b"{}")
        if seen.path in self.silent:
            return Answer(401, b"{}")
        challenge = self.after_bearer if scheme == "Bearer" else self.challenge
        return Answer(401, b"{}", {"WWW-Authenticate": challenge or self.challenge})


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with ScriptedServer(lambda _: Answer()) as server:
        yield Scripted(server)


def test_harbor_names_basic_to_whoever_comes_with_a_token(
    scripted: Scripted, start: StartRun
) -> None:
    scripted.after_bearer = 'Basic realm="harbor"'
    run = start(scripted, ALICE)
    assert run.send("/v2/app/tags/list", "repository:app:pull").status == 200
    scripted.good.clear()  # the token is over before its time
    run.later = 60
    assert run.send("/v2/app/tags/list", "repository:app:pull").status == 200
    assert scripted.seen[-1].headers["authorization"].startswith("Bearer ")
    scripted.good.clear()
    assert run.send("/v2/_catalog", "repository:app:pull").status == 200
    assert scripted.seen[-1].headers["authorization"] == ALICE.basic


def test_a_refusal_that_asks_for_nothing_is_no_open_registry(
    scripted: Scripted, start: StartRun
) -> None:
    scripted.silent = {"/v2/"}
    with pytest.raises(NotSignedIn, match="does not say what it asks for"):
        start(scripted, ALICE).authorizer.token(("repository:app:pull",))


def test_a_token_is_asked_for_rather_than_the_password(scripted: Scripted, start: StartRun) -> None:
    scripted.challenge = f'{scripted.challenge},scope="*",Basic realm="{scripted.url}/v2"'
    assert start(scripted, ALICE).send("/v2/app/tags/list").status == 200
    assert scripted.seen[-1].headers["authorization"].startswith("Bearer ")


def test_a_realm_of_an_earlier_run_that_is_gone_is_asked_for_anew(
    scripted: Scripted, start: StartRun
) -> None:
    run = start(scripted)
    gone = Challenge("bearer", {"realm": "http://127.0.0.1:9/token", "service": "s"})
    run.cache.learn(registry.audience(run.endpoint), gone)
    assert start(scripted).send("/v2/app/tags/list", "repository:app:pull").status == 200
    again = start(scripted)
    assert again.send("/v2/app/tags/list", "repository:app:pull").status == 200
    assert again.requests == 1


@pytest.mark.parametrize("header", ["", "Negotiate", "Bearer service=only", "Digest realm=x"])
def test_challenges_nobody_can_answer_leave_the_401(
    scripted: Scripted, start: StartRun, header: str
) -> None:
    scripted.challenge = header
    assert start(scripted, ALICE).send("/v2/app/tags/list").status == 401


@pytest.mark.parametrize("credential", [None, ALICE])
def test_a_401_that_asks_for_nothing_is_answered_as_the_greeting_asks(
    scripted: Scripted, start: StartRun, credential: Credential | None
) -> None:
    """gcr.io has done that; two runs, since the second one knows the challenge."""
    scripted.silent = {"/v2/app/tags/list"}
    for _ in range(2):
        run = start(scripted, credential)
        assert run.send("/v2/app/tags/list", "repository:app:pull").status == 200
        scripted.good.clear()


def test_a_401_that_asks_for_nothing_from_an_open_registry_stays(
    scripted: Scripted, start: StartRun
) -> None:
    scripted.silent = {"/v2/app/tags/list"}
    scripted.open = True
    assert start(scripted).send("/v2/app/tags/list").status == 401


def test_a_greeting_that_fails_is_told_unless_the_port_may_speak_tls(start: StartRun) -> None:
    with ScriptedServer(lambda _: Answer()) as gone:
        pass
    run = start(gone, ALICE)
    with pytest.raises(ConnectionBroken):
        run.authorizer.header(())
    guess = replace(run.endpoint, may_be_tls=True)
    keychain = Keychain([Known(ALICE)], warn=run.lines.append)
    assert RegistryAuthorizer(run.http, guess, keychain, TokenCache(None)).header(()) is None


def test_a_greeting_that_leads_elsewhere_says_nothing(scripted: Scripted, start: StartRun) -> None:
    with ScriptedServer(
        lambda _: Answer(302, b"", {"Location": f"{scripted.url}/v2/"})
    ) as redirecting:
        assert start(redirecting, ALICE).authorizer.header(()) is None
    assert all("authorization" not in seen.headers for seen in scripted.seen)


def test_a_refresh_token_is_never_shown_to_the_registry(
    scripted: Scripted, start: StartRun
) -> None:
    scripted.challenge = "Basic realm=x"
    refresh = Credential("alice", "refresh", "keyring", Kind.REFRESH_TOKEN)
    assert start(scripted, refresh).send("/v2/app/tags/list").status == 401
    assert all("authorization" not in seen.headers for seen in scripted.seen)


def test_a_token_server_on_the_same_host_costs_no_other_connection(start: StartRun) -> None:
    def script(seen: Seen) -> Answer:
        if seen.path.startswith("/token"):
            return Answer(200, b'{"token": "good"}')
        if seen.headers.get("authorization") == "Bearer good":
            return Answer(200, b'{"tags": []}')
        realm = f'Bearer realm="{server.url}/token",service="it"'
        return Answer(401, b'{"errors": []}' * 5000, {"WWW-Authenticate": realm})

    with ScriptedServer(script) as server:
        run = start(server)
        assert run.pull("a/b").ok
        assert run.requests == 3
        assert server.connections == 1
