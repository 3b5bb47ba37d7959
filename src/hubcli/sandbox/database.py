"""The sandbox's one SQLite database, shared by its Hub and its registry.

One connection behind one lock: a sandbox serves one person, and a writer that waits its turn is
simpler than one that has to be retried. Each half creates the tables it needs.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Value = str | bytes | int | float | None
Parameters = tuple[Value, ...] | Mapping[str, Value]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secrets (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
"""


class Database:
    """A database in the file `path`, or in memory; safe to use from any thread.

    What a transaction committed survives the death of the process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._after_commit: list[Callable[[], None]] = []
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self.create(_SCHEMA)

    def create(self, schema: str) -> None:
        """Run the `CREATE … IF NOT EXISTS` statements of one half; not inside a transaction."""
        with self._lock:
            self._connection.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; the connection is this thread's alone until the block ends.

        A transaction inside another is a savepoint of it: a failure that is caught in between
        undoes the inner one only.
        """
        with self._lock:
            begin, commit, rollback = self._statements()
            self._connection.execute(begin)
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                # SQLite has already rolled back where it ran out of disk or memory.
                for statement in rollback if self._connection.in_transaction else ():
                    self._connection.execute(statement)
                raise
            else:
                self._connection.execute(commit)
            finally:
                self._depth -= 1
                self._settle()

    def _statements(self) -> tuple[str, str, tuple[str, ...]]:
        if self._depth == 0:
            # IMMEDIATE: taking the write lock later could fail in the middle of the work.
            return "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
        name = f"level{self._depth}"
        release = f"RELEASE {name}"
        return f"SAVEPOINT {name}", release, (f"ROLLBACK TO {name}", release)

    def _settle(self) -> None:
        if self._depth == 0:
            actions, self._after_commit = self._after_commit, []
            for action in actions:
                action()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the outermost transaction has ended, still under the lock.

        It must look for itself whether it is still wanted: a rollback runs it too.
        """
        with self._lock:
            if self._depth == 0:
                action()
            else:
                self._after_commit.append(action)

    def rows(self, statement: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    def row(self, statement: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a SELECT, if there is one."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(statement, parameters).fetchone()
            return found

    def secret(self, name: str, size: int = 32) -> bytes:
        """`size` random bytes that are the same at every call and after every restart."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)",
                (name, secrets.token_bytes(size)),
            )
            (value,) = connection.execute(
                "SELECT value FROM secrets WHERE name = ?", (name,)
            ).fetchone()
        return bytes(value)

    def close(self) -> None:
        """Let go of the file; nothing may be asked of the database afterwards."""
        with self._lock:
            self._connection.close()
