"""Listing many tags: 5,000 by name, 1,000 with their details, 3,000 of Docker Hub's API."""

from __future__ import annotations

import math
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import peers
from benchmarks.delay import Far, far
from benchmarks.peers import HUBCLI, OWN
from benchmarks.registries import private, sandbox
from benchmarks.stub import stub
from benchmarks.tables import Report
from benchmarks.timing import Case, Taken, measured, once

_MANY = "bigorg/nightly"
_DETAILS, _NEAR = 1000, 20
_ON_HUB, _FAR = 3000, 80
_PAGE = 100
"""Rows of Hub's largest page."""


def run(report: Report, rounds: int) -> None:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        environ = private(directory)
        host = stack.enter_context(sandbox(directory / "sandbox"))
        _many(report, host, {**environ, "HUBCLI_HUB_URL": f"http://{host}"}, rounds)
        large = stack.enter_context(stub())
        _details(report, stack.enter_context(far(large, _NEAR)), environ, rounds)
        _hub(report, stack.enter_context(far(large, _FAR)), environ, rounds)


def _many(report: Report, host: str, environ: dict[str, str], rounds: int) -> None:
    """5,000 tags, by every tool."""
    repository = f"{host}/{_MANY}"
    cases = [Case(tool.name, tool.tags(repository)) for tool in peers.all_here()]
    cases.append(Case("hubcli", OWN.tags(repository)))
    cases.append(Case("hubcli, Hub's API", [*OWN.tags(_MANY), "--all"]))
    taken = measured(cases, rounds=rounds, environ=environ)
    for what, why in taken.failed.items():
        report.failed("tag ls of 5,000", what, why)
    here = [case.name for case in cases if case.name in taken]
    fastest = taken.fastest([tool.name for tool in peers.go()])
    head = ("5,000 tags", "ms", f"/ {fastest or 'hubcli'}", "processor ms", "peak MiB")
    report.show(
        "tag ls of 5,000 tags on loopback",
        head,
        [_row(taken, name, fastest or "hubcli") for name in here],
    )


def _row(taken: Taken, name: str, against: str) -> tuple[str, ...]:
    found = taken.median(name)
    return (
        name,
        f"{found.seconds * 1000:.0f}",
        f"{taken.ratio(name, against):.2f}",
        f"{found.cpu * 1000:.0f}",
        f"{found.peak:.0f}",
    )


def _details(report: Report, place: Far, environ: dict[str, str], rounds: int) -> None:
    """1,000 tags with their details: two requests for each, as many at once as there may be."""
    case = Case("hubcli", [*HUBCLI, "tag", "ls", "--details", f"{place.host}/n/{_DETAILS}"])
    requests, connections, taken = _alone(report, case, place, environ, rounds)
    if taken is None:
        return
    ideal = requests / connections * place.round_trip()
    title = f"tag ls --details of {_DETAILS:,} tags, {_NEAR} ms away"
    _show_alone(report, title, taken, requests, connections, "ideal", ideal)
    report.target(f"{title}: time / ideal", taken.median("hubcli").seconds / ideal, 1.2)


def _hub(report: Report, place: Far, environ: dict[str, str], rounds: int) -> None:
    """3,000 tags of Docker Hub: the first page tells how many there are, then several at once."""
    command = [*HUBCLI, "tag", "ls", "--all", f"n/{_ON_HUB}"]
    there = {**environ, "HUBCLI_HUB_URL": f"http://{place.host}"}
    requests, connections, taken = _alone(report, Case("hubcli", command), place, there, rounds)
    if taken is None:
        return
    pages = math.ceil(_ON_HUB / _PAGE)
    in_turn = (1 + pages) * place.round_trip()
    title = f"Hub: tag ls --all of {_ON_HUB:,} tags, {_FAR} ms away"
    _show_alone(report, title, taken, requests, connections, "page after page", in_turn)
    what = f"{title}: time / page after page"
    report.target(what, taken.median("hubcli").seconds / in_turn, 0.35)


def _alone(
    report: Report, case: Case, place: Far, environ: dict[str, str], rounds: int
) -> tuple[int, int, Taken | None]:
    taken = measured([case], rounds=rounds, environ=environ)
    for why in taken.failed.values():
        report.failed(" ".join(case.command[1:]), case.name, why)
        return 0, 0, None
    place.forget()
    once(case, environ)
    place.settle()
    return len(place.requests), place.connections, taken


def _show_alone(
    report: Report,
    title: str,
    taken: Taken,
    requests: int,
    connections: int,
    against: str,
    seconds: float,
) -> None:
    took = taken.median("hubcli")
    head = ("", "ms", "processor ms", "requests", "connections", f"{against}, ms", "peak MiB")
    row = (
        *("hubcli", f"{took.seconds * 1000:.0f}", f"{took.cpu * 1000:.0f}"),
        *(str(requests), str(connections), f"{seconds * 1000:.0f}", f"{took.peak:.0f}"),
    )
    report.show(title, head, [row])
