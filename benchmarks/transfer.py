"""Pull, push and copy: whole processes on a local distribution, beside the peers and the floor."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import images, peers
from benchmarks.peers import HUBCLI, OWN, Tool
from benchmarks.registries import Registry, registry
from benchmarks.timing import Case, Sample, measured, median, once, ratio, report

_ROUND_TRIP = 20
"""Milliseconds between us and the registries that are far away."""
_FLOOR = [sys.executable, "-m", "benchmarks.floor"]
_START = "python -c 'import httpx'"


@dataclass(frozen=True)
class Bench:
    """Two registries, what of them is seen far away, and a place for files.

    `source` holds `src/big` and `src/many`, which are in `layouts` too; `destination` is emptied.
    """

    directory: Path
    source: Registry
    destination: Registry
    far_source: str
    far_destination: str
    layouts: Mapping[str, Path]
    environ: Mapping[str, str]

    def fresh(self) -> Path:
        """A directory that is not there."""
        shutil.rmtree(self.directory / "out", ignore_errors=True)
        return self.directory / "out"


def run(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, _bench(Path(name)) as bench:
        _large(bench, rounds)
        _many(bench, rounds)
        _far(bench, rounds)
        _counted(bench)
        _memory(bench)


@contextmanager
def _bench(directory: Path) -> Iterator[Bench]:
    environ = {"HOME": str(directory / "home"), "XDG_RUNTIME_DIR": str(directory)}
    layouts = {
        "big": images.layout(directory / "big", [256] * 4, seed=1),
        "many": images.layout(directory / "many", [1] * 60, seed=2),
    }
    with ExitStack() as stack:
        source = stack.enter_context(registry(directory / "a"))
        destination = stack.enter_context(registry(directory / "b"))
        for name, layout in layouts.items():
            _do(OWN.push(layout, f"{source.host}/src/{name}:latest"), environ)
        far = [stack.enter_context(_delayed(one.host)) for one in (source, destination)]
        yield Bench(directory, source, destination, far[0], far[1], layouts, environ)


@contextmanager
def _delayed(host: str) -> Iterator[str]:
    """HOST:PORT of a registry that is as far away as `_ROUND_TRIP` says."""
    command = [sys.executable, "-m", "benchmarks.delay", host, str(_ROUND_TRIP)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)


def _do(command: Sequence[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environ}, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _large(bench: Bench, rounds: int) -> None:
    """4 x 256 MiB on loopback, against the peers and the floor."""
    source, destination = bench.source.host, bench.destination.host
    there = f"{destination}/dst/big:latest"
    own = f"{source}/src/big:latest"
    floors = {
        "pull": [*_FLOOR, "pull", source, "src/big", str(bench.directory / "out")],
        "push": [*_FLOOR, "push", str(bench.layouts["big"]), destination, "dst/big"],
        "copy": [*_FLOOR, "copy", source, "src/big", destination, "dst/big"],
    }
    commands: dict[str, Callable[[Tool], list[str]]] = {
        "pull": lambda tool: tool.pull(own, bench.directory / "out"),
        "push": lambda tool: tool.push(bench.layouts["big"], there),
        "copy": lambda tool: tool.copy(own, there),
    }
    for work, command in commands.items():
        before = bench.fresh if work == "pull" else bench.destination.forget
        _compare(
            bench, f"{work} 4 x 256 MiB, loopback", command, before, rounds, floor=floors[work]
        )


def _many(bench: Bench, rounds: int) -> None:
    """60 x 1 MiB on loopback, where the start of Python counts: it is taken off."""
    _small(bench, bench.source.host, bench.destination.host, "loopback", rounds, start=True)


def _far(bench: Bench, rounds: int) -> None:
    """The same as far away as `_ROUND_TRIP`."""
    where = f"{_ROUND_TRIP} ms"
    _small(bench, bench.far_source, bench.far_destination, where, rounds, start=False)


def _small(
    bench: Bench, source: str, destination: str, where: str, rounds: int, *, start: bool
) -> None:
    own, there = f"{source}/src/many:latest", f"{destination}/dst/many:latest"
    mounted = f"{source}/mnt/many:latest"
    repositories = bench.source.storage / "docker" / "registry" / "v2" / "repositories"
    works: dict[str, tuple[Callable[[Tool], list[str]], Callable[[], object]]] = {
        "pull": (lambda tool: tool.pull(own, bench.directory / "out"), bench.fresh),
        "push": (
            lambda tool: tool.push(bench.layouts["many"], there),
            bench.destination.forget,
        ),
        "copy": (lambda tool: tool.copy(own, there), bench.destination.forget),
        "mount": (
            lambda tool: tool.copy(own, mounted),
            lambda: shutil.rmtree(repositories / "mnt", ignore_errors=True),
        ),
    }
    for work, (command, before) in works.items():
        _compare(bench, f"{work} 60 x 1 MiB, {where}", command, before, rounds, start=start)


def _compare(
    bench: Bench,
    title: str,
    command: Callable[[Tool], list[str]],
    before: Callable[[], object],
    rounds: int,
    *,
    floor: list[str] | None = None,
    start: bool = False,
) -> None:
    """Time hubcli and all peers at the same work, and say how near each target is."""

    def prepare() -> None:
        before()

    tools = [*peers.fast(), *peers.slow()]
    cases = [Case(tool.name, command(tool), before=prepare) for tool in tools]
    if floor:
        cases.append(Case("floor", floor, before=prepare))
    if start:
        cases.append(Case(_START, [sys.executable, "-c", "import httpx"]))
    cases.append(Case(OWN.name, command(OWN), before=prepare))
    taken = measured(cases, rounds=rounds, environ=bench.environ)
    report(title, cases, taken)
    less = median(taken[_START]).seconds if start else 0.0
    most = 1.2 if start else 1.0
    _target(taken, [tool.name for tool in peers.fast()], most, less)
    if not peers.fast():
        _target(taken, [tool.name for tool in peers.slow()], 0.5, less)
    if floor:
        _target(taken, ["floor"], 1.2, 0.0)


def _target(
    taken: Mapping[str, Sequence[Sample]], against: list[str], most: float, less: float
) -> None:
    if not against:
        return
    fastest = min(against, key=lambda name: median(taken[name]).seconds)
    found = ratio(taken[OWN.name], taken[fastest], less)
    what = f"{OWN.name}{' less the start' if less else ''} / {fastest}"
    _say(what, f"{found:.2f}", f"{most:.2f}", found <= most)


def _say(what: str, found: str, most: str, met: bool) -> None:
    print(f"  -> {what}: {found}  (target: at most {most}; {'met' if met else 'MISSED'})")


def _counted(bench: Bench) -> None:
    """What is counted rather than timed."""
    print("\ncounted")
    own, there = f"{bench.source.host}/src/big:latest", f"{bench.destination.host}/dst/big:latest"
    bench.destination.forget()
    _do(OWN.copy(own, there), bench.environ)
    requests = _requests([*HUBCLI, "copy", own, there, "--debug"], bench.environ)
    _say("requests of a copy of what is there", str(len(requests)), "2", len(requests) <= 2)
    pulls = sum(request.startswith("> GET") for request in requests)
    _say("of these that count as pulls", str(pulls), "0", pulls == 0)
    mounted = f"{bench.source.host}/mnt/big:latest"
    told = json.loads(_do([*HUBCLI, "copy", own, mounted, "--format", "json"], bench.environ))
    moved = told["bytes"]
    _say("blob bytes of a copy within a registry", str(moved), "0", moved == 0)
    _killed(bench)


def _requests(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    done = subprocess.run(
        command, env={**os.environ, **environ}, check=True, stderr=subprocess.PIPE, text=True
    )
    return [line for line in done.stderr.splitlines() if line.startswith("> ")]


def _killed(bench: Bench) -> None:
    """Kill a pull of 1 GiB at 90 % of it, and count what the next one moves."""
    size = 1 << 30
    layout = images.layout(bench.directory / "one", [size // images.MIB], seed=3)
    reference = f"{bench.source.host}/src/one:latest"
    _do(OWN.push(layout, reference), bench.environ)
    out = bench.fresh()
    command = OWN.pull(reference, out)
    with subprocess.Popen(command, env={**os.environ, **bench.environ}) as process:
        while _kept(out) < size * 0.9 and process.poll() is None:
            time.sleep(0.001)
        process.kill()
    kept = _kept(out)
    told = json.loads(_do([*command, "--format", "json"], bench.environ))
    share = told["bytes"] / size
    _say(
        f"share of 1 GiB moved again after kill -9 at {kept / size:.0%}",
        f"{share:.1%}",
        "12 %",
        share <= 0.12,
    )


def _kept(out: Path) -> int:
    return max((path.stat().st_size for path in out.rglob("*.partial")), default=0)


def _memory(bench: Bench) -> None:
    """Peak memory with four layers of 1 GiB at once."""
    layout = images.layout(bench.directory / "huge", [1024] * 4, seed=4)
    own = f"{bench.source.host}/src/huge:latest"
    there = f"{bench.destination.host}/dst/huge:latest"
    bench.destination.forget()
    cases = [
        Case("push", OWN.push(layout, own)),
        Case("pull", OWN.pull(own, bench.fresh())),
        Case("copy", OWN.copy(own, there)),
    ]
    print("\npeak memory, 4 x 1 GiB")
    for case in cases:
        peak = once(case, bench.environ).peak
        _say(f"MiB at {case.name}", f"{peak:.0f}", "80", peak <= 80)
