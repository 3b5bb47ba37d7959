"""Sessions of the Hub API: JWTs that say who signed in, and with what."""

from __future__ import annotations

import secrets
import time
from typing import Any

from hubcli.sandbox import webtokens
from hubcli.sandbox.accounts import Accounts, Identity
from hubcli.sandbox.hub.answers import unauthorized

LIFETIME = 600
"""Seconds that a session of `/v2/auth/token` lasts."""
_SECOND_FACTOR_LIFETIME = 300
_FACTS = "https://hub.docker.com"
_SECOND_FACTOR = "second-factor"


class Sessions:
    """Issues and checks JWTs signed with `key`; a session lasts `lifetime` seconds."""

    def __init__(self, accounts: Accounts, key: bytes, lifetime: float = LIFETIME) -> None:
        self._accounts = accounts
        self._key = key
        self.lifetime = lifetime

    def issue(self, identity: Identity) -> str:
        """A bearer token for the Hub API."""
        account = self._accounts.find(identity.account)
        facts = {
            "uuid": "" if account is None else account["id"],
            "email": "" if account is None else account["email"],
            "username": identity.account,
            "source": f"docker_{identity.kind}|{identity.token or identity.account}",
            "session_id": secrets.token_hex(16),
            "client_id": "hub",
            "client_name": "hub",
        }
        scope = identity.scope.label if identity.kind == "pat" else ""
        return self._signed(self.lifetime, sub=facts["uuid"], scope=scope, **{_FACTS: facts})

    def identity(self, authorization: str | None) -> Identity | None:
        """Whose token an Authorization header carries; None without one.

        Both `Bearer` and the old `JWT` are understood. A token that is not (any more) good is a
        401 even where none is needed.
        """
        if not authorization:
            return None
        scheme, _, token = authorization.partition(" ")
        claims = self._claims(token.strip())
        if scheme.lower() not in {"bearer", "jwt"} or claims is None or _FACTS not in claims:
            raise unauthorized()
        facts: dict[str, str] = claims[_FACTS]
        kind, _, token_id = facts["source"].removeprefix("docker_").partition("|")
        name = facts["username"]
        identity = self._accounts.identity(name if kind == "password" else f"{name}/{token_id}")
        if identity is None:
            raise unauthorized()
        return identity

    def await_second_factor(self, account: str) -> str:
        """A token that proves the password of `account` until the code follows."""
        return self._signed(_SECOND_FACTOR_LIFETIME, **{_SECOND_FACTOR: account})

    def awaiting_second_factor(self, token: str) -> str | None:
        """The account whose password a token of `await_second_factor` proves."""
        claims = self._claims(token)
        return None if claims is None else claims.get(_SECOND_FACTOR)

    def _claims(self, token: str) -> dict[str, Any] | None:
        claims = webtokens.claims(token, self._key)
        return None if claims is None or claims["exp"] <= time.time() else claims

    def _signed(self, lifetime: float, **claims: Any) -> str:
        issued = int(time.time())
        moments = {"iat": issued, "exp": issued + lifetime, "jti": secrets.token_hex(8)}
        return webtokens.issue({**claims, **moments}, self._key)
