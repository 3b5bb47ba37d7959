"""Fixtures: the sandbox's registry by itself, and a client of its Hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from support.hub_client import HubClient
from support.sandbox import SandboxServer
from support.sandbox_registry import RegistryServer, registry_server


@pytest.fixture(scope="session")
def shared_registry() -> Iterator[RegistryServer]:
    """One open registry for all tests that keep to the `repository` they are given."""
    with registry_server() as server:
        yield server


@pytest.fixture
def registry(shared_registry: RegistryServer) -> RegistryServer:
    return shared_registry


@pytest.fixture
def new_registry() -> Iterator[RegistryServer]:
    """An open registry of this test alone."""
    with registry_server() as server:
        yield server


@pytest.fixture
def hub(sandbox: SandboxServer) -> Iterator[HubClient]:
    """A client of the sandbox's Hub API: `hub("GET", "/v2/user/", by="alice")`."""
    with HubClient(sandbox.url) as client:
        yield client


@pytest.fixture
def new_hub(new_sandbox: Callable[..., SandboxServer]) -> Iterator[HubClient]:
    """The same, of a sandbox of this test alone: nobody else calls it, or has pushed to it."""
    with HubClient(new_sandbox().url) as client:
        yield client
