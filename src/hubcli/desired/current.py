"""Reading what there is of an organization on Docker Hub: lists where these tell enough.

The pages of teams, members and repositories are read where the file has something to say of them.
A repository by itself is asked for only what the lists leave out: its overview, its rules for
immutable tags, who may use it, its webhooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hubcli import parallel
from hubcli.desired.organization import Current, Invite, Organization, Repository, Team
from hubcli.errors import HubcliError, doing
from hubcli.hub.decoding import Row
from hubcli.hub.repositories import Category, choose_categories

if TYPE_CHECKING:
    from hubcli.hub import Hub

EVERYTHING = Repository("", "", "", (), (), {}, {})
"""A wish that names all there is to know of a repository."""

Report = Callable[[HubcliError], None]


def read_for(
    hub: Hub, wanted: Organization, *, prune: bool, workers: int, report: Report
) -> Current:
    """As much as is needed to compare it with what is `wanted`.

    What cannot be read of one repository goes to `report` and is None: it is left alone then.
    """
    reader = _Reader(hub, wanted.name, workers, report)
    now = Current(Organization(wanted.name))
    people = wanted.people
    if wanted.teams is not None or any(wanted.named_teams):
        now = reader.with_teams(now)
    if people or wanted.members is not None:
        with_members = {
            name for name, team in (wanted.teams or {}).items() if team.members is not None
        }
        now = reader.with_members(now, with_members)
        members = now.organization.members or {}
        known = {*members, *(address.lower() for address in now.addresses.values() if address)}
        if not known.issuperset(people) or (prune and wanted.members is not None):
            now = reader.with_invites(now)
    if wanted.repositories is not None:
        now = reader.with_repositories(now, wanted.repositories)
    return now


def read_all(hub: Hub, name: str, *, workers: int, report: Report) -> Current:
    """All that a file can say of an organization; what one may not see of it is reported."""
    reader = _Reader(hub, name, workers, report)
    now = reader.with_teams(Current(Organization(name)))
    now = reader.with_members(now, set(now.organization.teams or ()))
    try:
        now = reader.with_invites(now)
    except HubcliError as error:
        report(error)
    return reader.with_repositories(now, None)


def with_slugs(hub: Hub, wanted: Organization) -> tuple[Organization, Mapping[str, Category]]:
    """`wanted` with categories as Hub spells them, and these by their slugs.

    UsageError where Hub has no such category; it is asked only where a category is named.
    """
    repositories = wanted.repositories or {}
    if not any(repository.categories for repository in repositories.values()):
        return wanted, {}
    with doing("list", "the categories of Docker Hub"):
        known = hub.repositories.all_categories()
    spelled = {}
    for name, repository in repositories.items():
        with doing("choose the categories of", f"{wanted.name}/{name}"):
            chosen = choose_categories(known, repository.categories or ())
        slugs = tuple(category.slug for category in chosen)
        named = repository.categories is not None
        spelled[name] = replace(repository, categories=slugs) if named else repository
    return replace(wanted, repositories=spelled), {each.slug: each for each in known}


@dataclass
class _Details:
    """What was read of one repository, and what could not be."""

    name: str
    repository: Repository
    slugs: dict[str, str] = field(default_factory=dict)
    failures: list[HubcliError] = field(default_factory=list)

    @contextmanager
    def attempt(self, action: str, path: str) -> Iterator[None]:
        try:
            with doing(action, path):
                yield
        except HubcliError as error:
            self.failures.append(error)


class _Reader:
    """Each method adds to what is known so far."""

    def __init__(self, hub: Hub, name: str, workers: int, report: Report) -> None:
        self._hub = hub
        self._name = name
        self._workers = workers
        self._report = report
        self._counts: dict[str, int] = {}
        """How many members the list of teams says that each has."""

    def with_teams(self, now: Current) -> Current:
        teams, ids = {}, {}
        with doing("list the teams of", self._name):
            for row in self._hub.teams.list(self._name):
                name = str(row["team"]).lower()
                teams[name] = Team(str(row["description"] or ""))
                if isinstance(row["id"], int):
                    ids[name] = row["id"]
                if isinstance(row["members"], int):
                    self._counts[name] = row["members"]
        return replace(now, organization=replace(now.organization, teams=teams), team_ids=ids)

    def with_members(self, now: Current, teams: set[str]) -> Current:
        """The members, and who of them is in which of the `teams`."""
        rows = []
        with doing("list the members of", self._name):
            rows = [row for row in self._hub.members.list(self._name) if _is_member(row)]
        roles = {_lower(row["name"]): _role(row) for row in rows}
        addresses = {_lower(row["name"]): _address(row) for row in rows}
        there = now.organization.teams or {}
        filled = self._filled(rows, {name: there[name] for name in teams if name in there})
        organization = replace(now.organization, members=roles, teams={**there, **filled} or None)
        return replace(now, organization=organization, addresses=addresses)

    def _filled(self, rows: Sequence[Row], teams: Mapping[str, Team]) -> Mapping[str, Team]:
        """The teams with their members: the list of members tells, or else each team does."""
        joined: dict[str, list[str]] = {name: [] for name in teams}
        for row in rows:
            listed = row["teams"]
            for team in listed if isinstance(listed, list) else ():
                joined.get(_lower(team), []).append(_lower(row["name"]))
        doubtful = [
            name
            for name, members in joined.items()
            if len(members) != self._counts.get(name, len(members))
            or any(row["teams"] is None for row in rows)
        ]
        read = parallel.in_order(self._members_of, doubtful, self._workers)
        joined.update(zip(doubtful, read, strict=True))
        return {name: replace(team, members=tuple(joined[name])) for name, team in teams.items()}

    def _members_of(self, team: str) -> list[str]:
        with doing("list the members of", f"{self._name}/{team}"):
            rows = self._hub.teams.members(self._name, team)
            return [_lower(row["name"]) for row in rows if row["name"]]

    def with_invites(self, now: Current) -> Current:
        with doing("list the invites of", self._name):
            rows = self._hub.invites.list(self._name)
        invites = {
            _lower(row["invitee"]): Invite(
                row["id"] and str(row["id"]),  # type: ignore[arg-type]
                row["role"] and str(row["role"]),  # type: ignore[arg-type]
                row["team"] and _lower(row["team"]),  # type: ignore[arg-type]
            )
            for row in rows
            if row["invitee"]
        }
        return replace(now, invites=invites)

    def with_repositories(self, now: Current, wishes: Mapping[str, Repository] | None) -> Current:
        """The repositories, with what the `wishes` name of them; None wishes for everything."""
        with doing("list the repositories of", self._name):
            rows = {str(row["name"]).partition("/")[2]: row for row in self._listed()}
        names = {number: name for name, number in now.team_ids.items()}

        def detailed(name: str) -> _Details:
            wish = EVERYTHING if wishes is None else wishes.get(name, Repository())
            return self._detailed(name, rows[name], wish, names)

        repositories, slugs = {}, {}
        for details in parallel.in_order(detailed, rows, self._workers):
            repositories[details.name] = details.repository
            slugs.update({(details.name, each): slug for each, slug in details.slugs.items()})
            for error in details.failures:
                self._report(error)
        return replace(
            now,
            organization=replace(now.organization, repositories=repositories),
            webhooks=slugs,
            is_private=self._default_is_private(repositories, wishes or {}),
        )

    def _listed(self) -> Iterator[Row]:
        return self._hub.repositories.list(self._name)

    def _default_is_private(
        self, there: Mapping[str, Repository], wishes: Mapping[str, Repository]
    ) -> bool:
        """What a new repository is where the file does not say; asked only where there is one."""
        if all(wish.visibility or name in there for name, wish in wishes.items()):
            return False
        settings = self._hub.account.registry_settings(self._name)
        return settings is not None and settings.private_by_default is True

    def _detailed(
        self, name: str, row: Row, wish: Repository, teams: Mapping[int, str]
    ) -> _Details:
        path = f"{self._name}/{name}"
        found = _Details(name, _listed_repository(row))
        if _needs_details(wish, found.repository):
            with found.attempt("read the repository", path):
                whole = self._hub.repositories.inspect(path)
                found.repository = replace(
                    _listed_repository(whole), overview=str(whole["readme"] or "")
                )
        if wish.teams is not None:
            with found.attempt("list the teams of", path):
                grants = {
                    _lower(team): str(row["permission"])
                    for row in self._hub.grants.of_repository(path)
                    if (team := row["team"] or teams.get(row["team_id"]))  # type: ignore[call-overload]
                }
                found.repository = replace(found.repository, teams=grants)
        if wish.webhooks is not None:
            with found.attempt("list the webhooks of", path):
                rows = [*self._hub.webhooks.list(path)]
                webhooks = {str(row["name"]): str(row["url"] or "") for row in rows}
                found.slugs = {str(row["name"]): str(row["slug"] or row["name"]) for row in rows}
                found.repository = replace(found.repository, webhooks=webhooks)
        return found


def _listed_repository(row: Row) -> Repository:
    """What a list, or a repository by itself, says; None where it does not."""
    visibility, categories, rules = (
        row[field] for field in ("visibility", "categories", "immutable_tags")
    )
    return Repository(
        description=str(row["description"] or ""),
        visibility=None if visibility is None else str(visibility),
        categories=tuple(categories) if isinstance(categories, list) else None,
        immutable_tags=tuple(rules) if isinstance(rules, list) else None,
    )


def _needs_details(wish: Repository, listed: Repository) -> bool:
    fields = ("overview", "visibility", "categories", "immutable_tags")
    return any(
        getattr(wish, field) is not None and getattr(listed, field) is None for field in fields
    )


def _is_member(row: Row) -> bool:
    return row["name"] is not None and row["role"] != "invitee"


def _lower(name: object) -> str:
    return str(name).lower()


def _role(row: Row) -> str | None:
    return None if row["role"] is None else str(row["role"])


def _address(row: Row) -> str | None:
    return None if row["email"] is None else str(row["email"])
