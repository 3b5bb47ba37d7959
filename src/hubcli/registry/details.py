"""What tags point at, where names are all that is listed: found by asking for their manifests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from hubcli import oci
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest
from hubcli.parallel import in_order
from hubcli.registry.repository import Repository

Row = dict[str, Any]

_MOST_IMAGES = 256
BY_HEAD = frozenset({"digest", "media_type"})
BY_MANIFEST = frozenset({"size", "platforms", "created", "type"})


class _Blobs(Protocol):
    def read(self, descriptor: Descriptor) -> bytes: ...


class Readable(Protocol):
    """Where images are looked into: a registry's repository, or any store."""

    @property
    def blobs(self) -> _Blobs: ...

    def resolve(self, identifier: str) -> Descriptor: ...

    def manifest(self, identifier: str) -> Manifest: ...


@dataclass(frozen=True, slots=True)
class _Image:
    """What is found in a manifest and, of an index, in its first image."""

    size: int | None
    platforms: list[str]
    created: str | None
    type: str | None

    def row(self) -> Row:
        return {
            "size": self.size,
            "platforms": self.platforms,
            "created": self.created,
            "type": self.type,
        }


class Details:
    """Looks up the fields `wanted` of tags, several tags at once.

    The image of a digest is read once for tags that do not stand far apart: the last ones are kept.

    Digest and media type cost one HEAD per tag. The rest costs one GET per tag and, for each
    digest, the first image of an index and the configuration where platform or time need it.
    `size` is what pulling the (first) image takes, in bytes, as on Docker Hub.
    """

    def __init__(
        self, repository: Readable, wanted: Collection[str], workers: int | None = None
    ) -> None:
        self._repository = repository
        self.wanted = frozenset(wanted)
        self._workers = workers or _concurrency(repository)
        self._images: OrderedDict[str, Future[_Image]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, Row | None]]:
        """Each tag with its row, in order; None for one that is gone since it was listed."""
        return in_order(self._look_up, names, self._workers)

    def complete(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows of tags, each with what it lacks; without a request for one that lacks nothing.

        Tags that are gone since they were listed are left out. A row without a name is that of the
        manifest with its digest.
        """
        done = in_order(self._completed, rows, self._workers)
        return (row for row in done if row is not None)

    def _completed(self, row: Row) -> Row | None:
        if all(row.get(field) is not None for field in self.wanted):
            return row
        _, found = self._look_up(row.get("name") or row["digest"])
        told = {field: value for field, value in row.items() if value is not None}
        return None if found is None else {**row, **found, **told}

    def _look_up(self, name: str) -> tuple[str, Row | None]:
        try:
            if not self.wanted & BY_MANIFEST:
                found = self._repository.resolve(name)
                return name, {"digest": found.digest, "media_type": found.media_type}
            manifest = self._repository.manifest(name)
        except NotFound:
            return name, None
        except IntegrityFailure as failure:
            return name, self._of_unknown_kind(name, failure)
        image = self._once(manifest.digest, lambda: self._read(manifest))
        return name, {"digest": manifest.digest, "media_type": manifest.media_type, **image.row()}

    def _of_unknown_kind(self, name: str, failure: IntegrityFailure) -> Row:
        """What is known of a manifest of Docker's schema 1, say; any other must be readable."""
        found = self._repository.resolve(name)
        if found.is_manifest:
            raise failure
        return {"digest": found.digest, "media_type": found.media_type}

    def _once(self, digest: str, read: Callable[[], _Image]) -> _Image:
        """The image of a digest: whoever comes first reads it, all others wait for that."""
        with self._lock:
            known = self._images.get(digest)
            if known is None:
                mine = self._images[digest] = Future[_Image]()
                if len(self._images) > _MOST_IMAGES:
                    self._images.popitem(last=False)
            else:
                self._images.move_to_end(digest)
        if known is not None:
            return known.result()
        try:
            mine.set_result(read())
        except BaseException as error:  # noqa: BLE001 - raised in every thread that waits
            mine.set_exception(error)
        return mine.result()

    def _read(self, manifest: Manifest) -> _Image:
        if not manifest.is_index:
            return self._image(manifest, [])
        platforms = list(dict.fromkeys(str(platform) for platform in manifest.platforms()))
        entry = _first_image(manifest)
        if entry is None or not self.wanted & {"size", "created", "type"}:
            return _Image(None, platforms, None, "image" if platforms else None)
        try:
            return self._image(self._repository.manifest(entry.digest), platforms)
        except NotFound:  # an index may be there without all of its images
            return _Image(None, platforms, None, "image")

    def _image(self, manifest: Manifest, platforms: list[str]) -> _Image:
        """The facts of one image, or of an artifact, which has no platform."""
        if manifest.is_index:  # inside another one: nobody can tell which image is meant
            return _Image(None, platforms, None, None)
        needed = {"created"} if platforms else {"created", "platforms"}
        config = self._config(manifest) if self.wanted & needed else {}
        own = oci.config_platform(config)
        return _Image(
            size=manifest.content_size,
            platforms=platforms or ([str(own)] if own is not None else []),
            created=oci.created(manifest, config),
            type="image" if manifest.is_image else manifest.artifact_type,
        )

    def _config(self, manifest: Manifest) -> Mapping[str, Any]:
        if manifest.config is None or not manifest.is_image:
            return {}
        try:
            content = self._repository.blobs.read(manifest.config)
        except NotFound:
            return {}
        return oci.parse_object(content, "the image's configuration")


def _concurrency(repository: Readable) -> int:
    return repository.registry.concurrency if isinstance(repository, Repository) else 1


def _first_image(index: Manifest) -> Descriptor | None:
    return next((entry for entry in index.manifests if not entry.is_attestation), None)
