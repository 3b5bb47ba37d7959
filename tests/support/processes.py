"""Server processes for tests: started, waited for, stopped; their output kept in files."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class DidNotStart(Exception):
    """A server process ended, or said nothing useful, before it was ready."""


@dataclass(frozen=True)
class Server:
    """A running process and the files that take its stdout and stderr."""

    process: subprocess.Popen[bytes]
    stdout: Path
    stderr: Path
    ready: re.Match[str]


@contextmanager
def serving(
    argv: Sequence[str | Path],
    *,
    ready: str,
    directory: Path,
    environ: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 20,
) -> Iterator[Server]:
    """Run a server until the block ends; it is up once `ready` matches what it printed."""
    directory.mkdir(parents=True, exist_ok=True)
    out, err = directory / "stdout.log", directory / "stderr.log"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, env=environ, cwd=directory
        )
    try:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        yield Server(process, out, err, _wait_until_ready(process, (out, err), ready, timeout))
    finally:
        _stop(process)


def _wait_until_ready(
    process: subprocess.Popen[bytes], logs: Sequence[Path], pattern: str, timeout: float
) -> re.Match[str]:
    deadline = time.monotonic() + timeout
    while True:
        ended = process.poll() is not None
        said = "\n".join(log.read_text(errors="replace") for log in logs)
        match = re.search(pattern, said)
        if match:
            return match
        if ended or time.monotonic() > deadline:
            state = f"ended with {process.returncode}" if ended else "is not ready in time"
            raise DidNotStart(f"{process.args!r} {state}:\n{said}")
        time.sleep(0.01)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
