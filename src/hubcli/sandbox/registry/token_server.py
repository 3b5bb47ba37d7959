"""Where clients turn credentials into tokens (distribution's token and OAuth2 specifications).

A token is issued even where nothing of what was asked is allowed; the registry refuses it then.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hubcli import timestamps
from hubcli.sandbox.access import ALL_ACTIONS, Access
from hubcli.sandbox.registry.replies import RegistryError
from hubcli.sandbox.tokens import (
    REPOSITORY,
    InvalidToken,
    Scope,
    TokenMint,
    granted,
    parse_scopes,
)

_LONGEST_FORM = 64 << 10


class TokenEndpoints:
    """`GET` and `POST /token`."""

    def __init__(self, access: Access, mint: TokenMint) -> None:
        self._access = access
        self._mint = mint

    def get(self, request: Request) -> Response:
        """By Basic authentication, or for anybody; `offline_token=true` adds a refresh token."""
        subject = self._signed_in(request)
        scopes = parse_scopes(request.query_params.getlist("scope"))
        issued = self._issued(subject, scopes)
        answer = {"token": issued["access_token"]} | issued
        if subject is not None and request.query_params.get("offline_token") == "true":
            answer["refresh_token"] = self._mint.refresh_token(subject)
        return JSONResponse(answer)

    def _signed_in(self, request: Request) -> str | None:
        header = request.headers.get("authorization")
        if header is None:
            return None
        kind, _, encoded = header.partition(" ")
        try:
            username, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _wrong_credentials() from error
        if kind.lower() != "basic":
            raise _wrong_credentials()
        return self._subject(username, secret)

    def _subject(self, username: str, secret: str) -> str:
        subject = self._access.authenticate(username, secret)
        if subject is None:
            raise _wrong_credentials()
        return subject

    async def post(self, request: Request) -> Response:
        """By a form with a password or a refresh token (OAuth2 grants)."""
        form = await _form(request)
        return await run_in_threadpool(self._exchange, form)

    def _exchange(self, form: dict[str, str]) -> Response:
        for required in ("grant_type", "service", "client_id"):
            if not form.get(required):
                raise _bad_form(f"{required} is missing")
        grant_type = form["grant_type"]
        if grant_type == "password":
            subject = self._subject(form.get("username", ""), form.get("password", ""))
        elif grant_type == "refresh_token":
            subject = self._refreshed(form.get("refresh_token", ""))
        else:
            raise _bad_form("the grant_type is neither password nor refresh_token")
        answer = self._issued(subject, parse_scopes([form.get("scope", "")]))
        if form.get("access_type") == "offline":
            answer["refresh_token"] = self._mint.refresh_token(subject)
        return JSONResponse(answer)

    def _refreshed(self, token: str) -> str:
        try:
            return self._mint.refreshed(token)
        except InvalidToken as error:
            raise _wrong_credentials() from error

    def _issued(self, subject: str | None, scopes: Iterable[Scope]) -> dict[str, Any]:
        allowed = [granted(scope, self._allowed(subject, scope)) for scope in scopes]
        held = [scope for scope in allowed if scope.actions]
        return {
            "access_token": self._mint.access_token(subject, held),
            "scope": " ".join(str(scope) for scope in held),
            "expires_in": self._mint.lifetime,
            "issued_at": timestamps.from_epoch(int(self._mint.clock())),
        }

    def _allowed(self, subject: str | None, scope: Scope) -> frozenset[str]:
        if scope.type == REPOSITORY:
            return self._access.allowed(subject, scope.name, ALL_ACTIONS)
        if scope.is_catalog and self._access.may_list_catalog(subject):
            return frozenset({"*"})
        return frozenset()


async def _form(request: Request) -> dict[str, str]:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > _LONGEST_FORM:
            raise _bad_form("the form is too long", status=413)
    try:
        fields = parse_qs(content.decode())
    except ValueError as error:
        raise _bad_form("the form cannot be read") from error
    return {name: values[0] for name, values in fields.items()}


def _wrong_credentials() -> RegistryError:
    return RegistryError(
        401,
        "UNAUTHORIZED",
        "incorrect username or password",
        headers={"WWW-Authenticate": 'Basic realm="hubcli sandbox"'},
    )


def _bad_form(message: str, status: int = 400) -> RegistryError:
    return RegistryError(status, "UNSUPPORTED", message)
