"""Ranges of semantic versions, as npm and cargo write them: `>=1.2 <2`, `^1.4`, `~1.4.2 || 2.x`.

Pure. A tag's prefix and variant do not matter, numbers that it lacks are zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne

from hubcli.errors import UsageError
from hubcli.semver.reading import FIRST, LOWEST, RELEASED, Stage, Version, padded, parse, stage_of

_NUMBER = r"\d{1,15}"
_WISH = re.compile(
    r"(?P<operator>>=|<=|==|!=|~>|[=<>^~])?"
    rf"v?(?P<numbers>(?:{_NUMBER}|[xX*])(?:\.(?:{_NUMBER}|[xX*])){{0,2}})"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class _Bound:
    compare: Callable[[Version, Version], bool]
    version: Version

    def accepts(self, version: Version) -> bool:
        return self.compare(version, self.version)


@dataclass(frozen=True, slots=True)
class Range:
    """Alternatives, each a list of bounds that must all hold.

    A pre-release is in only where a bound names one of the same numbers: nobody who asks for
    `>=1.2` means `1.3.0-rc.1`. The variant `1.3.0-alpine` is a release.
    """

    alternatives: tuple[tuple[_Bound, ...], ...]

    def __call__(self, tag: str) -> bool:
        version = parse(tag)
        return version is not None and any(
            all(bound.accepts(version) for bound in bounds) and _admitted(version, bounds)
            for bounds in self.alternatives
        )


def _admitted(version: Version, bounds: tuple[_Bound, ...]) -> bool:
    return version.is_release or any(
        bound.version.stage not in {RELEASED, LOWEST} and bound.version.numbers == version.numbers
        for bound in bounds
    )


def parse_range(text: str) -> Range:
    """Read a range; UsageError says which part of it is none."""
    if len(text) > _LONGEST:
        raise UsageError(f"a range of versions has at most {_LONGEST} characters")
    alternatives = [_bounds(part, text) for part in text.split("||")]
    return Range(tuple(alternatives))


def _bounds(part: str, text: str) -> tuple[_Bound, ...]:
    part = _HYPHEN.sub(r">=\1 <=\2", part).replace(",", " ")
    words = re.sub(r"([=<>^~])\s+", r"\1", part).split()
    if not words:
        raise UsageError(f"the range of versions {text!r} has an empty part")
    bounds: list[_Bound] = []
    for word in words:
        found = _WISH.fullmatch(word)
        if found is None:
            raise UsageError(f"{word!r} is no range of versions, such as '>=1.2 <2' or '^1.4'")
        bounds += _expanded(found["operator"] or "=", found["numbers"], found["pre"])
    return tuple(bounds)


def _expanded(operator: str, numbers: str, pre: str | None) -> list[_Bound]:
    """One wish as bounds: what is left out, or written as x, stands for any number."""
    known: list[int] = []
    for number in numbers.split("."):
        if number in {"x", "X", "*"}:
            break
        known.append(int(number))
    if not known:
        return [] if operator in {"=", "==", ">=", "<=", "^", "~", "~>"} else [_NOTHING]
    lowest = Version(_filled(known), _stage(pre))
    if operator in {"^", "~", "~>"}:
        kept = _caret(known) if operator == "^" else min(2, len(known))
        return [_Bound(ge, lowest), _Bound(lt, _after(known[:kept]))]
    if len(known) == 3:
        return [_Bound(_EXACT[operator], lowest)]
    above = _after(known)
    return {
        "=": [_Bound(ge, lowest), _Bound(lt, above)],
        "==": [_Bound(ge, lowest), _Bound(lt, above)],
        "!=": [_Bound(lambda version, _: not lowest <= version < above, lowest)],
        ">": [_Bound(ge, above)],
        ">=": [_Bound(ge, lowest)],
        "<": [_Bound(lt, lowest)],
        "<=": [_Bound(lt, above)],
    }[operator]


_EXACT: dict[str, Callable[[Version, Version], bool]] = {
    "=": eq, "==": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le,
}  # fmt: skip
_NOTHING = _Bound(lt, Version((0, 0, 0), LOWEST))


def _caret(known: list[int]) -> int:
    """How many numbers `^` keeps: up to the first that is not zero."""
    return next((at + 1 for at, number in enumerate(known) if number), len(known))


def _after(numbers: list[int]) -> Version:
    """The first version behind all that begin with `numbers`."""
    return Version(_filled([*numbers[:-1], numbers[-1] + 1]), LOWEST)


def _filled(numbers: list[int]) -> tuple[int, ...]:
    return padded(tuple(numbers))


def _stage(pre: str | None) -> Stage:
    """What stands behind the numbers of a wish; `-0` is npm's way to ask for all pre-releases."""
    if pre is None:
        return RELEASED
    if pre == "0":
        return FIRST
    found = stage_of(pre)
    if found is None:
        raise UsageError(
            f"{pre!r} is no pre-release, such as rc.1; a variant is no part of a range"
        )
    return found
