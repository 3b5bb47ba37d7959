"""Regular expressions that people write, before they are tried on names that servers send.

Python's matcher goes back and tries again, without end if a pattern lets it, and knows no time
limit. So it gets short names and short patterns, and no pattern in which something repeated can be
split into its repetitions in more than one way: that is what takes time that doubles with each
character. What is left takes a power of the name's length, which is 128 at most, and no pattern
for which that power is high.
"""

from __future__ import annotations

import importlib
import math
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from hubcli.errors import UsageError

LONGEST_PATTERN = 512
LONGEST_NAME = 128
"""Characters of a tag, by the distribution specification."""

_ALPHABET = frozenset(string.ascii_letters + string.digits + string.punctuation + " ")
_FEW = 4
"""How often something may be repeated before it counts as any number of times."""

_STEEPEST = 5.0
"""The power of a name's length that may be taken: a second or so for the worst of names."""

Chars = frozenset[str]
_Node = tuple[Any, Any]


def compiled(pattern: str, name: str = "--match") -> re.Pattern[str]:
    """A regular expression, as the flag or key `name` gives it; UsageError for what is none."""
    short(pattern)
    try:
        found = re.compile(pattern)
        parsed = _parsed(pattern)
        ambiguous = any(map(_is_ambiguous, _repeated(parsed))) or _power(parsed) > _STEEPEST
    except (re.error, OverflowError, RecursionError) as error:
        reason = f"{name} {pattern!r} is no regular expression: {error}"
        raise UsageError(reason.lstrip()) from error
    if ambiguous:
        reason = (
            f"{name} {pattern!r} repeats what is repeated already, which may take for ever: "
            "say it once, or put between what is in neither"
        )
        raise UsageError(reason.lstrip())
    return found


def short(pattern: str) -> str:
    """A pattern that is no longer than patterns are."""
    if len(pattern) > LONGEST_PATTERN:
        raise UsageError(f"a pattern has at most {LONGEST_PATTERN} characters")
    return pattern


def _parsed(pattern: str) -> list[_Node]:
    # The parser of the standard library has no public name: without it nothing is refused.
    try:
        return list(importlib.import_module("re._parser").parse(pattern))
    except (ImportError, AttributeError):
        return []


def _repeated(nodes: Sequence[_Node]) -> Iterator[list[_Node]]:
    """What stands in repetitions that may be many, at any depth."""
    for name, given in _all(nodes):
        if name in {"MAX_REPEAT", "MIN_REPEAT"} and given[1] > _FEW:
            yield list(given[2])


def _all(nodes: Sequence[_Node]) -> Iterator[tuple[str, Any]]:
    """Every node below, except in groups that are never entered a second time."""
    for kind, given in nodes:
        yield str(kind), given
        if str(kind) not in {"ATOMIC_GROUP", "POSSESSIVE_REPEAT"}:
            for inside in _children(str(kind), given):
                yield from _all(inside)


def _children(name: str, given: Any) -> list[list[_Node]]:
    match name:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [list(given[2])]
        case "SUBPATTERN":
            return [list(given[3])]
        case "BRANCH":
            return [list(one) for one in given[1]]
        case "ATOMIC_GROUP":
            return [list(given)]
        case "ASSERT" | "ASSERT_NOT":
            return [list(given[1])]
        case "GROUPREF_EXISTS":
            return [list(one) for one in given[1:] if one is not None]
        case _:
            return []


def _is_ambiguous(body: list[_Node]) -> bool:
    """Whether what is repeated can be matched in several ways: by its own repetitions, unless
    something stands between them that they cannot be, or by alternatives that begin alike."""
    varying = [
        given[2]
        for name, given in _all(body)
        if name in {"MAX_REPEAT", "MIN_REPEAT"} and given[0] != given[1]
    ]
    fixed = [_chars(kind, given) for kind, given in _flat(body) if _is_single(str(kind))]
    for inside in varying:
        taken = frozenset[str]().union(*(_chars_of(list(inside))))
        if not taken or not any(between.isdisjoint(taken) for between in fixed):
            return True
    if any(_overlap(given[1]) for name, given in _all(body) if name == "BRANCH"):
        return True
    # Once, and once more behind itself: what ends it may be what it begins with.
    return _steeper([*body, *body], {}, alike=True)[1] > 1


def _power(nodes: Sequence[_Node]) -> float:
    """The power of a name's length that a search may take.

    What varies and can be the same characters multiplies, unless something that must be there and
    is none of these stands between.
    """
    anchored = bool(nodes) and str(nodes[0][0]) == "AT" and "BEGINNING" in str(nodes[0][1])
    return _steeper(nodes, {})[1] + (0 if anchored else 1)


_Shares = Mapping[Chars, float]
"""What varies, by the characters that it can be: the powers of a name's length that it takes."""


