"""Names of teams, and of the repositories that they can have, as they are typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, Unavailable, UsageError, doing
from hubcli.output import Row
from hubcli.reference import is_glob, parse_repository


@dataclass(frozen=True, slots=True)
class TeamName:
    """A team by its organization, both in lower case as Hub has them."""

    organization: str
    team: str

    def __str__(self) -> str:
        return f"{self.organization}/{self.team}"


def parse_team(text: str) -> TeamName:
    """Read `ORG/TEAM`; UsageError for another shape."""
    organization, _, team = text.lower().partition("/")
    if not organization or not team or "/" in team:
        raise UsageError("a team is written ORG/TEAM", reference=text)
    return TeamName(organization, team)


def found(runtime: Runtime, name: TeamName) -> Row:
    """The team itself; NotFound with the way to those that there are."""
    try:
        return runtime.session.hub.teams.inspect(name.organization, name.team)
    except NotFound as error:
        error.reference = str(name)
        error.hint = f"hubcli team ls {name.organization}"
        raise


def number_of(runtime: Runtime, name: TeamName) -> int:
    """The number by which repositories know a team."""
    number = found(runtime, name)["id"]
    if not isinstance(number, int):
        raise Unavailable("Docker Hub did not tell the number of the team", reference=str(name))
    return number


def check_repositories(names: Iterable[str], team: TeamName, action: str) -> None:
    """Refuse repositories that no team of this organization can have; UsageError."""
    for name in names:
        namespace, _, pattern = name.rpartition("/")
        with doing(action, name):
            if not namespace or is_glob(namespace):
                last = pattern or name
                raise UsageError(f"its organization is missing: {team.organization}/{last}")
            found = parse_repository(f"{namespace}/x" if is_glob(pattern) else name)
            if not found.on_hub or found.namespace != team.organization:
                raise UsageError(f"teams of {team.organization} have nothing but its repositories")


def repositories(runtime: Runtime, names: Iterable[str], action: str) -> dict[str, bool]:
    """What checked `names` stand for, each once, and whether it was named itself.

    Patterns that match nothing are reported.
    """
    chosen: dict[str, bool] = {}
    for name in names:
        with runtime.attempting(), doing(action, name):
            if is_glob(name):
                chosen = dict.fromkeys(_matching(runtime, name), False) | chosen
            else:
                chosen[parse_repository(name).path] = True
    return chosen


def _matching(runtime: Runtime, name: str) -> list[str]:
    namespace, _, pattern = name.rpartition("/")
    namespace = parse_repository(f"{namespace}/x").namespace
    # All or nothing: what could be listed in part only is not understood well enough.
    rows = [*runtime.session.hub.repositories.matching(namespace, pattern)]
    if not rows:
        raise NotFound("no repository matches", hint=f"hubcli repo ls {namespace}")
    return [str(row["name"]) for row in rows]
