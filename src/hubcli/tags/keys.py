"""The same vocabulary as keys of a file, for policies and mirrors.

filter: ["v*", "release-*"]    except: "*-debug"     match: "[0-9]$"    semver: ">=1.2 <2"
variant: alpine                since: 90d            until: 2026-01-01
sort: version=desc             limit: 5
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from hubcli.documents.reading import At, Reading
from hubcli.documents.tree import Value
from hubcli.semver import parse_range
from hubcli.tags.ordering import parse_order
from hubcli.tags.patterns import compiled, short
from hubcli.tags.selecting import Choice, Names, moment

KEYS = ("filter", "except", "match", "semver", "variant", "since", "until", "sort", "limit")
"""The keys that choose tags."""

_Result = TypeVar("_Result")


def read_choice(
    document: Reading,
    members: Mapping[str, Value],
    at: At,
    now: datetime | None = None,
) -> Choice:
    """The choice that those of KEYS among `members`, which stand under the keys `at`, describe.

    The caller has seen to it that there are no unknown ones: `document.keys(value, at, KEYS)`.
    UsageError names the key, with line and column where the format tells.
    """
    return _Choosing(document, members, at, now or datetime.now(UTC)).choice()


class _Choosing:
    def __init__(
        self, document: Reading, members: Mapping[str, Value], at: At, now: datetime
    ) -> None:
        self._document = document
        self._members = members
        self._at = at
        self._now = now

    def choice(self) -> Choice:
        begin, end = self._moment("since"), self._moment("until")
        if begin is not None and end is not None and begin >= end:
            place = self._members["until"].place
            raise self._document.failure(place, (*self._at, "until"), "it is not after since")
        limit = self._members.get("limit")
        return Choice(
            Names(
                self._globs("filter"),
                self._globs("except"),
                self._made("match", lambda text: compiled(text, "")),
                self._made("semver", parse_range),
                self._made("variant", short, empty=True),
            ),
            begin,
            end,
            self._made("sort", parse_order),
            None if limit is None else self._document.count(limit, (*self._at, "limit")),
        )

    def _moment(self, key: str) -> datetime | None:
        return self._made(key, lambda text: moment(text, "it", self._now))

    def _globs(self, key: str) -> tuple[str, ...]:
        value = self._members.get(key)
        if value is None:
            return ()
        at = (*self._at, key)
        texts = self._document.text_or_texts(value, at)
        return tuple(self._document.checked(value, at, lambda: [*map(short, texts)]))

    def _made(
        self, key: str, make: Callable[[str], _Result], *, empty: bool = False
    ) -> _Result | None:
        """What is made of the text under a key, if it is there."""
        value = self._members.get(key)
        if value is None:
            return None
        at = (*self._at, key)
        text = self._document.text(value, at, empty)
        return self._document.checked(value, at, make, text)
