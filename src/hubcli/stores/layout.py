"""OCI image layouts (image-spec 1.1, image-layout.md): in a directory, or in any tree of files.

A layout directory is valid at every moment: blobs and `index.json` appear whole, by renaming, and
what is on its way is kept in `.partial/`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from hubcli import files, oci
from hubcli.errors import Conflict, IntegrityFailure, NotFound, UsageError
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import ONLY, SPARSE, Chunks, OpenAt, Outcome, partial, tree
from hubcli.stores.tree import Tree

REF_NAME = "org.opencontainers.image.ref.name"
INDEX, MARKER = "index.json", "oci-layout"
MARK = b'{"imageLayoutVersion":"1.0.0"}'
_MODE = 0o644


def blob_name(digest: str) -> str:
    """Where a layout keeps a blob; IntegrityFailure for what is no digest, hence no safe name."""
    if not oci.is_digest(digest):
        raise IntegrityFailure(f"{digest[:160]!r} is no digest that can be verified")
    return "blobs/" + digest.replace(":", "/")


class TreeBlobs:
    """The blobs of a layout."""

    def __init__(self, files: Tree) -> None:
        self._files = files

    def head(self, digest: str) -> tuple[int | None, str | None]:
        """The size of a blob, and that nothing tells its type; NotFound where it is not there."""
        size = self._files.size(blob_name(digest))
        if size is None:
            raise NotFound(f"there is no blob {digest}", code="BLOB_UNKNOWN")
        return size, None

    def has(self, descriptor: Descriptor) -> bool:
        """By its size: what is under a digest's name was verified when it was put there."""
        return self._files.size(blob_name(descriptor.digest)) == descriptor.size

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:
        return self._files.open(blob_name(descriptor.digest), offset)

    def read(self, descriptor: Descriptor) -> bytes:
        content = tree.read(self._files, blob_name(descriptor.digest), oci.LARGEST_MANIFEST)
        oci.verify(content, descriptor.digest, descriptor.size)
        return content


class Layout:
    """Reads images of a layout; a tag is an `org.opencontainers.image.ref.name` annotation."""

    def __init__(self, files: Tree, shown: str) -> None:
        self._files = files
        self._shown = shown
        self.blobs = TreeBlobs(files)

    def resolve(self, identifier: str) -> Descriptor:
        images = self.images()
        own = [image for image in images if image.artifact_type is None] or images
        if identifier == ONLY and len(own) == 1:
            return own[0]
        for image in images:
            if identifier != ONLY and identifier in {name_of(image), image.digest}:
                return image
        if oci.is_digest(identifier):
            return self._read(identifier, None).descriptor
        raise self._missing(identifier, images)

    def manifest(self, identifier: str) -> Manifest:
        """A manifest or index; by its digest also one that `index.json` does not list itself."""
        if oci.is_digest(identifier):
            return self._read(identifier, None)
        found = self.resolve(identifier)
        return self._read(found.digest, found)

    def images(self) -> list[Descriptor]:
        """What `index.json` lists, in its order."""
        try:
            content = tree.read(self._files, INDEX, oci.LARGEST_MANIFEST)
        except NotFound:
            raise NotFound(f"{self._shown} is no OCI layout: it has no {INDEX}") from None
        entries = _index(content).get("manifests")
        if not isinstance(entries, list):
            raise IntegrityFailure(f"the {INDEX} of {self._shown} lists no manifests")
        return [oci.parse_descriptor(entry) for entry in entries]

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        """The manifests whose subject is `digest`: listed ones, and those of a fallback index
        (distribution-spec, "Referrers Tag Schema"), which some tools keep in layouts too."""
        seen = set()
        algorithm, _, encoded = digest.partition(":")
        for entry in self._candidates(f"{algorithm}-{encoded[:64]}"):
            if entry.digest in seen or not entry.is_manifest:
                continue
            seen.add(entry.digest)
            with suppress(NotFound):
                manifest = self._read(entry.digest, entry)
                found = replace(
                    entry, artifact_type=manifest.artifact_type, annotations=manifest.annotations
                )
                refers = manifest.subject is not None and manifest.subject.digest == digest
                if refers and artifact_type in {None, found.artifact_type}:
                    yield found

    def _candidates(self, fallback_tag: str) -> Iterator[Descriptor]:
        for image in self.images():
            if name_of(image) == fallback_tag and image.is_index:
                yield from self._read(image.digest, image).manifests
            else:
                yield image

    def names(self) -> list[str | None]:
        """What its images are called; None for each that has no name."""
        return [name_of(image) for image in self.images()]

    def tags(self) -> list[str]:
        """The names of its images."""
        return [name for name in self.names() if name is not None]

    def names_of(self, digest: str) -> list[str]:
        """The names of one of its images, sorted."""
        found = (name_of(image) for image in self.images() if image.digest == digest)
        return sorted(name for name in found if name is not None)

    def _read(self, digest: str, listed: Descriptor | None) -> Manifest:
        try:
            content = tree.read(self._files, blob_name(digest), oci.LARGEST_MANIFEST)
        except NotFound:
            raise self._left_out(digest) from None
        oci.verify(content, digest, listed.size if listed else None)
        return oci.parse_manifest(content, listed.media_type if listed else None, digest)

    def _left_out(self, digest: str) -> NotFound:
        """That a manifest is not there, and what is, if it was left out of a sparse index."""
        reason, hint = f"{digest} is not in {self._shown}", None
        for image in self.images():
            platforms = image.annotations.get(SPARSE, "").split(",")
            if platforms != [""] and digest != image.digest and self._names(image, digest):
                reason += f": of its index only {', '.join(platforms)} were copied"
                hint = " ".join(f"--platform {platform}" for platform in platforms)
        return NotFound(reason, code="MANIFEST_UNKNOWN", hint=hint)

    def _names(self, index: Descriptor, digest: str) -> bool:
        return any(entry.digest == digest for entry in self._read(index.digest, index).manifests)

    def _missing(self, identifier: str, images: list[Descriptor]) -> NotFound | UsageError:
        if not images:
            return NotFound(f"there is no image in {self._shown}")
        names = ", ".join(name_of(image) or image.digest for image in images[:20])
        if identifier == ONLY:
            return UsageError(f"{self._shown} holds several images, say which one: {names}")
        return NotFound(f"{self._shown} has no {identifier}; it has {names}")


