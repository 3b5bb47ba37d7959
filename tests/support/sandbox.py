"""hubcli's sandbox on a real socket: a seeded Docker Hub and its registry, faults on demand."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from hubcli.sandbox import app, seed
from hubcli.sandbox.app import Sandbox, Settings
from hubcli.sandbox.faults import FaultInjection
from hubcli.sandbox.server import serving
from hubcli.sandbox.storage import Storage
from support.exchanges import Recorder
from support.openapi import Exchange


@dataclass(frozen=True)
class Request:
    """A request as the sandbox logged it; `authorization` is the scheme alone."""

    method: str
    path: str
    query: str
    headers: tuple[str, ...]
    authorization: str | None
    status: int | None
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class SandboxServer:
    """A running sandbox. alice owns the organization acme; everybody's password is the same."""

    url: str
    parts: Sandbox
    """Its accounts, repositories and storage, to arrange things that no client can."""
    exchanges: list[Exchange]

    username = seed.USERNAME
    password = seed.PASSWORD
    organization = seed.ORGANIZATION

    @property
    def host(self) -> str:
        """As 127.0.0.1:PORT: the registry of docker.io, reachable by this name too."""
        return self.url.removeprefix("http://")

    @property
    def environ(self) -> dict[str, str]:
        """What makes hubcli take it for Docker Hub."""
        return {"HUBCLI_HUB_URL": self.url, "HUBCLI_DOCKER_REGISTRY": self.host}

    @property
    def signed_in(self) -> dict[str, str]:
        """What makes hubcli be alice without a login: `cli(..., env=sandbox.signed_in)`."""
        return {"HUBCLI_USERNAME": self.username, "HUBCLI_PASSWORD": self.password}

    def requests(self, containing: str = "") -> list[Request]:
        """Requests since `forget`, oldest first, whose "METHOD /path?query" contains a text."""
        logged = [
            Request(
                one["method"],
                one["path"],
                one["query"],
                tuple(one["headers"]),
                one["authorization"],
                one["status"],
                one["body"],
            )
            for one in self._control("GET", "requests")
        ]
        return [one for one in logged if containing in f"{one.method} {one.path}?{one.query}"]

    def forget(self) -> None:
        """Start the request log again."""
        self._control("DELETE", "requests")

    def fault(self, match: str, **what: Any) -> None:
        """Let requests fail whose "METHOD /path" the regular expression `match` is found in.

        `what` is as `hubcli.sandbox.faults.Rule` has it: status, retry_after, delay_seconds,
        cut_after_bytes, times, skip …
        """
        self._control("POST", "faults", {"match": match, **what})

    def clear_faults(self) -> None:
        """Let everything work again."""
        self._control("DELETE", "faults")

    def _control(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{what}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


class _Seeds:
    """What seeding puts into a sandbox in memory: made once in a process, and copied from then on.

    As when a sandbox is started again, all that there is of it is in its database and its files.
    """

    def __init__(self) -> None:
        self._database = b""
        self._blobs: dict[Path, bytes] = {}

    def __call__(self, storage: Storage, *parts: Any) -> None:
        connection, directory = storage.database._connection, storage.files._blobs
        if not self._database:
            seed.seed(storage, *parts)
            self._database = connection.serialize()
            kept = (path for path in directory.rglob("*") if path.is_file())
            self._blobs = {path.relative_to(directory): path.read_bytes() for path in kept}
            return
        with closing(sqlite3.connect(":memory:")) as kept_database:
            kept_database.deserialize(self._database)
            kept_database.backup(connection)
        for path, content in self._blobs.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)


_SEEDS = _Seeds()


@contextmanager
def sandbox_server(**settings: Any) -> Iterator[SandboxServer]:
    """Serve a sandbox until the block ends; `settings` are those of `hubcli.sandbox.app`.

    Answers are recorded behind the faults: those that faults spoil are not the sandbox's own.
    """
    recorders: list[Recorder] = []

    def recorded(application: Any) -> FaultInjection:
        recorders.append(Recorder(application))
        return FaultInjection(recorders[-1])

    filled = _SEEDS if settings.get("data") is None else seed.seed
    with ExitStack() as stack:
        with (
            mock.patch.object(app, "FaultInjection", recorded),
            mock.patch.object(app, "seed", filled),
        ):
            running = stack.enter_context(serving(Settings(**settings)))
        yield SandboxServer(running.url, running.sandbox, recorders[-1].exchanges)
