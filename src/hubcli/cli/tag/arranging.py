"""Tags in order, and tags of one image together: what can be told only once all have come.

Of each row no more is held than will be shown, and of those that are cut off nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hubcli.cli.tag.declared import TAG
from hubcli.cli.tag.wishes import Wish
from hubcli.output import Row

if TYPE_CHECKING:
    from hubcli.reference import Reference
    from hubcli.session import Session

_Item = TypeVar("_Item")


class Counted(Iterator[_Item]):
    """Items, counted as they go by."""

    def __init__(self, items: Iterable[_Item]) -> None:
        self._items = iter(items)
        self._count = 0

    def __next__(self) -> _Item:
        item = next(self._items)
        self._count += 1
        return item

    def total(self) -> int:
        """How many there are in all: the rest is read for it, page by page."""
        self._count += sum(1 for _ in self._items)
        return self._count


class Found(Iterator[Row]):
    """Rows, and how many there are in all as far as that can be told."""

    def __init__(self, rows: Iterable[Row], total: Callable[[], int | None]) -> None:
        self._rows = iter(rows)
        self.total = total

    def __next__(self) -> Row:
        return next(self._rows)


def arranged(rows: Iterable[Row], wish: Wish) -> Found:
    """The rows in the order, and the groups, that `wish` asks for."""
    from hubcli.tags import grouped

    slim: Iterable[Row] = map(_shown, rows)
    counted = Counted(grouped(slim, wish.choice.accepts) if wish.aliases else slim)

    def in_order() -> Iterator[Row]:
        if wish.order is None:
            yield from counted
        elif wish.few is None:
            yield from wish.order.sorted(counted)
        else:
            yield from wish.order.first(counted, wish.few)

    return Found(in_order(), counted.total)


def _shown(row: Row) -> Row:
    return {name: row[name] for name in TAG.names if name in row}


def completed(
    session: Session,
    reference: Reference,
    wish: Wish,
    counted: Counted[dict[str, Any]],
    told: Sequence[str],
) -> Found:
    """Rows that tell `told`, with what else is wanted looked up, filtered, and in order."""
    rows: Iterator[Row] = counted
    if lookups := wish.lookups(told):
        from hubcli.registry.details import Details

        rows = Details(session.repository(reference), lookups).complete(counted)
    if wish.filters_rows:
        rows = filter(wish.accepts, rows)
    if wish.needs_all:
        return arranged(rows, wish)
    return Found(rows, (lambda: None) if wish.filters_rows else counted.total)
