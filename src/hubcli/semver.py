"""Ranges of semantic versions, as npm and cargo write them: `>=1.2 <2`, `^1.4`, `~1.4.2 || 2.x`.

Pure. Precedence is that of semver.org 2.0.0, section 11. A tag may have a `v` in front and lack
its last numbers, which are zero then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne

from hubcli.errors import UsageError

_NUMBER = r"0|[1-9]\d{0,14}"
_TAG = re.compile(
    rf"v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?(?:-([0-9A-Za-z.-]+))?(?:_[0-9A-Za-z._-]*)?"
)
_WISH = re.compile(
    r"(?P<operator>>=|<=|==|!=|[=<>^~])?"
    rf"v?(?P<numbers>(?:{_NUMBER}|[xX*])(?:\.(?:{_NUMBER}|[xX*])){{0,2}})"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_LONGEST = 512

Numbers = tuple[int, int, int]
Part = tuple[int, int, str]


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version by precedence; `pre` holds a part that sorts after all others for a release."""

    numbers: Numbers
    pre: tuple[Part, ...] = ((2, 0, ""),)

    @property
    def is_release(self) -> bool:
        return self.pre == ((2, 0, ""),)


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
    `>=1.2` means `1.3.0-rc.1`, nor the variant `1.3.0-alpine`, which reads like one.
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
        not bound.version.is_release and bound.version.numbers == version.numbers
        for bound in bounds
    )


def parse(tag: str) -> Version | None:
    """The version that a tag names, None for one that names none."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return None
    major, minor, patch = (int(found[group] or 0) for group in (1, 2, 3))
    return _version((major, minor, patch), found[4])


def parse_range(text: str) -> Range:
    """Read a range; UsageError says which part of it is none."""
    if len(text) > _LONGEST:
        raise UsageError(f"a range of versions has at most {_LONGEST} characters")
    alternatives = [_bounds(part, text) for part in text.split("||")]
    return Range(tuple(alternatives))


def _bounds(part: str, text: str) -> tuple[_Bound, ...]:
    words = re.sub(r"([=<>^~])\s+", r"\1", part.replace(",", " ")).split()
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
        return [] if operator in {"=", "==", ">=", "<=", "^", "~"} else [_NOTHING]
    lowest = _version(_filled(known), pre)
    if operator in {"^", "~"}:
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
_NOTHING = _Bound(lt, Version((0, 0, 0), ()))


def _caret(known: list[int]) -> int:
    """How many numbers `^` keeps: up to the first that is not zero."""
    return next((at + 1 for at, number in enumerate(known) if number), len(known))


def _after(numbers: list[int]) -> Version:
    """The first version behind all that begin with `numbers`."""
    return Version(_filled([*numbers[:-1], numbers[-1] + 1]), ())


def _filled(numbers: list[int]) -> Numbers:
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major, minor, patch


def _version(numbers: Numbers, pre: str | None) -> Version:
    if pre is None:
        return Version(numbers)
    parts = pre.split(".")
    return Version(
        numbers,
        tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts),
    )
