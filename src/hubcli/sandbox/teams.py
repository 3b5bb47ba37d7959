"""Teams of the sandbox's organizations, who is in them, and what they may do with repositories."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable

from hubcli.sandbox.accounts import Accounts
from hubcli.sandbox.database import Database

OWNERS = "owners"
"""The team that every organization has: its members are the owners, and nobody else."""

PERMISSIONS = ("read", "write", "admin")
"""What a team may do with a repository, the weakest first."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_teams (
  id INTEGER PRIMARY KEY,
  organization TEXT NOT NULL REFERENCES hub_accounts (name),
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT 'member',
  UNIQUE (organization, name)
);
CREATE TABLE IF NOT EXISTS hub_team_members (
  team INTEGER NOT NULL REFERENCES hub_teams ON DELETE CASCADE,
  member TEXT NOT NULL REFERENCES hub_accounts (name),
  PRIMARY KEY (team, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hub_team_members_by_member ON hub_team_members (member, team);
CREATE TABLE IF NOT EXISTS hub_grants (
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  team INTEGER NOT NULL REFERENCES hub_teams ON DELETE CASCADE,
  permission TEXT NOT NULL,
  PRIMARY KEY (repository, team)
) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS hub_counted_teams AS
  SELECT hub_teams.*, (SELECT count(*) FROM hub_team_members WHERE team = id) AS members
  FROM hub_teams;
"""


class LastOwner(Exception):
    """An organization would be left without an owner."""


class Teams:
    """The teams in `database`; the members of OWNERS and the role `owner` are kept the same."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts
        database.create(_SCHEMA)

    def of(self, organization: str, member: str | None = None) -> list[sqlite3.Row]:
        """The teams of `organization`, or those of them that `member` is in, by name."""
        return self._database.rows(
            "SELECT * FROM hub_counted_teams WHERE organization = ? AND (? IS NULL OR EXISTS"
            " (SELECT 1 FROM hub_team_members WHERE team = id AND member = ?)) ORDER BY name",
            (organization, member, member),
        )

    def find(self, organization: str, name: str) -> sqlite3.Row | None:
        """The team `name`, with the number of its `members`."""
        return self._database.row(
            "SELECT * FROM hub_counted_teams WHERE organization = ? AND name = ?",
            (organization, name),
        )

    def by_id(self, organization: str, identifier: int) -> sqlite3.Row | None:
        """The team with this number, if it is one of `organization`."""
        return self._database.row(
            "SELECT * FROM hub_counted_teams WHERE organization = ? AND id = ?",
            (organization, identifier),
        )

    def create(self, organization: str, name: str, description: str = "") -> int:
        """A new team without members; its number."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "INSERT INTO hub_teams (organization, uuid, name, description, role)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    organization,
                    str(uuid.uuid4()),
                    name,
                    description,
                    "owner" if name == OWNERS else "member",
                ),
            )
            return int(done.lastrowid or 0)

    def change(self, team: sqlite3.Row, name: str, description: str, role: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE hub_teams SET name = ?, description = ?, role = ? WHERE id = ?",
                (name, description, role, team["id"]),
            )

    def remove(self, team: sqlite3.Row) -> None:
        """Forget a team with all that it was granted."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM hub_teams WHERE id = ?", (team["id"],))

    # Members

    def members(self, team: sqlite3.Row) -> list[sqlite3.Row]:
        """The accounts in a team, by name."""
        return self._database.rows(
            "SELECT hub_accounts.* FROM hub_accounts JOIN hub_team_members ON member = name"
            " WHERE team = ? ORDER BY name",
            (team["id"],),
        )

    def names_of(self, organization: str, member: str) -> list[str]:
        """The names of the teams that `member` is in."""
        return [row["name"] for row in self.of(organization, member)]

    def add(self, team: sqlite3.Row, member: str) -> None:
        """Put somebody into a team; into OWNERS is to be an owner."""
        if team["name"] == OWNERS:
            self.set_role(team["organization"], member, "owner")
        else:
            self._join(team["id"], [member])

    def drop(self, team: sqlite3.Row, member: str) -> bool:
        """Take somebody out of a team; False where they were not in it, LastOwner."""
        if member not in {row["name"] for row in self.members(team)}:
            return False
        if team["name"] == OWNERS:
            self.set_role(team["organization"], member, "member")
        else:
            self._leave(team["id"], member)
        return True

    def set_role(self, organization: str, member: str, role: str) -> None:
        """Make `member` what `role` says, and a member of OWNERS or not; LastOwner."""
        with self._database.transaction():
            if role != "owner":
                self._require_another_owner(organization, member)
            self._accounts.add_member(organization, member, role)
            owners = self.find(organization, OWNERS)
            if owners is not None and role == "owner":
                self._join(owners["id"], [member])
            elif owners is not None:
                self._leave(owners["id"], member)

    def expel(self, organization: str, member: str) -> None:
        """Take somebody out of an organization and all of its teams; LastOwner."""
        with self._database.transaction():
            self._require_another_owner(organization, member)
            for team in self.of(organization, member):
                self._leave(team["id"], member)
            self._accounts.remove_member(organization, member)

    def _require_another_owner(self, organization: str, member: str) -> None:
        row = self._database.row(
            "SELECT count(*) FROM hub_members WHERE organization = ? AND role = 'owner'"
            " AND member <> ?",
            (organization, member),
        )
        if self._accounts.role(organization, member) == "owner" and row is not None and not row[0]:
            raise LastOwner

    def _join(self, team: int, members: Iterable[str]) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO hub_team_members VALUES (?, ?)",
                [(team, member) for member in members],
            )

    def _leave(self, team: int, member: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM hub_team_members WHERE team = ? AND member = ?", (team, member)
            )

    # Repositories, by their number

    def grants(self, repository: int) -> list[sqlite3.Row]:
        """The teams with access to a repository, with their `permission`, by name."""
        return self._database.rows(
            "SELECT hub_teams.*, permission FROM hub_teams JOIN hub_grants ON team = id"
            " WHERE repository = ? ORDER BY name",
            (repository,),
        )

    def granted(self, repository: int, team: int) -> str | None:
        """What a team may do with a repository; None: nothing."""
        row = self._database.row(
            "SELECT permission FROM hub_grants WHERE repository = ? AND team = ?",
            (repository, team),
        )
        return None if row is None else str(row["permission"])

    def permission(self, repository: int, member: str) -> str | None:
        """The strongest that the teams of `member` may do with a repository."""
        rows = self._database.rows(
            "SELECT permission FROM hub_grants JOIN hub_team_members USING (team)"
            " WHERE repository = ? AND member = ?",
            (repository, member),
        )
        found = [str(row["permission"]) for row in rows]
        return max(found, key=PERMISSIONS.index, default=None)

    def grant(self, repository: int, team: int, permission: str) -> None:
        """Let a team do as much, whatever it could before."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hub_grants VALUES (?, ?, ?)",
                (repository, team, permission),
            )

    def revoke(self, repository: int, team: int) -> None:
        """Take a team's access away."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM hub_grants WHERE repository = ? AND team = ?", (repository, team)
            )
