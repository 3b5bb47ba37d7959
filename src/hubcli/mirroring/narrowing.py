"""What an index becomes when only some platforms are wanted: it tells whether a target has that.

An index is read once, by its digest; what is kept of it beyond a run is checked against that, and
may go at any time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hubcli import files, oci
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Manifest, Platform
from hubcli.transfer import graph

_KEPT = 30 * 86_400
"""Seconds for which an index is kept after its last use."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The digest that a target has, the platforms that there are, and the manifests inside.

    `media_type` is that of an image that was not narrowed.
    """

    digest: str
    platforms: tuple[Platform, ...]
    children: tuple[str, ...]
    media_type: str = ""


class Indexes:
    """Indexes by digest, of any number of threads; `directory` None keeps them in memory alone."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._known: dict[str, Manifest] = {}
        self._lock = threading.Lock()

    def get(self, read: Callable[[], Manifest], digest: str, media_type: str) -> Manifest:
        """An index; it is `read` where it is not known already."""
        with self._lock:
            found = self._known.get(digest)
        if found is None:
            found = self._kept(digest, media_type) or self._fetched(read, digest)
            with self._lock:
                self._known[digest] = found
        return found

    def tidy(self, now: float) -> None:
        """Let go of what has not been used for a month; `now` is in UNIX seconds."""
        if self._directory is None:
            return
        with suppress(OSError):
            for path in self._directory.iterdir():
                if path.stat().st_mtime < now - _KEPT:
                    path.unlink(missing_ok=True)

    def _fetched(self, read: Callable[[], Manifest], digest: str) -> Manifest:
        found = read()
        if self._directory is not None:
            with suppress(OSError):
                files.replace(self._path(self._directory, digest), found.content)
        return found

    def _kept(self, digest: str, media_type: str) -> Manifest | None:
        if self._directory is None:
            return None
        path = self._path(self._directory, digest)
        try:
            content = path.read_bytes()
            oci.verify(content, digest)
            os.utime(path)
            return oci.parse_manifest(content, media_type, digest)
        except (OSError, IntegrityFailure):
            return None

    @staticmethod
    def _path(directory: Path, digest: str) -> Path:
        return directory / digest.replace(":", "-")


def narrowed(index: Manifest, platforms: Sequence[Platform]) -> Narrowed:
    """What is copied of an index: of the platforms wanted those that there are.

    NotFound, naming what there is, where there is none of them.
    """
    there = tuple(platform for platform in platforms if _has(index, platform))
    if len(there) < 2:
        entry = graph.choose(index, (there or platforms)[0])
        return Narrowed(entry.digest, there, (entry.digest,))
    kept = graph.narrowed(index, there)
    children = tuple(entry.digest for entry in kept.manifests)
    return Narrowed(kept.digest, there, children)


def _has(index: Manifest, platform: Platform) -> bool:
    try:
        graph.choose(index, platform)
    except NotFound:
        return False
    return True