def _steeper(
    nodes: Sequence[_Node], shares: _Shares, *, alike: bool = False
) -> tuple[_Shares, float]:
    """The shares behind these nodes, where there were some before them; and the highest power.

    With `alike` whatever varies counts as one, however little it does.
    """
    highest = 0.0
    for kind, given in nodes:
        name = str(kind)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            shares, power = _repeating(given, shares, alike=alike)
        elif _is_single(name):
            between, power = _chars(kind, given), 0.0
            shares = shares if any(not between.isdisjoint(one) for one in shares) else {}
        else:
            ends = [_steeper(inside, shares, alike=alike) for inside in _children(name, given)]
            power = max((end[1] for end in ends), default=0.0)
            if name in {"SUBPATTERN", "BRANCH", "GROUPREF_EXISTS"} and ends:
                every = {chars for end, _ in ends for chars in end}
                shares = {one: max(end.get(one, 0.0) for end, _ in ends) for one in every}
        highest = max(highest, power)
    return shares, highest


def _repeating(given: Any, shares: _Shares, *, alike: bool) -> tuple[_Shares, float]:
    least, most, body = int(given[0]), int(given[1]), list(given[2])
    inside, power = _steeper(body, shares, alike=alike)
    if alike and most > _FEW and shares and _first(body).isdisjoint(frozenset().union(*shares)):
        # What begins it is none of what stood before: it is either there or not.
        either = {**shares, **inside}
        return {one: max(shares.get(one, 0.0), inside.get(one, 0.0)) for one in either}, power
    # What need not be there keeps nothing apart.
    found = dict(inside) if least else {**shares, **inside}
    # Where it may be many times, there is only one way to split what is matched: it counts as one.
    again = most - 1 if most <= _FEW else -1
    for chars, share in inside.items():
        found[chars] += (share - shares.get(chars, 0.0)) * again
    if most > least:
        taken = frozenset[str]().union(*_chars_of(body))
        choices = min(most - least + 1, LONGEST_NAME)
        share = 1.0 if alike else math.log(choices, LONGEST_NAME)
        found[taken] = found.get(taken, 0.0) + share
    sums = [
        sum(share for chars, share in found.items() if char in chars)
        for char in frozenset[str]().union(*found)
    ]
    return found, max(power, *sums, 0.0)


def _flat(nodes: list[_Node]) -> Iterator[_Node]:
    """What must be matched each time, groups opened."""
    for kind, given in nodes:
        if str(kind) == "SUBPATTERN":
            yield from _flat(list(given[3]))
        else:
            yield kind, given


def _overlap(alternatives: Sequence[Any]) -> bool:
    seen: set[str] = set()
    for one in alternatives:
        first = _first(list(one))
        if not first.isdisjoint(seen):
            return True
        seen |= first
    return False


def _first(nodes: list[_Node]) -> Chars:
    """What may come first; for whatever is more than a character, everything."""
    for kind, given in _flat(nodes):
        name = str(kind)
        if name == "AT":
            continue
        if name in {"MAX_REPEAT", "MIN_REPEAT"} and given[0] > 0:
            return _first(list(given[2]))
        return _chars(kind, given) if _is_single(name) else _ALPHABET
    return _ALPHABET


def _chars_of(nodes: list[_Node]) -> Iterator[Chars]:
    for name, given in _all(nodes):
        if _is_single(name):
            yield _chars(name, given)
        elif name in {"GROUPREF", "GROUPREF_EXISTS"}:
            yield _ALPHABET


def _is_single(name: str) -> bool:
    return name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}


def _chars(kind: Any, given: Any) -> Chars:
    """The characters that one node matches; a flag may fold cases, so both are it."""
    match str(kind):
        case "LITERAL":
            return _folded({chr(given)})
        case "NOT_LITERAL":
            return _ALPHABET - {chr(given)}
        case "IN":
            return _of_class(given)
        case _:
            return _ALPHABET


def _of_class(items: Sequence[_Node]) -> Chars:
    found: set[str] = set()
    negated = False
    for kind, given in items:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found.add(chr(given))
            case "RANGE":
                found |= {one for one in _ALPHABET if given[0] <= ord(one) <= given[1]}
            case _:
                found |= _of_category(str(given))
    return _ALPHABET - found if negated else _folded(found)


@cache
def _of_category(name: str) -> Chars:
    short = {"DIGIT": r"\d", "WORD": r"\w", "SPACE": r"\s"}.get(name.rpartition("_")[2])
    if short is None:
        return _ALPHABET
    pattern = short.upper() if "NOT" in name else short
    return frozenset(one for one in _ALPHABET if re.match(pattern, one))


def _folded(chars: set[str]) -> Chars:
    return frozenset(one for char in chars for one in (char.lower(), char.upper())) & _ALPHABET
