"""What all stand-ins have in common: people, a registry in memory, a transcript, and running."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubcli.sandbox.access import ALL_ACTIONS, OpenAccess
from hubcli.sandbox.registry import registry_routes
from hubcli.sandbox.registry.guard import TOKEN_PATH
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.tokens import TokenMint
from support.exchanges import Recorder
from support.openapi import Document, Exchange
from support.sandbox_registry import serving

NEVER = 3600
"""Seconds to wait before the next try, which nobody does: the failure has to come at once."""


@dataclass(frozen=True)
class Running:
    """A registry that the conformance table runs over, real or not.

    `config` are the lines of its row in hubcli's configuration; `identity` are the variables that
    make the user somebody there without a login. `secrets` must never be seen by other hosts, and
    `origins` (`127.0.0.1:PORT`) are the hosts that may. `transcript` are the calls of its API so
    far, `faults` how they, and its answers, depart from its contract.
    """

    row: str
    host: str
    config: str
    username: str
    secret: str
    namespace: str
    origins: Sequence[str]
    identity: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    throttle: Callable[[bool], None] | None = None
    transcript: Callable[[], Sequence[str]] = lambda: ()
    faults: Callable[[], Sequence[str]] = lambda: ()
    api_identity: bool = False
    """The API wants the identity, and knows nothing of a login to the registry."""
    untold: frozenset[str] = frozenset()
    """Fields that this double leaves out, though the real one tells them."""
    tells_when: bool = True
    """Whether who comes too often is told when to come back."""

    def named(self, name: str) -> str:
        """A repository that nobody else uses, as hubcli spells it."""
        return f"{self.host}/{self.namespace}/{name}"


class People(OpenAccess):
    """Who signs in may do everything; strangers may do nothing, or with `any_subject` all."""

    def __init__(self, username: str, secret: str) -> None:
        self.username = username
        self.secret = secret
        self.any_username = False
        self.any_subject = False

    def authenticate(self, username: str, secret: str) -> str | None:
        known = self.any_username or username == self.username
        return username if known and secret == self.secret else None

    def allowed(
        self, subject: str | None, repository: str, actions: frozenset[str]
    ) -> frozenset[str]:
        known = subject is not None or self.any_subject
        return actions & ALL_ACTIONS if known else frozenset()


@dataclass(frozen=True)
class Manifest:
    """A manifest as APIs tell of it; `number` counts those of the registry, from 1."""

    number: int
    digest: str
    media_type: str
    size: int
    pushed: datetime
    tags: Sequence[str]


class StandIn:
    """A registry by script. Subclasses say which, and have the routes of its API.

    `row` names the provider's row, `host` is the one in references. Its `/v2/` side is that of the
    sandbox, in `wire` as the registry's quirks have it. Where `apart`, the API has its own host.
    `token_path` is where the token server is.
    """

    row: str
    host: str
    namespace = "acme"
    username = "alice"
    apart = False
    api_identity = False
    untold: frozenset[str] = frozenset()
    tells_when = True
    token_path = "/token"
    records_wire = False
    """Whether the transcript is of `/v2/`, for want of another API."""

    def __init__(self) -> None:
        self.secret = f"{self.row}-secret-{secrets.token_hex(12)}"
        self.people = People(self.username, self.secret)
        self.storage = Storage(None)
        self.mint: TokenMint | None = TokenMint(secrets.token_bytes(32))
        self.throttled = False

    # What subclasses have

    def routes(self) -> Sequence[Route]:
        """The routes of the API."""
        return ()

    def wire(self, app: ASGIApp) -> ASGIApp:
        """The registry with its quirks around it."""
        return app

    def identity(self) -> Mapping[str, str]:
        """Variables that make one somebody here without a login."""
        return {}

    def contract(self) -> Document | None:
        """What the API promises."""
        return None

    def calls(self, exchanges: Sequence[Exchange]) -> list[str]:
        """What was called, as the transcript has it; without what strangers are told first."""
        return [
            line(exchange)
            for exchange in exchanges
            if not self.records_wire or (exchange.status != 401 and exchange.path != "/token")
        ]

    def departures(self, exchanges: Sequence[Exchange]) -> list[str]:
        """How exchanges depart from the contract."""
        contract = self.contract()
        exchanges = [one for one in exchanges if one.path != self.token_path]
        if contract is None:
            return [f"{exchange}: there is no contract" for exchange in exchanges]
        return [
            f"{exchange}: {fault}"
            for exchange in exchanges
            for fault in (*contract.request_faults(exchange), *contract.answer_faults(exchange))
        ]

    def too_many(self) -> Response:
        """How the registry says that there were too many requests."""
        return JSONResponse(
            {"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]},
            429,
            {"Retry-After": str(NEVER)},
        )

    # What subclasses use

    def is_signed_in(self, request: Request, *schemes: str) -> bool:
        """Whether the header has the secret: as a bearer token, or as Basic authentication."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in schemes:
            return False
        if scheme.lower() == "basic":
            name, _, value = base64.b64decode(value).decode().partition(":")
            return self.people.authenticate(name, value) is not None
        return value == self.secret

    def manifests(self, repository: str) -> list[Manifest]:
        """What was pushed to a repository, the newest first."""
        rows = self.storage.database.rows(
            "SELECT manifests.rowid AS number, digest, media_type, image_size, pushed_at"
            " FROM registry_manifests AS manifests JOIN registry_repositories AS repositories"
            " ON repositories.id = manifests.repository_id WHERE repositories.name = ?"
            " ORDER BY pushed_at DESC, manifests.rowid DESC",
            (repository,),
        )
        return [
            Manifest(
                row["number"],
                row["digest"],
                row["media_type"],
                row["image_size"],
                datetime.fromtimestamp(row["pushed_at"], UTC),
                self.storage.tags.names_of(repository, row["digest"]),
            )
            for row in rows
        ]

    def repositories(self) -> list[str]:
        return self.storage.repositories.names()

    def forget(self, repository: str) -> None:
        """Delete a repository with all that is in it."""
        with self.storage.database.transaction() as connection:
            connection.execute("DELETE FROM registry_repositories WHERE name = ?", (repository,))

    # Running

    @contextmanager
    def running(self) -> Iterator[Running]:
        """Serve on loopback until the block ends."""
        plain = Starlette(routes=registry_routes(self.storage, self.people, self.mint))
        registry = self.wire(_with_tokens_at(self.token_path, plain))
        api: ASGIApp = Starlette(routes=list(self.routes()))
        recorder = Recorder(registry if self.records_wire else api)
        if self.records_wire:
            registry = _whole(recorder)
        else:
            api = _whole(recorder)
        together = _Either(api, registry, self.token_path)
        with ExitStack() as stack:
            stack.callback(self.storage.close)
            wire = stack.enter_context(serving(self._held(registry if self.apart else together)))
            ports = [wire]
            if self.apart:
                ports.append(stack.enter_context(serving(self._held(api))))
            rows = [f'endpoint = "http://127.0.0.1:{wire}"']
            if self.apart:
                rows.append(f'api = "http://127.0.0.1:{ports[-1]}"')
            rows.append(f'provider = "{self.row}"')
            yield Running(
                self.row,
                self.host,
                "\n".join([f'[registries."{self.host}"]', *rows, ""]),
                self.username,
                self.secret,
                self.namespace,
                [f"127.0.0.1:{port}" for port in ports],
                self.identity(),
                [self.secret],
                lambda on: setattr(self, "throttled", on),
                lambda: self.calls(recorder.exchanges),
                lambda: self.departures(recorder.exchanges),
                self.api_identity,
                self.untold,
                self.tells_when,
            )

    def _held(self, app: ASGIApp) -> ASGIApp:
        """`app`, unless there were too many requests."""

        async def held(scope: Scope, receive: Receive, send: Send) -> None:
            answer: ASGIApp = self.too_many() if self.throttled else app
            await answer(scope, receive, send)

        return held


