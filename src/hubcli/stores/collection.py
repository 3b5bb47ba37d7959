"""Archives and layouts that hold the images of many repositories, and the part that one has in it.

Images are called by whole names in them, `HOST/PATH:TAG`. A part is a store whose identifiers are
the tags of its repository, as a registry's repository is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial

from hubcli import oci
from hubcli.errors import NotFound
from hubcli.oci import Descriptor, Manifest
from hubcli.reference import Reference
from hubcli.stores import ONLY, Blobs, BlobSource
from hubcli.stores.index import key, names_of, whole_name
from hubcli.stores.layout import Layout
from hubcli.stores.oci_archive import GrowingArchive, StreamedArchive


class Part:
    """What a layout holds of one `repository` (`HOST/PATH`), to be read."""

    def __init__(self, layout: Layout, repository: str) -> None:
        self._layout = layout
        self.repository = repository

    @property
    def blobs(self) -> BlobSource:
        return self._layout.blobs

    def resolve(self, identifier: str) -> Descriptor:
        return self._layout.resolve(_called(self.repository, identifier))

    def manifest(self, identifier: str) -> Manifest:
        return self._layout.manifest(_called(self.repository, identifier))

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        return self._layout.referrers(digest, artifact_type)

    def tags(self) -> list[str]:
        """Its tags, in the order of the layout."""
        return repositories(self._layout).get(self.repository, [])


def repositories(layout: Layout) -> Mapping[str, list[str]]:
    """The repositories, as `HOST/PATH`, of which a layout holds images, with their tags."""
    found: dict[str, list[str]] = {}
    for image in layout.images():
        named = whole_name(image)
        if named is not None:
            tags = found.setdefault(named.repository, [])
            if named.tag is not None:
                tags.append(named.tag)
    return found


class Collection:
    """An archive that is being written, for images of many repositories.

    Repeated runs find what was written by the one before.
    """

    def __init__(self, archive: GrowingArchive | StreamedArchive) -> None:
        self.archive = archive

    def part(self, repository: str) -> WrittenPart:
        """The store of one repository's images; `repository` is `HOST/PATH`."""
        return WrittenPart(self.archive, repository)


class WrittenPart:
    """What an archive gets of one repository.

    What the archive that is replaced has of it counts as being there.
    """

    def __init__(self, archive: GrowingArchive | StreamedArchive, repository: str) -> None:
        self._archive = archive
        self.repository = repository

    @property
    def blobs(self) -> Blobs:
        return self._archive.blobs

    def resolve(self, identifier: str) -> Descriptor:
        return self._archive.resolve(_called(self.repository, identifier))

    def manifest(self, identifier: str) -> Manifest:
        return self._archive.manifest(identifier)

    def put_manifest(self, identifier: str, manifest: Manifest) -> None:
        self._archive.put_manifest(_called(self.repository, identifier), manifest)

    def put_image(self, name: str, manifest: Manifest, origin: Descriptor | None = None) -> None:
        self._archive.put_image(_called(self.repository, name), manifest, origin)

    def expect(self, root: Manifest, contents: Iterable[Descriptor]) -> None:
        if isinstance(self._archive, GrowingArchive):
            self._archive.expect(root, contents)


def called_in_part(image: Reference) -> str:
    """What its repository's part calls an image: its tag, or `@DIGEST`."""
    return image.tag or (f"@{image.digest}" if image.digest else "latest")


def _called(repository: str, identifier: str) -> str:
    """What a layout calls an image that a repository calls so."""
    if identifier == ONLY or oci.is_digest(identifier):
        return identifier
    return f"{repository}{'' if identifier.startswith('@') else ':'}{identifier}"


def sort(archive: GrowingArchive | StreamedArchive) -> None:
    """Have the images listed by their names, whichever came first; what has none comes last."""
    archive.listed.sort(key=lambda entry: (not key(entry)[0], key(entry)))


def take_over(archive: GrowingArchive, *, keep_others: bool) -> None:
    """Have in an archive what was asked for, and not written since the one that it replaces has
    it; with `keep_others` all that that one has, unless it was written anew.

    Nothing is done where it is to stay as it is.
    """
    old = archive.replaced()
    if old is None:
        return
    written = {key(entry) for entry in archive.listed}
    there = [image for image in old.images() if key(image.to_json()) not in written]
    kept = [image for image in there if keep_others or archive.asked & {*names_of(image)}]
    if archive.is_empty and len(kept) == len(there):
        return
    for image in kept:
        _take(archive, old, image)
        archive.listed.append(image.to_json())


def _take(archive: GrowingArchive, old: Layout, descriptor: Descriptor) -> None:
    """Take what belongs to a manifest; of sparse indexes not all of it is there."""
    with suppress(NotFound):
        manifest = old.manifest(descriptor.digest)
        for child in manifest.children():
            if child.is_manifest:
                _take(archive, old, child)
            elif old.blobs.has(child):
                archive.blobs.upload(child, partial(old.blobs.open, child))
        archive.put_manifest(manifest.digest, manifest)
