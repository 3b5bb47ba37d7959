"""The auth file of podman, skopeo and buildah (containers-auth.json(5))."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hubcli.auth.credentials import authfile
from hubcli.auth.credentials.credential import Credential
from hubcli.auth.credentials.environment import home
from hubcli.auth.credentials.helper import Helper, named_helper, never_asks


class PodmanFile:
    """One auth file; a helper that `credHelpers` names for a host goes before its entry.

    Without `may_ask` a helper that could ask for a password is passed over.
    """

    name = "podman's auth file"

    def __init__(self, path: Path, environ: Mapping[str, str], *, may_ask: bool = True) -> None:
        self._path = path
        self._environ = environ
        self._may_ask = may_ask

    def find(self, host: str) -> Credential | None:
        document = authfile.read(self._path)
        suffix = named_helper(document, host, str(self._path))
        if suffix is not None and (self._may_ask or never_asks(suffix)):
            found = Helper(suffix, self._environ).get(host, self.name)
            if found is not None:
                return found
        return authfile.find(document, host, str(self._path), self.name)

    def accounts(self) -> Mapping[str, str]:
        return authfile.accounts(authfile.read(self._path), str(self._path))


def podman_files(environ: Mapping[str, str], *, may_ask: bool = True) -> list[PodmanFile]:
    """The file that `REGISTRY_AUTH_FILE` names, else those of the session and of the user."""
    named = environ.get("REGISTRY_AUTH_FILE")
    if named:
        return [PodmanFile(Path(named).expanduser(), environ, may_ask=may_ask)]
    directories = [
        environ.get("XDG_RUNTIME_DIR"),
        environ.get("XDG_CONFIG_HOME") or home(".config"),
    ]
    return [
        PodmanFile(Path(directory, "containers", "auth.json"), environ, may_ask=may_ask)
        for directory in directories
        if directory
    ]
