"""OCI image layouts (image-spec 1.1, image-layout.md): in a directory, or in any tree of files.

A layout directory is valid at every moment: blobs and `index.json` appear whole, by renaming, and
what is on its way is kept in `.partial/`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hubcli import files, oci
from hubcli.errors import Conflict, IntegrityFailure, NotFound, UsageError
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import ONLY, SPARSE, Chunks, OpenAt, Outcome, index, partial, tree
from hubcli.stores.index import INDEX, listed, listing, name_of, tag_of
from hubcli.stores.tree import Tree

MARKER = "oci-layout"
MARK = b'{"imageLayoutVersion":"1.0.0"}'
_MODE = 0o644
_FALLBACK = re.compile(r"sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64}")


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
        found = self._only() if identifier == ONLY else self._called(identifier)
        if found is not None:
            return found
        if oci.is_digest(identifier):
            return self._read(identifier, None).descriptor
        raise self._missing(identifier, self.images())

    def manifest(self, identifier: str) -> Manifest:
        """A manifest or index; by its digest also one that `index.json` does not list itself."""
        if oci.is_digest(identifier):
            return self._read(identifier, None)
        found = self.resolve(identifier)
        return self._read(found.digest, found)

    def images(self) -> list[Descriptor]:
        """What `index.json` lists, in its order."""
        try:
            content = tree.read(self._files, INDEX, index.LARGEST)
        except NotFound:
            raise NotFound(f"{self._shown} is no OCI layout: it has no {INDEX}") from None
        entries = index.parse(content).get("manifests")
        if not isinstance(entries, list):
            raise IntegrityFailure(f"the {INDEX} of {self._shown} lists no manifests")
        return [oci.parse_descriptor(entry) for entry in entries]

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        """The manifests whose subject is `digest`: listed ones, and those of a fallback index
        (distribution-spec, "Referrers Tag Schema"), which some tools keep in layouts too."""
        for subject, referrer in self._all_referrers(digest):
            if subject == digest and artifact_type in {None, referrer.artifact_type}:
                yield referrer

    def _all_referrers(self, digest: str | None = None) -> Iterator[tuple[str, Descriptor]]:
        """Each manifest with a subject, after that; of fallback indexes only that of `digest`, if
        one is given."""
        seen = set()
        for entry in self._candidates(digest):
            if entry.digest in seen or not entry.is_manifest:
                continue
            seen.add(entry.digest)
            with suppress(NotFound):
                manifest = self._read(entry.digest, entry)
                if manifest.subject is not None:
                    yield (
                        manifest.subject.digest,
                        replace(
                            entry,
                            artifact_type=manifest.artifact_type,
                            annotations=manifest.annotations,
                        ),
                    )

    def _candidates(self, digest: str | None) -> Iterator[Descriptor]:
        algorithm, _, encoded = (digest or "").partition(":")
        wanted = f"{algorithm}-{encoded[:64]}"
        for image in self.images():
            tag = tag_of(image)
            is_fallback = tag == wanted if digest else _FALLBACK.fullmatch(tag) is not None
            if is_fallback and image.is_index:
                yield from self._read(image.digest, image).manifests
            else:
                yield image

    def _only(self) -> Descriptor | None:
        images = self.images()
        own = [image for image in images if image.artifact_type is None] or images
        return own[0] if len(own) == 1 else None

    def _called(self, identifier: str) -> Descriptor | None:
        return index.by_names(self.images()).get(identifier)

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

    def _names(self, listed: Descriptor, digest: str) -> bool:
        return any(entry.digest == digest for entry in self._read(listed.digest, listed).manifests)

    def _missing(self, identifier: str, images: list[Descriptor]) -> NotFound | UsageError:
        if not images:
            return NotFound(f"there is no image in {self._shown}")
        names = ", ".join(name_of(image) or image.digest for image in images[:20])
        if identifier == ONLY:
            return UsageError(f"{self._shown} holds several images, say which one: {names}")
        return NotFound(f"{self._shown} has no {identifier}; it has {names}")


class FixedLayout(Layout):
    """A layout that does not change any more, as in an archive: its index is read once only."""

    def images(self) -> list[Descriptor]:
        return self._images

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        found = self._referrers.get(digest, ())
        return (one for one in found if artifact_type in {None, one.artifact_type})

    def _called(self, identifier: str) -> Descriptor | None:
        return self._named.get(identifier)

    @cached_property
    def _images(self) -> list[Descriptor]:
        return super().images()

    @cached_property
    def _named(self) -> Mapping[str, Descriptor]:
        return index.by_names(self._images)

    @cached_property
    def _referrers(self) -> Mapping[str, list[Descriptor]]:
        """What refers to each digest: all that is listed is looked at once."""
        found: dict[str, list[Descriptor]] = {}
        for subject, referrer in self._all_referrers():
            found.setdefault(subject, []).append(referrer)
        return found


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
            before = index.parse(self._index.read_bytes())
            found = before.get("manifests")
            entries = found if isinstance(found, list) else []
            before["manifests"] = [one for one in entries if not _is(one, digest)]
            files.replace(self._index, listed(before), mode=_MODE)
        (self.directory / blob_name(digest)).unlink(missing_ok=True)

    def untag(self, names: Collection[str]) -> None:
        """List no image under these names any more; what they were stays where it is.

        Somebody else may be about to need a blob that he found here.
        """
        with files.locked(self._index, stays=False):
            before = index.parse(self._index.read_bytes())
            found = before.get("manifests")
            entries = found if isinstance(found, list) else []
            before["manifests"] = [
                one
                for one in entries
                if not isinstance(one, dict) or index.key(one)[0] not in names
            ]
            files.replace(self._index, listed(before), mode=_MODE)

    def check(self, root: Manifest) -> None:  # noqa: ARG002 - it takes every image
        """Conflict where the directory holds something else."""
        if not (self.directory / MARKER).exists():
            self._check()

    def prepare(self) -> None:
        """Make it an (empty) layout; Conflict where the directory holds something else."""
        # All the threads of a transfer come here at once: one makes it, the others find it made.
        with self._preparing:
            if (self.directory / MARKER).exists() and (self.directory / INDEX).exists():
                return
            self._check()
            (self.directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
            with files.locked(self._index, stays=False):
                if not (self.directory / INDEX).exists():
                    files.replace(self.directory / INDEX, listed(index.empty()), mode=_MODE)
                files.replace(self.directory / MARKER, MARK, mode=_MODE)

    def partial(self, digest: str) -> Path:
        """Where a blob is kept until it is whole."""
        return self.directory / ".partial" / f"{digest.replace(':', '-')}.partial"

    def _check(self) -> None:
        if self.directory.exists() and _is_foreign(self.directory):
            raise Conflict(f"{self.directory} is neither empty nor an OCI layout")

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
            before = index.parse(self._index.read_bytes())
            files.replace(self._index, listed(before, entry), mode=_MODE)

    def _tidy(self) -> None:
        with suppress(OSError):
            (self.directory / ".partial").rmdir()


def _is(entry: object, digest: str) -> bool:
    return isinstance(entry, dict) and entry.get("digest") == digest


def _is_foreign(directory: Path) -> bool:
    """Whether files are there that no layout has, not even one that is being made."""
    known = {INDEX, MARKER, "blobs"}
    return any(name not in known and not name.startswith(".") for name in _names(directory))


def _names(directory: Path) -> Iterator[str]:
    return (entry.name for entry in directory.iterdir())
