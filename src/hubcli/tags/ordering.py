"""Which tag comes first: by name, version, time or size; and which are the same image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hubcli import semver
from hubcli.errors import UsageError

Row = Mapping[str, Any]

_OLDEST_FIRST = ("name", "version")
_LARGEST_FIRST = ("updated", "pushed", "pulled", "created", "size")
SORT_KEYS = _OLDEST_FIRST + _LARGEST_FIRST
_SPARE = 100
_Item = TypeVar("_Item")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Order:
    """What `--sort KEY[=asc|desc]` asks for."""

    key: str
    descending: bool

    @property
    def by_name(self) -> bool:
        """Whether names alone decide."""
        return self.key in _OLDEST_FIRST

    def names(self, names: Iterable[str], count: int | None = None) -> list[str]:
        """Names, or the first `count` of them, in this order, which names alone decide."""

        def ordered(some: Iterable[str]) -> list[str]:
            return sorted(some, key=self._of_name, reverse=self.descending)

        return ordered(names) if count is None else _first(names, count, ordered)

    def sorted(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in this order; those without a value come last in either direction."""
        if self.by_name:
            return sorted(
                rows, key=lambda row: self._of_name(str(row["name"])), reverse=self.descending
            )
        named = sorted(rows, key=lambda row: natural(str(row["name"])))
        known = [row for row in named if row.get(self.key) is not None]
        unknown = [row for row in named if row.get(self.key) is None]
        known.sort(key=lambda row: row[self.key], reverse=self.descending)
        return known + unknown

    def first(self, rows: Iterable[Row], count: int) -> list[Row]:
        """The first `count` of them in this order; never many more than these are held."""
        return _first(rows, count, self.sorted)

    def _of_name(self, name: str) -> Any:
        return version(name) if self.key == "version" else name


def _first(
    items: Iterable[_Item], count: int, ordered: Callable[[Iterable[_Item]], list[_Item]]
) -> list[_Item]:
    kept: list[_Item] = []
    for item in items:
        kept.append(item)
        if len(kept) >= 2 * count + _SPARE:
            kept = ordered(kept)[:count]
    return ordered(kept)[:count]


def parse_order(text: str) -> Order:
    """Read `KEY` or `KEY=asc|desc`: names and versions rise by default, all else falls."""
    key, _, direction = text.partition("=")
    if key not in SORT_KEYS or text.endswith("=") or direction not in {"", "asc", "desc"}:
        raise UsageError(
            f"cannot sort by {text[:80]!r}: it is one of {', '.join(SORT_KEYS)}, "
            "with =asc or =desc if need be"
        )
    falls = key in _LARGEST_FIRST if not direction else direction == "desc"
    return Order(key, falls)


def version(name: str) -> tuple[Any, ...]:
    """A key that sorts versions: `v1.9` before `v1.10-rc1` before `v1.10` before `v1.10-alpine`.

    Names that begin with no version, such as `latest`, come after all that do.
    """
    found = semver.read(name)
    if found is None:
        return (1, natural(name))
    return (0, found.numbers, found.version.stage, natural(found.suffix), natural(name))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers inside a text by their value."""
    parts = _DIGITS.split(text)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def grouped(
    rows: Iterable[Row], wanted: Callable[[Row], bool] = lambda _: True
) -> Iterator[dict[str, Any]]:
    """One row per digest, with all its tags in `aliases`, the most specific version first.

    It is the row of that one. Only groups with a tag that is `wanted` are there, each where its
    first tag stood; a tag of unknown digest is a group of its own.
    """
    groups: dict[str, _Group] = {}
    for number, row in enumerate(rows):
        key = f"{row.get('repository')} {row.get('digest') or f'unknown {number}'}"
        groups.setdefault(key, _Group()).add(row, wanted(row))
    return (group.row for group in groups.values() if group.wanted)


class _Group:
    """The tags of one image: their names, and the row of the first one."""

    def __init__(self) -> None:
        self.wanted = False
        self._best: Row = {}
        self._names: list[str] = []

    def add(self, row: Row, wanted: bool) -> None:
        name = str(row["name"])
        self.wanted |= wanted
        if not self._names or specific(name) < specific(str(self._best["name"])):
            self._best = row
        self._names.append(name)

    @property
    def row(self) -> dict[str, Any]:
        return {**self._best, "aliases": sorted(self._names, key=specific)}


def specific(name: str) -> tuple[Any, ...]:
    """A key that sorts the tags of one image: `1.27.3`, `1.27.3-slim`, `1.27`, `1`, `latest`."""
    found = semver.read(name)
    if found is None or not found.is_version:
        return (1, 0, 0, natural(name))
    return (0, -len(found.numbers), len(found.suffix), natural(name))
