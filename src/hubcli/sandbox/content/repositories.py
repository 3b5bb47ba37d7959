"""Repositories as the registry knows them: names that content was pushed to."""

from __future__ import annotations

import sqlite3

from hubcli.sandbox.database import Database


class Repositories:
    """The names that ever got content and were not deleted since."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self, after: str = "") -> list[str]:
        """All of them, sorted, from behind `after` on."""
        found = self._database.rows(
            "SELECT name FROM registry_repositories WHERE name > ? ORDER BY name", (after,)
        )
        return [row["name"] for row in found]

    def id(self, name: str) -> int | None:
        """The database's key of a repository; None where there is none of that name."""
        row = self._database.row("SELECT id FROM registry_repositories WHERE name = ?", (name,))
        return None if row is None else int(row["id"])

    def __contains__(self, name: str) -> bool:
        return self.id(name) is not None

    def make(self, connection: sqlite3.Connection, name: str) -> int:
        """The key of a repository, which is made if need be."""
        connection.execute(
            "INSERT INTO registry_repositories (name) VALUES (?) ON CONFLICT DO NOTHING", (name,)
        )
        (found,) = connection.execute(
            "SELECT id FROM registry_repositories WHERE name = ?", (name,)
        ).fetchone()
        return int(found)
