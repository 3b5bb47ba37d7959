"""Which tags go, by rules. Pure.

A tag goes where it is a candidate and no rule keeps it. Rules never work against each other: each
of them can only keep more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase

from hubcli import semver, timestamps
from hubcli.errors import UsageError
from hubcli.retention.facts import Tag
from hubcli.tags import Keep, Names, version

EVERYTHING = Names()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a tag: `rule` is a word for programs, `reason` for people."""

    tag: Tag
    goes: bool
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """One set of rules; what is None or empty is no rule.

    `names` are the candidates; `keep_tags` are globs of those that stay among them.
    """

    names: Names = EVERYTHING
    keep: int | None = None
    older_than: timedelta | None = None
    unused_for: timedelta | None = None
    semver_keep: Sequence[Keep] = ()
    keep_tags: Sequence[str] = ()

    @property
    def removes(self) -> bool:
        """Whether they say which tags are to go, and not only which are to stay."""
        return (
            replace(self.names, excepts=()) != EVERYTHING
            or self.keep is not None
            or self.older_than is not None
            or self.unused_for is not None
            or bool(self.semver_keep)
        )

    @property
    def needs_moments(self) -> bool:
        """Whether it matters when tags came to be what they are."""
        return (self.keep, self.older_than, self.unused_for) != (None, None, None)

    def judge(self, tags: Sequence[Tag], now: float) -> Iterator[Verdict]:
        """What becomes of each of the tags of a repository; those attached to others are none."""
        chosen = [tag for tag in tags if self.names(tag.name)]
        judge = _Judge(self, chosen, now)
        candidates = {tag.name for tag in chosen}
        for tag in tags:
            if tag.name in candidates:
                yield judge.verdict(tag)
            else:
                yield Verdict(tag, False, "selection", "not selected")


def span(text: str, what: str) -> timedelta:
    """The length of time that `what` (an option or a key) is given; UsageError for none."""
    found = timestamps.span(text)
    if found is None:
        raise UsageError(f"{what} takes a length of time such as 90d or 36h, not {text[:80]!r}")
    return found


class _Judge:
    """Judges candidates; what needs all of them is found out once."""

    def __init__(self, rules: Rules, candidates: Sequence[Tag], now: float) -> None:
        self._rules = rules
        self._now = now
        self._newest = _newest(candidates, rules.keep)
        self._best = _best(candidates, rules.semver_keep)
        self._going = "; ".join(self._reasons())
        self._rule = ",".join(self._names())

    def verdict(self, tag: Tag) -> Verdict:
        kept = self._kept(tag)
        if kept is not None:
            return Verdict(tag, False, *kept)
        return Verdict(tag, True, self._rule, self._going)

    def _kept(self, tag: Tag) -> tuple[str, str] | None:
        """The rule that keeps a tag, and why; None where none does."""
        rules = self._rules
        named = next((glob for glob in rules.keep_tags if fnmatchcase(tag.name, glob)), None)
        if named is not None:
            return "keep-tag", "to be kept by name" if named == tag.name else f"like {named}"
        if rules.needs_moments and tag.moment is None:
            return "age-unknown", "nobody tells how old it is"
        if tag.name in self._newest:
            return "keep", f"among the newest {rules.keep:,}"
        if rules.older_than is not None and not self._is_past(tag.moment, rules.older_than):
            return "older-than", f"not older than {_spelled(rules.older_than)}"
        if rules.unused_for is not None and not self._is_unused(tag, rules.unused_for):
            return "unused-for", f"used within {_spelled(rules.unused_for)}"
        if rules.semver_keep:
            best = self._best.get(tag.name)
            return None if best is None else ("semver-keep", best)
        return None

    def _is_past(self, moment: float | None, length: timedelta) -> bool:
        return moment is not None and moment < self._now - length.total_seconds()

    def _is_unused(self, tag: Tag, length: timedelta) -> bool:
        """Nobody has pulled it for so long, nor pushed it: what was never pulled may be new."""
        used = [moment for moment in (tag.pulled, tag.moment) if moment is not None]
        return bool(used) and self._is_past(max(used), length)

    def _names(self) -> Iterator[str]:
        rules = self._rules
        if rules.keep is not None:
            yield "keep"
        if rules.older_than is not None:
            yield "older-than"
        if rules.unused_for is not None:
            yield "unused-for"
        if rules.semver_keep:
            yield "semver-keep"
        if not rules.needs_moments and not rules.semver_keep:
            yield "selection"

    def _reasons(self) -> Iterator[str]:
        rules = self._rules
        if rules.keep is not None:
            yield f"not among the newest {rules.keep:,}"
        if rules.older_than is not None:
            yield f"older than {_spelled(rules.older_than)}"
        if rules.unused_for is not None:
            yield f"not used for {_spelled(rules.unused_for)}"
        if rules.semver_keep:
            yield f"not {' or '.join(map(_said, rules.semver_keep))} of its line"
        if not rules.needs_moments and not rules.semver_keep:
            yield "selected"


def _newest(candidates: Iterable[Tag], count: int | None) -> frozenset[str]:
    """The names of the newest; of the same age the higher versions are newer."""
    if not count:
        return frozenset()
    dated = [(tag.moment, tag.name) for tag in candidates if tag.moment is not None]
    # Stable: the order of versions decides among equals.
    dated.sort(key=lambda one: version(one[1]), reverse=True)
    dated.sort(key=lambda one: one[0], reverse=True)
    return frozenset(name for _, name in dated[:count])


def _best(candidates: Iterable[Tag], wishes: Iterable[Keep]) -> dict[str, str]:
    """Why tags are kept for the sake of versions, by name; those that name none are not judged."""
    names = [tag.name for tag in candidates]
    kept: dict[str, str] = {}
    for wish in wishes:
        for name, line in wish.newest(names).items():
            kept.setdefault(name, f"{_said(wish)} of {line}")
        kept |= {name: "names no version" for name in names if semver.parse(name) is None}
    return kept


def _said(wish: Keep) -> str:
    return wish.kind if wish.count == 1 else f"{wish.kind}={wish.count}"


def _spelled(length: timedelta) -> str:
    """`90d`, `36h`: the largest unit in which it is a whole number."""
    seconds = int(length.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("m", 60))
    unit, size = next((one for one in units if seconds % one[1] == 0), ("s", 1))
    return f"{seconds // size}{unit}"
