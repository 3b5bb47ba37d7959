"""Every request of every command meets every fault: it is outlived, or told and made good.

`make test` tries a few requests of each command; `make faults` every fault on all of them.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from support.errands import ERRANDS, Errand, World, command
from support.gateway import Fault, Gateway
from support.running import Result

FAULTS: dict[str, frozenset[int]] = {
    "refused": frozenset({0, 6}),
    "no handshake": frozenset({0, 6}),
    "reset": frozenset({0, 6}),
    "reset in the request": frozenset({0, 6}),
    "reset in the answer": frozenset({0, 6}),
    "lost answer": frozenset({0, 6}),
    "silence": frozenset({0, 6}),
    "401": frozenset({0, 4}),
    "429": frozenset({0, 5}),
    "500": frozenset({0, 6}),
    "502": frozenset({0, 6}),
}
"""What can happen, and how a command may end that it happens to."""


def _no_handshake() -> ssl.SSLError:
    """What Python raises where the other side does not speak TLS."""
    said = ssl.MemoryBIO()
    said.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    try:
        ssl.create_default_context().wrap_bio(
            said, ssl.MemoryBIO(), server_hostname="x"
        ).do_handshake()
    except ssl.SSLError as error:
        return error
    raise AssertionError("that was no handshake")


_CONNECTING: dict[str, OSError] = {
    "refused": ConnectionRefusedError(111, "Connection refused"),
    "no handshake": _no_handshake(),
}
"""What is wrong before there is a connection, as the system tells it."""

EVERYTHING = os.environ.get("HUBCLI_FAULTS") == "all"
SOME = "some"
KINDS = [*FAULTS] if EVERYTHING else [SOME]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ERRANDS)
def test_a_fault_is_outlived_or_told_and_made_good(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    errand = ERRANDS[name]
    requests = _undisturbed(name, errand, world(errand.place))
    assert requests > 0
    points = [(number, kind) for number in range(requests)]
    for number, fault in points if EVERYTHING else _some(name, errand, requests):
        _try(errand, world(errand.place), number, fault, monkeypatch)


def _some(name: str, errand: Errand, requests: int) -> list[tuple[int, str]]:
    """A few requests, and what happens to each: over all errands every fault happens to first,
    middle and last requests."""
    kinds, places = [*FAULTS], (requests - 1, requests // 2, 0)
    first = 2 * [*ERRANDS].index(name)
    numbers = range(first, first + (1 if errand.reads else 2))
    points = {places[n % len(places)]: kinds[n % len(kinds)] for n in numbers}
    return [*points.items()]


def _undisturbed(name: str, errand: Errand, world: World) -> int:
    """How many requests it takes when nothing happens."""
    errand.prepare(world)
    argv = errand.argv(world)
    words = tuple(command(name).split())
    assert argv[: len(words)] == words
    world.gateway.expect()
    done = world.run(*argv, stdin=errand.input(world))
    assert done.exit_code == 0, done.stderr
    requests = len(world.gateway.lines)
    assert errand.done(world)
    return requests


def _try(
    errand: Errand, world: World, number: int, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    errand.prepare(world)
    argv = errand.argv(world)
    if fault == "silence":
        world.configure("[defaults]\nread_timeout = 0.4\n")
    with monkeypatch.context() as patched:
        _arrange(world.gateway, number, fault, patched)
        done = world.run(*argv, stdin=errand.input(world))
    about = f"{fault} at {number} of {world.gateway.lines}: {done.stderr}"
    assert done.exit_code in FAULTS[fault], about
    assert _is_clear(done), about
    if done.exit_code == 0:
        assert errand.done(world), about
    else:
        world.gateway.expect()
        world.made_good(errand, about)


def _arrange(gateway: Gateway, number: int, fault: str, patched: pytest.MonkeyPatch) -> None:
    if fault not in _CONNECTING:
        gateway.expect(number, _named(fault))
        return
    gateway.expect()
    attempts = count()
    connect = socket.create_connection

    def failing(address: Any, *rest: Any, **options: Any) -> socket.socket:
        if f"{address[0]}:{address[1]}" == gateway.host and next(attempts) == number:
            raise _CONNECTING[fault]
        return connect(address, *rest, **options)

    patched.setattr(socket, "create_connection", failing)


def _named(fault: str) -> Fault:
    assert fault in FAULTS
    return fault  # type: ignore[return-value]


def _is_clear(done: Result) -> bool:
    """No traceback; a failure is one line, with at most a hint, beside what was done till then."""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    told = all(re.fullmatch(r"error: .* \([A-Z_]+\)", line) for line in errors)
    return "Traceback" not in done.stderr and told and bool(errors) == bool(done.exit_code)
