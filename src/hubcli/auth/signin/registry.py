"""Signing in to any registry, as docker does it: `GET /v2/` has to answer 200 in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hubcli.auth.challenge import Challenge, preferred
from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens import server
from hubcli.config import Endpoint
from hubcli.errors import NotSignedIn, Unavailable, Unsupported
from hubcli.http.client import Client
from hubcli.http.response import Response, failure
from hubcli.registry import Registry
from hubcli.registry.calls import ANY_ERROR, Call


@dataclass(frozen=True, slots=True)
class Checked:
    """What to keep for a registry; `asked` is False where it lets in everybody unasked."""

    credential: Credential
    asked: bool = True


class RegistrySignIn:
    """Checks credentials with one registry; NotSignedIn where it refuses them."""

    def __init__(self, http: Client, endpoint: Endpoint) -> None:
        self._http = http
        self._registry = Registry(http, endpoint, None)

    def check(self, credential: Credential, *, offline: bool = False) -> Checked:
        """Show the credential; with `offline` a refresh token that is offered takes its place."""
        greeting = self._greet({})
        if greeting.ok:
            return Checked(credential, asked=False)
        if greeting.status != 401:
            raise failure(greeting, f"{self._host} answers {greeting.status} to a greeting")
        if not greeting.challenges:
            raise NotSignedIn(f"{self._host} answers 401 and does not say what it asks for")
        challenge = preferred(greeting.challenges)
        if challenge is None:
            raise Unsupported(f"{self._host} asks for neither a password nor a token")
        if challenge.scheme == "bearer":
            return self._check_token(challenge, credential, offline)
        if credential.kind is Kind.REFRESH_TOKEN:
            raise Unsupported(f"{self._host} takes user name and password, not refresh tokens")
        self._show(credential.basic, credential)
        return Checked(credential)

    @property
    def _host(self) -> str:
        return self._registry.host

    def _check_token(self, challenge: Challenge, credential: Credential, offline: bool) -> Checked:
        grant = server.fetch(
            self._http,
            self._registry.endpoint,
            challenge,
            challenge.scopes,
            credential,
            offline=offline,
        )
        if grant is None:
            raise Unavailable(f"the token server of {self._host} answers without a token")
        self._show(f"Bearer {grant.token}", credential)
        if offline and grant.refresh_token:
            kept = replace(credential, secret=grant.refresh_token, kind=Kind.REFRESH_TOKEN)
            return Checked(kept)
        return Checked(credential)

    def _show(self, authorization: str, credential: Credential) -> None:
        answer = self._greet({"Authorization": authorization})
        if answer.status == 401:
            raise server.refused(credential, self._host)
        if not answer.ok:
            raise failure(answer)

    def _greet(self, headers: Mapping[str, str]) -> Response:
        return self._registry.send(Call("GET", "/v2/", headers=headers, accepted=ANY_ERROR))
