"""What the suite and the sandbox said to each other, and what Docker's document says of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from support import openapi
from support.openapi import Document, Exchange

# No Hub API: the registry and its token server, which share the port, and the sandbox's own.
_ELSEWHERE = re.compile(
    r"/v2/?|/v2/_catalog|/v2/.+/(manifests|blobs|referrers)/.*|/v2/.+/tags/list|/token|/_sandbox/.*"
)
_LARGEST_BODY = 4 << 20
_CLIENT = "hubcli/"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Verdict:
    """Collects departures from the document, and how often hubcli used each route.

    `answered` are the documented operations of which an answer to a success was judged.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.documented: Counter[str] = Counter()
        self.undocumented: Counter[str] = Counter()
        self.answered: set[str] = set()
        path = openapi.document_path()
        self._document = Document.load(path) if path else None

    def add(self, exchange: Exchange) -> None:
        """Judge an exchange: its answer, and its request if hubcli made it."""
        if self._document is None or not is_hub(exchange):
            return
        operation = self._document.operation(exchange)
        faults = self._document.answer_faults(exchange)
        if operation is not None and exchange.status < 400:
            self.answered.add(operation.route)
        if exchange.user_agent.startswith(_CLIENT):
            faults += self._document.request_faults(exchange)
            if operation is not None:
                self.documented[operation.route] += 1
            elif route := openapi.undocumented(exchange):
                self.undocumented[route] += 1
        self.faults += [f"{exchange}: {fault} [{exchange.test}]" for fault in faults]

    def as_data(self) -> dict[str, Any]:
        """What `merge` takes, of simple types: it crosses between processes."""
        return {
            "faults": self.faults,
            "documented": dict(self.documented),
            "undocumented": dict(self.undocumented),
            "answered": sorted(self.answered),
        }

    @property
    def unexercised(self) -> list[str]:
        """Documented operations that nobody called with success: what is answered is unknown."""
        operations = self._document.operations if self._document else []
        return sorted({operation.route for operation in operations} - self.answered)

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what another process found."""
        self.faults += data["faults"]
        self.documented.update(data["documented"])
        self.undocumented.update(data["undocumented"])
        self.answered.update(data["answered"])


def is_hub(exchange: Exchange) -> bool:
    """True for requests to the Hub API; the sandbox serves other APIs on the same port."""
    return _ELSEWHERE.fullmatch(exchange.path) is None


class Recorder:
    """ASGI middleware that keeps every exchange once its answer is complete.

    Bodies are kept where they are JSON or CSV. `test` names the test that is running.
    """

    test = ""

    def __init__(self, app: App) -> None:
        self._app = app
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked, answered = _Body(scope["headers"]), _Body([])
        status = 0

        async def receiving() -> Message:
            message = await receive()
            asked.keep(message)
            return message

        async def sending(message: Message) -> None:
            nonlocal answered, status
            if message["type"] == "http.response.start":
                status, answered = message["status"], _Body(message.get("headers", []))
            answered.keep(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.exchanges.append(_exchange(scope, asked, status, answered))
            await send(message)

        await self._app(scope, receiving, sending)


class _Body:
    """The body of one message, if it is JSON or CSV of a bearable size."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.headers = {name.lower(): value.decode("latin-1") for name, value in headers}
        self.type = self.headers.get(b"content-type", "")
        self.content = b""

    def keep(self, message: Message) -> None:
        if ("json" in self.type or "csv" in self.type) and len(self.content) < _LARGEST_BODY:
            self.content += message.get("body", b"")


def _exchange(scope: Message, asked: _Body, status: int, answered: _Body) -> Exchange:
    target = scope["raw_path"].decode("ascii")
    query = scope["query_string"].decode("ascii")
    return Exchange(
        scope["method"],
        f"{target}?{query}" if query else target,
        status,
        asked.headers.get(b"user-agent", ""),
        asked.type,
        asked.content,
        answered.type,
        answered.content,
        Recorder.test,
    )
