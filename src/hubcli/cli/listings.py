"""What listing commands have in common: telling what they do, order, limits, following."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError, doing
from hubcli.output import Row, Selection


def told(action: str, reference: str | None, rows: Iterable[Row]) -> Iterator[Row]:
    """`rows`; a failure while one is fetched says what was being done, and to what."""
    with doing(action, reference):
        yield from rows


def by_line(runtime: Runtime, selection: Selection) -> bool:
    """Whether people read a listing along that does not end: a table would be there never."""
    chosen = selection.format or ("table" if runtime.output.stdout_is_terminal else "tsv")
    return chosen == "table" and not (selection.fields or selection.query or selection.quiet)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by one field of the rows; what has no value there comes last."""

    field: str
    descending: bool

    @classmethod
    def parse(cls, text: str | None, fields: Mapping[str, bool]) -> Sort | None:
        """Read `FIELD[=asc|desc]`; `fields` says for each whether descending is its default."""
        if text is None:
            return None
        field, equals, direction = text.partition("=")
        if field not in fields or (equals and direction not in {"asc", "desc"}):
            raise UsageError(
                f"cannot sort by {text!r}; it is one of {', '.join(fields)}, "
                "with =asc or =desc behind it if you like"
            )
        return cls(field, direction == "desc" if equals else fields[field])

    def apply(self, rows: Iterable[Row]) -> list[Row]:
        """All of `rows`, in order; those that are equal stay as they were."""
        known: list[Row] = []
        unknown: list[Row] = []
        for row in rows:
            (unknown if row.get(self.field) is None else known).append(row)
        known.sort(key=self._key, reverse=self.descending)
        return known + unknown

    def _key(self, row: Row) -> tuple[int, str]:
        value = row[self.field]
        return (value, "") if isinstance(value, int) else (0, str(value))


class Cut:
    """The first `limit` of `rows` (None: all of them), and a word on those left out."""

    def __init__(
        self, rows: Iterable[Row], limit: int | None, total: Callable[[], int | None]
    ) -> None:
        self._rows = rows
        self._limit = limit
        self._total = total
        self._shown = 0

    def __iter__(self) -> Iterator[Row]:
        for row in islice(self._rows, self._limit):
            self._shown += 1
            yield row
        # What is fetched ahead ends here, not when its connections are closed.
        if isinstance(self._rows, Generator):
            self._rows.close()

    def more(self, advice: str = "") -> str | None:
        """`25 of 957` with the advice behind it; None where nothing is known to be left out."""
        total = self._total() if self._limit is not None and self._shown >= self._limit else None
        if total is None or total <= self._shown:
            return None
        return f"{self._shown} of {total}{advice}"
