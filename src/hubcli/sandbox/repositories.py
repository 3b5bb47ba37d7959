"""What the Hub knows of repositories beyond their content: privacy, texts, counts, rules, stars."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from hubcli.sandbox.accounts import now
from hubcli.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_repositories (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  creator TEXT NOT NULL,
  is_private INTEGER NOT NULL DEFAULT 0,
  description TEXT NOT NULL DEFAULT '',
  full_description TEXT,
  stars INTEGER NOT NULL DEFAULT 0,
  pulls INTEGER NOT NULL DEFAULT 0,
  created TEXT NOT NULL,
  updated TEXT NOT NULL,
  modified TEXT,
  type TEXT,
  status INTEGER NOT NULL DEFAULT 1,
  categories TEXT NOT NULL DEFAULT '[]',
  architectures TEXT NOT NULL DEFAULT '[]',
  immutable_tags INTEGER NOT NULL DEFAULT 0,
  immutable_rules TEXT NOT NULL DEFAULT '[]',
  archived INTEGER NOT NULL DEFAULT 0,
  publisher TEXT NOT NULL DEFAULT '',
  badge TEXT NOT NULL DEFAULT 'none',
  UNIQUE (namespace, name)
);
CREATE TABLE IF NOT EXISTS hub_stars (
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  account TEXT NOT NULL,
  PRIMARY KEY (repository, account)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_old_tags (
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  name TEXT NOT NULL,
  pushed TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (repository, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class HubRepository:
    """One row of the Hub's list of repositories; times as text, `type` is `image` or unknown."""

    id: int
    namespace: str
    name: str
    creator: str
    is_private: bool
    description: str
    full_description: str | None
    stars: int
    pulls: int
    created: str
    updated: str
    modified: str | None
    type: str | None
    status: int
    categories: tuple[str, ...]
    architectures: tuple[str, ...]
    immutable_tags: bool
    immutable_rules: tuple[str, ...]
    archived: bool
    publisher: str
    badge: str

    @property
    def path(self) -> str:
        """`namespace/name`, as registries know it."""
        return f"{self.namespace}/{self.name}"

    def protects(self, tag: str) -> bool:
        """Whether a rule says that `tag`, once there, can be neither moved nor deleted."""
        rules = self.immutable_rules if self.immutable_tags else ()
        return any(re.fullmatch(rule, tag) for rule in rules)


def _repository(row: sqlite3.Row) -> HubRepository:
    facts = dict(row)
    for flag in ("is_private", "immutable_tags", "archived"):
        facts[flag] = bool(facts[flag])
    for texts in ("categories", "architectures", "immutable_rules"):
        facts[texts] = tuple(json.loads(facts[texts]))
    return HubRepository(**facts)


def _column(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | tuple) else value


