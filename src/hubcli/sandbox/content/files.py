"""Blobs as files, named by what they hash to, and the unfinished ones beside them."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

from hubcli import files

ALGORITHMS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
"""What blobs and manifests may be addressed by (image-spec, "Registered algorithms")."""

CANONICAL = "sha256"

_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")
_BLOCK = 1 << 20


def is_digest(text: str) -> bool:
    """Whether `text` is a digest that this registry can compute."""
    return _DIGEST.fullmatch(text) is not None


def algorithm_of(digest: str) -> str:
    """`sha256` or `sha512`."""
    return digest.partition(":")[0]


class BlobFiles:
    """Files below `directory`, or below a temporary one that goes away with the process."""

    def __init__(self, directory: Path | None = None) -> None:
        self._leave: Callable[[], object] = lambda: None
        if directory is None:
            directory = Path(tempfile.mkdtemp(prefix="hubcli-sandbox-"))
            self._leave = weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        self._blobs = directory / "blobs"
        self._uploads = directory / "uploads"
        for needed in (self._blobs, self._uploads):
            needed.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """Where the blob `digest` is, or would be."""
        algorithm, _, encoded = digest.partition(":")
        return self._blobs / algorithm / encoded[:2] / encoded

    def upload_path(self, upload: str) -> Path:
        """Where the bytes received for the upload of this id are."""
        return self._uploads / upload

    def add(self, content: bytes, digest: str) -> None:
        """Store `content`, which hashes to `digest`."""
        target = self.path(digest)
        if not target.exists():
            files.replace(target, content)

    def adopt(self, upload: str, digest: str) -> None:
        """Make the finished upload the blob `digest`."""
        target = self.path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.upload_path(upload).replace(target)

    def remove(self, digest: str) -> None:
        """Forget the blob; a reader that has it open keeps it until done."""
        self.path(digest).unlink(missing_ok=True)

    def forget_uploads(self, known: set[str]) -> None:
        """Remove what was left of uploads other than `known`."""
        for leftover in self._uploads.iterdir():
            if leftover.name not in known:
                leftover.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the temporary directory, if there is one."""
        self._leave()


def hash_file(path: Path, algorithm: str) -> hashlib._Hash:
    """The hash object over all bytes of a file; it can be updated further."""
    hasher = ALGORITHMS[algorithm]()
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            hasher.update(block)
    return hasher
