"""A single thing for people: its fields below each other, whole, with what lies inside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hubcli.output.formats import Layout
from hubcli.output.human import Manner, kind_of
from hubcli.output.table import cell_width, columns_of, fitted, lines
from hubcli.output.text import visible
from hubcli.output.views import Field, Kind, Row, View

_BOLD, _RESET = "\x1b[1m", "\x1b[0m"
_INDENT = 2


def write_cards(rows: Iterable[Row], layout: Layout) -> None:
    """Print one card per row as the rows come, an empty line between two."""
    for number, row in enumerate(rows):
        text = "".join(f"{line}\n" for line in _card(row, layout))
        layout.write(f"\n{text}" if number else text)


def _card(row: Row, layout: Layout) -> Iterator[str]:
    manner = Manner(layout.now, whole=True)
    known = [field for field in layout.fields if not _is_empty(row.get(field.name))]
    yield from _pairs([(field, row) for field in known], layout, manner, 0)


def _pairs(
    pairs: list[tuple[Field, Row]], layout: Layout, manner: Manner, indent: int
) -> Iterator[str]:
    """`label:  value` lines; lists of objects as tables and objects as pairs below their label."""
    labels = [_label(field) for field, _ in pairs]
    width = max(map(cell_width, labels), default=0)
    for label, (field, row) in zip(labels, pairs, strict=True):
        value = row.get(field.name)
        margin = " " * indent
        title = f"{_BOLD}{label}{_RESET}" if layout.terminal.color else label
        blank = " " * (width - cell_width(label) + 2)
        if isinstance(value, Mapping):
            yield margin + title
            yield from _pairs(_inside(value), layout, manner, indent + _INDENT)
        elif _is_table(value):
            yield margin + title
            yield from _table(value, layout, indent + _INDENT)
        else:
            first, *rest = _texts(field, row, manner)
            yield f"{margin}{title}{blank}{layout.terminal.encodable(first)}".rstrip(" ")
            hanging = " " * (indent + width + 2)
            for text in rest:
                yield f"{hanging}{layout.terminal.encodable(text)}".rstrip(" ")


def _label(field: Field) -> str:
    return f"{visible(field.name)}:"


def _inside(value: Mapping[str, object]) -> list[tuple[Field, Row]]:
    return [
        (Field(str(key), kind_of(str(key), item)), value)
        for key, item in value.items()
        if not _is_empty(item)
    ]


def _texts(field: Field, row: Row, manner: Manner) -> list[str]:
    """The lines of a value: text keeps its own, a list of plain values has one for each."""
    value = row.get(field.name)
    if isinstance(value, str) and field.kind is Kind.TEXT and field.display is None:
        return [visible(line) for line in value.replace("\r\n", "\n").rstrip("\n").split("\n")]
    if isinstance(value, list | tuple):
        return [manner.value(field.kind, item) for item in value] or [""]
    return [manner.text(field, row)]


def _is_empty(value: object) -> bool:
    return value is None or value == [] or value == {} or value == ""


def _is_table(value: object) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value)


def _table(value: object, layout: Layout, indent: int) -> Iterator[str]:
    items = value if isinstance(value, list | tuple) else ()
    rows = [item if isinstance(item, Mapping) else {"value": item} for item in items]
    sample: dict[str, object] = dict.fromkeys(str(key) for row in rows for key in row)
    for row in rows:
        sample.update((str(key), item) for key, item in row.items() if not _is_empty(item))
    told = {name: item for name, item in sample.items() if not _is_empty(item)}
    if not told:
        return
    fields = tuple(Field(name, kind_of(name, item)) for name, item in told.items())
    inner = replace(layout, view=View("part", fields, key=fields[0].name))
    columns = columns_of(rows, fields, inner)
    if layout.terminal.stdout_is_terminal:
        columns, _ = fitted(columns, rows, inner, indent=indent)
    margin = " " * indent
    for line in lines(columns, inner):
        yield margin + line
