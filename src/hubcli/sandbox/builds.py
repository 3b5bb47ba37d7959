"""Automated builds of the sandbox's repositories: sources, rules, triggers, and what was built.

Nothing is built: a build that is triggered is written down as waiting.
"""

from __future__ import annotations

import sqlite3
import uuid

from hubcli.sandbox.accounts import now
from hubcli.sandbox.database import Database
from hubcli.sandbox.repositories import Repositories

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_build_sources (
  uuid TEXT PRIMARY KEY,
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  trigger_uuid TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_build_settings (
  uuid TEXT PRIMARY KEY,
  source TEXT NOT NULL REFERENCES hub_build_sources ON DELETE CASCADE,
  source_type TEXT NOT NULL,
  source_name TEXT NOT NULL,
  tag TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_builds (
  id INTEGER PRIMARY KEY,
  repository INTEGER NOT NULL REFERENCES hub_repositories ON DELETE CASCADE,
  uuid TEXT NOT NULL,
  state TEXT NOT NULL,
  build_tag TEXT NOT NULL,
  commit_id TEXT NOT NULL,
  source_repo TEXT NOT NULL,
  created TEXT NOT NULL
);
"""
SEEDED = "acme/api"
"""The repository of a new sandbox that is built from its sources."""
TRIGGER = "2f6a1c4e-7c1d-4a53-9a57-0f5f0c9f7d11"
"""The secret part of the URL that triggers builds of SEEDED."""

_SOURCES = (
    "SELECT hub_build_sources.*, namespace || '/' || hub_repositories.name AS path"
    " FROM hub_build_sources JOIN hub_repositories ON repository = id"
)


class Builds:
    """The builds in `database`, by the number of their repository."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def sources(self, repository: int) -> list[sqlite3.Row]:
        """What a repository is built from; `path` is the repository's."""
        return self._database.rows(f"{_SOURCES} WHERE repository = ? ORDER BY uuid", (repository,))

    def source(self, identifier: str) -> sqlite3.Row | None:
        return self._database.row(f"{_SOURCES} WHERE uuid = ?", (identifier,))

    def settings(self, source: str) -> list[sqlite3.Row]:
        """The rules of a source: which branch or tag becomes which tag."""
        return self._database.rows(
            "SELECT * FROM hub_build_settings WHERE source = ? ORDER BY tag", (source,)
        )

    def setting(self, identifier: str) -> sqlite3.Row | None:
        return self._database.row("SELECT * FROM hub_build_settings WHERE uuid = ?", (identifier,))

    def history(self, repository: int) -> list[sqlite3.Row]:
        """What was built, the newest first."""
        return self._database.rows(
            "SELECT * FROM hub_builds WHERE repository = ? ORDER BY id DESC", (repository,)
        )

    def configure(
        self, repository: int, owner: str, name: str, rules: dict[str, tuple[str, str]]
    ) -> sqlite3.Row:
        """Build from `owner/name`: `rules` are type and name of a source by the tag they make."""
        identifier = str(uuid.uuid4())
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO hub_build_sources VALUES (?, ?, ?, ?, ?)",
                (identifier, repository, owner, name, str(uuid.uuid4())),
            )
            for tag, (kind, source) in rules.items():
                connection.execute(
                    "INSERT INTO hub_build_settings VALUES (?, ?, ?, ?, ?)",
                    (str(uuid.uuid4()), identifier, kind, source, tag),
                )
        found = self.source(identifier)
        assert found is not None
        return found

    def record(self, source: sqlite3.Row, tag: str, state: str, commit: str = "") -> None:
        """One more build of a source."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO hub_builds"
                " (repository, uuid, state, build_tag, commit_id, source_repo, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (source["repository"], str(uuid.uuid4()), state, tag, commit,
                 f"https://github.com/{source['owner']}/{source['name']}", now()),
            )  # fmt: skip

    def seed(self, repositories: Repositories) -> None:
        """Let SEEDED be built, if it is there and nothing is: once for each sandbox."""
        repository = repositories.find(SEEDED)
        if repository is None or self._database.row("SELECT 1 FROM hub_build_sources"):
            return
        with self._database.transaction() as connection:
            rules = {"latest": ("Branch", "main"), "{sourceref}": ("Tag", "/^v[0-9.]+$/")}
            source = self.configure(repository.id, "acme", "api", rules)
            connection.execute(
                "UPDATE hub_build_sources SET trigger_uuid = ? WHERE uuid = ?",
                (TRIGGER, source["uuid"]),
            )
            self.record(source, "2.0.0", "Success", "5d2c8f0e5f6b1a7c9e3d4b2a1f0e9d8c7b6a5f4e")
            self.record(source, "latest", "Failed", "8b1e6a7d3c2f4e5a9b0c1d2e3f4a5b6c7d8e9f01")
