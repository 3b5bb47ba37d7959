"""Blobs on their way into a directory: what an interrupted run leaves, the next one completes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hubcli.errors import IntegrityFailure
from hubcli.files import is_at
from hubcli.oci import Descriptor, Verifier
from hubcli.stores import OpenAt
from hubcli.stores.tree import CHUNK, write_all

_POLL = 0.05


class Partial:
    """A file that grows into a blob; nobody else writes it while it is held.

    `waited` says that somebody else held it before, and may have completed the blob.
    """

    def __init__(self, path: Path, file: BinaryIO, waited: bool) -> None:
        self.path = path
        self.waited = waited
        self._file = file

    def fill(self, descriptor: Descriptor, open_at: OpenAt) -> bool:
        """Write what is missing, and verify all of it; whether a part was there already.

        A kept part that turns out to be wrong is thrown away, and the blob fetched once more.
        IntegrityFailure, and no file any more, where the source itself is wrong.
        """
        verifier = Verifier(descriptor.digest, descriptor.size)
        kept = self._rehash(verifier)
        if kept:
            with suppress(IntegrityFailure):
                self._append(verifier, descriptor, open_at)
                return True
            self._file.seek(0)
            self._file.truncate()
            verifier = Verifier(descriptor.digest, descriptor.size)
        try:
            self._append(verifier, descriptor, open_at)
        except IntegrityFailure:
            self.path.unlink(missing_ok=True)
            raise
        return False

    def become(self, target: Path) -> None:
        """Take the blob's own place; atomic."""
        self.path.replace(target)

    def _rehash(self, verifier: Verifier) -> int:
        """Hash the part that is there, unless it is longer than the blob; its bytes."""
        size = os.fstat(self._file.fileno()).st_size
        if verifier.size is None or size > verifier.size:
            self._file.truncate(0)
            return 0
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            verifier.update(chunk)
        return verifier.seen

    def _append(self, verifier: Verifier, descriptor: Descriptor, open_at: OpenAt) -> None:
        if verifier.seen < descriptor.size:
            with open_at(verifier.seen) as chunks:
                for chunk in chunks:
                    verifier.update(chunk)
                    write_all(self._file, chunk)
        verifier.finish()


@contextmanager
def held(path: Path) -> Iterator[Partial]:
    """Open the partial file at `path`, waiting for whoever holds it; its directory is made."""
    file, waited = _hold(path)
    try:
        yield Partial(path, file, waited)
    finally:
        if is_at(file, path) and os.fstat(file.fileno()).st_size == 0:
            path.unlink()
        file.close()


def _hold(path: Path) -> tuple[BinaryIO, bool]:
    waited = False
    while True:
        file = _open(path)
        try:
            if not _lock(file):
                waited = True
                time.sleep(_POLL)
            elif is_at(file, path):
                return file, waited
            else:  # it was completed, or given up, between our opening and locking it
                waited = True
            file.close()
        except BaseException:
            file.close()
            raise


def _open(path: Path) -> BinaryIO:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return open(path, "r+b", buffering=0, opener=_made)
        except FileNotFoundError:
            pass  # the directory was tidied away a moment ago
        except FileExistsError:  # or between two looks of mkdir at what is there
            if path.parent.exists() and not path.parent.is_dir():
                raise


def _made(path: str, _: int) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


if sys.platform == "win32":  # pragma: no cover - the other branch is what the tests run on

    def _lock(file: BinaryIO) -> bool:
        """A file that is open for writing cannot be renamed there: the first one wins."""
        return file is not None

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        """The system lets go of it when a process ends, however it ends."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
