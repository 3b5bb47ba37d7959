"""Files as an artifact: a manifest with an artifact type, and a layer for each file.

OCI image-spec 1.1, "Guidelines for Artifact Usage"; names are where oras keeps them, in the
annotation `org.opencontainers.image.title`. The same files make the same manifest.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from hubcli import oci
from hubcli.artifacts.filenames import TITLE, check_distinct, safe_parts
from hubcli.errors import IntegrityFailure, NotFound, Unsupported, UsageError
from hubcli.oci import Descriptor, Hasher, Manifest
from hubcli.stores import Chunks

_CHUNK = 1 << 20
_LARGEST = 4 << 20
"""Bytes of a manifest that registries need to take (distribution-spec, "Pushing Manifests")."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}")
"""RFC 6838, section 4.2."""

_KNOWN = (
    (".spdx.json", "application/spdx+json"),
    (".cdx.json", "application/vnd.cyclonedx+json"),
    (".intoto.json", "application/vnd.in-toto+json"),
    (".json", "application/json"),
    (".yaml", "application/yaml"),
    (".yml", "application/yaml"),
    (".txt", "text/plain"),
    (".tar.gz", "application/gzip"),
    (".tgz", "application/gzip"),
    (".wasm", "application/wasm"),
)
_EMPTY = b"{}"


@dataclass(frozen=True, slots=True)
class File:
    """A file to be packed; `media_type` None is guessed by its name."""

    path: Path
    media_type: str | None = None

    @property
    def title(self) -> str:
        """The name it gets: its path where that is relative and goes down only, else its last part.

        UsageError where other systems could not write a file of that name.
        """
        parts = [part for part in PurePath(self.path).parts if part != "."]
        if self.path.is_absolute() or ".." in parts:
            parts = parts[-1:]
        try:
            return "/".join(safe_parts("/".join(parts)))
        except IntegrityFailure as error:
            raise UsageError(error.reason) from error

    @property
    def type(self) -> str:
        name = self.path.name.lower()
        guess = next((type_ for end, type_ in _KNOWN if name.endswith(end)), oci.OCTET_STREAM)
        return self.media_type or guess


def parse_file(text: str) -> File:
    """Read `FILE[:MEDIA_TYPE]`; a file that is called so as a whole has none."""
    path, colon, media_type = text.rpartition(":")
    if colon and path and _MEDIA_TYPE.fullmatch(media_type) and not Path(text).is_file():
        return File(Path(path), media_type)
    return File(Path(text))


def check_type(text: str, option: str) -> str:
    """`text` where it is a media type; UsageError otherwise."""
    if not _MEDIA_TYPE.fullmatch(text):
        raise UsageError(f"{option} takes a type such as application/spdx+json, not {text!r}")
    return text


class Packed:
    """An artifact made of files, as a store that it is copied from."""

    def __init__(
        self,
        artifact_type: str,
        files: Sequence[File],
        annotations: Mapping[str, str],
        subject: Descriptor | None = None,
    ) -> None:
        """Reads the files for their digests.

        UsageError where one cannot be read, or two have the same name; Unsupported where there are
        more than a manifest holds.
        """
        self.blobs = _FileBlobs()
        for file in files:
            _check_regular(file.path)
        titles = [file.title for file in files]
        try:
            check_distinct(titles)
        except IntegrityFailure as error:
            raise UsageError(error.reason) from error
        empty = self.blobs.add_bytes(oci.OCI_EMPTY, _EMPTY)
        layers = [
            {**self.blobs.add(file).to_json(), "annotations": {TITLE: title}}
            for file, title in zip(files, titles, strict=True)
        ]
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": oci.OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": empty.to_json(),
            "layers": layers or [empty.to_json()],
        }
        if subject is not None:
            plain = Descriptor(subject.media_type, subject.digest, subject.size)
            document["subject"] = plain.to_json()
        if annotations:
            document["annotations"] = dict(sorted(annotations.items()))
        content = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        if len(content) > _LARGEST:
            raise Unsupported(
                f"the manifest would have {len(content):,} bytes, registries take {_LARGEST:,}"
            )
        self.root = oci.parse_manifest(content, oci.OCI_MANIFEST)

    def resolve(self, identifier: str) -> Descriptor:
        """See `stores.Source`."""
        return self.manifest(identifier).descriptor

    def manifest(self, identifier: str) -> Manifest:
        """See `stores.Source`."""
        if identifier != self.root.digest:
            raise NotFound(f"there is no {identifier} among the files")
        return self.root


def _check_regular(path: Path) -> None:
    """UsageError for what cannot be read twice, as it is here: pipes, devices, directories."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot read {path}: {reason}") from error
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a directory; pack it first, with tar say")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is no regular file")


class _FileBlobs:
    """Blobs that are files, read when they are wanted; `stores.BlobSource`."""

    def __init__(self) -> None:
        self._files: dict[str, Path | bytes] = {}

    def add(self, file: File) -> Descriptor:
        hasher = Hasher()
        try:
            with file.path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    hasher.update(chunk)
        except OSError as error:
            raise UsageError(f"cannot read {file.path}: {error.strerror}") from error
        self._files[hasher.digest] = file.path
        return Descriptor(file.type, hasher.digest, hasher.size)

    def add_bytes(self, media_type: str, content: bytes) -> Descriptor:
        digest = oci.digest_of(content)
        self._files[digest] = content
        return Descriptor(media_type, digest, len(content), data=content)

    def has(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self._files

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:
        return self._opened(self._files[descriptor.digest], offset)

    def read(self, descriptor: Descriptor) -> bytes:
        with self.open(descriptor) as chunks:
            content = b"".join(chunks)
        oci.verify(content, descriptor.digest, descriptor.size)
        return content

    @contextmanager
    def _opened(self, content: Path | bytes, offset: int) -> Iterator[Iterator[bytes]]:
        if isinstance(content, bytes):
            yield iter((content[offset:],))
            return
        try:
            stream = content.open("rb")
        except OSError as error:
            raise UsageError(f"cannot read {content}: {error.strerror}") from error
        with stream:
            stream.seek(offset)
            yield iter(lambda: stream.read(_CHUNK), b"")
