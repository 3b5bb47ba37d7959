"""What was asked of the sandbox, for tests that count requests or look into them.

`GET /_sandbox/requests` lists the latest ones, oldest first; `DELETE` forgets them. Secrets are not
kept: of `Authorization` only the scheme, of secret fields only the type.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/_sandbox/requests"

_KEPT = 10_000
_LONGEST_BODY = 256 << 10
_SHOWN_HEADERS = (
    "accept",
    "content-length",
    "content-range",
    "content-type",
    "host",
    "if-none-match",
    "range",
    "user-agent",
)
_SECRET = ("password", "secret", "token", "code")


@dataclass
class LoggedRequest:
    """One request; `status` is None until the answer begins, `body` the JSON of a Hub request."""

    method: str
    path: str
    query: str
    headers: list[str]
    values: dict[str, str]
    authorization: str | None
    status: int | None = None
    body: Any = None


class RequestLog:
    """ASGI middleware that writes down every request before the application sees it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests: deque[LoggedRequest] = deque(maxlen=_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):
            await self._serve_log(scope, receive, send)
            return
        request = _logged(scope)
        self._requests.append(request)
        content = bytearray()

        async def receive_logged() -> Message:
            message = await receive()
            content.extend(message.get("body", b"")[: _LONGEST_BODY + 1 - len(content)])
            if not message.get("more_body"):
                request.body = _readable(bytes(content))
            return message

        async def send_logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        is_json = request.values.get("content-type", "").startswith("application/json")
        await self._app(scope, receive_logged if is_json else receive, send_logged)

    async def _serve_log(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "DELETE":
            self._requests.clear()
        response = JSONResponse([asdict(request) for request in self._requests])
        await response(scope, receive, send)


def _logged(scope: Scope) -> LoggedRequest:
    headers = Headers(scope=scope)
    authorization = headers.get("authorization")
    return LoggedRequest(
        method=scope["method"],
        path=scope["path"],
        query=_harmless_query(scope["query_string"].decode("latin-1")),
        headers=sorted(set(headers.keys())),
        values={name: headers[name] for name in _SHOWN_HEADERS if name in headers},
        authorization=None if authorization is None else authorization.partition(" ")[0],
    )


def _harmless_query(query: str) -> str:
    parameters = parse_qsl(query, keep_blank_values=True)
    if not any(_is_secret(name) for name, _ in parameters):
        return query
    return urlencode(
        [(name, "string" if _is_secret(name) else value) for name, value in parameters]
    )


def _readable(content: bytes) -> Any:
    if len(content) > _LONGEST_BODY:
        return None
    try:
        return _harmless(json.loads(content))
    except (ValueError, RecursionError):
        return None


def _harmless(value: Any) -> Any:
    """The same document with the name of its JSON type in place of every secret."""
    if isinstance(value, list):
        return [_harmless(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _type_name(entry) if _is_secret(name) else _harmless(entry)
        for name, entry in value.items()
    }


def _is_secret(name: str) -> bool:
    return name.lower().endswith(_SECRET)


def _type_name(value: Any) -> str:
    names = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}
    return names.get(type(value), "object" if isinstance(value, dict) else "array")
