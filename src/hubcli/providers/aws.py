"""Amazon's API through botocore: a client for one service, its failures in our words.

botocore knows who one is there: environment, profile, SSO, roles, web identity, containers and
instances. It signs requests; no secret of it is ever sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens.cache import Token
from hubcli.auth.tokens.registry import audience
from hubcli.errors import (
    Conflict,
    CredentialFailure,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    Unavailable,
    Unsupported,
)
from hubcli.providers.provider import Provider

_CONNECT_TIMEOUT = 10
_READ_TIMEOUT = 60
_ATTEMPTS = 4
_SIGN_IN = "sign in to AWS, as `aws sso login` or `aws configure` does"
_KINDS: Mapping[str, type[HubcliError]] = {
    "RepositoryNotFoundException": NotFound,
    "RepositoryCatalogDataNotFoundException": NotFound,
    "ImageNotFoundException": NotFound,
    "RegistryNotFoundException": NotFound,
    "RepositoryAlreadyExistsException": Conflict,
    "RepositoryNotEmptyException": Conflict,
    "ImageTagAlreadyExistsException": Conflict,
    "LimitExceededException": Conflict,
    "AccessDeniedException": Denied,
    "AccessDenied": Denied,
    "UnrecognizedClientException": NotSignedIn,
    "InvalidClientTokenId": NotSignedIn,
    "InvalidSignatureException": NotSignedIn,
    "IncompleteSignature": NotSignedIn,
    "MissingAuthenticationToken": NotSignedIn,
    "ExpiredToken": NotSignedIn,
    "ExpiredTokenException": NotSignedIn,
    "ThrottlingException": RateLimited,
    "Throttling": RateLimited,
    "TooManyRequestsException": RateLimited,
    "RequestLimitExceeded": RateLimited,
}
_METHODS: Mapping[str, str] = {
    "env": "the environment",
    "shared-credentials-file": "a profile",
    "config-file": "a profile",
    "custom-process": "a profile's credential_process",
    "assume-role": "an assumed role",
    "assume-role-with-web-identity": "a web identity",
    "sso": "SSO",
    "login": "aws login",
    "iam-role": "the instance's role",
    "container-role": "the container's role",
}
"""What botocore calls the ways to credentials (`botocore.credentials.*.METHOD`)."""
_KEYS = frozenset({"env", "shared-credentials-file", "config-file", "iam-role"})
_ROLE_VARIABLES = (
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_MARGIN = 300.0
"""Seconds before its end at which a token is no longer begun with."""


class Service:
    """One AWS service in one region, for a provider; its client is made on first use."""

    def __init__(self, provider: Provider, name: str, region: str, **endpoint: bool) -> None:
        self._provider = provider
        self._name = name
        self._region = region
        self._variant = {f"use_{kind}_endpoint": True for kind, is_it in endpoint.items() if is_it}
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:
            session = self._session()
            from botocore.config import Config

            self._made = session.create_client(
                self._name,
                region_name=self._region,
                endpoint_url=self._provider.at.endpoint.row.api,
                config=Config(
                    connect_timeout=_CONNECT_TIMEOUT,
                    read_timeout=_READ_TIMEOUT,
                    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    user_agent_extra="hubcli",
                    **self._variant,
                ),
            )
        return self._made

    def _session(self) -> Any:
        try:
            from botocore.session import Session
        except ImportError as error:
            raise self._provider.missing_extra() from error
        return Session()

    def call(self, operation: str, **parameters: object) -> dict[str, Any]:
        """The answer of one call; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        with self._failures():
            answer: dict[str, Any] = getattr(self._client, operation)(**given)
        return answer

    def pages(self, operation: str, member: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """The entries of a listing, page by page as they are wanted."""
        given = {name: value for name, value in parameters.items() if value is not None}
        with self._failures():
            pages = iter(self._client.get_paginator(operation).paginate(**given))
        while True:
            with self._failures():
                page = next(pages, None)
            if page is None:
                return
            yield from page.get(member, [])

    def credential(self) -> Credential | None:
        """What GetAuthorizationToken is worth, for whoever botocore says that one is.

        None where that is nobody, CredentialFailure where the way to it is broken. It is good for
        half a day, and kept that long where tokens are.
        """
        try:
            with self._failures():
                session = self._session()
                found = session.get_credentials()
                if found is None:
                    return None
                whose = _whose(session, found, self._provider.at.environ)
            token = self._authorization(f"{self._name} in {self._region}, {whose}")
        except Unsupported as error:
            raise self._provider.missing_extra(CredentialFailure) from error
        except HubcliError as error:
            raise CredentialFailure(f"AWS: {error.reason}") from error
        username, secret = _pair(token.value)
        way = _METHODS.get(str(found.method), str(found.method))
        profile = session.profile
        named = f" {profile}" if profile and way.startswith("a profile") else ""
        until = None if math.isinf(token.until) else token.until
        return Credential(username, secret, f"AWS, {way}{named}", Kind.ROLE, until)

    def _authorization(self, identity: str) -> Token:
        """GetAuthorizationToken, or the answer to an earlier one."""
        at = self._provider.at
        cache, place = at.tokens(), audience(at.endpoint)
        kept = cache.find(place, identity, ())
        if kept is not None:
            return kept
        data = self.call("get_authorization_token")["authorizationData"]
        # The private registry answers with a list, the public one with its only entry.
        first = data[0] if isinstance(data, list) else data
        until = _end(first)
        token = Token(
            str(first["authorizationToken"]), (), cache.now(), math.inf if until is None else until
        )
        if until is not None:
            cache.keep(place, identity, replace(token, until=until - _MARGIN))
        return token

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Say failures of botocore in our words."""
        try:
            from botocore import exceptions as aws
        except ImportError as error:
            raise self._provider.missing_extra() from error
        try:
            yield
        except aws.ClientError as error:
            raise _problem(error.response) from error
        except (aws.HTTPClientError, aws.ConnectionError, aws.ConnectionClosedError) as error:
            raise Unavailable(f"AWS does not answer: {_told(str(error))}") from error
        except aws.ParamValidationError as error:
            raise HubcliError(_told(str(error).partition("\n")[2])) from error
        except aws.BotoCoreError as error:
            # Nobody signed in, a profile that is none, SSO that has run out.
            raise NotSignedIn(_told(str(error)), hint=_SIGN_IN) from error


def _whose(session: Any, found: Any, environ: Mapping[str, str]) -> str:
    """Tells identities apart without asking anybody who they are.

    Keys have a name. Other ways lead to new ones each time: there it is the profile, and what all
    is configured, of which sixteen bits of a hash notice that it has changed.
    """
    if found.method in _KEYS:
        return f"the key {found.access_key}"
    facts = [session.full_config, *(environ.get(name) for name in _ROLE_VARIABLES)]
    told = json.dumps(facts, default=str, sort_keys=True)
    return f"{found.method} {session.profile} {hashlib.sha256(told.encode()).hexdigest()[:4]}"


def _problem(answer: Mapping[str, Any]) -> HubcliError:
    told = answer.get("Error", {})
    code = str(told.get("Code") or "")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = _told(str(told.get("Message") or "")) or f"AWS answers {code or status}"
    kind = _KINDS.get(code, Unavailable if status >= 500 else HubcliError)
    error = kind(reason, code=code or None)
    if isinstance(error, NotSignedIn):
        error.hint = _SIGN_IN
    return error


def _told(message: str) -> str:
    line = " ".join(message.split()).rstrip(".")
    return line[:1].lower() + line[1:] if line[1:2].islower() else line


def _pair(token: str) -> tuple[str, str]:
    """User name and password in an authorization token."""
    try:
        username, _, secret = base64.b64decode(token).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CredentialFailure("AWS: the authorization token cannot be read") from error
    return username, secret


def _end(data: Mapping[str, Any]) -> float | None:
    """The end of a token's life; one that has passed was not meant."""
    until = data.get("expiresAt")
    lasts = isinstance(until, datetime) and until > datetime.now(UTC)
    return until.timestamp() if isinstance(until, datetime) and lasts else None


def moment(value: object) -> str | None:
    """A time as botocore has it, in the form hubcli prints."""
    from hubcli import timestamps

    return timestamps.render(value) if isinstance(value, datetime) else None
