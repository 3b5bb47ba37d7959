"""Who may go on: bearer tokens, and the challenge that says where to get one."""

from __future__ import annotations

import re

from starlette.requests import Request

from hubcli.sandbox.access import DELETE, PULL, PUSH
from hubcli.sandbox.registry.replies import RegistryError
from hubcli.sandbox.tokens import Grant, InvalidToken, Scope, TokenMint

TOKEN_PATH = "/token"  # noqa: S105 - a path

_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]+")


def to_pull(repository: str) -> Scope:
    return Scope(repository, frozenset({PULL}))


def to_push(repository: str) -> Scope:
    return Scope(repository, frozenset({PULL, PUSH}))


def to_delete(repository: str) -> Scope:
    return Scope(repository, frozenset({DELETE}))


class Guard:
    """Lets requests with the right token through; without a mint, every request."""

    def __init__(self, mint: TokenMint | None) -> None:
        self._mint = mint

    def grant(self, request: Request, *wanted: Scope) -> Grant:
        """What the request's token allows, all of `wanted` at least; else the 401 challenge.

        A repository that the subject may not know of is refused like any other.
        """
        if self._mint is None:
            return Grant(subject=None)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise self.challenge(request, *wanted)
        try:
            grant = self._mint.grant(token.strip())
        except InvalidToken as error:
            raise self.challenge(request, *wanted, error="invalid_token") from error
        if not all(grant.covers(scope) for scope in wanted):
            raise self.challenge(request, *wanted, error="insufficient_scope")
        return grant

    def challenge(self, request: Request, *wanted: Scope, error: str = "") -> RegistryError:
        """The 401 that sends the client to the token server, at the host it asked us by."""
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            host = ":".join(str(part) for part in request.scope["server"])
        parameters = {
            "realm": f"{request.url.scheme}://{host}{TOKEN_PATH}",
            "service": self._mint.service if self._mint else "",
            "scope": " ".join(str(scope) for scope in wanted),
            "error": error,
        }
        shown = ",".join(f'{name}="{value}"' for name, value in parameters.items() if value)
        detail = [
            {"Type": scope.type, "Name": scope.name, "Action": action}
            for scope in wanted
            for action in sorted(scope.actions)
        ]
        return RegistryError(
            401,
            "UNAUTHORIZED",
            "authentication required",
            detail=detail or None,
            headers={"WWW-Authenticate": f"Bearer {shown}"},
        )
