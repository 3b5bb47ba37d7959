"""Credential helpers as a client of theirs: `docker-credential-<suffix>`.

Protocol: docker/docker-credential-helpers. The request goes over stdin, so that no secret is ever
in an argument; errors come as text on stdout with exit status 1.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hubcli.auth.credentials import authfile
from hubcli.auth.credentials.credential import Credential, account_key
from hubcli.errors import CredentialFailure

NOT_FOUND = "credentials not found in native keychain"
"""What a helper says when it has no credential for an address."""

OURS = "hubcli"
"""The suffix of hubcli's own helper: what it knows, the keychain has asked already."""

_SUFFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LONGEST_RUN = 30.0
_LARGEST_ANSWER = 1 << 20


_SILENT = frozenset({"desktop", "osxkeychain", "wincred", "hubcli"})
"""Helpers of stores that are open while their user is logged in."""


def never_asks(suffix: str) -> bool:
    """Whether a helper answers without a password, as far as that is known of it."""
    return suffix.removesuffix(".exe") in _SILENT


def named_helper(document: authfile.Document, host: str, named: str) -> str | None:
    """The helper that a configuration names for `host`: in `credHelpers`, else `credsStore`."""
    for address, suffix in authfile.table(document, "credHelpers", named).items():
        if account_key(address) == host:
            return _checked(suffix, f"credHelpers in {named}")
    suffix = document.get("credsStore") or None
    return None if suffix is None else _checked(suffix, f"credsStore in {named}")


def _checked(suffix: object, where: str) -> str:
    if not isinstance(suffix, str) or not _SUFFIX.fullmatch(suffix):
        raise CredentialFailure(f"{where} names no helper")
    return suffix


class Helper:
    """One helper program; every failure is a CredentialFailure that names it."""

    def __init__(
        self, suffix: str, environ: Mapping[str, str], *, longest_run: float = _LONGEST_RUN
    ) -> None:
        self.program = f"docker-credential-{suffix}"
        self.is_ours = suffix == OURS
        self._environ = environ
        self._longest_run = longest_run

    def get(self, address: str, source: str) -> Credential | None:
        """What the helper keeps for an address; None where it knows nothing of it."""
        if self.is_ours:
            return None
        status, answer = self._run("get", address)
        if status != 0:
            if answer.strip() == NOT_FOUND:
                return None
            raise self._failure(answer)
        members = self._object(answer)
        username, secret = members.get("Username"), members.get("Secret")
        if not isinstance(username, str) or not isinstance(secret, str):
            raise CredentialFailure(f"{self.program} answers without user name and secret")
        if not username and not secret:
            return None
        return Credential.found(username, secret, f"{source} ({self.program})")

    def store(self, address: str, username: str, secret: str) -> None:
        self._done(
            "store", json.dumps({"ServerURL": address, "Username": username, "Secret": secret})
        )

    def erase(self, address: str) -> None:
        self._done("erase", address)

    def list(self) -> dict[str, str]:
        """User names by address."""
        if self.is_ours:
            return {}
        members = self._object(self._done("list", "unused"))
        return {address: str(name) for address, name in members.items()}

    def _done(self, action: str, payload: str) -> str:
        status, answer = self._run(action, payload)
        if status != 0:
            raise self._failure(answer)
        return answer

    def _object(self, answer: str) -> dict[str, Any]:
        try:
            members = json.loads(answer)
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise CredentialFailure(f"{self.program} answers with something else than JSON")
        return members

    def _failure(self, answer: str) -> CredentialFailure:
        said = " ".join(answer.split())[:200]
        return CredentialFailure(f"{self.program} fails: {said or 'it says nothing'}")

    def _run(self, action: str, payload: str) -> tuple[int, str]:
        path = shutil.which(self.program, path=self._environ.get("PATH"))
        if path is None:
            raise CredentialFailure(f"{self.program} is not installed")
        try:
            process = subprocess.Popen(
                [path, action],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self._environ),
            )
        except OSError as error:
            raise CredentialFailure(
                f"{self.program} cannot be run: {error.strerror or error}"
            ) from error
        exchange = _Exchange(process, payload.encode())
        if not exchange.finished(self._longest_run):
            raise CredentialFailure(
                f"{self.program} does not answer within {self._longest_run:.0f} s"
            )
        if exchange.too_long:
            raise CredentialFailure(f"{self.program} answers with too much text")
        return process.wait(), exchange.answer.decode(errors="replace")


class _Exchange:
    """Writes the request and reads the answer in a thread: a helper may do neither."""

    def __init__(self, process: subprocess.Popen[bytes], payload: bytes) -> None:
        self._process = process
        self._payload = payload
        self.answer = b""
        self.too_long = False
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def finished(self, seconds: float) -> bool:
        """Whether it is over within `seconds`; the helper is stopped where it is not."""
        self._thread.start()
        self._thread.join(seconds)
        over = not self._thread.is_alive()
        if not over:
            self._process.kill()
            self._process.wait()
        return over

    def _talk(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdout:
            with suppress(OSError), process.stdin:
                process.stdin.write(self._payload)
            self.answer = process.stdout.read(_LARGEST_ANSWER + 1)
            self.too_long = len(self.answer) > _LARGEST_ANSWER
            if self.too_long:
                process.kill()
            process.wait()
