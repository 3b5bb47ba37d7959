"""What a command is about to do, told line by line before it asks."""

from __future__ import annotations

from collections.abc import Sequence

from hubcli.output import Output

_LONGEST = 50
"""Lines that are shown before the question; --dry-run shows all."""


def announce(output: Output, lines: Sequence[str]) -> None:
    """Say what is about to be done, up to a length that somebody reads."""
    for line in lines[:_LONGEST]:
        output.notice(f"  {line}".rstrip())
    if len(lines) > _LONGEST:
        output.notice(f"  … and {len(lines) - _LONGEST:,} more; --dry-run shows all")