class _Either:
    """The API for the paths that it has, the registry for all others."""

    def __init__(self, api: ASGIApp, registry: ASGIApp, token_path: str) -> None:
        self._api = api
        self._registry = registry
        self._token_path = token_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_registry = scope["path"].startswith("/v2/") or scope["path"] in {"/v2", self._token_path}
        await (self._registry if is_registry else self._api)(scope, receive, send)


def _whole(app: ASGIApp) -> ASGIApp:
    """`app`, whose answers begin when they end: nobody goes on before they are recorded."""

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def sending(message: Message) -> None:
            held.append(message)
            if message["type"] != "http.response.start":
                for one in (*held,):
                    await send(one)
                held.clear()

        await app(scope, receive, sending)

    return whole


def _with_tokens_at(path: str, app: ASGIApp) -> ASGIApp:
    """The registry with its token server at another path, as its challenges say."""

    async def moved(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == path:
            scope = {**scope, "path": TOKEN_PATH, "raw_path": TOKEN_PATH.encode()}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                asked = headers.get("www-authenticate", "")
                if asked:
                    headers["www-authenticate"] = asked.replace(f'{TOKEN_PATH}"', f'{path}"', 1)
            await send(message)

        await app(scope, receive, sending)

    return moved


Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


def refusing(statuses: Mapping[tuple[str, str], Response], app: ASGIApp) -> ASGIApp:
    """`app`, but for methods on paths with a part, as `("DELETE", "/manifests/")`."""

    async def refused(scope: Scope, receive: Receive, send: Send) -> None:
        for (method, part), answer in statuses.items():
            if scope["type"] == "http" and scope["method"] == method and part in scope["path"]:
                await answer(scope, receive, send)
                return
        await app(scope, receive, send)

    return refused


def page(request: Request, items: Sequence[Any], default: int = 30) -> tuple[list[Any], str | None]:
    """The items of the page that `page` and `per_page` ask for, and the URL of the next one."""
    size = min(int(request.query_params.get("per_page", default)), 100)
    number = int(request.query_params.get("page", 1))
    following = number * size < len(items)
    url = request.url.include_query_params(page=number + 1)
    return list(items[(number - 1) * size : number * size]), str(url) if following else None


def linked(request: Request, items: Sequence[Any]) -> Response:
    """A page of an array, with a `Link` to the next one."""
    found, following = page(request, items)
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return JSONResponse(found, headers=headers)


def line(exchange: Exchange) -> str:
    """A call as a transcript has it: what differs from run to run is left out."""
    target = re.sub(r"sha256(:|%3A)[0-9a-f]{64}", "sha256:…", exchange.target)
    target = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", target)
    return f"{exchange.method} {re.sub(r'(?<=/)[0-9]+(?=/|$)', 'N', target)}"


def stamp(moment: datetime) -> str:
    """A time as most APIs write it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def without_subjects(app: ASGIApp) -> ASGIApp:
    """`app`, but it does not say that it has listed what was pushed with a subject."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["oci-subject"]
            await send(message)

        await app(scope, receive, sending)

    return silent
