"""What happened in the sandbox's organizations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from hubcli.sandbox.accounts import now
from hubcli.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_events (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL REFERENCES hub_accounts (name),
  action TEXT NOT NULL,
  name TEXT NOT NULL,
  actor TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}',
  description TEXT NOT NULL,
  moment TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS hub_events_by_account ON hub_events (account, moment, id);
"""
_FILTERS = {
    "action": "action = ?",
    "actor": "actor = ?",
    "name": "name = ?",
    "from": "moment >= ?",
    "to": "moment <= ?",
}


class AuditLog:
    """The events in `database`; only organizations have any."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def record(
        self,
        account: str,
        action: str,
        actor: str,
        description: str,
        *,
        name: str | None = None,
        **data: str,
    ) -> None:
        """`actor` did something to `name` (the account itself if not said); nothing for people.

        `action` is `<group>.<name>`, as `repo.tag.push`.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO hub_events (account, action, name, actor, data, description, moment)"
                " SELECT name, ?, ?, ?, ?, ?, ? FROM hub_accounts"
                " WHERE name = ? AND is_organization",
                (action, name or account, actor, json.dumps(data), description, now(), account),
            )

    def events(
        self, account: str, filters: Mapping[str, str], limit: int, offset: int
    ) -> list[sqlite3.Row]:
        """Events of `account`, newest first; `filters` are by name of a column, `from` or `to`.

        Times are as `accounts.now` writes them.
        """
        conditions = ["account = ?", *(_FILTERS[name] for name in filters)]
        return self._database.rows(
            f"SELECT * FROM hub_events WHERE {' AND '.join(conditions)}"  # noqa: S608 - our own
            " ORDER BY moment DESC, id DESC LIMIT ? OFFSET ?",
            (account, *filters.values(), limit, offset),
        )

    def fill(self, account: str, count: int, actors: int, last: str) -> None:
        """`count` pushes up to the time `last`, one every ten minutes, by members in turn."""
        with self._database.transaction() as connection:
            connection.execute(
                "WITH RECURSIVE numbers (n) AS"
                " (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)"
                " INSERT INTO hub_events (account, action, name, actor, data, description, moment)"
                " SELECT :account, 'repo.tag.push', :account || '/service-' || (n % 40),"
                " printf('dev%04d', n % :actors + 1), json_object('tag', 'build-' || n),"
                " 'pushed the tag build-' || n,"
                " strftime('%Y-%m-%dT%H:%M:%S', :last, '-' || (10 * (:count - 1 - n)) ||"
                " ' minutes') || '.000000Z' FROM numbers",
                {"account": account, "count": count, "actors": actors, "last": last},
            )
