"""Filters of SCIM (RFC 7644, 3.4.2.2), with the operators that Docker Hub knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r'\s*(\(|\)|"(?:[^"\\]|\\.)*"|[^\s()"]+)')
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda has, wanted: has == wanted,
    "co": lambda has, wanted: wanted in has,
    "sw": lambda has, wanted: has.startswith(wanted),
}
_DEEPEST = 20


class BadFilter(Exception):
    """A filter that is none; its text says why."""


def predicate(text: str) -> Predicate:
    """What tells whether a user, as SCIM writes one, is wanted; BadFilter."""
    parser = _Parser(_tokens(text))
    found = parser.either(0)
    if parser.next is not None:
        raise BadFilter(f"unexpected {parser.next}")
    return found


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadFilter(f"cannot be read at {text[position:][:20]}")
        found.append(match[1])
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens[::-1]

    @property
    def next(self) -> str | None:
        return self._tokens[-1] if self._tokens else None

    def either(self, depth: int) -> Predicate:
        found = [self._both(depth)]
        while self._takes("or"):
            found.append(self._both(depth))
        return lambda user: any(each(user) for each in found)

    def _both(self, depth: int) -> Predicate:
        found = [self._one(depth)]
        while self._takes("and"):
            found.append(self._one(depth))
        return lambda user: all(each(user) for each in found)

    def _one(self, depth: int) -> Predicate:
        if depth > _DEEPEST:
            raise BadFilter("too many parentheses")
        negated = self._takes("not")
        if self._takes("("):
            inner = self.either(depth + 1)
            if not self._takes(")"):
                raise BadFilter("a parenthesis is not closed")
            return (lambda user: not inner(user)) if negated else inner
        if negated:
            raise BadFilter("not is followed by a parenthesis")
        return _comparison(self._taken(), self._taken().lower(), self._taken())

    def _takes(self, word: str) -> bool:
        if self.next is None or self.next.lower() != word:
            return False
        self._tokens.pop()
        return True

    def _taken(self) -> str:
        if not self._tokens:
            raise BadFilter("it ends too soon")
        return self._tokens.pop()


def _comparison(attribute: str, operator: str, value: str) -> Predicate:
    try:
        wanted = _folded(json.loads(value))
    except ValueError:
        raise BadFilter(f"{value} is no value") from None
    path = attribute.lower().split(".")
    if operator == "ne":
        return lambda user: wanted not in _values(user, path)
    compare = _OPERATORS.get(operator)
    if compare is None:
        raise BadFilter(f"{operator} is no operator")
    return lambda user: any(compare(has, wanted) for has in _values(user, path))


def _values(value: object, path: list[str]) -> list[str]:
    """The values at a path, whose names are in lower case; of a list those of its members."""
    if isinstance(value, list):
        return [found for item in value for found in _values(item, path)]
    if isinstance(value, Mapping):
        name, rest = (path[0], path[1:]) if path else ("value", [])
        return [
            found
            for key, member in value.items()
            if key.lower() == name
            for found in _values(member, rest)
        ]
    return [] if path or value is None else [_folded(value)]


def _folded(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool | int | float) else str(value).lower()
