"""Worlds for errands, behind gateways that spoil what they are told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import keyring
import pytest

from hubcli.http import retry
from hubcli.sandbox.hub import limits
from hubcli.sandbox.keyring import SandboxKeyring
from support.errands import NAMESPACE, Place, World
from support.gateway import Gateway
from support.providers.quay import QuayRegistry
from support.sandbox import SandboxServer
from support.sandbox_registry import registry_server

_NUMBERS = count()


@dataclass(frozen=True)
class Setting:
    """A gateway, and what makes hubcli know whatever is behind it."""

    gateway: Gateway
    configuration: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@pytest.fixture(scope="session")
def gateway(shared_sandbox: SandboxServer) -> Iterator[Gateway]:
    """Before the sandbox that a worker's tests share."""
    accounts = shared_sandbox.parts.accounts
    accounts.add(NAMESPACE, is_organization=True, plan="business", private_limit=10_000)
    accounts.add_member(NAMESPACE, shared_sandbox.username, "owner")
    with Gateway(shared_sandbox.host).running() as running:
        yield running


@pytest.fixture(scope="session")
def settings(gateway: Gateway) -> Iterator[Callable[[Place], Setting]]:
    """What is behind a gateway, each made when it is first wanted."""
    made: dict[Place, Setting] = {"hub": Setting(gateway)}
    with ExitStack() as stack:

        def before(host: str) -> Gateway:
            return stack.enter_context(Gateway(host).running())

        def registry() -> Setting:
            return Setting(before(stack.enter_context(registry_server()).host))

        def quay() -> Setting:
            running = stack.enter_context(QuayRegistry().running())
            (host,) = running.origins
            gateway = before(host)
            row = running.config.replace(host, gateway.host)
            return Setting(gateway, row, tuple(running.identity.items()))

        makers = {"registry": registry, "quay": quay}

        def setting(place: Place) -> Setting:
            if place not in made:
                made[place] = makers[place]()
            return made[place]

        yield setting


@pytest.fixture
def world(
    shared_sandbox: SandboxServer, settings: Callable[[Place], Setting], tmp_path: Path
) -> Callable[..., World]:
    """`world("quay")`: a new world whenever it is called, on Docker Hub where nothing is said."""

    def new(place: Place = "hub") -> World:
        number, setting = next(_NUMBERS), settings(place)
        directory = tmp_path / str(number)
        directory.mkdir()
        made = World(shared_sandbox, setting.gateway, directory, number, dict(setting.variables))
        if setting.configuration:
            made.configure(setting.configuration)
        return made

    return new


@pytest.fixture(autouse=True)
def _keyring_of_each_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment of a world says, where keyring has made up its mind before."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", SandboxKeyring())  # type: ignore[no-untyped-call]


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.001)
    # All worlds together make more calls than the Hub allows one user in a minute.
    monkeypatch.setattr(limits, "SIGNED_IN_CALLS", 1_000_000)
