"""Whole processes, timed in pairs: A B A B …, so that a slow moment hits both."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A command that is timed; `against` names the case of the same group it is compared with."""

    name: str
    command: Sequence[str]
    against: str | None = None


def measured(
    cases: Sequence[Case], *, rounds: int, environ: Mapping[str, str] | None = None
) -> dict[str, list[float]]:
    """Seconds of each case in each round; a case that fails ends the benchmark."""
    taken: dict[str, list[float]] = {case.name: [] for case in cases}
    for case in cases:
        _seconds(case, environ)  # warms caches
    for _ in range(rounds):
        for case in cases:
            taken[case.name].append(_seconds(case, environ))
    return taken


def report(title: str, cases: Sequence[Case], taken: Mapping[str, Sequence[float]]) -> None:
    """A line per case: median, and the median of its paired ratios."""
    print(f"\n{title}")
    width = max(len(case.name) for case in cases)
    for case in cases:
        line = f"  {case.name:<{width}}  {statistics.median(taken[case.name]) * 1000:8.1f} ms"
        if case.against is not None:
            pairs = zip(taken[case.name], taken[case.against], strict=True)
            ratio = statistics.median(own / other for own, other in pairs)
            line += f"   {ratio:5.2f} x {case.against}"
        print(line)


def _seconds(case: Case, environ: Mapping[str, str] | None) -> float:
    started = time.perf_counter()
    subprocess.run(
        case.command,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started
