"""Worlds for errands, behind a gateway that spoils what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from hubcli.http import retry
from support.errands import NAMESPACE, World
from support.gateway import Gateway
from support.sandbox import SandboxServer

_NUMBERS = count()


@pytest.fixture(scope="session")
def gateway(shared_sandbox: SandboxServer) -> Iterator[Gateway]:
    """Before the sandbox that a worker's tests share."""
    accounts = shared_sandbox.parts.accounts
    accounts.add(NAMESPACE, is_organization=True, plan="business", private_limit=10_000)
    accounts.add_member(NAMESPACE, shared_sandbox.username, "owner")
    with Gateway(shared_sandbox.host).running() as running:
        yield running


@pytest.fixture
def world(shared_sandbox: SandboxServer, gateway: Gateway, tmp_path: Path) -> Callable[[], World]:
    """A new world whenever it is called."""

    def new() -> World:
        number = next(_NUMBERS)
        directory = tmp_path / str(number)
        directory.mkdir()
        return World(shared_sandbox, gateway, directory, number)

    return new


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.001)
