"""Fixtures: clients of registries, of scripted ones, too; the sandbox's registry by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hubcli.config import Endpoint, RegistryRow
from hubcli.http.client import Client
from hubcli.registry import Registry
from support.sandbox_registry import RegistryServer, registry_server
from support.scripted import Script, ScriptedServer

Connect = Callable[..., Registry]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """`connect("127.0.0.1:5000", guess=False, ca_file=None, warn=…)`: an anonymous client.

    With `guess` it does not know whether the port speaks TLS.
    """
    with ExitStack() as stack:

        def start(
            host: str, *, guess: bool = False, ca_file: str | None = None, **settings: object
        ) -> Registry:
            http = Client(sleep=lambda _: None)
            stack.callback(http.close)
            row = RegistryRow(ca_file=ca_file)
            endpoint = Endpoint(host, f"http://{host}", row, may_be_tls=guess)
            return Registry(http, endpoint, None, **settings)  # type: ignore[arg-type]

        yield start


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], ScriptedServer]]:
    """`scripted(lambda seen: Answer(…))`: a server that answers so until the test ends."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(ScriptedServer(script))


@pytest.fixture(scope="session")
def shared_modern_registry() -> Iterator[RegistryServer]:
    """distribution-spec 1.1 complete: tags are deleted, referrers and pages are served."""
    with registry_server() as server:
        yield server


@pytest.fixture
def modern_registry(shared_modern_registry: RegistryServer) -> RegistryServer:
    return shared_modern_registry
