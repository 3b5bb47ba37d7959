"""The memory that something needs, as Python counts it; for a command without its imports."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

_Result = TypeVar("_Result")

_PROGRAM = """
import gc, json, os, sys, tracemalloc
from hubcli.__main__ import run
before, command = json.loads(sys.argv[2])
with open(sys.argv[1], "w") as output:
    code = run(before, os.environ, None, output, sys.stderr)
    output.seek(0)
    output.truncate()
    gc.collect()
    tracemalloc.start()
    code = code or run(command, os.environ, None, output, sys.stderr)
    print(tracemalloc.get_traced_memory()[1])
sys.exit(code)
"""


def peak(
    command: Sequence[str], before: Sequence[str], environ: Mapping[str, str], output: Path
) -> int:
    """Bytes that `hubcli COMMAND` holds at most, writing to `output`, once `before` has run.

    That is to import, and to sign in, what the command does too.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(output), json.dumps([before, command])],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def peak_of(work: Callable[[], _Result]) -> tuple[_Result, int]:
    """What comes of some work, and the bytes that were held at most for it."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
