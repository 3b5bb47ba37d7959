"""What granting and revoking are about to do, repository by repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hubcli.cli.runtime import Runtime
from hubcli.cli.team.names import TeamName
from hubcli.errors import HubcliError, doing
from hubcli.output import Row


@dataclass(frozen=True, slots=True)
class Change:
    """What a team may do with a repository before and after; None is nothing."""

    team: TeamName
    repository: str
    before: str | None
    after: str | None

    @property
    def is_one(self) -> bool:
        return self.before != self.after

    @property
    def action(self) -> str:
        if not self.is_one:
            return "keep"
        if self.after is None:
            return "revoke"
        return "grant" if self.before is None else "change"

    @property
    def row(self) -> Row:
        return {
            "name": self.repository,
            "action": self.action,
            "permission": self.after,
            "was": self.before,
            "team": str(self.team),
        }

    def __str__(self) -> str:
        if not self.is_one:
            return f"{self.repository}: {self.after or 'none'} already"
        return f"{self.repository}: {self.before or 'none'} -> {self.after or 'none'}"


def changes(
    runtime: Runtime,
    team: TeamName,
    number: int,
    repositories: Iterable[str],
    after: str | None,
    action: str,
) -> Iterator[Change]:
    """From what the team `number` may do now; repositories that do not tell are reported."""
    for path, row in runtime.session.hub.grants.of_team_with(repositories, number):
        with runtime.attempting(), doing(action, path):
            if isinstance(row, HubcliError):
                raise row
            before = row["permission"]
            yield Change(team, path, None if before is None else str(before), after)
