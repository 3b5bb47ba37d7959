"""Reading a document by its keys: every key known, every value of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from hubcli.documents.tree import Place, Value, failure_at
from hubcli.errors import UsageError

_Result = TypeVar("_Result")

At = tuple[str, ...]
"""The keys that lead to a value."""

Read = Callable[[Value, At], _Result]


class Reading:
    """Reads values; failures say where in the document they are, and under which keys."""

    def __init__(self, name: str) -> None:
        self._file = name

    def keys(self, value: Value, at: At, known: Iterable[str]) -> Mapping[str, Value]:
        """The members of a mapping whose keys are known."""
        mapping, names = self.mapping(value, at), [*known]
        for key, each in mapping.items():
            if key not in names:
                close = get_close_matches(key.lower(), names, n=1)
                advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
                raise self.failure(each.key, (*at, key), f"there is no such key; {advice}")
        return mapping

    def named(
        self, value: Value, at: At, read: Read[_Result], name: Callable[[str], str] = str.lower
    ) -> Mapping[str, _Result]:
        """What is read of each member of a mapping, by name as `name` spells it."""
        found: dict[str, _Result] = {}
        for key, each in self.mapping(value, at).items():
            known = name(key)
            if not known.strip() or not known.isprintable():
                raise self.failure(each.key, (*at, key), "that is no name")
            if known in found:
                raise self.failure(each.key, (*at, key), f"{known} is there twice")
            found[known] = read(each, (*at, known))
        return found

    def mapping(self, value: Value, at: At) -> Mapping[str, Value]:
        content = {} if value.content is None else value.content
        if not isinstance(content, dict):
            raise self.failure(value.place, at, "a mapping of names is wanted here")
        return content

    def items(self, value: Value, at: At) -> Sequence[Value]:
        content = [] if value.content is None else value.content
        if not isinstance(content, list):
            raise self.failure(value.place, at, "a list is wanted here")
        return content

    def texts(self, value: Value, at: At) -> Sequence[str]:
        return [self.text(each, at) for each in self.items(value, at)]

    def text_or_texts(self, value: Value, at: At) -> Sequence[str]:
        """A list of texts, or the only one of them."""
        return [value.content] if isinstance(value.content, str) else self.texts(value, at)

    def one_of(self, value: Value, at: At, known: Sequence[str]) -> str:
        text = self.text(value, at)
        if text not in known:
            raise self.failure(value.place, at, f"one of {', '.join(known)} is wanted here")
        return text

    def text(self, value: Value, at: At, empty: bool = False) -> str:
        if isinstance(value.content, str) and (empty or value.content.strip()):
            return value.content
        raise self.failure(value.place, at, "a text is wanted here")

    def count(self, value: Value, at: At, least: int = 1) -> int:
        """A whole number from `least` up."""
        text = value.content
        if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 10:
            number = int(text)
            if number >= least:
                return number
        raise self.failure(value.place, at, f"a number from {least} up is wanted here")

    def checked(
        self, value: Value, at: At, check: Callable[..., _Result], *given: object
    ) -> _Result:
        """What `check` makes of what was given; its UsageError says where that stands."""
        try:
            return check(*given)
        except UsageError as error:
            raise self.failure(value.place, at, error.reason) from None

    def failure(self, place: Place | None, at: At, reason: str) -> UsageError:
        return failure_at(self._file, place, ": ".join(filter(None, (".".join(at), reason))))
