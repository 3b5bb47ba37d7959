"""What was measured, as tables: for the terminal as they come, for docs/benchmarks.md after."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import peers

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "benchmarks.md"


@dataclass(frozen=True)
class Table:
    """A title, what stands over the columns, and the rows."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]
        shown = [
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for number, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join([f"\n{self.title}", *(f"  {line}" for line in shown)])

    def markdown(self) -> str:
        lines = [f"| {' | '.join(line)} |" for line in self.rows]
        head = f"| {' | '.join(self.head)} |"
        below = f"|{'|'.join(['---'] + ['---:'] * (len(self.head) - 1))}|"
        return "\n".join([f"**{self.title}**", "", head, below, *lines])


@dataclass
class Report:
    """The tables of one part, printed as they come, and its targets."""

    part: str
    rounds: int
    begun: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    tables: list[Table] = field(default_factory=list)
    targets: list[tuple[str, str, str, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ours_failed: bool = False
    files: dict[str, str] = field(default_factory=dict)
    """What else belongs to it, by its name in docs/."""

    def show(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        table = Table(title, head, rows)
        self.tables.append(table)
        print(table.text(), flush=True)

    def target(self, what: str, found: float, most: float, form: str = ".2f") -> None:
        """Whether something is no more than it should be."""
        met = "met" if found <= most else "missed"
        self.targets.append((what, format(found, form), format(most, form), met))
        print(f"  -> {what}: {found:{form}} (at most {most:{form}}: {met})", flush=True)

    def failed(self, work: str, name: str, why: str) -> None:
        """What ended with an error, by name; the rest is measured."""
        what = f"{work} with {name}: {why}"
        self.failures.append(what)
        self.ours_failed = self.ours_failed or name.startswith("hubcli")
        print(f"  !! {what}", flush=True)

    def markdown(self) -> str:
        command = f"python -m benchmarks {self.part} --rounds {self.rounds}"
        pieces = [f"`{command}`, {self.begun}, at a load of {self.load:.1f}:"]
        pieces += [table.markdown() for table in self.tables]
        if self.targets:
            head = ("target", "found", "at most", "")
            pieces.append(Table("Targets", head, self.targets).markdown())
        if self.failures:
            pieces.append("\n".join(f"- failed: {failure}" for failure in self.failures))
        return "\n\n".join(pieces)


def write(reports: Sequence[Report]) -> None:
    """Put each part, and the machine, in its place on the page: between comments with its name."""
    text = PAGE.read_text()
    for name, content in [("machine", machine()), *((r.part, r.markdown()) for r in reports)]:
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not place.search(text):
            raise SystemExit(f"{PAGE} has no place for {name}: <!-- {name} -->")
        text = place.sub(lambda found, put=content: f"{found[1]}\n{put}\n\n{found[2]}", text)
    PAGE.write_text(text)
    for report in reports:
        for name, content in report.files.items():
            (DOCS / name).write_text(content)
    print(f"\nwritten to {PAGE}")


def machine() -> str:
    """Where, and beside what."""
    found = [f"{one.name} {_version(one.version)}" for one in peers.all_here()]
    return "\n".join(
        [
            f"- {os.cpu_count()} processors ({_processor()}), {_system()}",
            f"- Python {platform.python_version()}",
            f"- peers: {', '.join(found) or 'none'}",
        ]
    )


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _system() -> str:
    if sys.platform == "linux":
        return f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}"
    return platform.platform(terse=True)


def _version(command: Sequence[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return found[0] if found else ""
