"""hubcli at a terminal: a pseudo-terminal that shows what it printed and types for it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support import leaks

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


@dataclass
class Terminal:
    """A program at a pseudo-terminal; streams that were piped are files instead."""

    process: subprocess.Popen[bytes]
    _master: int
    _piped: Mapping[str, Path]
    _raw: bytearray = field(default_factory=bytearray)
    _seen: int = 0

    @property
    def raw(self) -> str:
        """All that came to the terminal, escape sequences and all."""
        return self._raw.decode(errors="replace")

    @property
    def screen(self) -> str:
        """The same as a person reads it: no escape sequences, plain line ends."""
        return plain(self.raw)

    def piped(self, stream: str) -> str:
        """What went to "stdout" or "stderr" where that was not the terminal."""
        return self._piped[stream].read_text()

    @property
    def left(self) -> list[str]:
        """The lines that stay there: what is drawn over or erased is gone."""
        return _after_cursor_moves(self.raw)

    def expect(self, text: str, timeout: float = 20) -> None:
        """Wait until `text` appears after what earlier calls have seen."""
        deadline = time.monotonic() + timeout
        while text not in self.screen[self._seen :]:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} did not appear in:\n{self.screen}")
        self._seen = self.screen.index(text, self._seen) + len(text)

    def send(self, text: str) -> None:
        """Type; "\\n" is the Enter key, "\\x03" Ctrl-C, "\\x04" the end of input."""
        os.write(self._master, text.encode())

    def wait(self, timeout: float = 30) -> int:
        """The exit code, once the program has ended and all it printed is here."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        return self.process.wait(max(deadline - time.monotonic(), 1))

    def _read(self, deadline: float) -> bool:
        """Take what comes next; False at the end of output or of time."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._master], [], [], left)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the other side has no one left
            return False
        self._raw += data
        return bool(data)


def _after_cursor_moves(raw: str) -> list[str]:
    lines, row = [""], 0
    column = 0
    for part in re.findall(r"\x1b\[[0-?]*[@-~]|\r|\n|[^\x1b\r\n]+", raw):
        if part == "\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append("")
        elif part == "\r":
            column = 0
        elif part.endswith("A") and part.startswith("\x1b"):
            row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith("\x1b"):
            line = lines[row].ljust(column)
            lines[row] = line[:column] + part + line[column + len(part) :]
            column += len(part)
    return [line for line in lines if line.strip()]


def plain(text: str) -> str:
    """Terminal output without escape sequences and carriage returns."""
    return _ESCAPES.sub("", text).replace("\r\n", "\n")


@contextlib.contextmanager
def at_terminal(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    directory: Path,
    columns: int = 80,
    lines: int = 24,
    pipes: Sequence[str] = (),
) -> Iterator[Terminal]:
    """Run a program at a terminal of that size; `pipes` names stdout, stderr or stdin if not."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    piped = {stream: directory / f"terminal.{stream}" for stream in pipes if stream != "stdin"}
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, master)
        files = {name: stack.enter_context(path.open("wb")) for name, path in piped.items()}
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL if "stdin" in pipes else slave,
            stdout=files.get("stdout", slave),
            stderr=files.get("stderr", slave),
            env={"TERM": "xterm-256color", **environ},
            cwd=directory,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        screen = Terminal(process, master, piped)
        try:
            yield screen
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        leaks.check_run(argv[3:], environ, "", screen.screen, "")
