"""Whole processes, timed in pairs: A B B A …, so that a slow moment hits both."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Item = TypeVar("Item")
# Compiled modules are kept, as they are wherever a program is installed.
_ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_LONG = 4.0
"""Seconds of a peer's run that are not waited for again and again."""
_PATIENCE = 180.0
"""Seconds after which a run is ended, and counts as failed."""


@dataclass(frozen=True)
class Case:
    """A command that is timed. `before` is done ahead of every run, outside of what is timed.

    A `peer` that takes long is run twice only.
    """

    name: str
    command: Sequence[str]
    before: Callable[[], object] | None = None
    peer: bool = False


@dataclass(frozen=True)
class Sample:
    """One run: seconds from start to exit, seconds of processor time, of these `own` those that
    the system did not spend for it, and the largest resident MiB."""

    seconds: float
    cpu: float
    own: float
    peak: float


class Failed(Exception):
    """A command that ended with an error, in its words."""


@dataclass
class Taken:
    """What each case took in each round; those that failed are only in `failed`."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.samples

    def median(self, name: str) -> Sample:
        return median(self.samples[name])

    def ratio(self, own: str, other: str, less: float = 0.0) -> float:
        """The median of the paired ratios of time; `less` seconds are taken off our own first."""
        return ratio(self.samples[own], self.samples[other], less)

    def fastest(self, names: Sequence[str]) -> str | None:
        """Which of those that did not fail takes least."""
        here = [name for name in names if name in self]
        return min(here, key=lambda name: self.median(name).seconds, default=None)


def in_turn(items: Sequence[Item], turn: int) -> Sequence[Item]:
    """Backwards every other time: whoever comes second finds memory that was just given back."""
    return items if turn % 2 else items[::-1]


def measured(
    cases: Sequence[Case], *, rounds: int, environ: Mapping[str, str] | None = None
) -> Taken:
    """Run each case once to warm caches, then in turn `rounds` times."""
    taken = Taken()
    for turn in range(rounds + 1):
        for case in in_turn(cases, turn):
            known = taken.samples.get(case.name)
            long = case.peer and known is not None and known[0].seconds > _LONG
            if long or case.name in taken.failed:
                continue
            try:
                sample = once(case, environ)
            except Failed as failure:
                taken.failed[case.name] = str(failure)
                taken.samples.pop(case.name, None)
                continue
            if turn:
                taken.samples.setdefault(case.name, []).append(sample)
    return taken


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each figure by itself; of memory the most."""
    return Sample(
        statistics.median(sample.seconds for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        statistics.median(sample.own for sample in samples),
        max(sample.peak for sample in samples),
    )


def ratio(own: Sequence[Sample], other: Sequence[Sample], less: float = 0.0) -> float:
    pairs = zip(own, other, strict=False)
    return statistics.median((one.seconds - less) / two.seconds for one, two in pairs)


# Little of itself: a process is told to have needed no less memory than the one that forked it.
_SPAWNER = """
import os, sys, time
null = os.open(os.devnull, os.O_RDWR)
quiet = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print(code, seconds, used.ru_utime + used.ru_stime, used.ru_utime, used.ru_maxrss / 1024)
"""


def once(case: Case, environ: Mapping[str, str] | None) -> Sample:
    """Run it a single time."""
    if case.before is not None:
        case.before()
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _SPAWNER, *case.command],
        env={**_ENVIRON, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as process:
        try:
            told, said = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Failed(f"it took longer than {_PATIENCE:.0f} s") from None
    code, *figures = told.split() or ["nothing"]
    if code != "0":
        last = (said.strip().splitlines() or ["without a word"])[-1]
        raise Failed(f"it ended with {code}: {last[-200:]}")
    return Sample(*map(float, figures))
