"""What has to change so that an organization is as a file says. Nothing here asks or does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from hubcli.desired.changes import Action, Change, Key, Plan, Stage
from hubcli.desired.organization import OWNERS, Current, Organization, Repository, Team
from hubcli.desired.people import People
from hubcli.errors import UsageError


def plan(wanted: Organization, now: Current, *, prune: bool = False) -> Plan:
    """The changes that make `now` what is `wanted`.

    With `prune` what is not named goes, too, where the file has a section for it. UsageError for a
    wish that contradicts itself: a team that is nowhere, nobody left who is an owner.
    """
    planner = _Planner(wanted, now, prune)
    people = People(wanted, now, prune)
    changes = [
        *planner.teams(),
        *people.changes(),
        *planner.team_members(people),
        *planner.repositories(),
    ]
    changes.sort(key=lambda change: change.stage)
    return Plan(wanted.name, changes, people.notes)


class _Planner:
    """Teams and repositories."""

    def __init__(self, wanted: Organization, now: Current, prune: bool) -> None:
        self._wanted = wanted
        self._organization = wanted.name
        self._now = now
        self._prune = prune
        self._teams = now.organization.teams or {}
        self._named_teams = frozenset(wanted.named_teams)

    # Teams

    def teams(self) -> Iterator[Change]:
        for name, team in (self._wanted.teams or {}).items():
            there = self._teams.get(name)
            after = {} if team.description is None else {"description": team.description}
            if there is None:
                yield self._team("create", name, Stage.TEAMS, after=after)
            elif team.description is not None and not same_text(
                team.description, there.description
            ):
                before = {"description": there.description}
                yield self._team("change", name, Stage.TEAMS, before=before, after=after)
        for name in self._doomed_teams:
            yield self._team("remove", name, Stage.REMOVALS)

    @cached_property
    def _doomed_teams(self) -> frozenset[str]:
        if not self._prune or self._wanted.teams is None:
            return frozenset()
        return frozenset(self._teams) - self._named_teams - {OWNERS}

    def _team(
        self,
        action: Action,
        name: str,
        stage: Stage,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> Change:
        path = f"{self._organization}/{name}"
        return Change(action, "team", ("team", name), path, stage, before or {}, after or {})

    def team_members(self, people: People) -> Iterator[Change]:
        for name, team in (self._wanted.teams or {}).items():
            if team.members is None:
                continue
            there = self._teams.get(name, Team(members=()))
            if there.members is None:
                continue
            wanted = people.members_among(team.members)
            for person in wanted:
                if person not in there.members:
                    yield self._team_member("create", name, person)
            if self._prune:
                for person in there.members:
                    if person not in wanted and person not in people.leaving:
                        yield self._team_member("remove", name, person)

    def _team_member(self, action: Action, team: str, person: str) -> Change:
        stage = Stage.TEAM_MEMBERS if action == "create" else Stage.REVOCATIONS
        return Change(
            action,
            "team member",
            ("team member", team, person),
            f"{self._organization}/{team} {person}",
            stage,
            needs=(("team", team),),
        )

    # Repositories

    def repositories(self) -> Iterator[Change]:
        there = self._now.organization.repositories or {}
        for name, wanted in (self._wanted.repositories or {}).items():
            if name in there:
                yield from self._settings(name, wanted, there[name])
                yield from self._access(name, wanted, there[name])
            else:
                yield self._created(name, wanted)
                empty = Repository("", "", None, (), (), {}, {})
                rest = Repository(
                    categories=wanted.categories, immutable_tags=wanted.immutable_tags
                )
                yield from self._settings(name, rest, empty)
                yield from self._access(name, wanted, empty)
        if self._prune and self._wanted.repositories is not None:
            for name in there:
                if name not in self._wanted.repositories:
                    yield self._repository("remove", name, (), Stage.REMOVALS, {}, {})

    def _created(self, name: str, wanted: Repository) -> Change:
        fallback = "private" if self._now.is_private else "public"
        after: dict[str, object] = {"visibility": wanted.visibility or fallback}
        texts = {"description": wanted.description, "overview": wanted.overview}
        after |= {field: text for field, text in texts.items() if text}
        return self._repository("create", name, (), Stage.REPOSITORIES, {}, after)

    def _settings(self, name: str, wanted: Repository, now: Repository) -> Iterator[Change]:
        """A change for each call that it takes: both texts are one; what is unknown stays."""
        for fields in (("visibility",), ("description", "overview"), *_LISTS):
            after: dict[str, object] = {
                field: getattr(wanted, field)
                for field in fields
                if _differs(getattr(wanted, field), getattr(now, field))
            }
            if after:
                before = {field: getattr(now, field) for field in after}
                yield self._repository("change", name, fields, Stage.SETTINGS, before, after)

    def _repository(
        self,
        action: Action,
        name: str,
        fields: Key,
        stage: Stage,
        before: Mapping[str, object],
        after: Mapping[str, object],
    ) -> Change:
        key = ("repository", name)
        path = f"{self._organization}/{name}"
        needs = (key,) if fields else ()
        return Change(action, "repository", (*key, *fields), path, stage, before, after, needs)

    def _access(self, name: str, wanted: Repository, now: Repository) -> Iterator[Change]:
        if wanted.teams is not None and now.teams is not None:
            self._require_teams(name, wanted.teams)
            doomed = self._doomed_teams
            there = {team: each for team, each in now.teams.items() if team not in doomed}
            yield from self._mapped("permission", name, "permission", wanted.teams, there)
        if wanted.webhooks is not None and now.webhooks is not None:
            yield from self._mapped("webhook", name, "url", wanted.webhooks, now.webhooks)

    def _mapped(
        self,
        kind: str,
        repository: str,
        field: str,
        wanted: Mapping[str, str],
        now: Mapping[str, str],
    ) -> Iterator[Change]:
        """What differs between values by name."""

        def change(action: Action, name: str, stage: Stage) -> Change:
            needs: tuple[Key, ...] = (("repository", repository),)
            if kind == "permission":
                needs += (("team", name),)
            return Change(
                action,
                kind,
                (kind, repository, name),
                f"{self._organization}/{repository} {name}",
                stage,
                {field: now[name]} if name in now else {},
                {field: wanted[name]} if name in wanted else {},
                needs,
            )

        for name, value in wanted.items():
            if name not in now:
                yield change("create", name, Stage.ACCESS)
            elif now[name] != value:
                yield change("change", name, Stage.ACCESS)
        for name in now if self._prune else ():
            if name not in wanted:
                yield change("remove", name, Stage.REVOCATIONS)

    def _require_teams(self, repository: str, teams: Mapping[str, str]) -> None:
        for team in teams:
            if team not in self._teams and team not in (self._wanted.teams or {}):
                raise UsageError(
                    f"{self._organization} has no team {team}, and the file makes none",
                    reference=f"{self._organization}/{repository}",
                )


_LISTS = (("categories",), ("immutable_tags",))


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two texts are the same but for their line ends, which Hub does not always keep."""
    return _plain(one) == _plain(other)


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def _differs(wanted: str | Sequence[str] | None, now: str | Sequence[str] | None) -> bool:
    """Whether something that is named, and known, is otherwise; the order of lists says nothing."""
    if wanted is None or now is None:
        return False
    if isinstance(wanted, str) and isinstance(now, str):
        return not same_text(wanted, now)
    return sorted(wanted) != sorted(now)
