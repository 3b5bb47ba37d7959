"""Webhooks of the sandbox's repositories, and what was, or is still to be, sent to them.

A delivery is written down in the transaction of the push that it tells of, so that a push which is
undone is told to nobody; `deliveries` sends it afterwards.
"""

from __future__ import annotations

import re
import sqlite3

from hubcli.sandbox.accounts import now
from hubcli.sandbox.database import Database
from hubcli.sandbox.repositories import HubRepository

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_webhooks (
  id INTEGER PRIMARY KEY,
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  hook_url TEXT NOT NULL,
  created TEXT NOT NULL,
  UNIQUE (repository, name),
  UNIQUE (repository, slug)
);
CREATE TABLE IF NOT EXISTS hub_deliveries (
  id INTEGER PRIMARY KEY,
  webhook INTEGER NOT NULL REFERENCES hub_webhooks ON DELETE CASCADE,
  hook_url TEXT NOT NULL,
  tag TEXT NOT NULL,
  pusher TEXT NOT NULL,
  created TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  status INTEGER,
  error TEXT
);
CREATE INDEX IF NOT EXISTS hub_deliveries_by_webhook ON hub_deliveries (webhook, id);
CREATE INDEX IF NOT EXISTS hub_deliveries_waiting ON hub_deliveries (id) WHERE NOT done;
"""
_MOST_WAITING = 1000
"""Deliveries that may wait to be sent; what comes on top is written down as not sent."""


class Webhooks:
    """The webhooks in `database`, by the number of their repository."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def of(self, repository: int) -> list[sqlite3.Row]:
        """The webhooks of a repository, the oldest first."""
        return self._database.rows(
            "SELECT * FROM hub_webhooks WHERE repository = ? ORDER BY id", (repository,)
        )

    def find(self, repository: int, slug: str) -> sqlite3.Row | None:
        return self._database.row(
            "SELECT * FROM hub_webhooks WHERE repository = ? AND slug = ?", (repository, slug)
        )

    def create(self, repository: int, name: str, hook_url: str) -> sqlite3.Row | None:
        """A new webhook; None where there is one of that name."""
        with self._database.transaction() as connection:
            taken = {row["name"] for row in self.of(repository)}
            if name in taken:
                return None
            slug = self._free_slug(repository, name)
            connection.execute(
                "INSERT INTO hub_webhooks (repository, name, slug, hook_url, created)"
                " VALUES (?, ?, ?, ?, ?)",
                (repository, name, slug, hook_url, now()),
            )
            return self.find(repository, slug)

    def _free_slug(self, repository: int, name: str) -> str:
        """The name as a segment of a path, with a number where another has become the same."""
        plain = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-") or "webhook"
        taken = {row["slug"] for row in self.of(repository)}
        numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
        return next(slug for slug in (plain, *numbered) if slug not in taken)

    def remove(self, webhook: int) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM hub_webhooks WHERE id = ?", (webhook,))

    # Deliveries

    def deliveries(self, webhook: int) -> list[sqlite3.Row]:
        """What was sent to a webhook, the newest first."""
        return self._database.rows(
            "SELECT * FROM hub_deliveries WHERE webhook = ? AND done ORDER BY id DESC", (webhook,)
        )

    def expect(self, repository: HubRepository, tag: str, pusher: str) -> bool:
        """Write down that a push is to be told to every webhook; whether there is any."""
        with self._database.transaction() as connection:
            webhooks = self.of(repository.id)
            for webhook in webhooks:
                waiting = connection.execute(
                    "SELECT count(*) FROM hub_deliveries WHERE NOT done"
                ).fetchone()[0]
                full = waiting >= _MOST_WAITING
                connection.execute(
                    "INSERT INTO hub_deliveries"
                    " (webhook, hook_url, tag, pusher, created, done, error)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (webhook["id"], webhook["hook_url"], tag, pusher, now(), full,
                     "too many deliveries are waiting" if full else None),
                )  # fmt: skip
        return bool(webhooks)

    def next_waiting(self) -> sqlite3.Row | None:
        """The oldest delivery that is still to be sent, with its `namespace` and `repository`."""
        return self._database.row(
            "SELECT hub_deliveries.*, namespace, hub_repositories.name AS repository"
            " FROM hub_deliveries JOIN hub_webhooks ON webhook = hub_webhooks.id"
            " JOIN hub_repositories ON hub_webhooks.repository = hub_repositories.id"
            " WHERE NOT done ORDER BY hub_deliveries.id LIMIT 1"
        )

    def finish(self, delivery: int, status: int | None, error: str | None) -> None:
        """Write down how a delivery ended: with a status, or with an error in its place."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE hub_deliveries SET done = 1, status = ?, error = ? WHERE id = ?",
                (status, error, delivery),
            )
