"""One small operation on a registry that wants tokens, near and far: time, and round trips."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import peers
from benchmarks.delay import Far, far
from benchmarks.peers import OWN, Command, Tool
from benchmarks.registries import forget_runs, private, sandbox
from benchmarks.tables import Report
from benchmarks.timing import Case, Failed, Taken, measured, once

_ROUND_TRIPS = (0, 20, 80)
"""Milliseconds."""
_FIRST, _SECOND = "hubcli, first run", "hubcli, second run"
_REPOSITORY = "library/hello-world"

Work = Callable[[Tool, str], Command]
"""The command of a tool at HOST:PORT."""


def run(report: Report, rounds: int) -> None:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        host = stack.enter_context(sandbox(directory / "sandbox"))
        places = {one: stack.enter_context(far(host, one)) for one in _ROUND_TRIPS}
        works: dict[str, Work] = {
            "digest": lambda tool, host: tool.digest(f"{host}/{_REPOSITORY}:latest"),
            "tag ls": lambda tool, host: tool.tags(f"{host}/{_REPOSITORY}"),
        }
        for name, work in works.items():
            _compare(report, name, work, places, directory, rounds)


def _compare(
    report: Report,
    name: str,
    work: Work,
    places: dict[int, Far],
    directory: Path,
    rounds: int,
) -> None:
    taken: dict[int, Taken] = {}
    for distance, place in places.items():
        cases = _cases(work, place.host, directory)
        taken[distance] = measured(cases, rounds=rounds, environ=private(directory))
    near, furthest = taken[_ROUND_TRIPS[0]], taken[_ROUND_TRIPS[-1]]
    for what, why in near.failed.items():
        report.failed(name, what, why)
    asked = _asked(_cases(work, places[0].host, directory), places[0], directory)
    head = (
        name,
        *(f"{distance} ms away" for distance in _ROUND_TRIPS),
        *("round trips", "requests", "connections", "peak MiB"),
    )
    here = [case.name for case in cases if all(case.name in one for one in taken.values())]
    rows = []
    for what in here:
        times = [taken[distance].median(what).seconds for distance in _ROUND_TRIPS]
        trips = (times[-1] - times[0]) * 1000 / _ROUND_TRIPS[-1]
        found = [f"{trips:.1f}", *asked.get(what, ("", "")), f"{near.median(what).peak:.0f}"]
        rows.append((what, *(f"{time * 1000:.0f}" for time in times), *found))
    report.show(f"{name}: one reference, on a registry that wants tokens (ms)", head, rows)
    fastest = furthest.fastest([tool.name for tool in peers.go()])
    if fastest is not None and _FIRST in furthest and _SECOND in furthest:
        where = f"{name} {_ROUND_TRIPS[-1]} ms away"
        report.target(f"{where}: first run / {fastest}", furthest.ratio(_FIRST, fastest), 1.0)
        report.target(f"{where}: second run / {fastest}", furthest.ratio(_SECOND, fastest), 0.6)


def _cases(work: Work, host: str, directory: Path) -> Sequence[Case]:
    own = work(OWN, host)
    return [
        *(Case(tool.name, work(tool, host)) for tool in peers.all_here()),
        Case(_FIRST, own, before=partial(forget_runs, directory)),
        Case(_SECOND, own),
    ]


def _asked(cases: Sequence[Case], place: Far, directory: Path) -> dict[str, tuple[str, str]]:
    """Requests and connections of each case, as the proxy saw them."""
    counted = {}
    for case in cases:
        place.forget()
        try:
            once(case, private(directory))
        except Failed:
            continue
        place.settle()
        counted[case.name] = str(len(place.requests)), str(place.connections)
    return counted
