"""Azure's registry: `/acr/v1` and `/oauth2` as Azure's own document has them.

Its tokens say only `access_token`; listing tags takes `metadata_read`, and a manifest goes by its
digest, never by a tag. The identity is that of an `az` which prints a token.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubcli.sandbox import webtokens
from hubcli.sandbox.tokens import InvalidToken, TokenMint, parse_scopes
from hubcli.sandbox.tokens import Scope as Wish
from support.openapi import Document, Exchange
from support.providers import contracts
from support.providers.standin import Handler, Manifest, StandIn, stamp

NULL_USER = "00000000-0000-0000-0000-000000000000"
AUDIENCE = "https://containerregistry.azure.net"
REFRESH_LIFETIME = 3 * 3600
_ACTIONS = frozenset({"pull", "push", "delete", "metadata_read", "metadata_write"})
OPEN = {f"{what}Enabled": True for what in ("delete", "write", "list", "read")}


class Azure(StandIn):
    row = "acr"
    host = "acmeregistry.azurecr.io"

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory / "azure"
        self.mint: TokenMint = TokenMint(os.urandom(32), self.host)
        self.aad_token = f"aad-{os.urandom(12).hex()}"
        self.key = os.urandom(32)
        self.locks: dict[str, dict[str, bool]] = {}
        self.created = datetime.now(UTC)
        self.page = 100

    def identity(self) -> Mapping[str, str]:
        """An `az` that is signed in, before all other programs."""
        self.directory.mkdir(exist_ok=True)
        az = self.directory / "az"
        token = {"accessToken": self.aad_token, "expires_on": 4_000_000_000, "tokenType": "Bearer"}
        az.write_text(
            '#!/bin/sh\ncase "$*" in\n'
            f'*"account get-access-token"*"--resource {AUDIENCE}"*) ;;\n'
            "*) echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1;;\nesac\n"
            f"cat <<'.'\n{json.dumps(token)}\n.\n"
        )
        az.chmod(0o755)
        return {
            "PATH": f"{self.directory}:{os.environ['PATH']}",
            "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
        }

    def contract(self) -> Document:
        text = {"type": "string"}
        return contracts.published(
            "acr/swagger.yaml",
            parameters={"name": "(?!_)(?:(?!/_).)+"},
            # Of docker's token protocol, which the document does not spell out.
            query={"GET /oauth2/token": {"client_id": text, "account": text}},
        )

    def calls(self, exchanges: Sequence[Exchange]) -> list[str]:
        """Without those for tokens."""
        return super().calls([one for one in exchanges if not one.path.startswith("/oauth2/")])

    def refresh_token(self, until: float | None = None) -> str:
        end = datetime.now(UTC).timestamp() + REFRESH_LIFETIME if until is None else until
        return webtokens.issue({"aud": self.host, "exp": int(end), "sub": self.username}, self.key)

    # The registry

    def wire(self, app: ASGIApp) -> ASGIApp:
        """Tokens are elsewhere; tags are listed by who may read metadata, and never deleted."""

        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            request = Request(scope, receive)
            path, last = scope["path"], scope["path"].rpartition("/")[2]
            if path.endswith("/tags/list"):
                name = path.removeprefix("/v2/").removesuffix("/tags/list")
                refusal = self.refusal(request, name, "metadata_read")
                if refusal is not None:
                    await refusal(scope, receive, send)
                    return
            if scope["method"] == "DELETE" and "/manifests/" in path and ":" not in last:
                answer = _error(400, "DIGEST_INVALID", "a manifest is deleted by its digest")
                await answer(scope, receive, send)
                return

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [
                        (name, value.replace(b'/token"', b'/oauth2/token"'))
                        for name, value in message["headers"]
                    ]
                await send(message)

            await app(scope, receive, sending)

        return wired

    def refusal(self, request: Request, name: str, action: str) -> Response | None:
        """The challenge for who may not do that, None for who may."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        wanted = f"registry:catalog:{action}" if not name else f"repository:{name}:{action}"
        error = ""
        if kind.lower() == "bearer":
            try:
                if self.mint.grant(token).covers(parse_scopes([wanted])[0]):
                    return None
                error = ',error="insufficient_scope"'
            except InvalidToken:
                error = ',error="invalid_token"'
        realm = f"{request.url.scheme}://{request.url.netloc}/oauth2/token"
        challenge = f'Bearer realm="{realm}",service="{self.host}",scope="{wanted}"{error}'
        return _error(401, "UNAUTHORIZED", "authentication required", challenge)

    # Its tokens

    def routes(self) -> Sequence[Route]:
        of_repository: Iterable[tuple[str, str, str, Callable[..., Response]]] = (
            ("GET", "/_tags", "metadata_read", self._tags),
            ("GET", "/_manifests", "metadata_read", self._manifests),
            ("GET", "/_tags/{tag}", "metadata_read", self._tag),
            ("GET", "/_manifests/{digest}", "metadata_read", self._manifest),
            ("DELETE", "/_tags/{tag}", "delete", self._untag),
            ("GET", "", "metadata_read", self._about),
            ("DELETE", "", "delete", self._delete),
        )
        return [
            Route("/oauth2/exchange", self._exchange, methods=["POST"]),
            Route("/oauth2/token", self._token, methods=["GET"]),
            Route("/oauth2/token", self._token_of_form, methods=["POST"]),
            Route("/acr/v1/_catalog", self._catalog, methods=["GET"]),
            Route("/acr/v1/{name:path}", self._change, methods=["PATCH"]),
            *(
                Route(f"/acr/v1/{{name:path}}{path}", self._guarded(does, act), methods=[method])
                for method, path, act, does in of_repository
            ),
        ]

    async def _exchange(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("grant_type") != "access_token" or form.get("service") != self.host:
            return _error(400, "UNSUPPORTED", "the grant_type or the service is not known")
        if form.get("access_token") != self.aad_token:
            return _error(401, "UNAUTHORIZED", "authentication required, the token is not valid.")
        return JSONResponse({"refresh_token": self.refresh_token()})

    def _token(self, request: Request) -> Response:
        """By Basic authentication; whoever has a refresh token uses it under the null user."""
        user, _, secret = _basic(request).partition(":")
        known = self._is_refresh_token(secret) if user == NULL_USER else self._knows(user, secret)
        if not known:
            return _error(401, "UNAUTHORIZED", "authentication required")
        return self._issued(request.query_params.getlist("scope"))

    async def _token_of_form(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("grant_type") != "refresh_token" or not form.get("scope"):
            return _error(400, "UNSUPPORTED", "the grant_type or the scope is not known")
        if not self._is_refresh_token(form.get("refresh_token", "")):
            return _error(401, "UNAUTHORIZED", "authentication required")
        return self._issued([form["scope"]])

    def _knows(self, user: str, secret: str) -> bool:
        return self.people.authenticate(user, secret) is not None

    def _is_refresh_token(self, token: str) -> bool:
        claims = webtokens.claims(token, self.key) if token.count(".") == 2 else None
        return claims is not None and claims["exp"] > datetime.now(UTC).timestamp()

    def _issued(self, scopes: Sequence[str]) -> Response:
        held = [Wish(one.name, _granted(one.actions), one.type) for one in parse_scopes(scopes)]
        return JSONResponse({"access_token": self.mint.access_token(self.username, held)})

    # Its own API

    def _guarded(self, does: Callable[..., Response], action: str) -> Handler:
        def answer(request: Request) -> Response:
            name = request.path_params["name"]
            refusal = self.refusal(request, name, action)
            if refusal is None and name not in self.repositories():
                refusal = _error(404, "NAME_UNKNOWN", "repository name not known to registry")
            return does(request, name) if refusal is None else refusal

        return answer

    def _catalog(self, request: Request) -> Response:
        refusal = self.refusal(request, "", "*")
        return refusal or self._paged(request, {}, "repositories", self.repositories(), str)

    def _about(self, request: Request, name: str) -> Response:
        manifests = self.manifests(name)
        about = {
            "createdTime": _time(min((one.pushed for one in manifests), default=self.created)),
            "lastUpdateTime": _time(max((one.pushed for one in manifests), default=self.created)),
            "manifestCount": len(manifests),
            "tagCount": sum(len(one.tags) for one in manifests),
            "changeableAttributes": self._locks(name),
        }
        return JSONResponse({**self._heading(name), **about})

    async def _change(self, request: Request) -> Response:
        name = request.path_params["name"]
        body = await request.json()

        def change(_: Request, name: str) -> Response:
            self.locks[name] = {**self._locks(name), **body}
            return self._about(request, name)

        answer: Any = self._guarded(change, "metadata_write")(request)
        assert isinstance(answer, Response), name
        return answer

    def _delete(self, request: Request, name: str) -> Response:
        if not self._locks(name)["deleteEnabled"]:
            return _locked()
        manifests = self.manifests(name)
        self.forget(name)
        deleted = {
            "manifestsDeleted": [one.digest for one in manifests],
            "tagsDeleted": [tag for one in manifests for tag in one.tags],
        }
        return JSONResponse(deleted, 202)

    def _tags(self, request: Request, name: str) -> Response:
        tags = {tag: one for one in self.manifests(name) for tag in one.tags}
        rows = {tag: self._tag_row(tag, tags[tag]) for tag in _ordered(request, tags)}
        return self._paged(request, self._heading(name), "tags", rows, rows.__getitem__)

    def _manifests(self, request: Request, name: str) -> Response:
        rows = {one.digest: self._manifest_row(one) for one in self.manifests(name)}
        return self._paged(
            request, self._heading(name), "manifests", _ordered(request, rows), rows.__getitem__
        )

    def _tag(self, request: Request, name: str) -> Response:
        tag = request.path_params["tag"]
        for one in self.manifests(name):
            if tag in one.tags:
                return JSONResponse({**self._heading(name), "tag": self._tag_row(tag, one)})
        return _error(404, "TAG_UNKNOWN", "the specified tag does not exist")

    def _manifest(self, request: Request, name: str) -> Response:
        for one in self.manifests(name):
            if one.digest == request.path_params["digest"]:
                return JSONResponse({**self._heading(name), "manifest": self._manifest_row(one)})
        return _error(404, "MANIFEST_UNKNOWN", "manifest is not found")

    def _untag(self, request: Request, name: str) -> Response:
        if not self._locks(name)["deleteEnabled"]:
            return _locked()
        if self.storage.tags.get(name, request.path_params["tag"]) is None:
            return _error(404, "TAG_UNKNOWN", "the specified tag does not exist")
        self.storage.tags.delete(name, request.path_params["tag"])
        return Response(status_code=202)

    def _locks(self, name: str) -> dict[str, bool]:
        return self.locks.get(name, OPEN)

    def _heading(self, name: str) -> dict[str, str]:
        return {"registry": self.host, "imageName": name}

    def _tag_row(self, tag: str, one: Manifest) -> dict[str, Any]:
        times = {"createdTime": _time(one.pushed), "lastUpdateTime": _time(one.pushed)}
        locks = {"signed": False, "changeableAttributes": OPEN}
        return {"name": tag, "digest": one.digest, **times, **locks}

    def _manifest_row(self, one: Manifest) -> dict[str, Any]:
        return {
            "digest": one.digest,
            "imageSize": one.size,
            "createdTime": _time(one.pushed),
            "lastUpdateTime": _time(one.pushed),
            "mediaType": one.media_type,
            **({"tags": list(one.tags)} if one.tags else {}),
            "changeableAttributes": OPEN,
        }

    def _paged(
        self,
        request: Request,
        heading: Mapping[str, str],
        member: str,
        names: Iterable[str],
        row: Callable[[str], Any],
    ) -> Response:
        """The page after `last`; a `Link` is a path, as Azure's are."""
        size = min(int(request.query_params.get("n", self.page)), self.page)
        last = request.query_params.get("last", "")
        left = list(names)
        left = left[left.index(last) + 1 :] if last in left else left
        headers = {}
        if len(left) > size:
            order = request.query_params.get("orderby", "")
            query = f"last={quote(left[size - 1], safe='')}&n={size}&orderby={order}"
            headers["Link"] = f'<{request.scope["raw_path"].decode()}?{query}>; rel="next"'
        body = {**heading, member: [row(name) for name in left[:size]]}
        return JSONResponse(body, headers=headers)


def _ordered(request: Request, names: Iterable[str]) -> Iterable[str]:
    """They are the newest first, unless the order of names is wanted."""
    return names if request.query_params.get("orderby") == "timedesc" else sorted(names)


def _granted(actions: frozenset[str]) -> frozenset[str]:
    """Who reads metadata may pull here; `*` is everything."""
    wanted = actions | _ACTIONS if "*" in actions else actions
    return wanted | {"pull"} if "metadata_read" in wanted else wanted


def _locked() -> Response:
    return _error(405, "UNSUPPORTED", "The operation is disallowed on this registry or repository.")


def _error(status: int, code: str, message: str, challenge: str | None = None) -> Response:
    headers = {"WWW-Authenticate": challenge} if challenge else None
    return JSONResponse({"errors": [{"code": code, "message": message}]}, status, headers)


def _basic(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(value).decode() if scheme.lower() == "basic" else ""


async def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}


def _time(moment: datetime) -> str:
    """With seven digits of a second, as .NET writes it."""
    return stamp(moment).replace("Z", ".1234567Z")
