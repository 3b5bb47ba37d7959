"""What has to be done, one change for each request that is made for it, in the order of doing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby
from typing import Literal

Action = Literal["create", "change", "remove"]
Key = tuple[str, ...]
"""A kind and the names that tell one of it, and of a repository the fields that change."""


class Stage(IntEnum):
    """Changes of one stage need none of each other; what is destroyed comes last.

    Those who stop being owners may be who is doing all this.
    """

    TEAMS = 0
    PEOPLE = 1
    TEAM_MEMBERS = 2
    REPOSITORIES = 3
    SETTINGS = 4
    ACCESS = 5
    REVOCATIONS = 6
    REMOVALS = 7
    DEPARTURES = 8
    OWNERS = 9


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is made, changed or removed.

    `kind` is team, member, invite, team member, repository, permission or webhook; `name` is what
    people call it; `before` and `after` have the fields that differ; `needs` are changes without
    which it cannot be done, as far as they are in the plan.
    """

    action: Action
    kind: str
    key: Key
    name: str
    stage: Stage
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    needs: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`notes` are for people: what has to wait, and what is left alone."""

    organization: str
    changes: Sequence[Change]
    notes: Sequence[str] = ()

    def stages(self) -> Iterator[Sequence[Change]]:
        """The changes that may be made at the same time, one set after the other."""
        for _, changes in groupby(self.changes, key=lambda change: change.stage):
            yield tuple(changes)
