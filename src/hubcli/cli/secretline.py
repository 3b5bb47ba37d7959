"""A secret that comes on stdin: one line, because what stands in argv everybody can read."""

from __future__ import annotations

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

_LONGEST = 4096


def secret_line(runtime: Runtime, what: str) -> str:
    """The one line on stdin, without white space around it; UsageError naming `what` else."""
    stdin = runtime.output.terminal.stdin
    try:
        text = "" if stdin is None else stdin.read(_LONGEST + 1)
    except UnicodeDecodeError:
        raise UsageError(f"{what} on stdin is not UTF-8") from None
    if len(text) > _LONGEST:
        raise UsageError(f"what comes on stdin is too long for {what}")
    lines = text.strip().splitlines()
    if len(lines) != 1:
        raise UsageError(f"{what} is expected on stdin, on one line")
    return lines[0]
