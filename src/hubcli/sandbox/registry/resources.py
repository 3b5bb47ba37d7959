"""From a path to the handlers of its methods.

The Hub API lives on the same port and below `/v2/` too: what its routes begin with can be no
namespace of a repository here.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hubcli.sandbox.access import Refusal
from hubcli.sandbox.registry.replies import RegistryError

RESERVED = frozenset(
    {
        "access-tokens",
        "api_tokens",
        "auditlogs",
        "auth",
        "categories",
        "invites",
        "logout",
        "namespaces",
        "orgs",
        "repositories",
        "scim",
        "search",
        "user",
        "users",
    }
)
"""First parts of Hub API paths below `/v2/`: never the first part of a repository's name."""

Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


class _Repository(Convertor[str]):
    """Anything that is not the Hub API's; whether it is a good name, the handler says."""

    regex = rf"(?!(?:{'|'.join(sorted(RESERVED))})(?:/|$)).+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("repository", _Repository())


class Resource:
    """One path: a handler for each method; every failure becomes an errors body.

    Handlers that are no coroutine functions run in a worker thread, as they may wait for the disk.
    """

    def __init__(self, **handlers: Handler) -> None:
        self._handlers = {method.upper(): handler for method, handler in handlers.items()}
        if "GET" in self._handlers:
            self._handlers.setdefault("HEAD", self._handlers["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            handler = self._handlers.get(request.method)
            if handler is None:
                raise RegistryError(
                    405,
                    "UNSUPPORTED",
                    "the operation is unsupported",
                    headers={"Allow": ", ".join(sorted(self._handlers))},
                )
            if inspect.iscoroutinefunction(handler):
                answer: Response = await handler(request)
                return answer
            return await run_in_threadpool(handler, request)  # type: ignore[arg-type]  # not async
        except RegistryError as error:
            return error.response()
        except Refusal as refusal:
            return RegistryError(
                refusal.status, refusal.code, refusal.message, headers=refusal.headers
            ).response()


def at(path: str, resource: Resource) -> Route:
    """The route of a resource."""
    return Route(path, resource, include_in_schema=False)
