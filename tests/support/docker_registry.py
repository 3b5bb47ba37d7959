"""Debian's docker-registry (distribution 2.8) as a real registry on a free loopback port."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import bcrypt
import yaml

from support import programs
from support.certificates import Authority
from support.processes import serving
from support.token_server import ISSUER, SERVICE, TokenServer

Auth = Literal["open", "htpasswd", "token"]

USERNAME, PASSWORD = "alice", "s3cret"
OTHER_USERNAME, OTHER_PASSWORD = "bob", "hunter2"
_USERS = {USERNAME: PASSWORD, OTHER_USERNAME: OTHER_PASSWORD}

_ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d{3}) ')


@dataclass(frozen=True)
class Settings:
    """What kind of registry it is; equal settings may share one process."""

    auth: Auth = "open"
    tls: bool = False
    delete: bool = True
    readonly: bool = False
    mirror_of: str | None = None
    """URL of the registry to pull through from."""


@dataclass(frozen=True)
class Request:
    """One line of the access log; `path` has its query."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class DockerRegistry:
    """A running registry. `host` is "127.0.0.1:PORT"; users are None where it asks for none."""

    host: str
    settings: Settings
    access_log: Path
    ca_file: Path | None = None
    tokens: TokenServer | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.settings.tls else 'http'}://{self.host}"

    @property
    def username(self) -> str | None:
        return None if self.settings.auth == "open" else USERNAME

    @property
    def password(self) -> str | None:
        return None if self.settings.auth == "open" else PASSWORD

    def requests(self, containing: str = "") -> list[Request]:
        """Requests answered so far whose path contains a text (a repository, say)."""
        lines = _ACCESS.finditer(self.access_log.read_text(errors="replace"))
        found = [Request(line["method"], line["path"], int(line["status"])) for line in lines]
        return [request for request in found if containing in request.path]


@contextmanager
def docker_registry(settings: Settings, directory: Path) -> Iterator[DockerRegistry]:
    """Run a registry with its data in memory and its files in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    program = programs.require_tool("docker-registry")
    with ExitStack() as stack:
        tokens = None
        if settings.auth == "token":
            tokens = TokenServer(_USERS, directory / "token.crt")
            stack.enter_context(tokens.running())
        configuration = directory / "config.yml"
        configuration.write_text(yaml.safe_dump(_configuration(settings, directory, tokens)))
        server = stack.enter_context(
            serving(
                [program.path, "serve", configuration],
                ready=r"listening on (127\.0\.0\.1:\d+)",
                directory=directory,
                environ=program.environ,
            )
        )
        ca_file = directory / "ca.crt" if settings.tls else None
        yield DockerRegistry(server.ready[1], settings, server.stdout, ca_file, tokens)


def _configuration(
    settings: Settings, directory: Path, tokens: TokenServer | None
) -> dict[str, object]:
    storage: dict[str, object] = {"inmemory": {}, "delete": {"enabled": settings.delete}}
    if settings.readonly:
        storage["maintenance"] = {"readonly": {"enabled": True}}
    http: dict[str, object] = {"addr": "127.0.0.1:0", "secret": "of no worth"}
    if settings.tls:
        pair = Authority(directory).server()
        http["tls"] = {"certificate": str(pair.certificate), "key": str(pair.key)}
    configuration: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "info"},
        "storage": storage,
        "http": http,
    }
    if settings.mirror_of:
        configuration["proxy"] = {"remoteurl": settings.mirror_of}
    if settings.auth == "htpasswd":
        configuration["auth"] = {"htpasswd": {"realm": "test-realm", "path": _htpasswd(directory)}}
    elif tokens is not None:
        configuration["auth"] = {
            "token": {
                "realm": tokens.url,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(tokens.certificate),
            }
        }
    return configuration


def _htpasswd(directory: Path) -> str:
    target = directory / "htpasswd"
    lines = [
        f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()}\n"
        for name, password in _USERS.items()
    ]
    target.write_text("".join(lines))
    return str(target)
