"""Commands that are killed at some point of their way: run again, they complete their work.

`make test` kills each at a few points, `make faults` at every request, before and after the server
has acted upon it, fifty times in all, and as often at any moment between start and end.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from support.errands import ERRANDS, Errand, World
from support.gateway import Fault

KILLED = ["pull", "push", "copy", "sync", "login", "apply"]
POINTS, MOMENTS = (50, 50) if os.environ.get("HUBCLI_FAULTS") == "all" else (2, 1)
_SIDES: tuple[Fault, Fault] = ("reset", "reset in the answer")


@pytest.mark.parametrize("name", KILLED)
def test_what_was_killed_is_completed_by_the_next_run(
    world: Callable[[], World], name: str
) -> None:
    errand = ERRANDS[name]
    requests = _undisturbed(errand, world())
    everywhere = [(number, moment) for number in range(requests) for moment in _SIDES]
    chance = random.Random(name)  # the same points in every run
    points = everywhere * (POINTS // len(everywhere))
    points += chance.sample(everywhere, POINTS % len(everywhere))
    for number, moment in points:
        _kill(errand, world(), number, moment)


@pytest.mark.parametrize("name", KILLED)
def test_what_was_killed_between_two_requests_is_completed(
    world: Callable[[], World], name: str
) -> None:
    errand, undisturbed = ERRANDS[name], world()
    errand.prepare(undisturbed)
    started = time.monotonic()
    assert _ended(undisturbed, errand) == 0
    whole = time.monotonic() - started
    chance = random.Random(f"{name}, by the clock")
    for _ in range(MOMENTS):
        _kill_after(errand, world(), chance.uniform(0, whole))


def _undisturbed(errand: Errand, world: World) -> int:
    """How many requests it takes; a process of its own, as those that are killed."""
    errand.prepare(world)
    world.gateway.expect()
    assert _ended(world, errand) == 0
    return len(world.gateway.lines)


def _kill(errand: Errand, world: World, number: int, moment: Fault) -> None:
    errand.prepare(world)
    argv = errand.argv(world)
    process = world.start(*argv, stdin=errand.input(world))
    world.gateway.call(number, moment, process.kill)
    # A HEAD has no body to be killed in: then it may have gone on to its end.
    _complete(errand, world, process, f"killed at {number}, {moment}")


def _kill_after(errand: Errand, world: World, seconds: float) -> None:
    errand.prepare(world)
    world.gateway.expect()
    process = world.start(*errand.argv(world), stdin=errand.input(world))
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    _complete(errand, world, process, f"killed after {seconds:.3f} s")


def _complete(errand: Errand, world: World, process: subprocess.Popen[bytes], when: str) -> None:
    """Check that what was killed, or had ended before that, is completed by the next run."""
    process.wait(60)
    about = f"{when} of {world.gateway.lines}: {process.returncode}"
    assert process.returncode in {-9, 0}, about
    world.gateway.expect()
    world.made_good(errand, about)


def _ended(world: World, errand: Errand) -> int:
    return world.start(*errand.argv(world), stdin=errand.input(world)).wait(60)
