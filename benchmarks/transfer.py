"""Pull, push and copy: whole processes on a local distribution, beside the peers and the floor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import images, peers
from benchmarks.delay import far
from benchmarks.peers import FLOOR, HUBCLI, OWN, OWN_MOVES, Command, Moves
from benchmarks.registries import Registry, private, registry
from benchmarks.tables import Report
from benchmarks.timing import Case, Taken, measured, once

_ROUND_TRIP = 20
"""Milliseconds between us and the registries that are far away."""
_MEGABITS = 1000
"""Of the line to those that are far away and large: a gigabit a second."""
_START = "python -c 'import httpx'"
_OWN_START = "hubcli digest"

Make = Callable[[Moves], Command]


@dataclass(frozen=True)
class Place:
    """How the two registries are reached, and the words for that."""

    words: str
    source: str
    destination: str


@dataclass(frozen=True)
class Bench:
    """Two registries, and a place for files.

    `source` holds what is in `layouts`, each as `src/NAME`; `destination` is emptied.
    """

    directory: Path
    source: Registry
    destination: Registry
    layouts: Mapping[str, Path]
    environ: Mapping[str, str]

    def fresh(self) -> Path:
        """A directory that is not there."""
        shutil.rmtree(self.directory / "out", ignore_errors=True)
        return self.directory / "out"

    def unmount(self) -> None:
        """Forget what was copied within the source."""
        repositories = self.source.storage / "docker" / "registry" / "v2" / "repositories"
        shutil.rmtree(repositories / "mnt", ignore_errors=True)


def run(report: Report, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, _bench(Path(name)) as bench:
        near = Place("loopback", bench.source.host, bench.destination.host)
        _works(report, bench, near, "big", "4 x 256 MiB", rounds, floor=True)
        _works(report, bench, near, "many", "60 x 1 MiB", rounds, start=True, mount=True)
        with _away(bench, _ROUND_TRIP, None) as away:
            _works(report, bench, away, "many", "60 x 1 MiB", rounds, mount=True)
        with _away(bench, 1, _MEGABITS) as away:
            _works(report, bench, away, "large", "4 x 128 MiB", rounds)
        _counted(report, bench)
        _memory(report, bench)


@contextmanager
def _bench(directory: Path) -> Iterator[Bench]:
    environ = private(directory)
    layouts = {
        "big": images.layout(directory / "big", [256] * 4, seed=1),
        "many": images.layout(directory / "many", [1] * 60, seed=2),
        "large": images.layout(directory / "large", [128] * 4, seed=5),
    }
    with ExitStack() as stack:
        source = stack.enter_context(registry(directory / "a"))
        destination = stack.enter_context(registry(directory / "b"))
        for name, layout in layouts.items():
            do(_push(layout, f"{source.host}/src/{name}:latest"), environ)
        yield Bench(directory, source, destination, layouts, environ)


@contextmanager
def _away(bench: Bench, milliseconds: int, megabits: int | None) -> Iterator[Place]:
    with (
        far(bench.source.host, milliseconds, megabits) as source,
        far(bench.destination.host, milliseconds, megabits) as destination,
    ):
        words = f"{milliseconds} ms away" if megabits is None else f"{megabits} Mbit/s"
        yield Place(words, source.host, destination.host)


def _push(layout: Path, reference: str) -> Command:
    return OWN_MOVES.push(layout, reference)


def do(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a command prints."""
    done = subprocess.run(
        command, env={**os.environ, **environ}, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _works(
    report: Report,
    bench: Bench,
    place: Place,
    image: str,
    what: str,
    rounds: int,
    *,
    floor: bool = False,
    start: bool = False,
    mount: bool = False,
) -> None:
    """Pull, push and copy one image, and copy it within the source where that is asked for.

    With `start` the target is for what hubcli takes less the start of Python with httpx.
    """
    own, there = f"{place.source}/src/{image}:latest", f"{place.destination}/dst/{image}:latest"
    mounted = f"{place.source}/mnt/{image}:latest"
    out, layout = bench.directory / "out", bench.layouts[image]
    works: dict[str, tuple[Make, Callable[[], object]]] = {
        "pull": (lambda moves: moves.pull(own, out), bench.fresh),
        "push": (lambda moves: moves.push(layout, there), bench.destination.forget),
        "copy": (lambda moves: moves.copy(own, there), bench.destination.forget),
    }
    if mount:
        works["mount"] = (lambda moves: moves.copy(own, mounted), bench.unmount)
    for work, (command, before) in works.items():
        cases = [
            Case(tool.name, command(tool.moves), before, peer=tool is not OWN)
            for tool in [*peers.all_here(), OWN]
            if tool.moves is not None
        ]
        if floor:
            cases.append(Case("floor", command(FLOOR), before))
        cases.append(Case(_OWN_START, OWN.digest(own)))
        if start:
            cases.append(Case(_START, [sys.executable, "-c", _import("httpx")]))
        taken = measured(cases, rounds=rounds, environ=bench.environ)
        _compared(report, f"{work} {what}, {place.words}", cases, taken)


def _import(name: str) -> str:
    """The statement, as hubcli has it: without the command line of httpx."""
    return f"import sys; sys.modules['httpx._main'] = None; import {name}"


def _compared(report: Report, title: str, cases: Sequence[Case], taken: Taken) -> None:
    for what, why in taken.failed.items():
        report.failed(title, what, why)
    here = [case.name for case in cases if case.name in taken]
    fastest = taken.fastest([tool.name for tool in peers.go()])
    against = fastest or here[0]
    own_start = taken.median(_OWN_START).seconds if _OWN_START in taken else 0.0
    head = ("", "ms", f"/ {against}", "less its start", "processor ms", "peak MiB")
    rows = []
    for name in here:
        found = taken.median(name)
        work = f"{taken.ratio(name, against, own_start):.2f}" if name == OWN.name else ""
        rows.append(
            (
                *(name, f"{found.seconds * 1000:.0f}", f"{taken.ratio(name, against):.2f}", work),
                *(f"{found.cpu * 1000:.0f}", f"{found.peak:.0f}"),
            )
        )
    report.show(title, head, rows)
    if OWN.name not in taken:
        return
    starts = _START in taken
    less = taken.median(_START).seconds if starts else 0.0
    if fastest:
        what = f"{title}: hubcli{' less the start' if starts else ''} / {fastest}"
        report.target(what, taken.ratio(OWN.name, fastest, less), 1.2 if starts else 1.0)
    if "floor" in taken:
        report.target(f"{title}: hubcli / floor", taken.ratio(OWN.name, "floor"), 1.2)


def _counted(report: Report, bench: Bench) -> None:
    """What is counted rather than timed."""
    own, there = f"{bench.source.host}/src/big:latest", f"{bench.destination.host}/dst/big:latest"
    bench.destination.forget()
    copy = [*HUBCLI, "copy", own]
    do([*copy, there, "-q"], bench.environ)
    requests = _requests([*copy, there, "--debug"], bench.environ)
    report.target("requests of a copy of what is there", len(requests), 2, "d")
    pulls = sum(request.startswith("> GET") for request in requests)
    report.target("of these that count as pulls", pulls, 0, "d")
    bench.unmount()
    mounted = f"{bench.source.host}/mnt/big:latest"
    told = json.loads(do([*copy, mounted, "--format", "json"], bench.environ))
    report.target("blob bytes of a copy within a registry", told["bytes"], 0, "d")
    _killed(report, bench)


def _requests(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    done = subprocess.run(
        command, env={**os.environ, **environ}, check=True, stderr=subprocess.PIPE, text=True
    )
    return [line for line in done.stderr.splitlines() if line.startswith("> ")]


def _killed(report: Report, bench: Bench) -> None:
    """Kill a pull of 1 GiB at 90 % of it, and count what the next one moves."""
    size = 1 << 30
    layout = images.layout(bench.directory / "one", [size // images.MIB], seed=3)
    reference = f"{bench.source.host}/src/one:latest"
    do(_push(layout, reference), bench.environ)
    out = bench.fresh()
    command = [*HUBCLI, "pull", "-q", reference, f"oci:{out}:latest"]
    with subprocess.Popen(command, env={**os.environ, **bench.environ}) as process:
        while _kept(out) < size * 0.9 and process.poll() is None:
            time.sleep(0.001)
        process.kill()
    kept = _kept(out)
    told = json.loads(do([*command, "--format", "json"], bench.environ))
    what = f"share of 1 GiB moved again after kill -9 at {kept / size:.0%}"
    report.target(what, told["bytes"] / size, 0.12)


def _kept(out: Path) -> int:
    return max((path.stat().st_size for path in out.rglob("*.partial")), default=0)


def _memory(report: Report, bench: Bench) -> None:
    """Peak memory with four layers of 1 GiB at once."""
    layout = images.layout(bench.directory / "huge", [1024] * 4, seed=4)
    own = f"{bench.source.host}/src/huge:latest"
    there = f"{bench.destination.host}/dst/huge:latest"
    bench.destination.forget()
    cases = [
        Case("push", _push(layout, own)),
        Case("pull", OWN_MOVES.pull(own, bench.fresh())),
        Case("copy", OWN_MOVES.copy(own, there)),
    ]
    for case in cases:
        peak = once(case, bench.environ).peak
        report.target(f"{case.name} 4 x 1 GiB: peak MiB", peak, 80, ".0f")
