"""Lists of images to copy: lines of one or two words, in a file or on stdin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

_LARGEST_LIST = 16 << 20


def lines(runtime: Runtime, name: str) -> Iterator[tuple[str, str | None]]:
    """The one or two words of each line; empty lines and comments are left out."""
    for number, line in enumerate(_text(runtime, name).splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 2:
            raise UsageError(f"{name}, line {number}: a source and a destination are wanted")
        if words:
            yield words[0], words[1] if len(words) == 2 else None


def _text(runtime: Runtime, name: str) -> str:
    if name == "-":
        stdin = runtime.output.terminal.stdin
        return stdin.read(_LARGEST_LIST) if stdin is not None else ""
    try:
        with Path(name).open(encoding="utf-8") as file:
            return file.read(_LARGEST_LIST)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read the list {name}: {reason}") from error
