"""Which tag comes first: by name, version, time or size; and which are the same image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubcli import semver
from hubcli.errors import UsageError

Row = Mapping[str, Any]

_OLDEST_FIRST = ("name", "version")
_LARGEST_FIRST = ("updated", "pushed", "pulled", "created", "size")
SORT_KEYS = _OLDEST_FIRST + _LARGEST_FIRST
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Order:
    """What `--sort KEY[=asc|desc]` asks for."""

    key: str
    descending: bool

    def sorted(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in this order; those without a value come last in either direction."""
        named = sorted(rows, key=lambda row: natural(str(row["name"])))
        if self.key in _OLDEST_FIRST:
            order = version if self.key == "version" else _by_letters
            return sorted(named, key=lambda r: order(str(r["name"])), reverse=self.descending)
        known = [row for row in named if row.get(self.key) is not None]
        unknown = [row for row in named if row.get(self.key) is None]
        known.sort(key=lambda row: row[self.key], reverse=self.descending)
        return known + unknown


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


def grouped(rows: Iterable[Row], *, order: Callable[[str], Any] = version) -> list[dict[str, Any]]:
    """One row per digest, with all its tags in `aliases`; the first of them is its `name`.

    Groups stand where their first tag stood; a tag of unknown digest is a group of its own.
    """
    groups: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        key = row.get("digest") or f"unknown {number}"
        groups.setdefault(f"{row.get('repository')} {key}", []).append(row)
    return [
        {**group[0], "aliases": sorted((str(row["name"]) for row in group), key=order)}
        for group in groups.values()
    ]


def _by_letters(name: str) -> str:
    return name
