"""Invites to the sandbox's organizations."""

from __future__ import annotations

import sqlite3
import uuid

from hubcli.sandbox.accounts import now
from hubcli.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_invites (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL REFERENCES hub_accounts (name),
  invitee TEXT NOT NULL,
  team TEXT NOT NULL,
  role TEXT NOT NULL,
  inviter TEXT NOT NULL,
  created TEXT NOT NULL,
  sent INTEGER NOT NULL DEFAULT 1,
  UNIQUE (organization, invitee)
) WITHOUT ROWID;
"""


class Invites:
    """The invites in `database` that nobody has answered yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def of(self, organization: str) -> list[sqlite3.Row]:
        """The invites to `organization`, oldest first."""
        return self._database.rows(
            "SELECT * FROM hub_invites WHERE organization = ? ORDER BY created, invitee",
            (organization,),
        )

    def find(self, identifier: str) -> sqlite3.Row | None:
        return self._database.row("SELECT * FROM hub_invites WHERE id = ?", (identifier,))

    def add(
        self, organization: str, invitee: str, *, team: str, role: str, inviter: str
    ) -> sqlite3.Row:
        """A new invite; the row of it."""
        identifier = str(uuid.uuid4())
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO hub_invites (id, organization, invitee, team, role, inviter, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (identifier, organization, invitee, team, role, inviter, now()),
            )
        found = self.find(identifier)
        assert found is not None
        return found

    def resent(self, identifier: str) -> None:
        """The message went out once more."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE hub_invites SET sent = sent + 1 WHERE id = ?", (identifier,))

    def remove(self, identifier: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM hub_invites WHERE id = ?", (identifier,))
