"""Which tags are wanted: one vocabulary for flags, policies and files of mirrors."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from hubcli import semver as versioning
from hubcli import timestamps
from hubcli.errors import UsageError
from hubcli.tags.ordering import Order, Row, parse_order
from hubcli.tags.patterns import LONGEST_NAME, compiled, short

TIMES = ("updated", "pushed", "created")
"""Where the time of a row is looked for, in this order."""

_WILD = re.compile(r"\[!?\]?[^\]]*\]|[*?\[]")


@dataclass(frozen=True, slots=True)
class Names:
    """The tags wanted by their names alone: all that is said must hold, of `globs` one."""

    globs: tuple[str, ...] = ()
    excepts: tuple[str, ...] = ()
    match: re.Pattern[str] | None = None
    versions: versioning.Range | None = None
    variant: str | None = None

    def __call__(self, name: str) -> bool:
        if self.globs and not _like(name, self.globs):
            return False
        if _like(name, self.excepts):
            return False
        if self.versions is not None and not self.versions(name):
            return False
        if self.variant is not None and not _like(versioning.variant_of(name), (self.variant,)):
            return False
        return self.match is None or (
            len(name) <= LONGEST_NAME and self.match.search(name) is not None
        )

    @property
    def everything(self) -> bool:
        return self == _EVERYTHING

    @property
    def literal(self) -> str | None:
        """The longest text that every wanted name contains, as far as a single glob tells."""
        parts = _WILD.split(self.globs[0]) if len(self.globs) == 1 else []
        return max(parts, key=len, default="") or None


_EVERYTHING = Names()


@dataclass(frozen=True, slots=True)
class Choice:
    """The tags wanted: by name, by time (`since` inclusive, `until` exclusive), and how many.

    A tag whose time nobody tells is never chosen by its time. `limit` takes the first ones in
    `order`, or as they come.
    """

    names: Names = _EVERYTHING
    since: datetime | None = None
    until: datetime | None = None
    order: Order | None = None
    limit: int | None = None

    @property
    def by_time(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def everything(self) -> bool:
        """Whether every row is accepted, `limit` aside."""
        return self.names.everything and not self.by_time

    def accepts(self, row: Row) -> bool:
        """Whether one row, with `name` and times as far as they are known, is wanted."""
        return self.names(str(row["name"])) and self.in_time(row)

    def in_time(self, row: Row) -> bool:
        if not self.by_time:
            return True
        moment = told_time(row)
        if moment is None or (self.since is not None and moment < self.since):
            return False
        return self.until is None or moment < self.until

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows wanted, in order, and no more than the limit."""
        wanted: Iterable[Row] = filter(self.accepts, rows)
        return list(islice(self.order.sorted(wanted) if self.order else wanted, self.limit))


def names(
    filter: str | Sequence[str] | None = None,
    match: str | None = None,
    semver: str | None = None,
    *,
    excepting: Sequence[str] | None = None,
    variant: str | None = None,
) -> Names:
    """The wish behind `--filter`, `--match`, `--semver`, `--except` and `--variant`.

    UsageError for one that is none.
    """
    globs = (filter,) if isinstance(filter, str) else filter or ()
    return Names(
        tuple(map(short, globs)),
        tuple(map(short, excepting or ())),
        None if match is None else compiled(match),
        None if semver is None else versioning.parse_range(semver),
        None if variant is None else short(variant),
    )


def choice(
    filter: str | Sequence[str] | None = None,
    excepting: Sequence[str] | None = None,
    match: str | None = None,
    semver: str | None = None,
    variant: str | None = None,
    since: str | None = None,
    until: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    *,
    now: datetime | None = None,
) -> Choice:
    """What all flags together ask for; UsageError for one that is none."""
    now = now or datetime.now(UTC)
    begin, end = moment(since, "--since", now), moment(until, "--until", now)
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"--since {since} is not before --until {until}")
    return Choice(
        names(filter, match, semver, excepting=excepting, variant=variant),
        begin,
        end,
        None if sort is None else parse_order(sort),
        limit,
    )


def moment(text: str | None, name: str, now: datetime) -> datetime | None:
    """A time, or how long ago it is, as the flag or key `name` takes it."""
    if text is None:
        return None
    found = timestamps.moment(text, now)
    if found is None:
        raise UsageError(f"{name} takes 7d, 12h, a date or a time of RFC 3339, not {text[:80]!r}")
    return found


def told_time(row: Row) -> datetime | None:
    """When a tag was last changed, pushed or made: the first of these that its row tells."""
    return next(filter(None, (timestamps.parse(row.get(field)) for field in TIMES)), None)


def _like(text: str, globs: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(text, glob) for glob in globs)
