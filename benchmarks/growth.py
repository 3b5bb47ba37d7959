"""How what a command takes grows with its input: tags, repositories, layers, bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import images, plot
from benchmarks.peers import FLOOR, HUBCLI, OWN, OWN_MOVES, Command, Moves
from benchmarks.registries import private, registry
from benchmarks.stub import stub
from benchmarks.tables import Report
from benchmarks.timing import Case, Failed, Sample, in_turn, median, once

_MOST = 1.05
_TAGS = (32_000, 64_000, 128_000, 256_000)
_DETAILED = (250, 500, 1_000, 2_000)
_ON_HUB = (2_000, 4_000, 8_000, 16_000)
_REPOSITORIES = (32_000, 64_000, 128_000, 256_000)
_LAYERS = (60, 120, 240, 480)
_MIBS = (256, 512, 1024, 2048)
_KIB = 1 << 10


Row = tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """A command for each of several sizes; that of size `least` does nearly nothing.

    A `floor` is run in pairs with it, and shows how the machine grows under the same load.
    """

    name: str
    unit: str
    sizes: Sequence[int]
    command: Callable[[int], Command]
    before: Callable[[], object] | None = None
    environ: Callable[[int], Mapping[str, str]] = lambda _: {}
    least: int = 1
    floor: Callable[[int], Command] | None = None


def run(report: Report, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        directory = Path(made)
        environ = private(directory)
        own, floors, lines = [], [], {}
        for group in (_listings, _transfers):
            with group(directory, environ) as several:
                for series in several:
                    try:
                        taken = _taken(series, rounds, environ)
                    except Failed as failure:
                        report.failed(series.name, OWN.name, str(failure))
                        continue
                    for name, found in taken.items():
                        points, row = _grown(series, name, found)
                        if name == series.name:
                            own.append(row)
                            lines[name] = plot.relative(points) if points else []
                        else:
                            floors.append(row)
    head = ("", "sizes", "ms, less the start", "peak MiB", "time", "own time", "memory")
    title = "Growth: exponents of size, by least squares of the logarithms"
    report.show(title, head, [*own, *floors])
    for row in own:
        report.target(f"{row[0]}: exponent of time", float(row[4]), _MOST)
        report.target(f"{row[0]}: exponent of own time", float(row[5]), _MOST)
    if lines:
        title = "Seconds of a command, less those of the smallest input"
        drawn = plot.svg(title, "input, as a multiple", "time, as a multiple", lines)
        report.files["growth.svg"] = drawn


def _taken(series: Series, rounds: int, environ: Mapping[str, str]) -> dict[str, dict[int, Sample]]:
    """The medians by size: of the command, then of its floor where it has one."""
    commands = {series.name: series.command}
    if series.floor is not None:
        commands[f"the floor of {series.name}"] = series.floor
    sizes = (series.least, *series.sizes)
    taken: dict[str, dict[int, list[Sample]]] = {
        name: {size: [] for size in sizes} for name in commands
    }
    for turn in range(rounds + 1):
        for size in sizes:
            for name, command in in_turn([*commands.items()], turn):
                case = Case(name, command(size), series.before)
                sample = once(case, {**environ, **series.environ(size)})
                if turn:
                    taken[name][size].append(sample)
    return {
        name: {size: median(samples) for size, samples in by_size.items()}
        for name, by_size in taken.items()
    }


def _grown(series: Series, name: str, found: Mapping[int, Sample]) -> tuple[list[plot.Point], Row]:
    """Points of time less that of the least input, and the row of the table."""
    start = found[series.least]

    def more(what: Callable[[Sample], float], least: float) -> list[plot.Point]:
        points = [(n, what(found[n]) - what(start)) for n in series.sizes]
        return [point for point in points if point[1] > least]

    times = more(lambda one: one.seconds, 0.001)
    own = more(lambda one: one.own, 0.001)
    memory = more(lambda one: one.peak, 0.1)
    row = (
        name,
        f"{' '.join(f'{size:,}' for size in series.sizes)} {series.unit}",
        " ".join(f"{seconds * 1000:.0f}" for _, seconds in times),
        " ".join(f"{found[size].peak:.0f}" for size in series.sizes),
        *(f"{plot.exponent(points):.2f}" for points in (times, own, memory)),
    )
    print("  " + "  ".join(row), flush=True)
    return times, row


@contextmanager
def _listings(_: Path, __: Mapping[str, str]) -> Iterator[list[Series]]:
    with ExitStack() as stack:
        hosts = {size: stack.enter_context(stub(size)) for size in (1, *_REPOSITORIES)}
        host = hosts[1]
        hub = {"HUBCLI_HUB_URL": f"http://{host}"}
        listing = [*HUBCLI, "tag", "ls"]
        yield [
            Series("tag ls", "tags", _TAGS, lambda n: [*listing, f"{host}/n/{n}"]),
            Series(
                "tag ls --sort version",
                "tags",
                _TAGS,
                lambda n: [*listing, f"{host}/n/{n}", "--sort", "version"],
            ),
            Series(
                "tag ls --details",
                "tags",
                _DETAILED,
                lambda n: [*listing, f"{host}/n/{n}", "--details"],
            ),
            Series(
                "tag ls --all, Hub's API",
                "tags",
                _ON_HUB,
                lambda n: [*listing, f"n/{n}", "--all"],
                environ=lambda _: hub,
            ),
            Series(
                "repo ls HOST",
                "repositories",
                _REPOSITORIES,
                lambda n: [*HUBCLI, "repo", "ls", hosts[n]],
            ),
        ]


@contextmanager
def _transfers(directory: Path, environ: Mapping[str, str]) -> Iterator[list[Series]]:
    with ExitStack() as stack:
        source = stack.enter_context(registry(directory / "a"))
        destination = stack.enter_context(registry(directory / "b"))
        layers = {n: _layers(directory, n) for n in (1, *_LAYERS)}
        large = {n: _large(directory, n) for n in (1, *_MIBS)}
        out = images.Fresh(directory / "out")
        several = []
        for kind, unit, sizes, layouts, floor in (
            ("layers", "layers of 16 KiB", _LAYERS, layers, None),
            ("large", "MiB in 4 layers", _MIBS, large, FLOOR),
        ):
            for n, layout in layouts.items():
                push = OWN_MOVES.push(layout, f"{source.host}/{kind}/{n}:latest")
                once(Case("push", push), environ)
            ways = [
                _moving(moves, kind, layouts, source.host, destination.host, out)
                for moves in (OWN_MOVES, floor)
                if moves is not None
            ]
            befores = {"pull": out.clear, "push": destination.forget, "copy": destination.forget}
            several += [
                Series(
                    f"{verb}, by {kind}",
                    unit,
                    sizes,
                    ways[0][verb],
                    before,
                    floor=ways[-1][verb] if floor else None,
                )
                for verb, before in befores.items()
            ]
        yield several


def _moving(
    moves: Moves, kind: str, layouts: Mapping[int, Path], source: str, there: str, out: images.Fresh
) -> dict[str, Callable[[int], Command]]:
    """The commands that pull, push and copy an image of a size."""
    return {
        "pull": lambda n: moves.pull(f"{source}/{kind}/{n}:latest", out.path),
        "push": lambda n: moves.push(layouts[n], f"{there}/{kind}/{n}:latest"),
        "copy": lambda n: moves.copy(f"{source}/{kind}/{n}:latest", f"{there}/{kind}/{n}:latest"),
    }


def _layers(directory: Path, count: int) -> Path:
    place = directory / f"layers-{count}"
    return images.layout(place, [16 * _KIB] * count, seed=count, unit=1)


def _large(directory: Path, mibs: int) -> Path:
    sizes = [mibs // 4] * 4 if mibs >= 4 else [1]
    return images.layout(directory / f"large-{mibs}", sizes, seed=mibs)
