"""What the registry keeps, and where: one directory, or memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hubcli.sandbox.content.blobs import Blobs
from hubcli.sandbox.content.files import BlobFiles
from hubcli.sandbox.content.manifests import Manifests
from hubcli.sandbox.content.repositories import Repositories
from hubcli.sandbox.content.schema import SCHEMA
from hubcli.sandbox.content.tags import Tags
from hubcli.sandbox.database import Database


def _now() -> datetime:
    return datetime.now(UTC)


class Storage:
    """Content in `directory` (`sandbox.db`, `blobs/`, `uploads/`), or in memory without one.

    Every method of its parts may be called from any thread; calls that belong together go inside
    one `database.transaction()`.
    """

    def __init__(
        self, directory: Path | None = None, *, now: Callable[[], datetime] = _now
    ) -> None:
        if directory is not None:
            # The database holds the secrets that tokens are signed with.
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.now = now
        self.files = BlobFiles(directory)
        self.database = Database(directory / "sandbox.db" if directory else None)
        self.database.create(SCHEMA)
        self.repositories = Repositories(self.database)
        self.blobs = Blobs(self.database, self.repositories, self.files)
        self.tags = Tags(self.database, self.repositories)
        self.manifests = Manifests(self.database, self.repositories, self.blobs, self.tags, now)

    def close(self) -> None:
        """Let go of all files; what was in memory only is gone."""
        self.database.close()
        self.files.close()
