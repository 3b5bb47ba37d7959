"""The environment of a program inside a sandbox: where the services are, and private files.

Configuration, cache and credentials of hubcli, docker and podman are files of the sandbox; nothing
of the user's own is read or changed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from hubcli.sandbox import seed
from hubcli.sandbox.organizations import SCIM_TOKEN

REMOVED = (
    *("HUBCLI_USERNAME", "HUBCLI_PASSWORD", "HUBCLI_TOKEN", "HUBCLI_SCIM_TOKEN"),
    "DOCKER_AUTH_CONFIG",
)
"""What would take the place of a credential that was stored inside."""

_LOOPBACK = "127.0.0.1"


def variables(url: str, home: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """What to set for the sandbox at `url` with its private files below `home`.

    `outside` is the environment outside of it: proxies that it names must not be asked.
    """
    return {
        "HUBCLI_HUB_URL": url,
        "HUBCLI_DOCKER_REGISTRY": url,
        "HUBCLI_SANDBOX_USERNAME": seed.USERNAME,
        "HUBCLI_SANDBOX_PASSWORD": seed.PASSWORD,
        "HUBCLI_SANDBOX_ORG": seed.ORGANIZATION,
        "HUBCLI_SANDBOX_SCIM_TOKEN": SCIM_TOKEN,
        "HUBCLI_CONFIG": str(home / "config.toml"),
        "HUBCLI_CACHE_DIR": str(home / "cache"),
        "HUBCLI_AUTH_FILE": str(home / "auth.json"),
        # By name, as keyring wants it: importing it here would cost a program that has none.
        "PYTHON_KEYRING_BACKEND": "hubcli.sandbox.keyring.SandboxKeyring",
        "HUBCLI_SANDBOX_KEYRING": str(home / "keyring.json"),
        "DOCKER_CONFIG": str(home / "docker"),
        "REGISTRY_AUTH_FILE": str(home / "containers-auth.json"),
        **{name: _with_loopback(outside.get(name, "")) for name in ("NO_PROXY", "no_proxy")},
    }


def prepare(home: Path) -> None:
    """Make the private directory, for its owner only."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "docker").mkdir(mode=0o700, exist_ok=True)
    (home / "config.toml").touch(mode=0o600)


def inside(outside: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a program inside."""
    kept = {name: value for name, value in outside.items() if name not in REMOVED}
    return kept | dict(added)


def script(added: Mapping[str, str]) -> str:
    """The same for `eval` in a POSIX shell."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in added.items()]
    return "\n".join([*exports, f"unset {' '.join(REMOVED)}"])


def _with_loopback(hosts: str) -> str:
    named = [host for host in re.split(r"[,\s]+", hosts) if host]
    return ",".join(named if _LOOPBACK in named or "*" in named else [*named, _LOOPBACK])
