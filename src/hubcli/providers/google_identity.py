"""Who the user is to Google, by google-auth: access tokens for registries and for the API.

What a service account's key, an identity pool or the metadata server is worth is found out by
google-auth, over connections of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubcli import timestamps
from hubcli.auth.credentials import Credential
from hubcli.errors import CredentialFailure, NotSignedIn, Unsupported
from hubcli.providers import programs
from hubcli.providers.provider import Provider

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_USER = "oauth2accesstoken"
# Also those of go-containerregistry and of the credential helpers of gcloud and of gcr.
_WITH_TOKENS = re.compile(r"oauth2accesstoken|_token|_dcgcloud_token|_dcgcr_[0-9a-z_.-]+_token")
_KEYS = ("_json_key", "_json_key_base64")
_NOBODY = "Your default credentials were not found"
_LONGEST_REASON = 300
_NO_KEY = (OSError, ValueError, TypeError, LookupError, AttributeError)
"""What google-auth fails with on files that are of another shape, or not to be read."""


def identity(provider: Provider) -> Credential | None:
    """An access token for the application default credentials, else for whom gcloud knows.

    None where there are neither.
    """
    try:
        found = _application_default(provider.at.environ)
    except ImportError as error:
        found = _of_gcloud(provider.at.environ)
        if found is None:
            raise provider.missing_extra(CredentialFailure) from error
        return found
    return found or _of_gcloud(provider.at.environ)


def _application_default(environ: Mapping[str, str]) -> Credential | None:
    # Off Google's machines nobody answers for the metadata server: one wait of three is enough.
    os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
    from google.auth import credentials, default, exceptions

    scoped: Any = credentials.with_scopes_if_required
    try:
        with warnings.catch_warnings():
            # That gcloud's own credentials have no project to bill is nothing to registries.
            warnings.simplefilter("ignore")
            found: Any = default()[0]  # with scopes it would look up the project's name, too
        return _token(scoped(found, [_SCOPE]), "application default credentials")
    except exceptions.DefaultCredentialsError as error:
        if str(error).startswith(_NOBODY) and not environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
            return None
        raise CredentialFailure(_line(error)) from error
    except (exceptions.GoogleAuthError, *_NO_KEY) as error:
        raise CredentialFailure(_line(error)) from error


def _of_gcloud(environ: Mapping[str, str]) -> Credential | None:
    """Whom `gcloud auth login` has signed in; it starts slowly: only if there is anybody."""
    kept = environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config/gcloud"
    if sys.platform != "win32" and not (Path(kept) / "credentials.db").exists():
        return None
    answer = programs.printed(
        environ, "gcloud", "config", "config-helper", "--force-auth-refresh",
        "--format=json(credential)",
    )  # fmt: skip
    try:
        found = json.loads(answer or "{}")["credential"]
        token, until = str(found["access_token"]), timestamps.parse(found.get("token_expiry"))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return Credential(_USER, token, "gcloud", expires=None if until is None else until.timestamp())


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
    except (exceptions.GoogleAuthError, *_NO_KEY) as error:
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
    """Its first words; behind them come whole answers."""
    told = error.args[0] if error.args else error
    return " ".join(str(told).split())[:_LONGEST_REASON]
