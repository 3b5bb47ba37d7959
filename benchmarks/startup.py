"""What a start costs, against Python's own and Typer's."""

from __future__ import annotations

import sys

from benchmarks.timing import Case, measured, report

_HUBCLI = [sys.executable, "-m", "hubcli"]
_FLOOR = "python -c pass"
_TYPER = "python -c 'import typer'"


def run(rounds: int) -> None:
    cases = [
        Case(_FLOOR, [sys.executable, "-c", "pass"]),
        Case(_TYPER, [sys.executable, "-c", "import typer"], _FLOOR),
        Case("hubcli --version", [*_HUBCLI, "--version"], _FLOOR),
        Case("hubcli --help", [*_HUBCLI, "--help"], _TYPER),
        Case("hubcli tag ls --help", [*_HUBCLI, "tag", "ls", "--help"], _TYPER),
        Case("hubcli config path", [*_HUBCLI, "config", "path"], _TYPER),
    ]
    report("Start", cases, measured(cases, rounds=rounds))
