"""Files that several processes change: written whole or not at all, one writer at a time."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hubcli.errors import HubcliError


def replace(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put `content` in the place of `path`, atomically; a reader sees the old or the new file.

    A symbolic link stays one: what it points to is replaced. Directories that are missing are made
    for the user alone. OSError as the system gives it, and nothing is left behind then.
    """
    _make_private(Path(os.path.realpath(path)).parent)
    with naming(path), replacing(path, mode=mode) as file:
        file.write(content)


def is_stream(path: Path) -> bool:
    """Whether a pipe or a device has that name: nothing can take its place, it is written to."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path`, as with `replace`, when the block is done.

    Its directory must be there. What is there but is no file (a pipe, a device) is written to.
    """
    if is_stream(path):
        with path.open("wb") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Around writing to a file: an OSError says to which. The system names only what it opens."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextmanager
def keeping() -> Iterator[None]:
    """Around writing to a temporary file: a HubcliError says which directory is full, say."""
    try:
        yield
    except OSError as error:
        raise HubcliError(
            f"cannot keep what was read in {tempfile.gettempdir()}: {error.strerror}",
            hint="set TMPDIR to a directory with more room",
        ) from error


@contextmanager
def temporary() -> Iterator[BinaryIO]:
    """A file without a name, gone at the end; what there was no room for is not told once more."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - its end may fail
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


@contextmanager
def locked(
    path: Path, *, wait: bool = True, stays: bool = True, private: bool | None = None
) -> Iterator[None]:
    """Hold the lock of `path`, which another process or thread may hold: wait for it then.

    With `wait=False` a lock that is held is an OSError at once (BlockingIOError but on Windows).
    The lock is a file of its own beside it; the system lets go of it when a process ends, however
    it ends. It stays, but with `stays=False`; all who lock that path must say the same.
    One that stays is for the user alone, if nothing else is said.
    """
    _make_private(path.parent)
    lock = path.parent / f".{path.name}.lock"
    # Who can open it can keep everybody waiting: beside what is kept, that is the user alone.
    mode = 0o600 if (stays if private is None else private) else 0o666
    while True:
        with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, mode), "ab") as file:
            _lock(file.fileno(), wait)
            if not stays and not is_at(file, lock):
                continue  # whoever held it has removed it since we opened it: another one counts
            try:
                yield
            finally:
                if not stays:
                    with suppress(OSError):
                        lock.unlink()
            return


def _make_private(directory: Path) -> None:
    """The directories that are missing, each for the user alone: `mkdir` makes the last one so."""
    for missing in reversed([one for one in (directory, *directory.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def is_at(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is still what lies at `path`."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":  # pragma: no cover - the other branch is what the tests run on
    import msvcrt

    def _lock(descriptor: int, wait: bool) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        if not wait:
            return msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        while True:
            with suppress(OSError):
                return msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
