"""An Output on streams in memory, of which each is a terminal or is none."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime

from hubcli.output import Output

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class Stream(io.StringIO):
    """Text in memory that says whether it is a terminal, and notes each flush."""

    def __init__(self, text: str = "", *, terminal: bool) -> None:
        super().__init__(text)
        self._terminal = terminal
        self.flushed: list[int] = []

    def isatty(self) -> bool:
        return self._terminal

    def flush(self) -> None:
        super().flush()
        self.flushed.append(len(self.getvalue()))


class Streams:
    """What is typed, and what came out; `width` counts on terminals."""

    def __init__(
        self,
        *,
        terminal: bool = False,
        width: int = 100,
        typed: str = "",
        environ: Mapping[str, str] | None = None,
        no_color: bool = True,
        default_format: str | None = None,
    ) -> None:
        self.stdin = Stream(typed, terminal=terminal)
        self.stdout = Stream(terminal=terminal)
        self.stderr = Stream(terminal=terminal)
        self.output = Output(
            self.stdin,
            self.stdout,
            self.stderr,
            {"COLUMNS": str(width), "TERM": "xterm-256color", **(environ or {})},
            no_color=no_color,
            default_format=default_format,
            now=lambda: NOW,
        )

    @property
    def out(self) -> str:
        return self.stdout.getvalue()

    @property
    def err(self) -> str:
        return self.stderr.getvalue()
