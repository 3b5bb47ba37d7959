"""Lines of releases: which version is the newest of its line, by prefix and by variant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hubcli.errors import UsageError
from hubcli.semver import Named, read

_LENGTHS = {"latest-patch": 2, "latest-minor": 1, "latest-major": 0}
KEEPS = tuple(_LENGTHS)
"""What `--semver-keep` can say: the newest of each 1.2 line, of each 1 line, or of all."""


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
    found = read(name)
    if found is None or found.stage or len(found.numbers) < 3:
        return None
    return Release(found.prefix, found.numbers, found.suffix)


@dataclass(frozen=True, slots=True)
class Keep:
    """What `--semver-keep` asks for: the newest `count` of every line of that `kind`."""

    kind: str
    count: int = 1

    def newest(self, names: Iterable[str]) -> dict[str, str]:
        """The tags that are the newest of their line, each with the line's name: `v1.2-alpine`.

        Prefixes and variants have lines of their own. A pre-release is the newest only where a
        line has no finished version. A tag that stands for a line, such as `1.2`, goes with the
        versions that it is short for; without any, it is a version itself. Tags that name no
        version are never among them.
        """
        families: dict[tuple[str, str], list[tuple[str, Named]]] = defaultdict(list)
        for name in names:
            found = read(name)
            if found is not None and found.is_version:
                families[found.prefix, found.suffix].append((name, found))
        kept: dict[str, str] = {}
        for family in families.values():
            kept |= self._of_family(family)
        return kept

    def _of_family(self, family: list[tuple[str, Named]]) -> dict[str, str]:
        lines: dict[tuple[int, ...], list[tuple[str, Named]]] = defaultdict(list)
        short = _stand_ins(family)
        for name, found in family:
            if name not in short:
                lines[found.version.numbers[: _LENGTHS[self.kind]]].append((name, found))
        kept: dict[str, str] = {}
        chosen: set[tuple[int, ...]] = set()
        for line, members in lines.items():
            finished = [one for one in members if not one[1].stage] or members
            versions = sorted({one.version for _, one in finished})[-self.count :]
            for name, one in finished:
                if one.version in versions:
                    kept[name] = _named(line, one)
                    chosen.update(one.numbers[:count] for count in range(1, len(one.numbers)))
        for name, one in family:
            if name in short and one.numbers in chosen:
                kept[name] = _named(one.numbers, one)
        return kept


def parse_keep(text: str) -> Keep:
    """Read `latest-patch`, `latest-minor` or `latest-major`, with `=N` for the N newest."""
    kind, equals, count = text.partition("=")
    number = int(count) if count.isascii() and count.isdecimal() and len(count) < 10 else 0
    if kind not in _LENGTHS or (equals and number < 1):
        raise UsageError(
            f"{text[:80]!r} is none of {', '.join(KEEPS)}, with =N behind it if need be"
        )
    return Keep(kind, number or 1)


def _stand_ins(family: list[tuple[str, Named]]) -> set[str]:
    """The tags that are the beginning of another's version."""
    beginnings = {one.numbers[:count] for _, one in family for count in range(1, len(one.numbers))}
    return {name for name, one in family if not one.stage and one.numbers in beginnings}


def _named(line: tuple[int, ...], one: Named) -> str:
    """The name of a line: `v1.2-alpine`, or `v*` for all versions."""
    return f"{one.prefix}{'.'.join(map(str, line)) or '*'}{one.suffix}"