class DirectoryBlobs(TreeBlobs):
    """The blobs of a layout directory; written under another name until they are verified."""

    def __init__(self, layout: LayoutDirectory) -> None:
        super().__init__(tree.Directory(layout.directory))
        self._layout = layout

    def upload(
        self,
        descriptor: Descriptor,
        open_at: OpenAt,
        *,
        mount_from: str | None = None,  # noqa: ARG002 - a directory mounts nothing
        chunk_size: int | None = None,  # noqa: ARG002 - nor does it count chunks
    ) -> Outcome:
        name = blob_name(descriptor.digest)
        self._layout.prepare()
        target = self._layout.directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.held(self._layout.partial(descriptor.digest)) as growing:
            if growing.waited and self.has(descriptor):
                return "skipped"
            resumed = growing.fill(descriptor, open_at)
            growing.become(target)
        return "resumed" if resumed else "copied"

    def delete(self, digest: str) -> None:
        """Remove a blob; NotFound where it is not there."""
        self.head(digest)
        (self._layout.directory / blob_name(digest)).unlink(missing_ok=True)


class LayoutDirectory(Layout):
    """A layout in a directory, read and written; any number of processes may do so at once."""

    def __init__(self, directory: Path) -> None:
        super().__init__(tree.Directory(directory), f"oci:{directory}")
        self.directory = directory
        self._preparing = threading.Lock()
        self.blobs: DirectoryBlobs = DirectoryBlobs(self)

    def resolve(self, identifier: str) -> Descriptor:
        if not self.directory.is_dir():
            raise NotFound(f"there is no directory {self.directory}")
        return super().resolve(identifier)

    def put_manifest(self, identifier: str, manifest: Manifest) -> None:
        """Write a manifest; under a tag also list it, in the place of what had that tag before."""
        if identifier == manifest.digest:
            self._put_content(manifest)
        else:
            self.put_image(identifier, manifest)

    def put_image(self, name: str, manifest: Manifest, origin: Descriptor | None = None) -> None:
        """Write and list a manifest, under `name` unless that is `ONLY`.

        Platform and annotations of `origin` are listed with it.
        """
        self._put_content(manifest)
        self._update(listing(name, manifest, origin))
        self._tidy()

    def delete(self, digest: str) -> None:
        """Remove a manifest with all its names; NotFound where it is not there."""
        self._read(digest, None)
        with files.locked(self._index, stays=False):
            index = _index(self._index.read_bytes())
            found = index.get("manifests")
            entries = found if isinstance(found, list) else []
            index["manifests"] = [one for one in entries if not _is(one, digest)]
            files.replace(self._index, listed(index), mode=_MODE)
        (self.directory / blob_name(digest)).unlink(missing_ok=True)

    def untag(self, names: Collection[str]) -> None:
        """List no image under these names any more; what they were stays where it is.

        Somebody else may be about to need a blob that he found here.
        """
        with files.locked(self._index, stays=False):
            index = _index(self._index.read_bytes())
            found = index.get("manifests")
            entries = found if isinstance(found, list) else []
            index["manifests"] = [
                one for one in entries if not isinstance(one, dict) or _name(one) not in names
            ]
            files.replace(self._index, listed(index), mode=_MODE)

    def prepare(self) -> None:
        """Make it an (empty) layout; Conflict where the directory holds something else."""
        # All the threads of a transfer come here at once: one makes it, the others find it made.
        with self._preparing:
            if (self.directory / MARKER).exists() and (self.directory / INDEX).exists():
                return
            if self.directory.exists() and _is_foreign(self.directory):
                raise Conflict(f"{self.directory} is neither empty nor an OCI layout")
            (self.directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
            with files.locked(self._index, stays=False):
                if not (self.directory / INDEX).exists():
                    files.replace(self.directory / INDEX, listed(empty_index()), mode=_MODE)
                files.replace(self.directory / MARKER, MARK, mode=_MODE)

    def partial(self, digest: str) -> Path:
        """Where a blob is kept until it is whole."""
        return self.directory / ".partial" / f"{digest.replace(':', '-')}.partial"

    @property
    def _index(self) -> Path:
        return self.directory / INDEX

    def _put_content(self, manifest: Manifest) -> None:
        self.prepare()
        target = self.directory / blob_name(manifest.digest)
        if target.exists() and target.read_bytes() == manifest.content:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        files.replace(target, manifest.content, mode=_MODE)

    def _update(self, entry: dict[str, Any]) -> None:
        """List an image: what else the index says stays as it is."""
        with files.locked(self._index, stays=False):
            index = _index(self._index.read_bytes())
            files.replace(self._index, listed(index, entry), mode=_MODE)

    def _tidy(self) -> None:
        with suppress(OSError):
            (self.directory / ".partial").rmdir()


def name_of(image: Descriptor) -> str | None:
    """The tag that a layout gives an image."""
    return image.annotations.get(REF_NAME)


def listing(name: str, manifest: Manifest, origin: Descriptor | None) -> dict[str, Any]:
    """How an `index.json` lists an image, under `name` unless that is `ONLY`.

    Platform and annotations of `origin` are listed with it, and of what refers to another image
    the artifact type: nobody means that who names no image.
    """
    found = manifest.descriptor
    if manifest.subject is not None:
        found = replace(found, artifact_type=manifest.artifact_type)
    if origin is not None:
        found = replace(found, platform=origin.platform, annotations=origin.annotations)
    if name != ONLY:
        found = replace(found, annotations={**found.annotations, REF_NAME: name})
    return found.to_json()


def listed(index: Mapping[str, Any], *fresh: Mapping[str, Any]) -> bytes:
    """An `index.json` that lists some more images, each in the place of what had its name."""
    found = index.get("manifests")
    entries = list(found) if isinstance(found, list) else []
    for entry in fresh:
        entries = [*(one for one in entries if not _replaces(entry, one)), entry]
    return json.dumps({**index, "manifests": entries}, separators=(",", ":")).encode()


def _replaces(entry: Mapping[str, Any], other: object) -> bool:
    """Whether an image takes the place of another: the same name, or the same without a name."""
    if not isinstance(other, dict):
        return False
    name, other_name = _name(entry), _name(other)
    return name == other_name and (name is not None or entry["digest"] == other.get("digest"))


def _is(entry: object, digest: str) -> bool:
    return isinstance(entry, dict) and entry.get("digest") == digest


def _name(entry: Mapping[str, Any]) -> object:
    annotations = entry.get("annotations")
    return annotations.get(REF_NAME) if isinstance(annotations, dict) else None


def _is_foreign(directory: Path) -> bool:
    """Whether files are there that no layout has, not even one that is being made."""
    known = {INDEX, MARKER, "blobs"}
    return any(name not in known and not name.startswith(".") for name in _names(directory))


def _names(directory: Path) -> Iterator[str]:
    return (entry.name for entry in directory.iterdir())


def _index(content: bytes) -> dict[str, Any]:
    return oci.parse_object(content, f"the {INDEX}")


def empty_index() -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": []}
