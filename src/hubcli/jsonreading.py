"""JSON that a stranger may have written: no more, and no deeper, than anybody needs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MOST_VALUES = 2_000_000
"""Values of a document: each takes up to a hundred bytes of memory, and three in a text."""

DEEPEST = 100
_LONGEST_NUMBER = 20
"""Characters of a whole number of 64 bits, with its sign."""


def read(content: bytes, *, exact: bool = False) -> Any:
    """The document; ValueError where it is none, worded to follow "the answer is".

    With `exact` there is no NaN (RFC 8259, 6), no number beyond 64 bits, and an object that has a
    name twice is none: readers differ on what they make of them.
    """
    if _marks(content, b",[{") > MOST_VALUES:
        raise ValueError(f"of more than {MOST_VALUES} values")
    try:
        document = json.loads(
            content,
            parse_int=_whole if exact else _number,
            parse_constant=_refused if exact else None,
            object_pairs_hook=_distinct if exact else None,
        )
    except _Twice:
        raise
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        raise ValueError("not JSON") from None
    if _marks(content, b"[{") > DEEPEST and _is_deep(document):
        raise ValueError("nested too deeply")
    return document


class _Twice(ValueError):
    """A name that stands twice in one object."""


def _marks(content: bytes, marks: bytes) -> int:
    """How many of some bytes there are, those inside strings included."""
    return sum(content.count(mark) for mark in marks)


def _number(text: str) -> int | float:
    """One of more than 64 bits is as inexact as it is for most other readers."""
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return int(text)


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"ambiguous: it has {twice[:100]!r} twice")
    return found


def _is_deep(document: object) -> bool:
    level = [document]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
