"""What a start costs, against Python's own and Typer's."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.peers import HUBCLI
from benchmarks.registries import private
from benchmarks.tables import Report
from benchmarks.timing import Case, Taken, measured

_PYTHON, _TYPER = "python -c pass", "python -c 'import typer'"
_SCRIPT = Path(__file__).parents[1] / "completions" / "hubcli.bash"
_COMPLETE = f"""
compopt() {{ :; }}
source {_SCRIPT}
COMP_WORDS=(hubcli ta) COMP_CWORD=1 COMP_LINE='hubcli ta' COMP_POINT=9
_hubcli hubcli ta
[[ ${{COMPREPLY[*]}} == tag ]]
"""


def run(report: Report, rounds: int) -> None:
    cases = [
        Case(_PYTHON, [sys.executable, "-c", "pass"]),
        Case(_TYPER, [sys.executable, "-c", "import typer"]),
        Case("hubcli --version", [*HUBCLI, "--version"]),
        Case("hubcli --help", [*HUBCLI, "--help"]),
        Case("hubcli tag ls --help", [*HUBCLI, "tag", "ls", "--help"]),
        Case("hubcli ta[TAB], in bash", ["bash", "--norc", "-c", _COMPLETE]),
        Case("hubcli tag ls: a usage error", _refused("tag", "ls")),
        Case("hubcli config path", [*HUBCLI, "config", "path"]),
    ]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        taken = measured(cases, rounds=rounds, environ=private(Path(name)))
    for what, why in taken.failed.items():
        report.failed("start", what, why)
    here = [case.name for case in cases if case.name in taken]
    head = ("start", "ms", f"/ {_PYTHON}", f"/ {_TYPER}", "peak MiB")
    report.show("Start", head, [_row(taken, name) for name in here])


def _refused(*words: str) -> list[str]:
    """A command line that is to end with exit code 2."""
    command = " ".join([*HUBCLI, *words])
    return ["sh", "-c", f"{command}; [ $? = 2 ]"]


def _row(taken: Taken, name: str) -> tuple[str, ...]:
    found = taken.median(name)
    return (
        name,
        f"{found.seconds * 1000:.0f}",
        f"{taken.ratio(name, _PYTHON):.2f}",
        f"{taken.ratio(name, _TYPER):.2f}",
        f"{found.peak:.0f}",
    )
