"""Who the user is to Google, by google-auth: access tokens for registries and for the API.

What a service account's key, an identity pool or the metadata server is worth is found out by
google-auth, over connections of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import warnings
from typing import Any

from hubcli import timestamps
from hubcli.auth.credentials import Credential
from hubcli.errors import CredentialFailure, NotSignedIn, Unsupported
from hubcli.providers.provider import Provider

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_USER = "oauth2accesstoken"
# Also those of go-containerregistry and of docker-credential-gcr.
_WITH_TOKENS = re.compile(r"oauth2accesstoken|_token|_dcgcr_[0-9a-z_.-]+_token")
_KEYS = ("_json_key", "_json_key_base64")
_LONGEST_REASON = 300


def identity(provider: Provider) -> Credential | None:
    """An access token of the application default credentials; None where there are none."""
    try:
        from google.auth import default, exceptions
    except ImportError as error:
        raise provider.missing_extra(CredentialFailure) from error
    try:
        with warnings.catch_warnings():
            # That gcloud's own credentials have no project to bill is nothing to registries.
            warnings.simplefilter("ignore")
            found: Any = default(scopes=[_SCOPE])[0]
            return _token(found, "application default credentials")
    except exceptions.DefaultCredentialsError as error:
        if provider.at.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
            raise CredentialFailure(_line(error)) from error
        return None
    except exceptions.GoogleAuthError as error:
        raise CredentialFailure(_line(error)) from error


def for_api(provider: Provider) -> Credential:
    """What the API takes of the registry's credential, which may be a key: an access token.

    NotSignedIn without a credential, Unsupported for one that the API has no use for.
    """
    host, credential = provider.at.host, provider.at.credential()
    if credential is None:
        raise NotSignedIn("authentication required", hint=f"hubcli login {host}")
    if _WITH_TOKENS.fullmatch(credential.username):
        return credential
    if credential.username not in _KEYS:
        raise Unsupported(
            f"the API of {host} takes access tokens and keys of service accounts, "
            f"not {credential.described}",
            hint=f"hubcli login {host} --username {_USER}",
        )
    return _granted(provider, credential)


def _granted(provider: Provider, credential: Credential) -> Credential:
    """The access token that the key of a service account is worth."""
    try:
        from google.auth import exceptions
        from google.oauth2.service_account import Credentials
    except ImportError as error:
        raise provider.missing_extra() from error
    key = _key(credential)
    try:
        account: Any = Credentials.from_service_account_info(key, scopes=[_SCOPE])  # type: ignore[no-untyped-call]
        return _token(account, credential.source)
    except (ValueError, exceptions.GoogleAuthError) as error:
        reason = f"the key of a service account is refused: {_line(error)}"
        raise NotSignedIn(reason, hint=f"hubcli login {provider.at.host}") from error


def _key(credential: Credential) -> dict[str, Any]:
    secret = credential.secret
    try:
        if credential.username.endswith("_base64"):
            secret = base64.b64decode(secret).decode()
        found = json.loads(secret)
    except (ValueError, binascii.Error, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotSignedIn(f"the secret of {credential.username} is no key of a service account")
    return found


def _token(found: Any, source: str) -> Credential:
    from google.auth.transport.requests import Request

    found.refresh(Request())
    # google-auth counts in UTC, without saying so.
    moment = timestamps.parse(found.expiry.isoformat()) if found.expiry else None
    expires = None if moment is None else moment.timestamp()
    return Credential(_USER, str(found.token), source, expires=expires)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON]