class Repositories:
    """The Hub's list of repositories, by namespace and name."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def find(self, path: str) -> HubRepository | None:
        """The repository `namespace/name`."""
        namespace, _, name = path.partition("/")
        row = self._database.row(
            "SELECT * FROM hub_repositories WHERE namespace = ? AND name = ?", (namespace, name)
        )
        return None if row is None else _repository(row)

    def of(self, namespace: str) -> list[HubRepository]:
        """All repositories in `namespace`, by name."""
        rows = self._database.rows(
            "SELECT * FROM hub_repositories WHERE namespace = ? ORDER BY name", (namespace,)
        )
        return [_repository(row) for row in rows]

    def public(self) -> list[HubRepository]:
        """All public repositories."""
        rows = self._database.rows("SELECT * FROM hub_repositories WHERE NOT is_private")
        return [_repository(row) for row in rows]

    def private_count(self, namespace: str) -> int:
        """How many private repositories `namespace` has."""
        row = self._database.row(
            "SELECT count(*) FROM hub_repositories WHERE namespace = ? AND is_private", (namespace,)
        )
        return 0 if row is None else int(row[0])

    def create(self, path: str, creator: str, **facts: object) -> int:
        """A new repository; `facts` are columns of its row. Returns its number."""
        namespace, _, name = path.partition("/")
        moment = now()
        columns: dict[str, object] = {
            "namespace": namespace,
            "name": name,
            "creator": creator,
            "created": moment,
            "updated": moment,
            **{column: _column(value) for column, value in facts.items()},
        }
        with self._database.transaction() as connection:
            done = connection.execute(
                f"INSERT INTO hub_repositories ({', '.join(columns)})"  # noqa: S608 - our own names
                f" VALUES ({', '.join('?' * len(columns))})",
                tuple(columns.values()),
            )
            return int(done.lastrowid or 0)

    def change(self, repository: HubRepository, **facts: object) -> None:
        """Set columns of a repository's row."""
        changes = ", ".join(f"{name} = ?" for name in facts)
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE hub_repositories SET {changes} WHERE id = ?",  # noqa: S608 - our own names
                (*map(_column, facts.values()), repository.id),
            )

    def count_pull(self, path: str) -> None:
        """One more pull of the repository `namespace/name`."""
        namespace, _, name = path.partition("/")
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE hub_repositories SET pulls = pulls + 1 WHERE namespace = ? AND name = ?",
                (namespace, name),
            )

    def remove(self, repository: HubRepository) -> None:
        """Forget a repository; its content is the registry's."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM hub_repositories WHERE id = ?", (repository.id,))

    def star(self, repository: HubRepository, account: str) -> bool:
        """Give `account`'s star; False if it had been given."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "INSERT OR IGNORE INTO hub_stars VALUES (?, ?)", (repository.id, account)
            )
            if done.rowcount:
                self._add_stars(connection, repository, 1)
            return bool(done.rowcount)

    def unstar(self, repository: HubRepository, account: str) -> bool:
        """Take `account`'s star back; False if there was none."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "DELETE FROM hub_stars WHERE repository = ? AND account = ?",
                (repository.id, account),
            )
            if done.rowcount:
                self._add_stars(connection, repository, -1)
            return bool(done.rowcount)

    @staticmethod
    def _add_stars(connection: sqlite3.Connection, repository: HubRepository, more: int) -> None:
        connection.execute(
            "UPDATE hub_repositories SET stars = stars + ? WHERE id = ?", (more, repository.id)
        )

    def has_starred(self, repository: HubRepository, account: str) -> bool:
        """Whether `account` gave a star."""
        return bool(
            self._database.row(
                "SELECT 1 FROM hub_stars WHERE repository = ? AND account = ?",
                (repository.id, account),
            )
        )

    def starred_by(self, account: str) -> list[HubRepository]:
        """What `account` gave its stars to, by name."""
        rows = self._database.rows(
            "SELECT hub_repositories.* FROM hub_repositories JOIN hub_stars ON repository = id"
            " WHERE account = ? ORDER BY namespace, name",
            (account,),
        )
        return [_repository(row) for row in rows]

    def add_old_tags(self, repository: int, tags: Iterable[tuple[str, str, int]]) -> None:
        """Tags from before there were manifests: name, time of the push, bytes; no digest."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO hub_old_tags VALUES (?, ?, ?, ?)",
                [(repository, *tag) for tag in tags],
            )

    def old_tags(self, repository: HubRepository) -> list[tuple[str, str, int]]:
        """Name, time of the push and bytes of each tag without a digest."""
        rows = self._database.rows(
            "SELECT name, pushed, size FROM hub_old_tags WHERE repository = ? ORDER BY name",
            (repository.id,),
        )
        return [(row["name"], row["pushed"], row["size"]) for row in rows]

    def remove_old_tag(self, repository: HubRepository, name: str) -> bool:
        """Forget such a tag; False where there was none of that name."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "DELETE FROM hub_old_tags WHERE repository = ? AND name = ?",
                (repository.id, name),
            )
            return bool(done.rowcount)
