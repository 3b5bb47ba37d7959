"""The three standard streams, any of which may be closed, and what is known about them."""

from __future__ import annotations

import codecs
import io
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TextIO

from hubcli.output.text import json_escape

_WIDTH = 80


class Terminal:
    r"""Standard input, output and error, with the facts that `environ` and they give.

    A stream that is None or closed takes everything and shows nothing. What an encoding cannot
    express is written as `\uXXXX`, so text never fails to be written, and JSON stays valid.
    """

    def __init__(
        self,
        stdin: TextIO | None,
        stdout: TextIO | None,
        stderr: TextIO | None,
        environ: Mapping[str, str],
        *,
        no_color: bool = False,
    ) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.environ = environ
        self._no_color = no_color or bool(environ.get("NO_COLOR"))
        # While bars stand on stderr, messages have to go above them.
        self.above_bars: Callable[[str], None] | None = None
        self._stderr_lock = threading.Lock()
        for stream in (stdout, stderr):
            _never_fail_to_encode(stream)

    @property
    def stdin_is_terminal(self) -> bool:
        return _is_terminal(self.stdin)

    @property
    def stdout_is_terminal(self) -> bool:
        return _is_terminal(self.stdout)

    @property
    def stderr_is_terminal(self) -> bool:
        return _is_terminal(self.stderr)

    @property
    def is_dumb(self) -> bool:
        """A terminal that only prints: no colour, no moving of the cursor."""
        return self.environ.get("TERM") == "dumb"

    @property
    def color(self) -> bool:
        """Whether stdout takes colours."""
        return self._colored(self.stdout_is_terminal)

    @property
    def error_color(self) -> bool:
        """Whether stderr takes colours."""
        return self._colored(self.stderr_is_terminal)

    def _colored(self, is_terminal: bool) -> bool:
        if self._no_color:
            return False
        forced = self.environ.get("FORCE_COLOR")
        if forced:
            return forced.lower() not in {"0", "false"}
        return is_terminal and not self.is_dumb

    @property
    def width(self) -> int:
        """The terminal's columns: `COLUMNS`, else what stdout or stderr says, else 80."""
        told = self.environ.get("COLUMNS", "")
        if told.isascii() and told.isdigit() and int(told) > 0:
            return int(told)
        for stream in (self.stdout, self.stderr):
            with suppress(OSError, ValueError, AttributeError):
                if stream is not None and (columns := os.get_terminal_size(stream.fileno())[0]):
                    return columns
        return _WIDTH

    def encodable(self, text: str) -> str:
        """`text` as stdout will show it, for those who count its columns."""
        encoding = getattr(self.stdout, "encoding", None)
        if not encoding or text.isascii():
            return text
        return text.encode(encoding, _ESCAPE).decode(encoding)

    def write(self, text: str) -> None:
        """Write to stdout and hand it on at once; BrokenPipeError where the reader is gone."""
        if self.stdout is None or self.stdout.closed:
            return
        self.stdout.write(text)
        self.stdout.flush()

    def write_bytes(self, data: bytes) -> None:
        """Write bytes to stdout as they are."""
        if self.stdout is None or self.stdout.closed:
            return
        self.stdout.flush()
        buffer = getattr(self.stdout, "buffer", None)
        if buffer is None:
            self.stdout.write(data.decode("utf-8", "backslashreplace"))
        else:
            buffer.write(data)
        self.flush()

    def flush(self) -> None:
        if self.stdout is not None and not self.stdout.closed:
            self.stdout.flush()

    def say(self, line: str) -> None:
        """Write a line to stderr, above the bars where some stand; closed, it shows nothing."""
        with self._stderr_lock:
            if self.above_bars is not None:
                self.above_bars(line)
            else:
                self.write_error(line + "\n")

    def write_error(self, text: str) -> None:
        """Write to stderr without a newline of its own."""
        if self.stderr is None or self.stderr.closed:
            return
        with suppress(OSError, ValueError):
            self.stderr.write(text)
            self.stderr.flush()


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except (ValueError, OSError):
        return False


def _never_fail_to_encode(stream: TextIO | None) -> None:
    if isinstance(stream, io.TextIOWrapper) and not stream.closed:
        with suppress(OSError):  # a stream that takes nothing more says so when it is written to
            stream.reconfigure(errors=_ESCAPE)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(json_escape, error.object[error.start : error.end])), error.end


# Like Python's own "backslashreplace", in the one form that is right inside JSON too.
_ESCAPE = "hubcli.escape"
codecs.register_error(_ESCAPE, _escaped)
