"""docker's configuration as a source of credentials, and the helper it names as a store."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hubcli.auth.credentials import authfile
from hubcli.auth.credentials.credential import (
    IDENTITY_TOKEN_USER,
    Credential,
    Kind,
    account_key,
    docker_address,
)
from hubcli.auth.credentials.environment import home
from hubcli.auth.credentials.helper import Helper, named_helper, never_asks
from hubcli.errors import CredentialFailure

_WEB_LOGIN = ("access-token", "refresh-token")
"""What docker keeps beside the credential after a login in the browser."""


class DockerConfig:
    """`DOCKER_AUTH_CONFIG`, then `config.json`: `credHelpers`, `credsStore`, `auths`.

    No secret is ever written there: what is stored goes to the helper that it names. Without
    `may_ask` a helper that could ask for a password is passed over.
    """

    name = "docker's configuration"

    def __init__(self, environ: Mapping[str, str], *, may_ask: bool = True) -> None:
        self._environ = environ
        self._may_ask = may_ask
        self.path = Path(environ.get("DOCKER_CONFIG") or home(".docker"), "config.json")

    def find(self, host: str) -> Credential | None:
        inline = self._inline()
        credential = authfile.find(inline, host, "DOCKER_AUTH_CONFIG", self.name)
        if credential is not None:
            return credential
        document = authfile.read(self.path)
        helper = self._helper(document, host)
        if helper is not None:
            credential = helper.get(docker_address(host), self.name)
            if credential is not None:
                return credential
        return authfile.find(document, host, str(self.path), self.name)

    def accounts(self) -> Mapping[str, str]:
        document = authfile.read(self.path)
        found = authfile.accounts(document, str(self.path))
        helper = self._helper(document, "")
        if helper is not None:
            found |= {account_key(address): name for address, name in helper.list().items()}
        for address in authfile.table(document, "credHelpers", str(self.path)):
            found.setdefault(account_key(address), "")
        return found | authfile.accounts(self._inline(), "DOCKER_AUTH_CONFIG")

    def ready(self, host: str) -> None:
        """CredentialFailure where no helper is named, or it is hubcli's own."""
        self._store(host)

    def put(self, host: str, credential: Credential) -> None:
        refresh = credential.kind is Kind.REFRESH_TOKEN
        username = IDENTITY_TOKEN_USER if refresh else credential.username
        self._store(host).store(docker_address(host), username, credential.secret)

    def remove(self, host: str) -> bool:
        """Forget a host in the helper and in the file, as `docker logout` does."""
        document = authfile.read(self.path)
        helper = self._helper(document, host)
        removed = False
        for key in (host, *(f"{host}/v1/{name}" for name in _WEB_LOGIN)):
            if helper is not None and helper.get(docker_address(key), self.name) is not None:
                helper.erase(docker_address(key))
                removed = True
            if authfile.knows(document, key, str(self.path)):
                entry = authfile.find(document, key, str(self.path), self.name)
                authfile.change(self.path, partial(authfile.discard, key=key))
                removed = removed or entry is not None
        return removed

    def _store(self, host: str) -> Helper:
        helper = self._helper(authfile.read(self.path), host)
        if helper is None:
            raise CredentialFailure(
                f"docker's configuration {self.path} names no credential store, and would keep"
                " the secret in the clear",
                hint="name one in its credsStore, or use --store keyring or --store file",
            )
        if helper.is_ours:
            raise CredentialFailure(
                f"the credential store of docker's configuration {self.path} is hubcli itself",
                hint="--store keyring, or --store file",
            )
        return helper

    def _inline(self) -> authfile.Document:
        return authfile.parse(self._environ.get("DOCKER_AUTH_CONFIG", ""), "DOCKER_AUTH_CONFIG")

    def _helper(self, document: authfile.Document, host: str) -> Helper | None:
        suffix = named_helper(document, host, str(self.path))
        if suffix is None or not (self._may_ask or never_asks(suffix)):
            return None
        return Helper(suffix, self._environ)
