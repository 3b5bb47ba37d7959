"""Authorization for the Hub API: a credential exchanged for a JWT that lasts ten minutes.

Endpoint: POST /v2/auth/token. An access token is never a bearer token itself; and since a bad
bearer token is worse than none, without a credential nothing is sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping

from hubcli.auth.credentials import Credential, Keychain, Kind
from hubcli.auth.tokens import jwt
from hubcli.auth.tokens.cache import Token, TokenCache
from hubcli.auth.tokens.reasons import reason
from hubcli.errors import HubcliError, NotSignedIn, Unavailable
from hubcli.http.client import Client, Request
from hubcli.http.response import Response, failure
from hubcli.reference import HUB

_LIFETIME = 600.0
_MARGIN = 60.0
_FRESH = 5.0
_LARGEST_ANSWER = 64 << 10


class HubAuthorizer:
    """Implements `http.client.Authorizer` for the Hub API; scopes mean nothing there."""

    def __init__(self, http: Client, hub_url: str, keychain: Keychain, cache: TokenCache) -> None:
        self._http = http
        self._hub_url = hub_url
        self._keychain = keychain
        self._cache = cache
        self._audience = audience(hub_url)
        self._fetched: dict[str, float] = {}
        self._lock = threading.Lock()

    def header(self, scopes: tuple[str, ...]) -> str | None:  # noqa: ARG002 - the interface's
        """`Bearer` with a JWT, None without a credential; NotSignedIn where it is refused."""
        if self._keychain.token is not None:
            return f"Bearer {self._keychain.token.secret}"
        credential = self._credential()
        return None if credential is None else self._bearer(credential, None)

    def challenged(
        self,
        scopes: tuple[str, ...],  # noqa: ARG002 - the interface's
        challenges: tuple[str, ...],  # noqa: ARG002 - Hub's say nothing
        sent: str | None,
    ) -> str | None:
        """A new JWT in the place of one that was refused, once; None to accept the 401."""
        if self._keychain.token is not None:
            raise NotSignedIn("Docker Hub refuses the token from HUBCLI_TOKEN")
        credential = self._credential()
        if credential is None or sent is None:
            return None
        return self._bearer(credential, sent.partition(" ")[2])

    def _credential(self) -> Credential | None:
        """The credential for docker.io, unless it is one that only the registry takes."""
        credential = self._keychain.find(HUB)
        if credential is None or credential.kind is Kind.REFRESH_TOKEN:
            return None
        return credential

    def _bearer(self, credential: Credential, refused: str | None) -> str | None:
        with self._lock:
            token = self._cache.find(self._audience, credential.identity, ())
            if token is not None and token.value == refused:
                fetched = self._fetched.get(refused)
                if fetched is not None and self._cache.now() - fetched < _FRESH:
                    return None
                self._cache.drop(self._audience, refused)
                token = None
            if token is None:
                asking = self._cache.asking(self._audience, credential.identity, (), refused)
                with asking as given:
                    token = given or self._exchange(credential)
        return f"Bearer {token.value}"

    def _exchange(self, credential: Credential) -> Token:
        started = self._cache.now()
        value = exchange(self._http, self._hub_url, credential)
        lifetime = jwt.lifetime(value) or _LIFETIME
        token = Token(value, (), started, started + max(lifetime - _MARGIN, lifetime / 2))
        self._fetched[value] = self._cache.now()
        self._cache.keep(self._audience, credential.identity, token)
        return token


def audience(hub_url: str) -> str:
    """The name of the Hub API in the token cache."""
    return f"hub {hub_url}"


def exchange(http: Client, hub_url: str, credential: Credential) -> str:
    """A JWT for a password, PAT or (with the organization's name) OAT; NotSignedIn if refused."""
    response = post(
        http,
        f"{hub_url}/v2/auth/token",
        {"identifier": credential.username, "secret": credential.secret},
        repeatable=True,  # one token more, where a first one was lost, is no harm
    )
    if not response.ok:
        raise refusal(response, credential)
    token = response.object().get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Unavailable("Docker Hub answers a sign-in without a token")
    return token


def post(
    http: Client,
    url: str,
    members: Mapping[str, object] | None,
    bearer: str | None = None,
    *,
    repeatable: bool | None = None,
) -> Response:
    """A JSON object that holds secrets, sent where it was meant to go and nowhere else."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    body = b"" if members is None else json.dumps(members).encode()
    request = Request("POST", url, headers, body, follow=False, repeatable=repeatable)
    return http.request(request, most=_LARGEST_ANSWER)


def refusal(response: Response, credential: Credential) -> HubcliError:
    """Why Hub does not take a credential, in its words and ours."""
    said = reason(response)
    if response.status != 401:
        return failure(response, said)
    what = f"Docker Hub refuses {credential.described}"
    if credential.kind is Kind.PASSWORD:
        what += "; an account with two-factor authentication or SSO needs an access token"
    return NotSignedIn(f"{what} ({said})" if said else what, hint="hubcli login")
