"""The `/v2/` side of Quay: its token server, its pages, and how it counts what was uploaded."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubcli.sandbox.access import DELETE, PULL, PUSH
from hubcli.sandbox.tokens import Grant, InvalidToken
from hubcli.sandbox.tokens import Scope as TokenScope

if TYPE_CHECKING:
    from support.providers.quay import Entry, QuayRegistry

_SCOPE = re.compile(r"repository:((?:[.\w-]+/)*[.\w-]+):((?:push|pull|\*)(?:,(?:push|pull|\*))*)")
_UPLOAD = re.compile(r"/v2/.+/blobs/uploads/[^/]*")
_MANIFEST = re.compile(r"/v2/(.+)/manifests/([^/]+)")
_REFERRERS = re.compile(r"/v2/(.+)/referrers/([^/]+)")
_RANGE = re.compile(r"0-(\d+)")
_TAGS_OF_A_PAGE = 100


class Wire:
    """The sandbox's registry with Quay's habits around it.

    Tokens come from `/v2/auth`, which answers 400 to the actions and scopes that it does not know
    and creates what `push` is asked for; whoever may push may delete. The catalog is empty to
    strangers, pages are of a hundred, their links absolute. Blobs are not deleted; what was, has
    "expired", and referrers are told of what is there only. The status of an upload is one byte
    too many, without a location, and so is what a 416 says.
    """

    def __init__(self, quay: QuayRegistry, app: ASGIApp) -> None:
        self._quay = quay
        self._app = app
        self._own = Starlette(
            routes=[Route("/v2/auth", self._token), Route("/v2/_catalog", self._catalog)]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in {"/v2/auth", "/v2/_catalog"}:
            await self._own(scope, receive, send)
        elif path == "/token":
            await Response(status_code=404)(scope, receive, send)
        elif scope["method"] == "DELETE" and "/blobs/sha256:" in path:
            await _errors(405, "UNSUPPORTED", "The operation is unsupported.")(scope, receive, send)
        else:
            await self._registry(scope, receive, send)

    async def _registry(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/tags/list"):
            scope = {**scope, "query_string": _clamped(scope["query_string"])}
        lost = self._lost(scope)
        if lost is not None:
            await lost(scope, receive, send)
            return
        doomed = self._doomed(scope)

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._change(scope, message)
                if message["status"] == 202:
                    self._quay.lose(doomed)
                self._quay.chunks_refused += message["status"] == 416
                if scope["method"] == "PATCH" and self._quay.answers_to_lose:
                    self._quay.answers_to_lose -= 1
                    message["status"] = 502
            await send(message)

        await self._app(scope, receive, changed)

    def _lost(self, scope: Scope) -> Response | None:
        """The refusal of a tag that is gone, and of referrers of what was never there."""
        subject = _REFERRERS.fullmatch(scope["path"])
        if subject is not None:
            stored = self._quay.storage.manifests.get(subject[1], subject[2])
            return None if stored else _errors(400, "MANIFEST_INVALID", "manifest invalid")
        named = _MANIFEST.fullmatch(scope["path"])
        if named is None or scope["method"] == "PUT":
            return None
        if any(named[2] in {one.tag, one.digest} for one in self._quay.entries(named[1])):
            return None
        if any((one.repository, one.tag) == named.groups() for one in self._quay.lost):
            return _errors(404, "TAG_EXPIRED", f"Tag {named[2]} was deleted or has expired.")
        return None

    def _doomed(self, scope: Scope) -> list[Entry]:
        """The entries of tags that a request is going to delete."""
        found = _MANIFEST.fullmatch(scope["path"])
        if found is None or scope["method"] != "DELETE":
            return []
        return [one for one in self._quay.entries(found[1]) if found[2] in {one.tag, one.digest}]

    def _change(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        origin = f"http://{Request(scope).headers['host']}"
        challenge = headers.get("www-authenticate")
        if challenge is not None:
            challenge = challenge.replace('/token"', '/v2/auth"').replace(":delete", ":pull,push")
            headers["www-authenticate"] = challenge
        link = headers.get("link")
        if link is not None:
            headers["link"] = link.replace("</", f"<{origin}/")
        if _UPLOAD.fullmatch(scope["path"]) and "range" in headers:
            self._recount(scope["method"], message["status"], headers)

    def _recount(self, method: str, status: int, headers: MutableHeaders) -> None:
        told = _RANGE.fullmatch(headers["range"])
        assert told is not None
        received = int(told[1]) + 1 if told[1] != "0" else 0
        if method == "POST":
            headers["range"] = "bytes=0--1"
        elif method == "GET":
            headers["range"] = f"bytes=0-{received}"
            del headers["location"]
        elif status == 416:
            headers["range"] = f"0-{received}"

    # The token server

    def _token(self, request: Request) -> Response:
        scopes = request.query_params.getlist("scope")
        subject = None
        if "authorization" in request.headers:
            subject = self._somebody(request.headers["authorization"])
            if subject is None:
                return _errors(401, "UNAUTHORIZED", "Invalid username or password.")
        elif not scopes:
            return _errors(
                401, "UNAUTHORIZED", "access to the requested resource is not authorized"
            )
        held = []
        for text in scopes:
            known = _SCOPE.fullmatch(text)
            if known is None:
                reason = f"Unable to decode repository and actions: {text}"
                return _errors(400, "INVALID_REQUEST", reason)
            actions = self._granted(subject, known[1], set(known[2].split(",")))
            held.append(TokenScope(known[1], frozenset(actions)))
        assert self._quay.mint is not None
        return JSONResponse({"token": self._quay.mint.access_token(subject, held)})

    def _somebody(self, header: str) -> str | None:
        name, _, secret = base64.b64decode(header.partition(" ")[2]).decode().partition(":")
        return self._quay.people.authenticate(name, secret)

    def _granted(self, subject: str | None, repository: str, wanted: set[str]) -> set[str]:
        facts = self._quay.facts.get(repository)
        if subject is None:
            return {PULL} & wanted if facts is not None and facts.public else set()
        if "push" in wanted and repository not in self._quay.repositories():
            self._quay.make(repository)
        held = {PULL} & wanted
        if "push" in wanted:
            held |= {PUSH, DELETE}
        if "*" in wanted and subject == self._quay.people.username:
            held |= {PULL, PUSH, DELETE}
        return held

    def _catalog(self, request: Request) -> Response:
        names = self._quay.repositories() if self._grant(request).subject else []
        size = min(int(request.query_params.get("n", 100)), _TAGS_OF_A_PAGE)
        first = int(request.query_params.get("next_page", "0"))
        headers = {}
        if first + size < len(names):
            url = request.url.replace(query=urlencode({"n": size, "next_page": first + size}))
            headers["Link"] = f'<{url}>; rel="next"'
        return JSONResponse({"repositories": names[first : first + size]}, headers=headers)

    def _grant(self, request: Request) -> Grant:
        assert self._quay.mint is not None
        try:
            token = request.headers.get("authorization", "").partition(" ")[2]
            return self._quay.mint.grant(token) if token else Grant(None, ())
        except InvalidToken:
            return Grant(None, ())


def _clamped(query: bytes) -> bytes:
    given = dict(parse_qsl(query.decode()))
    size = min(int(given.get("n", _TAGS_OF_A_PAGE)), _TAGS_OF_A_PAGE)
    return urlencode({**given, "n": size}).encode()


def _errors(status: int, code: str, message: str) -> Response:
    errors = [{"code": code, "message": message, "detail": {}}]
    return JSONResponse({"errors": errors}, status)
