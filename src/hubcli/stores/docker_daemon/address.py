"""Where the docker engine is, as docker's own client finds it out.

`DOCKER_HOST`, then the context of `DOCKER_CONTEXT` or of config.json's `currentContext`, then the
usual socket (docs.docker.com/engine/manage-resources/contexts).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hubcli.auth.credentials.environment import home
from hubcli.errors import Unsupported, UsageError

DEFAULT = "unix:///var/run/docker.sock"

_LARGEST = 1 << 20
_TLS_PORT, _PLAIN_PORT = 2376, 2375


@dataclass(frozen=True, slots=True)
class Address:
    """A Unix socket, or the `url` of a host. Files are PEM; None where there is none."""

    shown: str
    socket: str | None = None
    url: str = ""
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


def locate(environ: Mapping[str, str]) -> Address:
    """The engine's address; UsageError for one that cannot be read, Unsupported for ssh and
    npipe."""
    told = environ.get("DOCKER_HOST")
    directory = Path(environ.get("DOCKER_CONFIG") or home(".docker"))
    if told:
        kept = environ.get("DOCKER_CERT_PATH")
        has_tls = bool(environ.get("DOCKER_TLS_VERIFY"))
        return parse(told, Path(kept) if kept else directory, tls=has_tls)
    context = environ.get("DOCKER_CONTEXT") or _current(directory / "config.json")
    if context in {"", "default"}:
        return parse(DEFAULT, directory, tls=False)
    return _of_context(context, directory / "contexts")


def parse(text: str, certificates: Path, *, tls: bool) -> Address:
    """Read `unix://PATH` or `tcp://HOST[:PORT]`, the latter with the files of a directory."""
    scheme, separator, rest = text.partition("://")
    if scheme == "unix" and rest:
        return Address(text, socket=rest)
    if scheme in {"ssh", "npipe"} and separator:
        raise Unsupported(
            f"hubcli reaches no docker engine by {scheme}",
            reference=text,
            hint="DOCKER_HOST names a Unix socket (unix://PATH) or a TCP address (tcp://HOST:PORT)",
        )
    if scheme not in {"tcp", "http", "https"} or not separator:
        raise UsageError(f"{text!r} is no address of a docker engine: unix://PATH, tcp://HOST:PORT")
    return _remote(text, certificates, tls=tls or scheme == "https")


def _remote(text: str, certificates: Path, *, tls: bool) -> Address:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise UsageError(f"{text!r} names no host with a docker engine")
    named = f"[{host}]" if ":" in host else host
    if not tls:
        return Address(text, url=f"http://{named}:{port or _PLAIN_PORT}")
    ca_file, certificate, key = (
        str(path) if (path := certificates / name).is_file() else None
        for name in ("ca.pem", "cert.pem", "key.pem")
    )
    url = f"https://{named}:{port or _TLS_PORT}"
    return Address(text, None, url, ca_file, certificate, key if certificate else None)


def _current(config: Path) -> str:
    name = _document(config).get("currentContext") if config.is_file() else ""
    return name if isinstance(name, str) else ""


def _of_context(name: str, directory: Path) -> Address:
    key = hashlib.sha256(name.encode()).hexdigest()
    path = directory / "meta" / key / "meta.json"
    if not path.is_file():
        raise UsageError(
            f"docker's context {name!r} is not there", hint="docker context use default"
        )
    endpoints = _document(path).get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(host, str):
        raise UsageError(f"docker's context {name!r} names no engine ({path})")
    certificates = directory / "tls" / key / "docker"
    return parse(host, certificates, tls=certificates.is_dir())


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path} holds no JSON object")
    return found
