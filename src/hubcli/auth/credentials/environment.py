"""Credentials in the environment, for Docker Hub only; and where the user's own files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hubcli.auth.credentials.credential import Credential, Kind
from hubcli.errors import CredentialFailure, UsageError
from hubcli.reference import HUB


class Environment:
    """`HUBCLI_USERNAME` and `HUBCLI_PASSWORD`."""

    name = "environment"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(self, host: str) -> Credential | None:
        username = self._environ.get("HUBCLI_USERNAME")
        secret = self._environ.get("HUBCLI_PASSWORD")
        if host != HUB or not (username or secret):
            return None
        if not username or not secret:
            missing = "HUBCLI_PASSWORD" if username else "HUBCLI_USERNAME"
            present = "HUBCLI_USERNAME" if username else "HUBCLI_PASSWORD"
            raise CredentialFailure(f"{present} is set, but {missing} is not")
        return Credential.found(username, secret, self.name)

    def accounts(self) -> Mapping[str, str]:
        credential = self.find(HUB)
        return {} if credential is None else {HUB: credential.username}


def hub_token(environ: Mapping[str, str]) -> Credential | None:
    """`HUBCLI_TOKEN`: a bearer token for the Hub API that is ready for use."""
    token = environ.get("HUBCLI_TOKEN", "").strip()
    if not (token.isascii() and token.isprintable()):
        raise UsageError("HUBCLI_TOKEN is no token: it has characters that no header can carry")
    return Credential("", token, "environment (HUBCLI_TOKEN)", Kind.TOKEN) if token else None


def home(name: str) -> Path:
    """A directory in the user's home; in containers there may be none, and so nothing in it."""
    try:
        return Path.home() / name
    except RuntimeError:
        return Path("/nonexistent", name)
