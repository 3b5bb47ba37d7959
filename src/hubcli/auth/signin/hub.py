"""Signing in to Docker Hub: with any secret, with a second factor, after a web login.

Endpoints: POST /v2/auth/token, /v2/users/login, /v2/users/2fa-login, /v2/access-tokens,
/v2/access-tokens/desktop-generate; the last is docker's own and undocumented.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hubcli.auth.credentials import Credential
from hubcli.auth.tokens import hub, jwt
from hubcli.auth.tokens.reasons import reason
from hubcli.errors import NotSignedIn, RateLimited, Unavailable, doing
from hubcli.http.client import Client, Request
from hubcli.http.response import Response, failure
from hubcli.reference import HUB

_SCOPES = ["repo:admin"]
_LONGEST_LABEL = 100
_FACTS = "https://hub.docker.com"
_GONE = frozenset({404, 405, 410})


class HubSignIn:
    """Checks credentials with the Hub API at `url`. Failures are NotSignedIn, or the server's."""

    def __init__(self, http: Client, url: str) -> None:
        self._http = http
        self._url = url

    def check(self, credential: Credential) -> None:
        """Exchange the credential for a token, as every later use of it does."""
        hub.exchange(self._http, self._url, credential)

    def accepts(self, token: str) -> bool:
        """Whether Hub takes a bearer token: a bad one is refused even where none is needed."""
        url = f"{self._url}/v2/namespaces/library/repositories/hello-world"
        headers = {"Authorization": f"Bearer {token}"}
        response = self._http.request(Request("GET", url, headers, follow=False))
        if response.status >= 500 or response.status == 429:
            raise failure(response)
        return response.status != 401

    def check_password(
        self, credential: Credential, code: Callable[[], str], label: str
    ) -> Credential:
        """A credential that will do from now on: the same, or a new access token.

        Where the account has a second factor, its password is good for nothing but the login with
        a `code`; so an access token, called `label`, is made for hubcli then.
        """
        try:
            self.check(credential)
        except NotSignedIn as refusal:
            session = self._second_factor(credential, code)
            if session is None:
                raise refusal from None
            with doing("make an access token on", HUB):
                return self._access_token(session, credential, label)
        return credential

    def after_web_login(self, access_token: str) -> Credential:
        """The access token that Hub makes for a program after a login in the browser."""
        response = hub.post(
            self._http, f"{self._url}/v2/access-tokens/desktop-generate", None, access_token
        )
        data = _answer(response).get("data")
        secret = data.get("token") if isinstance(data, dict) else None
        facts = jwt.claims(access_token).get(_FACTS)
        username = facts.get("username") if isinstance(facts, dict) else None
        if not _is_text(secret) or not _is_text(username):
            raise Unavailable("Docker Hub answers the web login without an access token")
        credential = Credential.found(str(username), str(secret), "")
        self.check(credential)
        return credential

    def _second_factor(self, credential: Credential, code: Callable[[], str]) -> str | None:
        """A session's token; None where the account has no second factor to be asked for."""
        response = hub.post(
            self._http,
            f"{self._url}/v2/users/login",
            {"username": credential.username, "password": credential.secret},
        )
        if response.status in _GONE:
            return None
        if response.ok:
            return _token(response)
        if response.status != 401:
            raise failure(response, reason(response))
        challenge = _members(response).get("login_2fa_token")
        return self._confirmed(str(challenge), code()) if _is_text(challenge) else None

    def _confirmed(self, challenge: str, code: str) -> str:
        response = hub.post(
            self._http,
            f"{self._url}/v2/users/2fa-login",
            {"login_2fa_token": challenge, "code": code},
        )
        if response.status == 401:
            said = reason(response)
            raise NotSignedIn(f"Docker Hub refuses the code{f' ({said})' if said else ''}")
        return _token(response)

    def _access_token(self, session: str, credential: Credential, label: str) -> Credential:
        try:
            response = hub.post(
                self._http,
                f"{self._url}/v2/access-tokens",
                {"token_label": label[:_LONGEST_LABEL], "scopes": _SCOPES},
                session,
            )
        except Unavailable as failed:
            if failed.in_doubt:
                failed.reason += f"; it may have made {label!r} all the same, whose secret is lost"
            raise
        if not response.ok:
            error = failure(response, reason(response))
            error.hint = error.hint or "hubcli login --web takes one that you have made"
            raise error
        secret = response.object().get("token")
        if not _is_text(secret):
            raise Unavailable("Docker Hub answers without the access token that it made")
        made = Credential.found(credential.username, str(secret), credential.source)
        # It is there, and its secret would be lost: that Hub does not answer is no reason for that.
        with suppress(Unavailable, RateLimited):
            self.check(made)
        return made


def _token(response: Response) -> str:
    token = _answer(response).get("token")
    if not _is_text(token):
        raise Unavailable("Docker Hub answers a sign-in without a token")
    return str(token)


def _answer(response: Response) -> dict[str, Any]:
    if not response.ok:
        raise failure(response, reason(response))
    return response.object()


def _members(response: Response) -> dict[str, Any]:
    try:
        return response.object()
    except Unavailable:
        return {}


def _is_text(value: object) -> bool:
    """Whether it is text that a header can carry."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != ""
