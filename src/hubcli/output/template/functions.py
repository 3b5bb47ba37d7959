"""The functions of templates: those of Go and docker, and a few that people expect.

Each gets values of rows as they are, and returns either a value or `Printable` text. A
ValueError or TypeError becomes a UsageError with the position.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hubcli.output.jsontext import to_json
from hubcli.output.template.values import Printable, printable

_LONGEST_WIDTH = 4
"""Digits; Go takes six, which are a megabyte."""

_VERB = re.compile(r"%([-+# 0]*)(\d*)((?:\.\d*)?)(.?)", re.DOTALL)


class Function(NamedTuple):
    """`most` is None for any number of arguments."""

    call: Callable[..., object]
    least: int
    most: int | None


def _json(value: object) -> Printable:
    return Printable(to_json(value))


def _pretty(value: object) -> Printable:
    return Printable(to_json(value, indent=2))


def _length(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise TypeError("it needs text, a list or an object")


def _join(elements: object, separator: object) -> Printable:
    """Docker has the list first; in a pipeline (`.platforms | join ","`) it is last."""
    if isinstance(elements, str) and not isinstance(separator, str):
        elements, separator = separator, elements
    if elements is None:
        return Printable("")
    if not isinstance(elements, list | tuple):
        raise TypeError("it needs a list")
    return Printable(printable(separator).join(printable(element) for element in elements))


def _split(text: object, separator: object) -> list[str]:
    parts = _string(text).split(_string(separator)) if separator else list(_string(text))
    return [Printable(part) for part in parts] if isinstance(text, Printable) else parts


def _string(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return printable(value)


def _same(value: object, text: str) -> Printable:
    """Text made from `value`, safe to print; the template's own stays as it is."""
    return Printable(text) if isinstance(value, Printable) else printable(text)


def _upper(value: object) -> Printable:
    return _same(value, _string(value).upper())


def _lower(value: object) -> Printable:
    return _same(value, _string(value).lower())


def _title(value: object) -> Printable:
    words = re.sub(r"(?<!\w)\w", lambda match: match[0].upper(), _string(value))
    return _same(value, words)


def _truncate(value: object, length: object) -> Printable:
    """Docker has the text first, gh the length."""
    if isinstance(value, int):
        value, length = length, value
    if not isinstance(length, int) or length < 0:
        raise ValueError("it needs a length")
    return _same(value, _string(value)[:length])


def _pad(value: object, before: int, after: int) -> Printable:
    text = printable(value)
    return Printable(" " * before + text + " " * after) if text else text


def _index(value: object, *keys: object) -> object:
    """The element that is there; null where there is none, so one row does not end a listing."""
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list | tuple | str) and isinstance(key, int):
            value = value[key] if 0 <= key < len(value) else None
        elif value is not None:
            raise TypeError("it needs a list and a number, or an object and a key")
    return value


def _slice(value: object, *bounds: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str | list | tuple):
        raise TypeError("it needs text or a list")
    places = [bound for bound in bounds if isinstance(bound, int) and bound >= 0]
    if len(places) != len(bounds):
        raise ValueError("its bounds are numbers from 0 on")
    low, high = (places[0] if places else 0), (places[1] if len(places) > 1 else None)
    part = value[low:high]
    return _same(value, part) if isinstance(part, str) else part


def _print(*values: object) -> Printable:
    """As Go has it: a space between two values of which neither is text."""
    text = ""
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            text += " "
        text += printable(value)
    return Printable(text)


def _println(*values: object) -> Printable:
    return Printable(" ".join(printable(value) for value in values) + "\n")


def _printf(form: object, *values: object) -> Printable:
    """Go's verbs v, s, q, d, x, X, f, e, g, t with flags, width and precision."""
    rest = list(values)

    def filled(match: re.Match[str]) -> str:
        flags, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        if verb not in "vsqdxXfegt" or not verb:
            raise ValueError(f"unknown verb {match[0]!r}")
        if not rest:
            raise ValueError(f"no value for {match[0]!r}")
        return _formatted(f"%{flags}{width}{precision}", verb, rest.pop(0))

    text = _VERB.sub(filled, printable(form))
    if rest:
        raise ValueError("more values than verbs")
    return Printable(text)


def _formatted(form: str, verb: str, value: object) -> str:
    if any(len(number) > _LONGEST_WIDTH for number in re.findall(r"\d+", form)):
        raise ValueError("a width is too large")
    if verb == "q":
        return (form + "s") % to_json(_string(value))
    if verb in "vst" or value is None:
        return (form + "s") % printable(value)
    if not isinstance(value, int | float):
        raise TypeError(f"%{verb} needs a number")
    return (form + verb) % value


def _equal(first: object, *others: object) -> bool:
    return any(first == other for other in others)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def compared(first: object, second: object) -> bool:
        """False where one of them is not known."""
        if first is None or second is None:
            return False
        try:
            return compare(first, second)
        except TypeError:
            raise TypeError("these two cannot be compared") from None

    return compared


def _and(*values: object) -> object:
    return next((value for value in values if not value), values[-1])


def _or(*values: object) -> object:
    return next((value for value in values if value), values[-1])


FUNCTIONS: Mapping[str, Function] = {
    "json": Function(_json, 1, 1),
    "pretty": Function(_pretty, 1, 1),
    "len": Function(_length, 1, 1),
    "join": Function(_join, 2, 2),
    "split": Function(_split, 2, 2),
    "upper": Function(_upper, 1, 1),
    "lower": Function(_lower, 1, 1),
    "title": Function(_title, 1, 1),
    "truncate": Function(_truncate, 2, 2),
    "pad": Function(_pad, 3, 3),
    "index": Function(_index, 1, None),
    "slice": Function(_slice, 1, 3),
    "print": Function(_print, 0, None),
    "println": Function(_println, 0, None),
    "printf": Function(_printf, 1, None),
    "eq": Function(_equal, 2, None),
    "ne": Function(operator.ne, 2, 2),
    "lt": Function(_ordered(operator.lt), 2, 2),
    "le": Function(_ordered(operator.le), 2, 2),
    "gt": Function(_ordered(operator.gt), 2, 2),
    "ge": Function(_ordered(operator.ge), 2, 2),
    "and": Function(_and, 1, None),
    "or": Function(_or, 1, None),
    "not": Function(operator.not_, 1, 1),
}
