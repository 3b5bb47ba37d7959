"""What a command is about to do, told line by line before it asks."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from hubcli.output import Output

_LONGEST = 50
"""Lines that are shown before the question; --dry-run shows all."""


def ask(output: Output, lines: Sequence[str], question: str, otherwise: str) -> None:
    """Say what is about to be done, up to a length that somebody reads, and ask.

    A no ends the command with 1, once `otherwise` has been said.
    """
    for line in lines[:_LONGEST]:
        output.notice(f"  {line}".rstrip())
    if len(lines) > _LONGEST:
        output.notice(f"  … and {len(lines) - _LONGEST:,} more; --dry-run shows all")
    if not output.confirm(question):
        output.notice(otherwise)
        raise typer.Exit(1)


def these(things: Sequence[object], one: str, several: str) -> str:
    """`this tag` or `these 1,200 tags`."""
    return f"this {one}" if len(things) == 1 else f"these {len(things):,} {several}"
