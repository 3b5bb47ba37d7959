"""Bearer tokens of the sandbox's registry (distribution's token specification).

To clients they are opaque. They are JSON web tokens signed with HMAC, by a secret that only this
sandbox has; one secret serves access tokens, which open a few repositories for minutes, and
refresh tokens, which the token server takes instead of a password.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hubcli.sandbox import webtokens
from hubcli.sandbox.access import ALL_ACTIONS

REPOSITORY = "repository"
LIFETIME = 300
"""Seconds that an access token is good for, as Docker Hub's are."""

_TYPE = re.compile(r"[a-z0-9]+(?:\([a-z0-9]+\))?")


class InvalidToken(Exception):
    """Not signed here, for something else, or past its time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be done with a resource: `repository:library/alpine:pull,push`."""

    name: str
    actions: frozenset[str]
    type: str = REPOSITORY

    def __str__(self) -> str:
        return f"{self.type}:{self.name}:{','.join(sorted(self.actions, key=_customary))}"

    @property
    def is_catalog(self) -> bool:
        return (self.type, self.name) == ("registry", "catalog")


CATALOG = Scope("catalog", frozenset({"*"}), type="registry")


def _customary(action: str) -> tuple[int, str]:
    order = ("pull", "push", "delete")
    return (order.index(action) if action in order else len(order), action)


def parse_scopes(parameters: Iterable[str]) -> list[Scope]:
    """The scopes in `scope` parameters, each of which may hold several with spaces between.

    What is no scope is left out, as nothing could be granted for it. The name may have a colon
    itself (`host:port/name`), and a class behind the type is ignored.
    """
    found = []
    for text in " ".join(parameters).split():
        kind, _, rest = text.partition(":")
        name, _, actions = rest.rpartition(":")
        if _TYPE.fullmatch(kind) and name and actions:
            found.append(Scope(name, frozenset(actions.split(",")), kind.partition("(")[0]))
    return found


@dataclass(frozen=True, slots=True)
class Grant:
    """Who asks, and what the token allows; `scopes` None is everything (no tokens are in use)."""

    subject: str | None
    scopes: tuple[Scope, ...] | None = None

    def covers(self, wanted: Scope) -> bool:
        """Whether all actions of `wanted` are allowed."""
        if self.scopes is None:
            return True
        held: set[str] = set()
        for scope in self.scopes:
            if (scope.type, scope.name) == (wanted.type, wanted.name):
                held |= scope.actions
        return wanted.actions <= held


class TokenMint:
    """Issues tokens and reads them back.

    `service` is the audience, `lifetime` the seconds an access token is good for. Refresh tokens
    do not end by themselves.
    """

    def __init__(
        self,
        secret: bytes,
        service: str = "registry.docker.io",
        *,
        lifetime: int = LIFETIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.service = service
        self.lifetime = lifetime
        self.clock = clock
        self._secret = secret

    def access_token(self, subject: str | None, scopes: Iterable[Scope]) -> str:
        """A token for exactly `scopes`."""
        now = int(self.clock())
        access = [
            {"type": scope.type, "name": scope.name, "actions": sorted(scope.actions)}
            for scope in scopes
        ]
        return self._signed(
            {"use": "access", "sub": subject, "iat": now, "exp": now + self.lifetime}
            | {"access": access}
        )

    def refresh_token(self, subject: str) -> str:
        """A token that stands for the password of `subject` at the token server."""
        return self._signed({"use": "refresh", "sub": subject, "iat": int(self.clock())})

    def grant(self, token: str) -> Grant:
        """What an access token allows; InvalidToken for any other text."""
        claims = self._claims(token, "access")
        if claims["exp"] <= self.clock():
            raise InvalidToken("the token has expired")
        scopes = (
            Scope(entry["name"], frozenset(entry["actions"]), entry["type"])
            for entry in claims["access"]
        )
        return Grant(claims["sub"], tuple(scopes))

    def refreshed(self, token: str) -> str:
        """The subject of a refresh token; InvalidToken for any other text."""
        return str(self._claims(token, "refresh")["sub"])

    def _signed(self, claims: dict[str, Any]) -> str:
        return webtokens.issue(
            {"iss": "hubcli-sandbox", "aud": self.service} | claims, self._secret
        )

    def _claims(self, token: str, use: str) -> dict[str, Any]:
        claims = webtokens.claims(token, self._secret)
        if claims is None:
            raise InvalidToken("the token was not issued here")
        if claims["use"] != use or claims["aud"] != self.service:
            raise InvalidToken("the token is for something else")
        return claims


def granted(scope: Scope, allowed: frozenset[str]) -> Scope:
    """The part of a scope that was `allowed`; `*` asks for every action there is."""
    wanted = scope.actions | ALL_ACTIONS if "*" in scope.actions else scope.actions
    return Scope(scope.name, wanted & allowed, scope.type)
