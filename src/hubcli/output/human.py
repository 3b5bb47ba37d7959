"""Values as people read them: 13.3kB, 1.2M, 3 days ago, sha256:abcdef123456."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hubcli import timestamps
from hubcli.output.text import visible
from hubcli.output.views import Field, Kind, Row

_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_NUMBER_UNITS = ("", "K", "M", "B", "T")
_ROUNDED_FROM = 1_000_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Largest first; months and years as people count them, not as calendars do.
_SPANS = (
    (365 * _DAY, "year", "y"),
    (30 * _DAY, "month", "mo"),
    (_DAY, "day", "d"),
    (_HOUR, "hour", "h"),
    (_MINUTE, "minute", "m"),
    (1, "second", "s"),
)
_DIGEST = re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):([0-9a-fA-F]{32,})")
_SHORT_DIGEST = 12


def size(count: float) -> str:
    """Bytes in the decimal units docker shows, three digits: `13.3kB`."""
    return _scaled(count, _SIZE_UNITS)


def number(count: float) -> str:
    """A count: in full below a million, then `1.2M`, `3.4B`."""
    if isinstance(count, float) and not count.is_integer():
        return f"{count:.4g}"
    if abs(count) < _ROUNDED_FROM:
        return str(int(count))
    return _scaled(count, _NUMBER_UNITS)


def _scaled(count: float, units: tuple[str, ...]) -> str:
    value, at = float(count), 0
    # 999.5 would round to a fourth digit, so it belongs to the next unit.
    while abs(value) >= 999.5 and at + 1 < len(units):
        value, at = value / 1000, at + 1
    return f"{value:.3g}{units[at]}" if abs(value) < 999.5 else f"{value:.0f}{units[at]}"


def ago(moment: datetime, now: datetime, *, short: bool = False) -> str:
    """`3 days ago`, `in 2 hours`; `short`: `3d ago`, `in 2h`."""
    seconds = int((now - moment).total_seconds())
    if not seconds:
        return "now" if short else "just now"
    length, word, letter = next(unit for unit in _SPANS if abs(seconds) >= unit[0])
    amount = abs(seconds) // length
    told = f"{amount}{letter}" if short else f"{amount} {word}{'s' if amount > 1 else ''}"
    return f"{told} ago" if seconds > 0 else f"in {told}"


def span(seconds: float) -> str:
    """A duration: `4.2 s`, `3m 20s`, `2h 05m`."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}h {minutes:02d}m"


def short_digest(text: str) -> str:
    """`sha256:` and twelve digits of a digest; other text as it is."""
    match = _DIGEST.fullmatch(text)
    return f"{match[1]}:{match[2][:_SHORT_DIGEST]}" if match else text


@dataclass(frozen=True)
class Manner:
    """How values are told: relative to `now`; with `whole` digests; with `short` times."""

    now: datetime
    whole: bool = False
    short: bool = False

    def text(self, field: Field, row: Row) -> str:
        """The row's value of this field on one line, safe on a terminal."""
        if field.display is not None and isinstance(shown := row.get(field.display), str):
            return visible(shown)
        return self.value(field.kind, row.get(field.name))

    def value(self, kind: Kind, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else ""
        if isinstance(value, int | float):
            return self._number(kind, value)
        if isinstance(value, str):
            return self._string(kind, value)
        if isinstance(value, Mapping):
            return ", ".join(
                f"{visible(str(key))}={self.value(kind_of(str(key), item), item)}"
                for key, item in value.items()
            )
        if isinstance(value, list | tuple):
            return ", ".join(self.value(kind, item) for item in value)
        return visible(str(value))

    def _number(self, kind: Kind, value: float) -> str:
        if kind is Kind.SIZE:
            return size(value)
        return number(value) if kind is Kind.NUMBER else str(value)

    def _string(self, kind: Kind, value: str) -> str:
        if kind is Kind.TIME and (moment := timestamps.parse(value)) is not None:
            return ago(moment, self.now, short=self.short)
        if kind is Kind.DIGEST and not self.whole:
            value = short_digest(value)
        return visible(value)


_NAMED_KINDS = {"size": Kind.SIZE, "bytes": Kind.SIZE, "digest": Kind.DIGEST, "created": Kind.TIME}


def kind_of(name: str, value: object) -> Kind:
    """The kind of a value inside another, which no view describes."""
    if isinstance(value, Mapping):
        return Kind.OBJECT
    if isinstance(value, list | tuple):
        return Kind.LIST
    return _NAMED_KINDS.get(name, Kind.TEXT)
