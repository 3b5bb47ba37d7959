"""Whom people of the sandbox let push to repositories of theirs."""

from __future__ import annotations

from hubcli.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_collaborators (
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  account TEXT NOT NULL REFERENCES hub_accounts (name),
  PRIMARY KEY (repository, account)
) WITHOUT ROWID;
"""


class Collaborators:
    """The collaborators in `database`, by the number of their repository."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def of(self, repository: int) -> list[str]:
        """Those of a repository, by name."""
        rows = self._database.rows(
            "SELECT account FROM hub_collaborators WHERE repository = ? ORDER BY account",
            (repository,),
        )
        return [str(row["account"]) for row in rows]

    def has(self, repository: int, account: str) -> bool:
        return bool(
            self._database.row(
                "SELECT 1 FROM hub_collaborators WHERE repository = ? AND account = ?",
                (repository, account),
            )
        )

    def add(self, repository: int, account: str) -> bool:
        """False where they were one already."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "INSERT OR IGNORE INTO hub_collaborators VALUES (?, ?)", (repository, account)
            )
            return bool(done.rowcount)

    def remove(self, repository: int, account: str) -> bool:
        """False where they were none."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "DELETE FROM hub_collaborators WHERE repository = ? AND account = ?",
                (repository, account),
            )
            return bool(done.rowcount)
