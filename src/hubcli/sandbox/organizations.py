"""The organizations of a new sandbox: a small one, one with thousands of everything, a poor one.

- `acme` (plan team, 100 seats) has the teams owners (alice), developers (carol, erin: write on
  `acme/api`) and readers (carol, dave: read on `acme/internal`), an editor (frank) and two open
  invites.
- `megacorp` (plan business), alice's too, has 2,000 members without a password, 20 teams and
  10,000 events in its audit log.
- `openlab` (free plan), alice's too, may have neither teams of its own nor an audit log.
"""

from __future__ import annotations

from hubcli.sandbox.accounts import Accounts, now
from hubcli.sandbox.auditlog import AuditLog
from hubcli.sandbox.invites import Invites
from hubcli.sandbox.repositories import Repositories
from hubcli.sandbox.teams import OWNERS, Teams

LARGE = "megacorp"
FREE = "openlab"
SCIM_TOKEN = "sandbox-scim-token"  # noqa: S105 - everybody may know it
"""What an identity provider manages the people of LARGE with."""
MEMBERS = 2000
"""Members of LARGE besides its owner."""
EVENTS = 10_000
"""Events in the audit log of LARGE."""

_TEAMS = 20
_FOUNDED = "2019-05-06T08:00:00.000000Z"


class OrganizationSeeding:
    """Fills organizations that `people` can be added to; accounts and repositories are there."""

    def __init__(
        self,
        accounts: Accounts,
        repositories: Repositories,
        teams: Teams,
        invites: Invites,
        audit: AuditLog,
    ) -> None:
        self._accounts = accounts
        self._repositories = repositories
        self._teams = teams
        self._invites = invites
        self._audit = audit

    def small(self, organization: str, owner: str, password: str) -> None:
        """`organization` with people of all roles, teams, grants, invites and a few events."""
        for name, full_name in (
            ("dave", "Dave Drum"),
            ("erin", "Erin Eaves"),
            ("frank", "Frank Fry"),
        ):
            self._accounts.add(
                name, password=password, full_name=full_name, email=f"{name}@example.com"
            )
        roles = {owner: "owner", "frank": "editor"}
        self._teams.create(organization, OWNERS, "Those who may do everything")
        for member in (owner, "carol", "dave", "erin", "frank"):
            self._teams.set_role(organization, member, roles.get(member, "member"))
        self._team(organization, "developers", "Build and push", ["carol", "erin"])
        self._team(organization, "readers", "Look on", ["carol", "dave"])
        self._grant(organization, "developers", "api", "write")
        self._grant(organization, "readers", "internal", "read")
        for invitee, team in (("grace@example.com", "developers"), ("bob", "")):
            self._invites.add(organization, invitee, team=team, role="member", inviter=owner)
        for team in ("developers", "readers"):
            self._audit.record(
                organization, "org.team.create", owner, f"created the team {team}", name=team
            )

    def large(self, organization: str, owner: str) -> None:
        """`organization` with thousands of members and events, made by the database itself."""
        self._accounts.add(
            organization, is_organization=True, full_name="Megacorp", plan="business",
            private_limit=9999, joined=_FOUNDED,
        )  # fmt: skip
        self._accounts.fill_members(organization, MEMBERS, _FOUNDED)
        self._teams.create(organization, OWNERS, "Those who may do everything")
        self._teams.set_role(organization, owner, "owner")
        for number in range(1, _TEAMS):
            members = [f"dev{100 * number + each:04d}" for each in range(1, 6)]
            self._team(organization, f"squad-{number:02d}", f"Squad {number}", members)
        self._audit.fill(organization, EVENTS, MEMBERS, now())

    def free(self, organization: str, owner: str) -> None:
        """`organization` without a plan."""
        self._accounts.add(organization, is_organization=True, full_name="Open Lab")
        self._teams.create(organization, OWNERS, "Those who may do everything")
        self._teams.set_role(organization, owner, "owner")

    def _team(self, organization: str, name: str, description: str, members: list[str]) -> None:
        self._teams.create(organization, name, description)
        team = self._teams.find(organization, name)
        assert team is not None
        for member in members:
            self._teams.add(team, member)

    def _grant(self, organization: str, team: str, repository: str, permission: str) -> None:
        found = self._teams.find(organization, team)
        granted = self._repositories.find(f"{organization}/{repository}")
        assert found is not None
        assert granted is not None
        self._teams.grant(granted.id, found["id"], permission)
