"""Whole processes, timed in pairs: A B A B …, so that a slow moment hits both."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# Compiled modules are kept, as they are wherever a program is installed.
_ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Case:
    """A command that is timed; `against` names the case of the same group it is compared with.

    `before` is done ahead of every run, outside of what is timed.
    """

    name: str
    command: Sequence[str]
    against: str | None = None
    before: Callable[[], None] | None = None


@dataclass(frozen=True)
class Sample:
    """One run: seconds from start to exit, seconds of processor time, largest resident MiB.

    A process that needs less than this one is told to have needed as much.
    """

    seconds: float
    cpu: float
    peak: float


def measured(
    cases: Sequence[Case], *, rounds: int, environ: Mapping[str, str] | None = None
) -> dict[str, list[Sample]]:
    """What each case took in each round; a case that fails ends the benchmark."""
    taken: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for case in cases:
        once(case, environ)  # warms caches
    for _ in range(rounds):
        for case in cases:
            taken[case.name].append(once(case, environ))
    return taken


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each figure by itself."""
    return Sample(
        statistics.median(sample.seconds for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        max(sample.peak for sample in samples),
    )


def ratio(own: Sequence[Sample], other: Sequence[Sample], less: float = 0.0) -> float:
    """The median of the paired ratios of time; `less` seconds are taken off our own first."""
    pairs = zip(own, other, strict=True)
    return statistics.median((one.seconds - less) / two.seconds for one, two in pairs)


def report(title: str, cases: Sequence[Case], taken: Mapping[str, Sequence[Sample]]) -> None:
    """A line per case: medians, and the median of its paired ratios."""
    print(f"\n{title}")
    width = max(len(case.name) for case in cases)
    for case in cases:
        found = median(taken[case.name])
        line = f"  {case.name:<{width}}  {found.seconds * 1000:8.1f} ms"
        line += f"  cpu {found.cpu:6.3f} s"
        if case.against is not None:
            compared = ratio(taken[case.name], taken[case.against])
            line += f"  {compared:5.2f} x {case.against}"
        print(line)


def once(case: Case, environ: Mapping[str, str] | None) -> Sample:
    """Run it a single time."""
    if case.before is not None:
        case.before()
    started = time.perf_counter()
    process = subprocess.Popen(
        case.command,
        env={**_ENVIRON, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{case.name} ended with {process.returncode}: {said.decode()[-2000:]}")
    return Sample(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
