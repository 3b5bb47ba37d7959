"""Faults on demand: what a network and a busy service do to a client, switched on over HTTP.

`POST /_sandbox/faults` takes a rule or a list of them and adds them to those there are; `GET` shows
them with the number of requests each has met, `DELETE` clears them. The first rule that applies to
a request decides; one without a fault of its own keeps the request from the rules behind it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/_sandbox/faults"


class InvalidRule(ValueError):
    """A rule that says something else than rules can say."""


@dataclass
class Rule:
    """What happens to requests whose `METHOD /path` the regular expression `match` is found in.

    The first `skip` of them pass, the next `times` (None: all) get the fault:

    - `status`: this answer instead of the real one, with `headers` and `body` (text, or JSON)
    - `retry_after`: a `Retry-After` header of seconds or of a date; alone it means a 429
    - `delay_seconds`: a wait before anything is sent
    - `chunk_delay_seconds`: a wait before each piece of the body
    - `cut_after_bytes`: the connection is closed after so much of the answer's body
    - `cut_request_after_bytes`: the same for the request's body; the client gets a 500 at best
    """

    match: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    retry_after: float | str | None = None
    delay_seconds: float = 0
    chunk_delay_seconds: float = 0
    cut_after_bytes: int | None = None
    cut_request_after_bytes: int | None = None
    skip: int = 0
    times: int | None = None
    met: int = 0

    def __post_init__(self) -> None:
        self.pattern = re.compile(self.match)

    def applies(self, line: str) -> bool:
        """Whether this rule decides over the request `METHOD /path`; counts those it meets."""
        if not self.pattern.search(line):
            return False
        if self.times is not None and self.met >= self.skip + self.times:
            return False
        self.met += 1
        return self.met > self.skip

    def answer(self) -> Response | None:
        """The answer to give instead of the real one, if the rule has one."""
        status = self.status or (429 if self.retry_after is not None else None)
        if status is None:
            return None
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = _header_value(self.retry_after)
        body = _default_body(status) if self.body is None else self.body
        if isinstance(body, str):
            return Response(body, status, headers, media_type="text/plain")
        return JSONResponse(body, status, headers)

    def shown(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


def parse_rule(document: object) -> Rule:
    """Read a rule as posted; InvalidRule says what is wrong with it."""
    if not isinstance(document, dict) or not isinstance(document.get("match"), str):
        raise InvalidRule("a rule is an object with a regular expression as its match")
    for name, value in document.items():
        if name not in _KINDS:
            raise InvalidRule(f"a rule has no {name}")
        if value is not None and not isinstance(value, _KINDS[name]):
            raise InvalidRule(f"the {name} is not of the right type")
    given = {name: value for name, value in document.items() if value is not None}
    try:
        return Rule(**given)
    except re.error as error:
        raise InvalidRule(f"the match is no regular expression: {error}") from error


_KINDS: dict[str, type | tuple[type, ...]] = {
    "match": str,
    "status": int,
    "headers": dict,
    "body": object,
    "retry_after": (int, float, str),
    "delay_seconds": (int, float),
    "chunk_delay_seconds": (int, float),
    "cut_after_bytes": int,
    "cut_request_after_bytes": int,
    "skip": int,
    "times": int,
}


def _header_value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _default_body(status: int) -> dict[str, Any]:
    """Something that clients of the registry and of the Hub API can both read."""
    code = "TOOMANYREQUESTS" if status == 429 else "UNKNOWN"
    message = f"this sandbox was told to answer {status}"
    return {"errors": [{"code": code, "message": message}], "message": message, "detail": message}


class FaultInjection:
    """ASGI middleware: the rules, and what they do to the application behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._rules: list[Rule] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == PATH:
            response = await self._switch(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _switch(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._rules.clear()
        elif request.method == "POST":
            try:
                posted = json.loads(await request.body())
                rules = posted if isinstance(posted, list) else [posted]
                self._rules += [parse_rule(rule) for rule in rules]
            except ValueError as error:
                return JSONResponse({"message": str(error)}, 400)
        elif request.method != "GET":
            return JSONResponse({"message": "GET, POST or DELETE"}, 405)
        return JSONResponse([rule.shown() for rule in self._rules])

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = f"{scope['method']} {scope['path']}"
        rule = next((rule for rule in self._rules if rule.applies(line)), None)
        if rule is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(rule.delay_seconds)
        app = rule.answer() or self._app
        wire = _Wire(rule, receive, send)
        try:
            await app(scope, wire.receive, wire.send)
        except Exception:
            if not wire.cut:
                raise


class _Wire:
    """One request and its answer on their way through a rule.

    Returning from the application with the answer incomplete makes the server close the
    connection: that is the cut.
    """

    def __init__(self, rule: Rule, receive: Receive, send: Send) -> None:
        self.cut = False
        self._rule = rule
        self._receive = receive
        self._send = send
        self._sent = 0
        self._received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        limit = self._rule.cut_request_after_bytes
        if limit is None or message["type"] != "http.request":
            return message
        body: bytes = message.get("body", b"")
        left = limit - self._received
        self._received += len(body)
        if len(body) <= left and left > 0:
            return message
        self.cut = True
        if left > 0:
            return {"type": "http.request", "body": body[:left], "more_body": True}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(self._rule.chunk_delay_seconds)
            message = self._shortened(message)
        if not self.cut or message.get("body"):
            await self._send(message)
        if self.cut:
            raise ConnectionError("this sandbox was told to cut the connection here")

    def _shortened(self, message: Message) -> Message:
        limit = self._rule.cut_after_bytes
        body: bytes = message.get("body", b"")
        if limit is None or self._sent + len(body) < limit:
            self._sent += len(body)
            return message
        self.cut = True
        left = max(limit - self._sent, 0)
        return {"type": message["type"], "body": body[:left], "more_body": True}
