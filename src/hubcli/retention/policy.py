"""A policy file: rules for many repositories.

    policies:
      - repositories: [acme/api, 'acme/web-*']
        filter: 'pr-*'
        older_than: 7d
      - repositories: 'acme/*'
        keep: 20
        older_than: 90d
        semver_keep: latest-patch
        keep_tags: [latest, stable]

All policies that name a repository are for it. A tag goes where it is a candidate of one of them
and none of those whose candidate it is keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from hubcli.documents.reading import At, Reading
from hubcli.documents.tree import Value, read_tree
from hubcli.retention.rules import Rules, span
from hubcli.tags import parse_keep, read_choice

CHOOSING = ("filter", "except", "match", "semver", "variant")
"""The keys that make tags candidates, as everywhere."""

_KEYS = (
    *("repositories", "keep", "older_than", "unused_for", "semver_keep", "keep_tags"),
    *("allow_empty", *CHOOSING),
)
_SPELLINGS = (*_KEYS, *(key.replace("_", "-") for key in _KEYS if "_" in key))
"""As files write them, or as the flags are called."""

_MOST = 1_000
"""Policies of a file."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Policy:
    """One section: repositories, by name or by a glob on the last part of it, and the rules."""

    repositories: Sequence[str]
    rules: Rules
    allow_empty: bool = False


def read_policies(
    text: str, name: str, checked: Callable[[str], str] = lambda text: text
) -> Sequence[Policy]:
    """The policies of the document `text`, from the file `name`; UsageError for what is wrong.

    `checked` raises one for a text that names no repositories.
    """
    document = Reading(name)
    root = read_tree(text, name)
    keys = document.keys(root, (), ("policies",))
    listed = keys["policies"].content if "policies" in keys else None
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST:
        place = keys["policies"].place if "policies" in keys else root.place
        raise document.failure(place, ("policies",), f"a list of 1 to {_MOST:,} is wanted here")
    return [
        _Section(document, value, ("policies", str(number))).policy(checked)
        for number, value in enumerate(listed, start=1)
    ]


class _Section:
    """Reads one section; `at` are the keys under which it stands."""

    def __init__(self, document: Reading, value: Value, at: At) -> None:
        self._document = document
        self._value = value
        self._at = at
        self._members: dict[str, Value] = {}
        for key, each in document.keys(value, at, _SPELLINGS).items():
            known = key.replace("-", "_")
            if known in self._members:
                raise document.failure(each.key, (*at, key), f"{known} is there twice")
            self._members[known] = each

    def policy(self, checked: Callable[[str], str]) -> Policy:
        repositories = self._made("repositories", checked)
        if not repositories:
            raise self._document.failure(self._value.place, self._at, "it names no repositories")
        keep = self._members.get("keep")
        rules = Rules(
            names=read_choice(self._document, self._members, self._at).names,
            keep=None if keep is None else self._document.count(keep, (*self._at, "keep")),
            older_than=self._span("older_than"),
            unused_for=self._span("unused_for"),
            semver_keep=self._made("semver_keep", parse_keep),
            keep_tags=self._made("keep_tags", str),
        )
        if not rules.removes:
            reason = "it says which tags stay, and not which go"
            raise self._document.failure(self._value.place, self._at, reason)
        return Policy(repositories, rules, self._truth("allow_empty"))

    def _made(self, key: str, make: Callable[[str], _Result]) -> Sequence[_Result]:
        """What is made of each text of a list, or of the only one."""
        value = self._members.get(key)
        if value is None:
            return ()
        at = (*self._at, key)
        texts = self._document.text_or_texts(value, at)
        return [self._document.checked(value, at, make, text) for text in texts]

    def _span(self, key: str) -> timedelta | None:
        value = self._members.get(key)
        if value is None:
            return None
        at = (*self._at, key)
        return self._document.checked(value, at, span, self._document.text(value, at), "it")

    def _truth(self, key: str) -> bool:
        value = self._members.get(key)
        if value is None:
            return False
        return self._document.one_of(value, (*self._at, key), ("true", "false")) == "true"
