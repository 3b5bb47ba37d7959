"""An organization: what a file says of it, and what Docker Hub does, in one shape.

None is what the file does not name, or what Hub did not tell. Names are in lower case; those of
repositories and teams are without the organization's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

OWNERS = "owners"
"""The team that every organization has: its members are the owners."""

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Team:
    """`members` are Docker IDs, or addresses of people who are to be invited."""

    description: str | None = None
    members: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """`overview` is the text itself; `teams` are permissions, `webhooks` addresses, by name."""

    description: str | None = None
    overview: str | None = None
    visibility: str | None = None
    categories: Sequence[str] | None = None
    immutable_tags: Sequence[str] | None = None
    teams: Mapping[str, str] | None = None
    webhooks: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """`members` are roles by Docker ID or address; a role may be None, too."""

    name: str
    teams: Mapping[str, Team] | None = None
    members: Mapping[str, str | None] | None = None
    repositories: Mapping[str, Repository] | None = None

    @property
    def people(self) -> Mapping[str, str | None]:
        """Everybody it names, with the role: the members, and those of the teams."""
        of_teams = (person for team in (self.teams or {}).values() for person in team.members or ())
        return {**dict.fromkeys(of_teams), **(self.members or {})}

    @property
    def named_teams(self) -> Iterator[str]:
        """Every team it names: those it describes, and those that may use repositories."""
        yield from self.teams or ()
        for repository in (self.repositories or {}).values():
            yield from repository.teams or ()


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite that nobody has answered yet."""

    id: str | None
    role: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """What there is on Hub, and by which numbers and names Hub knows it.

    `addresses` are those of members, None where one is not told; `webhooks` are slugs by repository
    and name. `is_private` says what a new repository is where nobody says.
    """

    organization: Organization
    invites: Mapping[str, Invite] = field(default_factory=dict)
    addresses: Mapping[str, str | None] = field(default_factory=dict)
    team_ids: Mapping[str, int] = field(default_factory=dict)
    webhooks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    is_private: bool = False
