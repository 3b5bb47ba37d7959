"""One call of the Hub API: who makes it, what it says, and the routes it may take.

Endpoints are plain functions run in worker threads: `Call -> Response`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hubcli.sandbox.accounts import Identity
from hubcli.sandbox.hub.answers import Problem, detail, forbidden, invalid, unauthorized
from hubcli.sandbox.hub.limits import ApiLimits
from hubcli.sandbox.hub.sessions import Sessions

_LARGEST_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose body has been read and whose bearer token has been checked."""

    request: Request
    content: bytes
    identity: Identity | None

    def part(self, name: str) -> str:
        """A segment of the path; Hub's names are in lower case."""
        return str(self.request.path_params[name])

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def signed_in(self) -> Identity:
        """The caller's identity; 401 for an anonymous one."""
        if self.identity is None:
            raise unauthorized()
        return self.identity

    def document(self) -> Any:
        """The JSON document that was sent; nothing at all is an empty object."""
        try:
            document = json.loads(self.content or b"{}")
            # Half of a surrogate pair can be spelled in JSON, but is no text.
            json.dumps(document, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise detail(400, "JSON parse error") from None
        return document

    def body(self) -> Body:
        """The JSON object that was sent."""
        document = self.document()
        if not isinstance(document, dict):
            raise detail(400, "JSON parse error - an object is expected")
        return Body(document)


class Body:
    """A JSON object whose members are checked in Django's way: 400 `{"<field>": ["…"]}`."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = members

    def __contains__(self, name: str) -> bool:
        return self.members.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        value = self._required(name, default)
        if not isinstance(value, str):
            raise invalid(name, "Not a valid string.")
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self._required(name, default)
        if not isinstance(value, bool):
            raise invalid(name, "Must be a valid boolean.")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._required(name, None)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid(name, "Expected a list of strings.")
        return value

    def _required(self, name: str, default: object) -> object:
        value = self.members.get(name)
        value = default if value is None else value
        if value is None:
            raise invalid(name, "This field is required.")
        return value


Endpoint = Callable[[Call], Response]


class Gateway:
    """Turns endpoints into routes: reads bodies, checks tokens, words problems, counts calls."""

    def __init__(self, sessions: Sessions, limits: ApiLimits) -> None:
        self._sessions = sessions
        self._limits = limits

    def route(
        self,
        methods: str,
        path: str,
        endpoint: Endpoint,
        *,
        legacy: bool = False,
        login: bool = False,
    ) -> list[Route]:
        """`endpoint` under `path`, with and without a slash at its end.

        A `legacy` route refuses organization access tokens; a `login` route takes no bearer token.
        """

        async def handle(request: Request) -> Response:
            identity = None
            try:
                content = await _content(request)
                identity = None if login else self._identity(request, legacy)
                call = Call(request, content, identity)
                response = await run_in_threadpool(endpoint, call)
            except Problem as problem:
                response = problem.response
            response.headers.update(self._limits.headers(request, identity))
            return response

        paths = (path.rstrip("/"), f"{path.rstrip('/')}/")
        return [Route(each, handle, methods=methods.split()) for each in paths]

    def _identity(self, request: Request, legacy: bool) -> Identity | None:
        identity = self._sessions.identity(request.headers.get("authorization"))
        if legacy and identity is not None and identity.is_organization:
            raise forbidden("token issued from organization access token is not allowed")
        return identity


async def _content(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LARGEST_BODY:
            raise detail(413, "Request body is too large")
    return bytes(content)
