"""The formats: each a function that writes rows as they come. A new one is one more row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hubcli.output.jsontext import to_json
from hubcli.output.terminal import Terminal
from hubcli.output.text import visible
from hubcli.output.views import Field, Row, View


@dataclass(frozen=True)
class Layout:
    """What a format has to know beside the rows.

    `fields` are those of JSON, `columns` those of the others; `single` is one thing rather than
    a listing, `cards` things that were asked for by name, `chosen` what `--fields` named; `now`
    is what relative times are relative to.
    """

    terminal: Terminal
    view: View
    fields: tuple[Field, ...]
    columns: tuple[Field, ...]
    now: datetime
    single: bool = False
    cards: bool = False
    chosen: bool = False

    @property
    def ellipsis(self) -> str:
        sign = "\N{HORIZONTAL ELLIPSIS}"
        return sign if self.terminal.encodable(sign) == sign else "..."

    def write(self, text: str) -> None:
        self.terminal.write(text)


Format = Callable[[Iterable[Row], Layout], None]


def as_json(rows: Iterable[Row], layout: Layout) -> None:
    """An array, element by element; an object for a single thing.

    After a failure in mid-listing the array stays open on purpose: a short array that parses
    would be taken for the whole.
    """
    indent = 2 if layout.terminal.stdout_is_terminal else None
    if layout.single:
        for row in rows:
            layout.write(to_json(project(row, layout.fields), indent=indent) + "\n")
        return
    started = False
    try:
        for row in rows:
            text = to_json(project(row, layout.fields), indent=indent)
            if indent:
                text = "  " + text.replace("\n", "\n  ")
            layout.write(f",\n{text}" if started else f"[\n{text}")
            started = True
    except BaseException:
        if started:
            layout.write("\n")
        raise
    layout.write("\n]\n" if started else "[]\n")


def as_jsonl(rows: Iterable[Row], layout: Layout) -> None:
    """One object per line."""
    for row in rows:
        layout.write(to_json(project(row, layout.fields)) + "\n")


def as_tsv(rows: Iterable[Row], layout: Layout) -> None:
    """Tab-separated values without a header."""
    names = [field.name for field in layout.columns]
    for row in rows:
        layout.write("\t".join([cell(row.get(name)) for name in names]) + "\n")


def as_csv(rows: Iterable[Row], layout: Layout) -> None:
    r"""Comma-separated values with a header, quoted as RFC 4180 says, lines ended by `\n`.

    Cells that begin with `=`, `+`, `-` or `@` stay as they are: this is data, and a program that
    reads it must find what the registry holds.
    """
    import csv
    import io

    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    names = [field.name for field in layout.columns]

    def write(cells: list[str]) -> None:
        writer.writerow(cells)
        layout.write(line.getvalue())
        line.seek(0)
        line.truncate()

    headed = False
    for row in rows:
        if not headed:
            write(names)
        headed = True
        write([cell(row.get(name)) for name in names])
    if not headed:
        write(names)


def as_table(rows: Iterable[Row], layout: Layout) -> None:
    """Columns for people; a card for each thing that was asked for by name."""
    if layout.cards:
        from hubcli.output.card import write_cards

        write_cards(rows, layout)
    else:
        from hubcli.output.table import write_table

        write_table(rows, layout)


FORMATS: Mapping[str, Format] = {
    "table": as_table,
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
    "tsv": as_tsv,
}


def project(row: Row, fields: tuple[Field, ...]) -> dict[str, object]:
    """The row's values of these fields; what it does not know is null."""
    return {field.name: row.get(field.name) for field in fields}


def cell(value: object) -> str:
    """A value in tsv, csv and templates: exact, on one line, safe on a terminal.

    null is empty, a list of plain values is comma-joined, an object is JSON.
    """
    if isinstance(value, str):
        return visible(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple) and not any(
        isinstance(item, list | tuple | Mapping) for item in value
    ):
        return ",".join([cell(item) for item in value])
    if isinstance(value, list | tuple | Mapping):
        return to_json(value)
    return visible(str(value))
