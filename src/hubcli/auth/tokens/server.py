"""The token server of a registry: GET, and OAuth2's POST for refresh tokens.

Protocol: distribution/distribution docs/content/spec/auth/{token,oauth}.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hubcli import timestamps
from hubcli.auth.challenge import Challenge, Scope
from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens import jwt
from hubcli.auth.tokens.reasons import told
from hubcli.config import Endpoint
from hubcli.errors import Denied, NotSignedIn, Unavailable
from hubcli.http import origin
from hubcli.http.client import Client, Request, with_query
from hubcli.http.response import Response, failure
from hubcli.reference import HUB

CLIENT_ID = "hubcli"
_LARGEST_ANSWER = 64 << 10
_SHORTEST_LIFE = 60.0
_LONGEST_LIFE = 86_400.0
_NO_POST = frozenset({400, 401, 404, 405})
"""How servers without OAuth2 answer a POST: Azure, Artifactory, Google, distribution's own."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token server's answer; `lifetime` is what is left of the token's life, in seconds."""

    token: str = field(repr=False)
    lifetime: float
    refresh_token: str | None = field(default=None, repr=False)


def fetch(
    http: Client,
    endpoint: Endpoint,
    challenge: Challenge,
    scopes: Sequence[Scope],
    credential: Credential | None,
    *,
    offline: bool = False,
) -> Grant | None:
    """A token for `scopes`, asked for as `credential`; None where anonymous callers get none.

    `offline` asks for a refresh token, too. NotSignedIn where the credential is refused,
    Untrusted where the realm is not one that this registry may send us to.
    """
    realm = origin.realm_target(endpoint.url, challenge.realm or "")
    response = None
    if credential is not None and credential.kind is Kind.REFRESH_TOKEN:
        response = _post(http, endpoint, realm, challenge, scopes, credential)
        named = not credential.username.startswith("<")
        if response.status not in _NO_POST or not named:
            return _grant(response, endpoint, credential)
    response = _get(http, endpoint, realm, challenge, scopes, credential, offline)
    return _grant(response, endpoint, credential)


def _get(
    http: Client,
    endpoint: Endpoint,
    realm: str,
    challenge: Challenge,
    scopes: Sequence[Scope],
    credential: Credential | None,
    offline: bool,
) -> Response:
    parameters = {
        "service": challenge.service,
        "scope": [str(scope) for scope in scopes] or None,
        "client_id": CLIENT_ID,
        "account": credential.username if credential else None,
        "offline_token": "true" if offline else None,
    }
    headers = {"Authorization": credential.basic} if credential else {}
    request = Request("GET", with_query(realm, parameters), headers, endpoint=endpoint)
    return http.request(request, most=_LARGEST_ANSWER)


def _post(
    http: Client,
    endpoint: Endpoint,
    realm: str,
    challenge: Challenge,
    scopes: Sequence[Scope],
    credential: Credential,
) -> Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": credential.secret,
        "service": challenge.service or "",
        "client_id": CLIENT_ID,
    }
    if scopes:
        form["scope"] = " ".join(str(scope) for scope in scopes)
    request = Request(
        "POST",
        realm,
        {"Content-Type": "application/x-www-form-urlencoded"},
        urlencode(form).encode(),
        endpoint=endpoint,
        follow=False,
    )
    return http.request(request, most=_LARGEST_ANSWER)


def _grant(response: Response, endpoint: Endpoint, credential: Credential | None) -> Grant | None:
    if not response.ok:
        if credential is None and response.status in {401, 403}:
            return None
        raise _refusal(response, endpoint, credential)
    answer = response.object()
    token = answer.get("token") or answer.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Unavailable(f"the token server of {endpoint.host} answers without a token")
    refresh = answer.get("refresh_token")
    lifetime = _lifetime(answer, token, response)
    return Grant(token, lifetime, refresh if isinstance(refresh, str) else None)


def _lifetime(answer: dict[str, Any], token: str, response: Response) -> float:
    """`expires_in`, 60 s where it is missing or less, minus what passed since `issued_at`.

    Azure and Quay leave it out, and have it in the token. The server's own clock (`Date`) says how
    long ago it was issued: ours may be wrong.
    """
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float):
        lifetime = jwt.lifetime(token) or _SHORTEST_LIFE
    if not math.isfinite(lifetime):
        lifetime = _SHORTEST_LIFE
    lifetime = min(max(float(lifetime), _SHORTEST_LIFE), _LONGEST_LIFE)
    issued = timestamps.parse(answer.get("issued_at"))
    told = timestamps.of_header(response.headers.get("date", ""))
    age = (told - issued).total_seconds() if issued and told else 0.0
    return lifetime - age if 0 < age < lifetime else lifetime


def _refusal(response: Response, endpoint: Endpoint, credential: Credential | None) -> Exception:
    reason, code = told(response)
    if credential is None or response.status not in {401, 403}:
        what = f"the token server of {endpoint.host} answers {response.status}"
        return failure(response, f"{what}: {reason}" if reason else what, code)
    kind = NotSignedIn if response.status == 401 else Denied
    return refused(credential, endpoint.host, reason, code, kind)


def refused(
    credential: Credential,
    host: str,
    reason: str | None = None,
    code: str | None = None,
    kind: type[NotSignedIn | Denied] = NotSignedIn,
) -> NotSignedIn | Denied:
    """The failure of a host that does not take a credential: whose it is, and from where."""
    what = f"{host} refuses {credential.described}"
    return kind(
        f"{what}: {reason}" if reason else what,
        code=code,
        hint=_login(host),
    )


def stranger(host: str) -> NotSignedIn:
    """The failure of a host that has nothing for anonymous callers."""
    return NotSignedIn(f"{host} gives strangers no token", hint=_login(host))


def _login(host: str) -> str:
    return "hubcli login" if host == HUB else f"hubcli login {host}"
