"""The one object through which commands print, ask and report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TextIO

from hubcli.errors import HubcliError
from hubcli.output.formats import FORMATS, Layout, as_tsv, project
from hubcli.output.jsontext import to_json
from hubcli.output.progress import Progress, SilentProgress
from hubcli.output.selection import Choice, Selection
from hubcli.output.terminal import Terminal
from hubcli.output.text import visible
from hubcli.output.views import FIELDS, Row, View, described


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
        self._emit(view, rows, selection, single=False)
        left_out = more() if more is not None else None
        if left_out:
            self.notice(left_out)

    def item(self, view: View, row: Row, selection: Selection) -> None:
        """Print a single thing: a JSON object, and on a terminal a card."""
        self._emit(view, (row,), selection, single=True)

    def items(self, view: View, rows: Iterable[Row], selection: Selection) -> None:
        """Print several things asked for by name: a JSON array, and on a terminal cards."""
        self._emit(view, rows, selection, single=False)

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
        self.terminal.write(text)

    def flush(self) -> None:
        """Hand on what is buffered; BrokenPipeError where nobody reads any more."""
        self.terminal.flush()

    def _emit(self, view: View, rows: Iterable[Row], selection: Selection, *, single: bool) -> None:
        choice = selection.checked(view)
        name = self._format(choice)
        layout = Layout(
            self.terminal, view, choice.fields, choice.columns, self._now(), single=single
        )
        if choice.query is not None:
            documents = [project(row, choice.fields) for row in rows]
            result = choice.query.search(documents[0] if single else documents)
            layout.write(layout.to_json(result) + "\n")
        elif choice.template is not None:
            for row in rows:
                layout.write(choice.template.render(row) + "\n")
        elif choice.quiet and name in {"table", "tsv"}:
            keyed = Layout(
                self.terminal, view, choice.fields, (view.key_field,), layout.now, single=single
            )
            as_tsv(rows, keyed)
        else:
            FORMATS[name](rows, layout)

    def _format(self, choice: Choice) -> str:
        if choice.format is not None:
            return choice.format
        if choice.query is not None:
            return "json"
        return "table" if self.stdout_is_terminal else "tsv"

    # Messages

    def notice(self, text: str) -> None:
        self.terminal.say(visible(text))

    def warning(self, text: str) -> None:
        self.terminal.say(f"warning: {visible(text)}")

    def error(self, error: HubcliError, as_json: bool = False) -> None:
        """Report a failure on stderr: `error:` and `hint:` lines, or one JSON object."""
        if as_json:
            facts = {
                "error": str(error),
                "code": error.code,
                "reference": error.reference,
                "hint": error.hint,
                "exit_code": int(error.exit_code),
            }
            self.terminal.say(to_json(facts, ascii_only=True))
            return
        self.terminal.say(f"error: {visible(str(error))}")
        if error.hint:
            self.terminal.say(f"hint: {visible(error.hint)}")

    # Questions

    def confirm(self, question: str, flag: str = "--yes") -> bool:
        raise NotImplementedError

    def prompt(self, label: str, flag: str | None = None) -> str:
        raise NotImplementedError

    def secret(self, label: str, flag: str | None = "--password-stdin") -> str:
        raise NotImplementedError

    # Progress

    def progress(self, *, quiet: bool = False) -> Progress:
        """What shows a transfer: bars, lines, or nothing when `quiet`."""
        return SilentProgress()
