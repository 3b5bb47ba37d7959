"""Blobs on their way in: sessions that outlive a broken connection and a restart."""

from __future__ import annotations

import asyncio
import threading
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.sandbox.content.files import algorithm_of, hash_file
from hubcli.sandbox.storage import Storage

if TYPE_CHECKING:
    from hashlib import _Hash

_ABANDONED_AFTER = timedelta(days=1)


class DigestMismatch(Exception):
    """What was received does not hash to the digest that the client named."""


class Upload:
    """One session: bytes in a file, hashed as they come.

    `lock` is held by the request that is writing; all else may be called from any thread.
    """

    def __init__(self, id: str, repository: str, algorithm: str, path: Path) -> None:
        self.id = id
        self.repository = repository
        self.lock = asyncio.Lock()
        self._algorithm = algorithm
        self._path = path
        self._hasher: _Hash | None = None
        self.received = path.stat().st_size

    def append(self, content: bytes) -> None:
        """Take the next bytes."""
        hasher = self._hash_so_far()
        with self._path.open("ab") as file:
            file.write(content)
        hasher.update(content)
        self.received += len(content)

    def rewind(self, size: int) -> None:
        """Forget everything behind the first `size` bytes."""
        with self._path.open("r+b") as file:
            file.truncate(size)
        self._hasher = None
        self.received = size

    def digest(self, algorithm: str) -> str:
        """What everything received hashes to."""
        if algorithm != self._algorithm:
            # The client did not say in advance that it would use another algorithm.
            return f"{algorithm}:{hash_file(self._path, algorithm).hexdigest()}"
        return f"{algorithm}:{self._hash_so_far().hexdigest()}"

    def _hash_so_far(self) -> _Hash:
        # Read again after a restart, and after bytes were taken back.
        if self._hasher is None:
            self._hasher = hash_file(self._path, self._algorithm)
        return self._hasher


class Uploads:
    """All sessions that were begun and neither finished nor cancelled."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._open: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self._forget_abandoned()

    def _forget_abandoned(self) -> None:
        oldest = (self._storage.now() - _ABANDONED_AFTER).timestamp()
        with self._storage.database.transaction() as connection:
            connection.execute("DELETE FROM registry_uploads WHERE started_at < ?", (oldest,))
            kept = connection.execute("SELECT id FROM registry_uploads").fetchall()
            self._storage.files.forget_uploads({row["id"] for row in kept})

    def start(self, repository: str, algorithm: str) -> Upload:
        """A new, empty session; `algorithm` is the one it will most likely be finished with."""
        id = str(uuid.uuid4())
        path = self._storage.files.upload_path(id)
        path.touch()
        with self._storage.database.transaction() as connection:
            connection.execute(
                "INSERT INTO registry_uploads (id, repository, algorithm, started_at)"
                " VALUES (?, ?, ?, ?)",
                (id, repository, algorithm, self._storage.now().timestamp()),
            )
        upload = Upload(id, repository, algorithm, path)
        with self._lock:
            self._open[id] = upload
        return upload

    def find(self, repository: str, id: str) -> Upload | None:
        """The session of this id in `repository`, from before a restart too."""
        with self._lock:
            upload = self._open.get(id) or self._reopened(id)
        return upload if upload is not None and upload.repository == repository else None

    def _reopened(self, id: str) -> Upload | None:
        row = self._storage.database.row(
            "SELECT repository, algorithm FROM registry_uploads WHERE id = ?", (id,)
        )
        path = self._storage.files.upload_path(id) if row else None
        if row is None or path is None or not path.exists():
            return None
        self._open[id] = Upload(id, row["repository"], row["algorithm"], path)
        return self._open[id]

    def cancel(self, upload: Upload) -> None:
        """End a session and forget what it received."""
        self._close(upload)
        self._storage.files.upload_path(upload.id).unlink(missing_ok=True)

    def finish(self, upload: Upload, digest: str) -> None:
        """Make what was received the blob `digest`; the session ends either way.

        Raises DigestMismatch where it hashes to something else.
        """
        received = upload.digest(algorithm_of(digest))
        if received != digest:
            self.cancel(upload)
            raise DigestMismatch(f"{received} was received")
        with self._storage.database.transaction():
            self._storage.blobs.adopt(upload.repository, upload.id, digest)
            self._delete(upload)
        self._forget(upload)

    def _close(self, upload: Upload) -> None:
        self._delete(upload)
        self._forget(upload)

    def _delete(self, upload: Upload) -> None:
        with self._storage.database.transaction() as connection:
            connection.execute("DELETE FROM registry_uploads WHERE id = ?", (upload.id,))

    def _forget(self, upload: Upload) -> None:
        """Never within a transaction: whoever looks for one holds this lock, and may read then."""
        with self._lock:
            self._open.pop(upload.id, None)
