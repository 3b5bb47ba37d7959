"""How a tag is read: `v1.2.3-rc.1-alpine3.20` is `v`, 1.2.3, `rc.1` and the variant `alpine3.20`.

Pure, and the only place that takes tags apart. Precedence is that of semver.org 2.0.0, section 11,
with the words for unfinished versions in the order in which people finish them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

# Words that mark a version as not yet released, the least finished first; any other suffix
# (`-alpine`, `-slim`, `-debian-12-r3`) is a variant of the released version.
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
_STAGE = rf"(?:{_WORDS})(?![a-z])(?:[-.]?\d+(?![a-z0-9]))?(?:\.[a-z0-9]+)*"
_TAG = re.compile(
    r"(?P<prefix>(?:(?:release|version|rel|ver)[-._])?v?)"
    r"(?P<numbers>\d{1,40}(?:\.\d{1,40})*+)"
    rf"(?:[-._+]?(?P<stage>{_STAGE}))?"
    r"(?P<suffix>(?!\.x(?:[-._+]|$))[-._+].+)?",
    re.IGNORECASE | re.ASCII,
)
_WHOLE_STAGE = re.compile(_STAGE, re.IGNORECASE | re.ASCII)
_ROLLING = re.compile(r"(?:latest|stable|current|lts)(?P<suffix>[-._].+)?", re.IGNORECASE)
_PARTS = re.compile(r"\d+|[a-z]+", re.IGNORECASE | re.ASCII)
# A lone number of more digits is a date, a build or a part of a hash.
_LONGEST_MAJOR = 5

Part = tuple[int, int, str]
Stage = tuple[int, tuple[Part, ...]]
RELEASED: Stage = (_RELEASED, ())
FIRST: Stage = (-1, ())
"""What `-0` means: the least of all pre-releases."""
LOWEST: Stage = (-2, ())
"""What is before them all."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version by precedence: at least three numbers, and how finished it is."""

    numbers: tuple[int, ...]
    stage: Stage = RELEASED

    @property
    def is_release(self) -> bool:
        return self.stage == RELEASED


@dataclass(frozen=True)
class Named:
    """What a tag says: `suffix` has the variant with the separator before it."""

    prefix: str
    numbers: tuple[int, ...]
    stage: str
    suffix: str

    @property
    def variant(self) -> str:
        return self.suffix[1:]

    @cached_property
    def version(self) -> Version:
        return Version(padded(self.numbers), stage_of(self.stage) or RELEASED)

    @property
    def is_version(self) -> bool:
        """Whether it is one for a range, as `20240101` and `1234567` are not."""
        return len(self.numbers) > 1 or self.numbers[0] < 10**_LONGEST_MAJOR


def read(tag: str) -> Named | None:
    """What a tag says of a version, None for one that begins with none."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return None
    numbers = tuple(int(number) for number in found["numbers"].split("."))
    return Named(found["prefix"], numbers, found["stage"] or "", found["suffix"] or "")


def parse(tag: str) -> Version | None:
    """The version that a tag names, whatever its prefix and variant; None for one without."""
    found = read(tag)
    return found.version if found is not None and found.is_version else None


def variant_of(tag: str) -> str:
    """The variant that a tag names, as `v1.2-alpine` and `latest-alpine` do; empty without one."""
    found = read(tag)
    if found is not None:
        return found.variant
    rolling = _ROLLING.fullmatch(tag)
    return rolling["suffix"][1:] if rolling is not None and rolling["suffix"] else ""


def stage_of(text: str) -> Stage | None:
    """How finished `rc.1` is; None for a text that is no stage."""
    if _WHOLE_STAGE.fullmatch(text) is None:
        return None
    word, *rest = _PARTS.findall(text.lower())
    return _STAGES[word], tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in rest)


def padded(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Three numbers or more: what is left out is zero."""
    while len(numbers) > 3 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return (*numbers, *(0,) * (3 - len(numbers)))
