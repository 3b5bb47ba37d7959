"""Who is to be in an organization, as what: known by Docker ID, or by an address until they are.

Whoever is not in it is invited, into one team at most: that is what an invite can say. The rest
waits until they have accepted, for the apply after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from hubcli.desired.changes import Action, Change, Key, Stage
from hubcli.desired.organization import OWNER, Current, Organization
from hubcli.errors import UsageError


class People:
    """The people that a file names and those there are; `notes` fill while changes are taken."""

    def __init__(self, wanted: Organization, now: Current, prune: bool) -> None:
        self._organization = wanted.name
        self._wanted = wanted
        self._now = now
        self._members: Mapping[str, str | None] = now.organization.members or {}
        self._by_address = {
            address.lower(): name for name, address in now.addresses.items() if address
        }
        # Only a file that says who the members are says who is none.
        self._prune = prune and wanted.members is not None
        self.notes: list[str] = []

    def changes(self) -> Iterator[Change]:
        """Roles, invites, and departures; UsageError where nobody would be left as an owner."""
        roles = dict(self._roles())
        self._require_owner(roles)
        promoted: tuple[Key, ...] = tuple(
            ("member", name) for name, role in roles.items() if role == OWNER
        )
        for name, role in roles.items():
            before = self._members[name]
            demoted = before == OWNER
            yield Change(
                "change",
                "member",
                ("member", name),
                f"{self._organization} {name}",
                Stage.OWNERS if demoted else Stage.PEOPLE,
                {"role": before},
                {"role": role},
                promoted if demoted else (),
            )
        yield from self._invites()
        yield from self._departures(promoted)

    def members_among(self, people: Iterable[str]) -> Sequence[str]:
        """The Docker IDs of those who are in the organization already."""
        known = (self._name(person) for person in people)
        return tuple(dict.fromkeys(name for name in known if name in self._members))

    @cached_property
    def leaving(self) -> Mapping[str, str | None]:
        """Members that the file does not name, with their roles."""
        if not self._prune:
            return {}
        named = {self._name(person) for person in self._wanted.people}
        unnamed = {name: role for name, role in self._members.items() if name not in named}
        if any("@" in person for person in self._strangers):
            # One of these may be who an address means.
            for name in [name for name in unnamed if self._now.addresses.get(name) is None]:
                self.notes.append(
                    f"{name} stays, since Docker Hub does not show whether an address of the file"
                    " is theirs"
                )
                del unnamed[name]
        return unnamed

    def _name(self, person: str) -> str:
        """The Docker ID behind an address, if a member has it."""
        return self._by_address.get(person, person)

    def _roles(self) -> Iterator[tuple[str, str]]:
        """The members whose role is another, with the one that is wanted."""
        seen: dict[str, tuple[str, str]] = {}
        for person, role in self._wanted.people.items():
            name = self._name(person)
            if role is None or name not in self._members:
                continue
            other, said = seen.setdefault(name, (person, role))
            if said != role:
                raise UsageError(f"{other} and {person} are the same, but not in the same role")
            if other == person and self._members[name] not in {None, role}:
                yield name, role

    def _require_owner(self, roles: Mapping[str, str]) -> None:
        after = {**self._members, **roles}
        owners = {name for name, role in after.items() if role == OWNER} - set(self.leaving)
        if OWNER in self._members.values() and not owners:
            raise UsageError(
                f"nobody who is in {self._organization} now would be left as an owner of it"
            )

    # Invites

    @cached_property
    def _strangers(self) -> Sequence[str]:
        """Those who are neither members nor invited."""
        return tuple(
            person
            for person in self._wanted.people
            if self._name(person) not in self._members and person not in self._now.invites
        )

    def _invites(self) -> Iterator[Change]:
        people = self._wanted.people
        for person in self._strangers:
            teams = self._teams_of(person)
            told = {"role": people[person], "team": teams[0] if teams else None}
            after = {field: value for field, value in told.items() if value is not None}
            needs: tuple[Key, ...] = tuple(("team", team) for team in teams[:1])
            yield self._invite("create", person, Stage.PEOPLE, after=after, needs=needs)
            self._wait(person, "is invited", teams[1:])
        for person, invite in self._now.invites.items():
            if person in people:
                rest = [team for team in self._teams_of(person) if team != invite.team]
                role = people[person]
                later = [] if role in {None, invite.role} else [f"the role {role}"]
                self._wait(person, "has not answered the invite yet", rest, later)
            elif self._prune:
                told = {"role": invite.role, "team": invite.team}
                before = {field: value for field, value in told.items() if value}
                yield self._invite("remove", person, Stage.REVOCATIONS, before=before)

    def _wait(
        self, person: str, what: str, teams: Sequence[str], later: Sequence[str] = ()
    ) -> None:
        rest = [*later, *(f"the team {team}" for team in teams)]
        then = f"; {', '.join(rest)} once they have accepted, with the next apply" if rest else ""
        if rest or what != "is invited":
            self.notes.append(f"{person} {what}{then}")

    def _teams_of(self, person: str) -> Sequence[str]:
        teams = self._wanted.teams or {}
        return [name for name, team in teams.items() if person in (team.members or ())]

    def _invite(
        self,
        action: Action,
        person: str,
        stage: Stage,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        needs: tuple[Key, ...] = (),
    ) -> Change:
        name = f"{self._organization} {person}"
        key = ("invite", person)
        return Change(action, "invite", key, name, stage, before or {}, after or {}, needs)

    def _departures(self, promoted: tuple[Key, ...]) -> Iterator[Change]:
        for name, role in self.leaving.items():
            owner = role == OWNER
            yield Change(
                "remove",
                "member",
                ("member", name),
                f"{self._organization} {name}",
                Stage.OWNERS if owner else Stage.DEPARTURES,
                {} if role is None else {"role": role},
                needs=promoted if owner else (),
            )
