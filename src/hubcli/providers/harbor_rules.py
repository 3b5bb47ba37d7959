"""Harbor's immutable tag rules: which tags of which repositories of a project never change.

API: GET, POST /projects/{project}/immutabletagrules, DELETE …/{id}. A rule selects repositories
and tags, both by globs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubcli.errors import Unsupported
from hubcli.providers.calls import Api, number, text
from hubcli.providers.doublestar import expression, glob, matches

EVERYWHERE = "**"
"""The pattern of a rule for all repositories of a project."""

_EXCLUDES = {"repoExcludes", "excludes"}


@dataclass(frozen=True)
class _Selector:
    pattern: str
    excludes: bool

    def selects(self, name: str) -> bool:
        return matches(self.pattern, name) != self.excludes

    @property
    def expression(self) -> str:
        found = expression(self.pattern)
        return f"(?!{found}$).*" if self.excludes else found


@dataclass(frozen=True)
class _Rule:
    number: int | None
    places: Sequence[_Selector]
    tags: Sequence[_Selector]

    @property
    def expressions(self) -> set[str]:
        return {tag.expression for tag in self.tags}

    def is_for(self, place: str) -> bool:
        """Whether it is for what a pattern of repositories says, and nothing else."""
        return [*self.places] == [_Selector(place, excludes=False)]


class Rules:
    """The rules of one project; `route` is theirs."""

    def __init__(self, api: Api, route: str, page_size: int) -> None:
        self._api = api
        self._route = route
        self._page_size = page_size

    def expressions(self, name: str | None) -> list[str]:
        """Regular expressions of the tags that never change: of a repository, or everywhere."""
        return sorted({each for rule in self._for(name) for each in rule.expressions})

    def replace(self, place: str, wanted: Sequence[str], project: str) -> None:
        """Let these be the rules for a repository, or everywhere; new ones come first.

        Unsupported, and nothing changed, where Harbor has no such rule, and where one for more
        than this repository would still be there.
        """
        globs = {each: _glob(each) for each in wanted}
        rules = [*self._for(None if place == EVERYWHERE else place)]
        own = [rule for rule in rules if rule.is_for(place)]
        for rule in rules:
            if rule not in own and not rule.expressions <= {*wanted}:
                raise Unsupported(
                    f"{', '.join(sorted(rule.expressions))} is a rule of the whole project",
                    hint=f"hubcli repo inspect {project}",
                )
        kept = [rule for rule in rules if rule.expressions <= {*wanted}]
        known = {each for rule in kept for each in rule.expressions}
        for each, pattern in globs.items():
            if each not in known:
                self._api.send("POST", self._route, body=_body(place, pattern))
        for gone in own:
            if gone not in kept and gone.number is not None:
                self._api.send("DELETE", f"{self._route}/{gone.number}")

    def _for(self, name: str | None) -> Iterator[_Rule]:
        for rule in self._all():
            whole = name is None and rule.is_for(EVERYWHERE)
            if whole or (name is not None and any(one.selects(name) for one in rule.places)):
                yield rule

    def _all(self) -> Iterator[_Rule]:
        for found in self._api.rows(self._route, {"page_size": self._page_size}):
            places = found.get("scope_selectors")
            if not found.get("disabled") and isinstance(places, dict):
                yield _Rule(
                    number(found.get("id")),
                    _selectors(places.get("repository")),
                    _selectors(found.get("tag_selectors")),
                )


def _selectors(value: object) -> Sequence[_Selector]:
    listed = value if isinstance(value, list) else []
    return [
        _Selector(str(one["pattern"]), one.get("decoration") in _EXCLUDES)
        for one in listed
        if isinstance(one, dict) and text(one.get("pattern"))
    ]


def _glob(rule: str) -> str:
    found = glob(rule)
    if found is None:
        raise Unsupported(
            f"Harbor has no rule like {rule!r}: only text, '.', '.*', '[a-z]' and '\\.'"
        )
    return found


def _body(place: str, pattern: str) -> Mapping[str, Any]:
    return {
        "action": "immutable",
        "template": "immutable_template",
        "disabled": False,
        "scope_selectors": {
            "repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": place}]
        },
        "tag_selectors": [{"kind": "doublestar", "decoration": "matches", "pattern": pattern}],
    }
