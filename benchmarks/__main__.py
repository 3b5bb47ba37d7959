"""`python -m benchmarks [start|small|tags|transfer|growth …] [--rounds N] [--write]`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable

from benchmarks import growth, small, start, tables, tags, transfer
from benchmarks.tables import Report

_PARTS: dict[str, tuple[Callable[[Report, int], None], int]] = {
    "start": (start.run, 21),
    "small": (small.run, 7),
    "tags": (tags.run, 5),
    "transfer": (transfer.run, 3),
    "growth": (growth.run, 5),
}
"""Each with the rounds it takes for medians that do not jump."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[[], *_PARTS], help="all of them by default")
    parser.add_argument("--rounds", type=int, help="in place of each part's own number")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers end, and files go
    reports = []
    for part in arguments.which or _PARTS:
        work, rounds = _PARTS[part]
        started = time.monotonic()
        report = Report(part, arguments.rounds or rounds)
        work(report, report.rounds)
        reports.append(report)
        print(f"\n({part}: {time.monotonic() - started:.0f} s)", flush=True)
    if arguments.write:
        tables.write(reports)
    return 1 if any(report.ours_failed for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
