"""The undo file: what brings back tags that were removed, one JSON object on a line.

    {"reference": "acme/api:v1", "digest": "sha256:…", "media_type": "…", "manifest": "…"}

The manifest is there where the registry deletes it with its last tag: as text, or in base64 under
`manifest_base64` where it is none. Entries are only ever added, in the order of deletion.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hubcli import files, oci
from hubcli.errors import HubcliError, IntegrityFailure, UsageError
from hubcli.reference import Reference, parse

_LONGEST = 2 * oci.LARGEST_MANIFEST + (1 << 16)
"""Bytes of a line: a manifest, escaped or in base64, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tag, or a manifest without one, and what it pointed at."""

    reference: Reference
    digest: str
    media_type: str | None = None
    manifest: bytes | None = None

    @property
    def key(self) -> tuple[str, str]:
        return str(self.reference), self.digest


def add(path: Path, entries: Iterable[Entry]) -> int:
    """Add entries to the file, which is made if need be; how many it did not have.

    The file is replaced as a whole, for the user alone (0600); two who write at once write one
    after the other. UsageError where something else is there, before anything is changed.
    """
    if files.is_stream(path):
        raise UsageError(f"{path} is no file: what brings tags back is to be kept")
    try:
        with files.locked(path, stays=False), files.replacing(path) as file:
            known = {entry.key for entry in _copied(path, file)}
            added = 0
            for entry in entries:
                if entry.key not in known:
                    known.add(entry.key)
                    file.write(_line(entry))
                    added += 1
            file.flush()
            os.fsync(file.fileno())  # what it is for begins when it is there for certain
            return added
    except OSError as error:
        raise HubcliError(f"cannot write {path}: {error.strerror or error}") from error


def read(path: Path) -> Iterator[Entry]:
    """The entries of a file, in its order; UsageError names the line that is none."""
    try:
        with path.open("rb") as file:
            yield from _entries(path, file)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error


def _copied(path: Path, target: BinaryIO) -> Iterator[Entry]:
    """What is there already, copied as it is."""
    if not path.exists():
        return
    for entry in read(path):
        target.write(_line(entry))
        yield entry


def _entries(path: Path, file: BinaryIO) -> Iterator[Entry]:
    number = 0
    while line := file.readline(_LONGEST + 1):
        number += 1
        if line.strip():
            try:
                yield _entry(json.loads(line) if len(line) <= _LONGEST else None)
            except (ValueError, RecursionError, UsageError, IntegrityFailure) as error:
                reason = getattr(error, "reason", "it is no line of an undo file")
                raise UsageError(f"{path}, line {number}: {reason}") from None


def _entry(found: Any) -> Entry:
    if not isinstance(found, dict):
        raise UsageError("it is no line of an undo file")
    reference, digest, kind = (found.get(key) for key in ("reference", "digest", "media_type"))
    if not isinstance(reference, str) or not oci.is_digest(digest):
        raise UsageError("a reference and a digest are wanted here")
    manifest = _manifest(found)
    if manifest is not None:
        oci.verify(manifest, str(digest))
    return Entry(parse(reference), str(digest), kind if isinstance(kind, str) else None, manifest)


def _manifest(found: Mapping[str, Any]) -> bytes | None:
    text, encoded = found.get("manifest"), found.get("manifest_base64")
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    if not isinstance(encoded, str):
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise UsageError("its manifest is not in base64") from None


def _line(entry: Entry) -> bytes:
    found: dict[str, str] = {"reference": entry.reference.short, "digest": entry.digest}
    if entry.media_type is not None:
        found["media_type"] = entry.media_type
    if entry.manifest is not None:
        try:
            found["manifest"] = entry.manifest.decode()
        except UnicodeDecodeError:
            found["manifest_base64"] = base64.b64encode(entry.manifest).decode()
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
