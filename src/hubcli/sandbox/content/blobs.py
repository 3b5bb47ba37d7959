"""Which repository holds which blob.

The bytes are in one file for all of them; a repository sees only what was pushed or mounted into
it, and a file goes when nobody holds it any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hubcli import oci
from hubcli.sandbox.content.files import BlobFiles
from hubcli.sandbox.content.repositories import Repositories
from hubcli.sandbox.database import Database


class Blobs:
    """The blobs of all repositories."""

    def __init__(self, database: Database, repositories: Repositories, files: BlobFiles) -> None:
        self._database = database
        self._repositories = repositories
        self._files = files

    def size(self, repository: str, digest: str) -> int | None:
        """Bytes of a blob that `repository` holds; None where it does not."""
        row = self._database.row(
            "SELECT size FROM registry_named_blobs WHERE repository = ? AND digest = ?",
            (repository, digest),
        )
        # The file is missing if the process was killed in the middle of a removal.
        if row is None or not self._files.path(digest).exists():
            return None
        return int(row["size"])

    def path(self, digest: str) -> Path:
        """The file of a blob that some repository holds."""
        return self._files.path(digest)

    def holders(self, digest: str) -> list[str]:
        """The repositories that hold a blob."""
        found = self._database.rows(
            "SELECT repository FROM registry_named_blobs WHERE digest = ? ORDER BY repository",
            (digest,),
        )
        return [row["repository"] for row in found]

    def put(self, repository: str, content: bytes) -> str:
        """Store a small blob whole; its digest."""
        digest = oci.digest_of(content)
        with self._database.transaction():
            self._files.add(content, digest)
            self.link(repository, digest, len(content))
        return digest

    def adopt(self, repository: str, upload: str, digest: str) -> None:
        """Make a finished upload, which hashes to `digest`, a blob of `repository`."""
        with self._database.transaction():
            size = self._files.upload_path(upload).stat().st_size
            self._files.adopt(upload, digest)
            self.link(repository, digest, size)

    def mount(self, repository: str, source: str, digest: str) -> bool:
        """Let `repository` hold a blob that `source` holds; False where it does not."""
        with self._database.transaction():
            size = self.size(source, digest)
            if size is not None:
                self.link(repository, digest, size)
        return size is not None

    def link(self, repository: str, digest: str, size: int) -> None:
        """Let `repository` hold a blob whose file is there."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO registry_blobs (repository_id, digest, size)"
                " VALUES (?, ?, ?)",
                (self._repositories.make(connection, repository), digest, size),
            )

    def delete(self, repository: str, digest: str) -> bool:
        """Take a blob out of `repository`; False where it was not in it."""
        with self._database.transaction() as connection:
            done = connection.execute(
                "DELETE FROM registry_blobs WHERE digest = ? AND repository_id ="
                " (SELECT id FROM registry_repositories WHERE name = ?)",
                (digest, repository),
            )
            self._sweep([digest])
        return done.rowcount > 0

    def delete_repository(self, repository: str) -> bool:
        """Remove a repository with all that is in it; False where there was none."""
        with self._database.transaction() as connection:
            held = connection.execute(
                "SELECT digest FROM registry_named_blobs WHERE repository = ?", (repository,)
            ).fetchall()
            done = connection.execute(
                "DELETE FROM registry_repositories WHERE name = ?", (repository,)
            )
            self._sweep([row["digest"] for row in held])
        return done.rowcount > 0

    def _sweep(self, digests: Iterable[str]) -> None:
        """Remove the files that nobody holds any more, once what was done is certain."""

        def sweep() -> None:
            for digest in digests:
                if not self.holders(digest):
                    self._files.remove(digest)

        self._database.after_commit(sweep)
