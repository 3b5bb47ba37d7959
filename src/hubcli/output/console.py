"""The one object through which commands print, ask and report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from hubcli.errors import HubcliError
from hubcli.output.formats import FORMATS, Layout, as_tsv, project
from hubcli.output.jsontext import to_json
from hubcli.output.selection import Choice, Selection
from hubcli.output.terminal import Terminal
from hubcli.output.text import visible
from hubcli.output.views import FIELDS, Row, View, described

if TYPE_CHECKING:
    from hubcli.output.progress import Progress

_RED, _YELLOW, _CYAN, _RESET = "\x1b[1;31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"


def _now() -> datetime:
    return datetime.now(UTC)


class Output:
    """Data on stdout; progress, questions, notices and errors on stderr.

    `default_format` is what the configuration says; None is a table on a terminal and tsv in a
    pipe. `now` tells the time that relative times are relative to.
    """

    def __init__(
        self,
        stdin: TextIO | None,
        stdout: TextIO | None,
        stderr: TextIO | None,
        environ: Mapping[str, str],
        *,
        no_color: bool = False,
        default_format: str | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.terminal = Terminal(stdin, stdout, stderr, environ, no_color=no_color)
        self.default_format = default_format
        self._now = now

    @classmethod
    def of_process(
        cls,
        environ: Mapping[str, str],
        *,
        no_color: bool = False,
        default_format: str | None = None,
    ) -> Output:
        """The output of this process, on its own streams."""
        return cls(
            sys.stdin,
            sys.stdout,
            sys.stderr,
            environ,
            no_color=no_color,
            default_format=default_format,
        )

    # Facts

    @property
    def stdin_is_terminal(self) -> bool:
        return self.terminal.stdin_is_terminal

    @property
    def stdout_is_terminal(self) -> bool:
        return self.terminal.stdout_is_terminal

    @property
    def stderr_is_terminal(self) -> bool:
        return self.terminal.stderr_is_terminal

    @property
    def color(self) -> bool:
        return self.terminal.color

    @property
    def width(self) -> int:
        return self.terminal.width

    # Data

    def rows(
        self,
        view: View,
        rows: Iterable[Row],
        selection: Selection,
        *,
        more: Callable[[], str | None] | None = None,
    ) -> None:
        """Print a listing, row by row as `rows` yields them (table and --query need all first).

        Nothing is taken from `rows` before the selection has been checked (UsageError). `more`
        is asked at the end for what was left out; its answer goes to stderr.
        """
        self._emit(view, rows, selection)
        left_out = more() if more is not None else None
        if left_out:
            self.notice(left_out)

    def item(self, view: View, row: Row, selection: Selection) -> None:
        """Print a single thing: a JSON object, and on a terminal a card."""
        self._emit(view, (row,), selection, single=True, cards=True)

    def items(self, view: View, rows: Iterable[Row], selection: Selection) -> None:
        """Print several things asked for by name: a JSON array, and on a terminal cards."""
        self._emit(view, rows, selection, cards=True)

    def describe(self, view: View, selection: Selection | None = None) -> None:
        """Answer `--fields help`: the view's fields, their kinds, and which are the default."""
        format = selection.format if selection is not None else None
        self.rows(FIELDS, described(view), Selection(format))

    def text(self, text: str) -> None:
        """Print text that is safe already, ended by a newline."""
        self.terminal.write(text if text.endswith("\n") else text + "\n")

    def data(self, data: bytes) -> None:
        """Print bytes exactly as they are."""
        self.terminal.write_bytes(data)

    def markdown(self, text: str) -> None:
        """Print an overview: rendered on a terminal, as it is in a pipe."""
        if self.stdout_is_terminal:
            from hubcli.output.markdown import write_markdown

            write_markdown(text, self.terminal)
        else:
            self.terminal.write(text)

    def flush(self) -> None:
        """Hand on what is buffered; BrokenPipeError where nobody reads any more."""
        self.terminal.flush()

    def _emit(
        self,
        view: View,
        rows: Iterable[Row],
        selection: Selection,
        *,
        single: bool = False,
        cards: bool = False,
    ) -> None:
        choice = self._with_default(selection).checked(view)
        name = self._format(choice)
        layout = Layout(
            terminal=self.terminal,
            view=view,
            fields=choice.fields,
            columns=choice.columns,
            now=self._now(),
            single=single,
            cards=cards,
            chosen=selection.fields is not None,
        )
        if choice.query is not None:
            from hubcli.output.query import answer

            answer(choice, name, rows, layout)
        elif choice.template is not None:
            choice.template.write((project(row, choice.fields) for row in rows), layout)
        elif choice.quiet:
            _emit_names(name, rows, layout)
        else:
            FORMATS[name](rows, layout)

    def _with_default(self, selection: Selection) -> Selection:
        if selection.format is not None or selection.quiet or self.default_format is None:
            return selection
        return replace(selection, format=self.default_format)

    def _format(self, choice: Choice) -> str:
        if choice.format is not None:
            return choice.format
        if choice.query is not None:
            return "json"
        return "table" if self.stdout_is_terminal else "tsv"

    # Messages

    def notice(self, text: str) -> None:
        """Say something on stderr."""
        self.terminal.say(visible(text))

    def warning(self, text: str) -> None:
        """Say on stderr what may surprise: `warning: ...`."""
        self._say("warning", _YELLOW, text)

    def error(self, error: HubcliError, as_json: bool = False) -> None:
        """Report a failure on stderr: `error:` and `hint:` lines, or one JSON object."""
        # What was printed before comes before it, also where both streams are one file.
        with suppress(OSError, ValueError):
            self.flush()
        if as_json:
            facts = {
                "error": str(error),
                "code": error.code,
                "reference": error.reference,
                "hint": error.hint,
                "exit_code": int(error.exit_code),
            }
            self.terminal.say(to_json(facts))
            return
        self._say("error", _RED, str(error))
        if error.hint:
            self._say("hint", _CYAN, error.hint)

    def _say(self, word: str, color: str, text: str) -> None:
        label = f"{color}{word}:{_RESET}" if self.terminal.error_color else f"{word}:"
        self.terminal.say(f"{label} {visible(text)}")

    # Questions

    def confirm(self, question: str, flag: str = "--yes") -> bool:
        """Ask for a yes or a no; nothing typed means no.

        UsageError naming `flag`, which answers in advance, where there is no terminal to ask on.
        """
        from hubcli.output.prompts import confirm

        return confirm(self.terminal, question, flag)

    def prompt(self, label: str, flag: str | None = None) -> str:
        """Ask for a line; UsageError naming `flag` where there is no terminal to ask on."""
        from hubcli.output.prompts import prompt

        return prompt(self.terminal, label, flag)

    def secret(self, label: str, flag: str | None = "--password-stdin") -> str:
        """Ask for a line that is not shown; UsageError naming `flag` without a terminal."""
        from hubcli.output.prompts import secret

        return secret(self.terminal, label, flag)

    # Progress

    def progress(self, *, quiet: bool = False) -> Progress:
        """What shows a transfer: bars on a terminal, lines elsewhere, nothing when `quiet`."""
        from hubcli.output.progress import BarProgress, LineProgress, SilentProgress

        if quiet:
            return SilentProgress()
        if self.stderr_is_terminal and not self.terminal.is_dumb:
            return BarProgress(self.terminal)
        return LineProgress(self.terminal)


def _emit_names(name: str, rows: Iterable[Row], layout: Layout) -> None:
    """What `-q` leaves of a listing: the key, one per line.

    A structured format stays one, with nothing in it but the key (or the fields that were
    chosen); a single thing stays whole there, since for actions `-q` only means silence.
    """
    key = (layout.view.key_field,)
    if name in {"table", "tsv"}:
        as_tsv(rows, replace(layout, columns=key))
    elif layout.single or layout.chosen:
        FORMATS[name](rows, layout)
    else:
        FORMATS[name](rows, replace(layout, fields=key, columns=key))
