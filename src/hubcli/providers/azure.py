"""Who the user is to Azure: what azure-identity finds, and what a registry gives for it.

Protocol: Azure/acr docs/AAD-OAuth.md. A token of Microsoft Entra is exchanged, at the registry
itself, for a refresh token of the registry, which its token server takes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens import jwt
from hubcli.auth.tokens.reasons import told
from hubcli.errors import CredentialFailure, HubcliError
from hubcli.http.client import Request

if TYPE_CHECKING:
    from hubcli.providers.provider import Provider

NULL_USER = "00000000-0000-0000-0000-000000000000"
"""The user name that says that the secret is a refresh token of the registry."""

_CLOUDS: dict[str, tuple[str, str | None]] = {
    "cn": ("https://management.chinacloudapi.cn/.default", "login.chinacloudapi.cn"),
    "us": ("https://management.usgovcloudapi.net/.default", "login.microsoftonline.us"),
}
"""The audience and the sign-in host of the clouds apart, by the end of the registry's name."""
_PUBLIC: tuple[str, str | None] = ("https://containerregistry.azure.net/.default", None)

_NAMES = {
    "EnvironmentCredential": "AZURE_CLIENT_ID",
    "WorkloadIdentityCredential": "AZURE_FEDERATED_TOKEN_FILE",
    "ManagedIdentityCredential": "managed identity",
    "AzureCliCredential": "Azure CLI",
    "AzurePowerShellCredential": "Azure PowerShell",
    "AzureDeveloperCliCredential": "Azure Developer CLI",
    "VisualStudioCodeCredential": "Visual Studio Code",
}
_LARGEST_ANSWER = 64 << 10
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Token:
    """An access token of Microsoft Entra, and in words where it is from."""

    value: str = field(repr=False)
    source: str


def identity(provider: Provider) -> Credential | None:
    """The credential for the registry of `provider`; None where nobody is signed in to Azure."""
    token = _token(provider)
    return None if token is None else _exchanged(provider, token)


def _token(provider: Provider) -> Token | None:
    """Of the sources of azure-identity, in its order, the first that there is."""
    try:
        from azure.core.exceptions import AzureError
        from azure.identity import CredentialUnavailableError, DefaultAzureCredential
    except ImportError as error:
        raise provider.missing_extra(CredentialFailure) from error
    for name in ("azure", "msal"):
        # Without a handler Python prints what the packages warn of: each source that is not there.
        logging.getLogger(name).addHandler(logging.NullHandler())
    scope, authority = _CLOUDS.get(provider.at.host.rpartition(".")[2], _PUBLIC)
    chosen = provider.at.environ.get("AZURE_AUTHORITY_HOST")
    settings: dict[str, Any] = {"authority": authority} if authority else {}
    if chosen:
        # Of a cloud apart, which the public one, asked whether there is such a host, knows nothing.
        settings = {"authority": chosen, "disable_instance_discovery": True}
    try:
        chain = DefaultAzureCredential(**settings)
    except ValueError as error:  # settings of the environment that azure-identity does not take
        raise CredentialFailure(_line(error)) from error
    with chain:
        sources: Sequence[Any] = chain.credentials
        for one in sources:
            source = _NAMES.get(type(one).__name__, type(one).__name__)
            try:
                return Token(one.get_token(scope).token, source)
            except CredentialUnavailableError:
                continue
            except (AzureError, ValueError, OSError) as error:
                raise CredentialFailure(f"{source}: {_line(error)}") from error
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON]


def _exchanged(provider: Provider, token: Token) -> Credential:
    """POST /oauth2/exchange"""
    at = provider.at
    form = {"grant_type": "access_token", "service": at.host, "access_token": token.value}
    request = Request(
        "POST",
        f"{at.registry().endpoint.url}/oauth2/exchange",
        {"Content-Type": "application/x-www-form-urlencoded"},
        urlencode(form).encode(),
        endpoint=at.endpoint,
        follow=False,
    )
    try:
        answer = at.http.request(request, most=_LARGEST_ANSWER)
        refresh = answer.object().get("refresh_token") if answer.ok else None
    except HubcliError as error:
        raise CredentialFailure(f"{token.source}: {error.reason}") from error
    if not answer.ok:
        reason = told(answer)[0] or f"it answers {answer.status}"
        raise CredentialFailure(f"{at.host} refuses the identity of {token.source}: {reason}")
    if not isinstance(refresh, str) or not refresh:
        raise CredentialFailure(f"{at.host} gives no token for the identity of {token.source}")
    return Credential(
        NULL_USER, refresh, token.source, Kind.REFRESH_TOKEN, expires=jwt.expiry(refresh)
    )
