"""Tags as names and rows: which are wanted, in which order, and which are the same image.

Pure. Rows are mappings with the fields of the tag view.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubcli.errors import UsageError
from hubcli.semver import Range, parse_range

Row = Mapping[str, Any]

_LONGEST_PATTERN = 512

_OLDEST_FIRST = ("name", "version")
_LARGEST_FIRST = ("updated", "pushed", "pulled", "created", "size")
SORT_KEYS = _OLDEST_FIRST + _LARGEST_FIRST

# Words that mark a version as not yet released, the least finished first; any other suffix
# (`-alpine`, `-slim`) is a variant of the released version.
_UNRELEASED = (
    ("dev", "snapshot", "nightly", "canary", "edge"),
    ("alpha", "a"),
    ("beta", "b"),
    ("milestone", "m", "preview", "pre", "ea"),
    ("rc", "cr"),
)
_STAGES = {word: stage for stage, words in enumerate(_UNRELEASED) for word in words}
_RELEASED = len(_UNRELEASED)
_WORDS = "|".join(sorted(_STAGES, key=len, reverse=True))
_VERSION = re.compile(
    r"[vV]?(?P<release>\d+(?:\.\d+)*)"
    rf"(?:[-._+]?(?P<stage>{_WORDS})(?![a-z])(?P<rest>.*)|(?P<variant>.*))",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(\d+)")
_WILD = re.compile(r"\[[^\]]*\]?|[*?]")


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
    if key not in SORT_KEYS or direction not in {"", "asc", "desc"}:
        raise UsageError(
            f"cannot sort by {text[:80]!r}: it is one of {', '.join(SORT_KEYS)}, "
            "with =asc or =desc if need be"
        )
    falls = key in _LARGEST_FIRST if not direction else direction == "desc"
    return Order(key, falls)


@dataclass(frozen=True, slots=True)
class Names:
    """The tags wanted: by a glob on the whole name, a regex in it, a range of versions."""

    glob: str | None = None
    match: re.Pattern[str] | None = None
    versions: Range | None = None

    def __call__(self, name: str) -> bool:
        if self.glob is not None and not fnmatch.fnmatchcase(name, self.glob):
            return False
        if self.match is not None and self.match.search(name) is None:
            return False
        return self.versions is None or self.versions(name)

    @property
    def everything(self) -> bool:
        return self.glob is None and self.match is None and self.versions is None

    @property
    def literal(self) -> str | None:
        """The longest text that every wanted name contains, as far as the glob tells."""
        parts = _WILD.split(self.glob) if self.glob is not None else []
        return max(parts, key=len, default="") or None


def names(glob: str | None = None, match: str | None = None, semver: str | None = None) -> Names:
    """The wish behind `--filter`, `--match` and `--semver`; UsageError for one that is none."""
    for pattern in (glob, match):
        if pattern is not None and len(pattern) > _LONGEST_PATTERN:
            raise UsageError(f"a pattern has at most {_LONGEST_PATTERN} characters")
    return Names(
        glob,
        None if match is None else _compiled(match),
        None if semver is None else parse_range(semver),
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"--match {pattern!r} is no regular expression: {error}") from error


def version(name: str) -> tuple[Any, ...]:
    """A key that sorts versions: `v1.9` before `v1.10-rc1` before `v1.10` before `v1.10-alpine`.

    Names that begin with no version, such as `latest`, come after all that do.
    """
    found = _VERSION.fullmatch(name)
    if found is None:
        return (1, natural(name))
    release = tuple(int(part) for part in found["release"].split("."))
    if found["stage"] is None:
        return (0, release, _RELEASED, natural(found["variant"]), natural(name))
    return (0, release, _STAGES[found["stage"].lower()], natural(found["rest"]), natural(name))


@dataclass(frozen=True, slots=True)
class Release:
    """A finished version of three or more numbers: `v1.2.3-alpine` is `v`, (1, 2, 3), `-alpine`."""

    prefix: str
    numbers: tuple[int, ...]
    variant: str

    def shortened(self, count: int) -> str:
        """The tag of the line that begins with its first `count` numbers: `v1.2-alpine`."""
        return f"{self.prefix}{'.'.join(map(str, self.numbers[:count]))}{self.variant}"


def release(name: str) -> Release | None:
    """The release that a tag names; None for pre-releases, and for what names less than one."""
    found = _VERSION.fullmatch(name)
    if found is None or found["stage"] is not None:
        return None
    numbers = tuple(int(part) for part in found["release"].split("."))
    if len(numbers) < 3:
        return None
    prefix = name[: found.start("release")]
    return Release(prefix, numbers, found["variant"])


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
