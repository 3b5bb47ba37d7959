"""The auth file of podman, skopeo and buildah (containers-auth.json(5))."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hubcli.auth.credentials import authfile
from hubcli.auth.credentials.credential import Credential
from hubcli.auth.credentials.helper import Helper, named_helper


class PodmanFile:
    """One auth file; a helper that `credHelpers` names for a host goes before its entry."""

    name = "podman's auth file"

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ

    def find(self, host: str) -> Credential | None:
        document = authfile.read(self._path)
        suffix = named_helper(document, host, str(self._path))
        if suffix is not None:
            found = Helper(suffix, self._environ).get(host, self.name)
            if found is not None:
                return found
        return authfile.find(document, host, str(self._path), self.name)

    def accounts(self) -> Mapping[str, str]:
        return authfile.accounts(authfile.read(self._path), str(self._path))


def podman_files(environ: Mapping[str, str]) -> list[PodmanFile]:
    """The file that `REGISTRY_AUTH_FILE` names, else those of the session and of the user."""
    named = environ.get("REGISTRY_AUTH_FILE")
    if named:
        return [PodmanFile(Path(named).expanduser(), environ)]
    paths = []
    if environ.get("XDG_RUNTIME_DIR"):
        paths.append(Path(environ["XDG_RUNTIME_DIR"], "containers", "auth.json"))
    own = environ.get("XDG_CONFIG_HOME")
    paths.append(
        (Path(own) if own else Path("~/.config").expanduser()) / "containers" / "auth.json"
    )
    return [PodmanFile(path, environ) for path in paths]
