"""Questions: asked on stderr, answered on stdin, and only where a person sits at both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from hubcli.errors import UsageError
from hubcli.output.terminal import Terminal
from hubcli.output.text import visible

_YES = frozenset({"y", "yes"})


def confirm(terminal: Terminal, question: str, flag: str) -> bool:
    """True for y or yes; False for anything else, and for the end of input."""
    _require_terminal(terminal, question, flag)
    return _ask(terminal, f"{visible(question)} [y/N] ").strip().lower() in _YES


def prompt(terminal: Terminal, label: str, flag: str | None) -> str:
    """The line typed, without white space around it; UsageError at the end of input."""
    _require_terminal(terminal, label, flag)
    return _answered(_ask(terminal, f"{visible(label)}: "), label).strip()


def secret(terminal: Terminal, label: str, flag: str | None) -> str:
    """The line typed, exactly, not shown while it is; UsageError at the end of input."""
    _require_terminal(terminal, label, flag)
    stdin = terminal.stdin
    if stdin is None:
        raise UsageError("standard input is closed")
    try:
        with _without_echo(stdin):
            answer = _ask(terminal, f"{visible(label)}: ")
    except ImportError:
        import getpass

        return getpass.getpass(f"{visible(label)}: ", stream=terminal.stderr)
    # The newline that ended it was not shown either.
    terminal.write_error("\n")
    return _answered(answer, label).rstrip("\r\n")


def _require_terminal(terminal: Terminal, label: str, flag: str | None) -> None:
    if terminal.stdin_is_terminal and terminal.stderr_is_terminal:
        return
    answers = f"; {flag} answers it" if flag else ""
    raise UsageError(f"no terminal to ask on: {label}{answers}")


def _ask(terminal: Terminal, question: str) -> str:
    """The line typed with its newline, empty at the end of input; Ctrl-C goes on."""
    terminal.flush()
    try:
        terminal.write_error(question)
        answer = terminal.stdin.readline() if terminal.stdin is not None else ""
    except KeyboardInterrupt:
        terminal.write_error("\n")
        raise
    if not answer:
        terminal.write_error("\n")
    return answer


def _answered(answer: str, label: str) -> str:
    if not answer:
        raise UsageError(f"no answer to: {label}")
    return answer


@contextmanager
def _without_echo(stdin: TextIO) -> Iterator[None]:
    """What is typed is not shown; ImportError where the platform has no termios."""
    import termios

    descriptor = stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    # What was typed ahead was shown already; it must not be taken for the secret.
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
