"""Tables for people: no box, a heading, columns that fit the terminal.

rich measures and cuts the cells that are not plain ASCII. The laying out is done here: for the
thousands of tags that a repository can have, rich's own tables take seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from hubcli.errors import HubcliError
from hubcli.output.formats import Layout
from hubcli.output.human import Manner
from hubcli.output.text import visible
from hubcli.output.views import Field, Kind, Row

GAP = "  "
# What text is shortened to before anything else is given up, and at the very least.
_COMFORTABLE, _NARROWEST = 24, 10
_RIGHT = frozenset({Kind.NUMBER, Kind.SIZE})
_FLEXIBLE = frozenset({Kind.TEXT, Kind.LIST, Kind.OBJECT})
_BOLD, _CYAN, _DIM, _RESET = "\x1b[1m", "\x1b[36m", "\x1b[2m", "\x1b[0m"


@dataclass
class Column:
    """One field's cells. What is longer than `width` (in terminal columns) is cut."""

    field: Field
    cells: list[str]
    is_key: bool = False
    width: int = 0

    def __post_init__(self) -> None:
        self.widen()

    def widen(self) -> None:
        """Be as wide as the widest cell."""
        self.width = max(map(cell_width, self.cells), default=0)
        self.width = max(self.width, cell_width(visible(self.field.heading)))


def write_table(rows: Iterable[Row], layout: Layout) -> None:
    """Print a listing. If it fails in the middle, what has arrived is shown before it fails."""
    collected: list[Row] = []
    failure: HubcliError | None = None
    try:
        collected.extend(rows)
    except HubcliError as error:
        failure = error
        # list.extend keeps what an iterator gave before it raised.
    _show(collected, layout, failed=failure is not None)
    if failure is not None:
        raise failure


def _show(rows: list[Row], layout: Layout, *, failed: bool) -> None:
    on_terminal = layout.terminal.stdout_is_terminal
    if not rows and (on_terminal or failed):
        if not failed:
            layout.terminal.say(f"no {layout.view.plural}")
        return
    hidden: list[Column] = []
    columns = columns_of(rows, layout.columns, layout)
    if on_terminal:
        columns, hidden = fitted(columns, rows, layout)
    layout.write("".join(f"{line}\n" for line in lines(columns, layout)))
    if hidden:
        names = ", ".join(column.field.name for column in hidden)
        layout.terminal.say(f"too narrow for {names}; --fields chooses, --format json shows all")


def columns_of(rows: Sequence[Row], fields: Iterable[Field], layout: Layout) -> list[Column]:
    """The cells of `rows`, in full but for digests, which a pipe alone gets whole."""
    manner = Manner(layout.now, whole=not layout.terminal.stdout_is_terminal)
    return [
        Column(field, _cells(field, rows, manner, layout), field.name == layout.view.key)
        for field in fields
    ]


def _cells(field: Field, rows: Sequence[Row], manner: Manner, layout: Layout) -> list[str]:
    return [layout.terminal.encodable(manner.text(field, row)) for row in rows]


def fitted(
    columns: list[Column], rows: Sequence[Row], layout: Layout, *, indent: int = 0
) -> tuple[list[Column], list[Column]]:
    """The columns that fit the terminal's width, and those for which there is no room.

    Long text is shortened first, then times are told shortly, then text and at last the key are
    shortened further; only then do columns go, the rightmost first, unless somebody chose them.
    """
    available = layout.terminal.width - indent
    text = [column for column in columns if column.field.kind in _FLEXIBLE and not column.is_key]
    if not _squeezed(columns, text, available, _COMFORTABLE):
        short = Manner(layout.now, short=True)
        for column in columns:
            if column.field.kind is Kind.TIME:
                column.cells = _cells(column.field, rows, short, layout)
                column.widen()
    kept, hidden = list(columns), list[Column]()
    while not _squeezed_hard(kept, available) and len(kept) > 1 and not layout.chosen:
        last = next(column for column in reversed(kept) if not column.is_key)
        kept.remove(last)
        hidden.insert(0, last)
    return kept, hidden


def _squeezed_hard(columns: list[Column], available: int) -> bool:
    text = [column for column in columns if column.field.kind in _FLEXIBLE]
    for column in text:
        column.widen()
    others = [column for column in text if not column.is_key]
    return (
        _squeezed(columns, others, available, _COMFORTABLE)
        or _squeezed(columns, others, available, _NARROWEST)
        or _squeezed(columns, text, available, _COMFORTABLE)
        or (len(columns) == 1 and _squeezed(columns, columns, available, 1))
    )


def _squeezed(columns: list[Column], flexible: list[Column], available: int, floor: int) -> bool:
    """Narrow the widest of `flexible` first, none below `floor`; whether all columns now fit."""
    excess = sum(column.width for column in columns) + len(GAP) * (len(columns) - 1) - available
    while excess > 0:
        by_width = sorted(flexible, key=attrgetter("width"), reverse=True)
        if not by_width or by_width[0].width <= floor:
            return False
        widest = by_width[0]
        following = by_width[1].width if len(by_width) > 1 else 0
        # One less than the next, so that equals take turns and end within one of each other.
        target = max(floor, min(following, widest.width) - 1, widest.width - excess)
        excess -= widest.width - target
        widest.width = target
    return True


def lines(columns: list[Column], layout: Layout) -> Iterator[str]:
    """The table line by line: the heading, then the rows."""
    colored = layout.terminal.color
    headings = [visible(column.field.heading) for column in columns]
    yield _line(columns, headings, [_BOLD if colored else ""] * len(columns), layout)
    styles = [_style(column) if colored else "" for column in columns]
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _line(columns, cells, styles, layout)


def _style(column: Column) -> str:
    if column.is_key:
        return _CYAN
    return _DIM if column.field.kind is Kind.TIME else ""


def _line(
    columns: list[Column], cells: Sequence[str], styles: Sequence[str], layout: Layout
) -> str:
    parts = []
    for column, cell, style in zip(columns, cells, styles, strict=True):
        text = cut(cell, column.width, layout.ellipsis)
        blank = " " * (column.width - cell_width(text))
        if style and text:
            text = f"{style}{text}{_RESET}"
        parts.append(blank + text if column.field.kind in _RIGHT else text + blank)
    return GAP.join(parts).rstrip(" ")


def cell_width(text: str) -> int:
    """How many terminal columns `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int, ellipsis: str) -> str:
    """`text` in at most `width` columns, ended by `ellipsis` where something is left out."""
    if cell_width(text) <= width:
        return text
    room = max(width - len(ellipsis), 0)
    if text.isascii():
        return text[:room] + ellipsis[:width]
    from rich.cells import set_cell_size

    return set_cell_size(text, room).rstrip(" ") + ellipsis[:width]
