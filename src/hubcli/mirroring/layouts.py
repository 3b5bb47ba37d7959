"""The tags of local stores as rows, as a registry's list has them."""

from __future__ import annotations

from collections.abc import Iterator

from hubcli import oci
from hubcli.errors import NotFound
from hubcli.mirroring.ends import Part, Source
from hubcli.mirroring.world import Row
from hubcli.oci import Descriptor
from hubcli.reference import parse_repository
from hubcli.stores.collection import repositories
from hubcli.stores.index import name_of, whole_name
from hubcli.stores.layout import Layout
from hubcli.stores.spelling import Local


def parts(store: Layout, at: Local) -> list[Source]:
    """What a store has of each repository that its names tell of; all of it, too, where some of
    its images have a tag alone, or there are none."""
    found = [Part(at, parse_repository(name)) for name in repositories(store)]
    alone = any(name_of(image) and whole_name(image) is None for image in store.images())
    return [*found, *([at] if alone or not found else [])]


def rows(store: Layout, source: Source, *, times: bool) -> Iterator[Row]:
    """A row of each image of a source that has a tag; with `times` also when it was made."""
    for image in store.images():
        name = _tag(image, source)
        if name is not None:
            row: dict[str, object] = {
                "name": name,
                "digest": image.digest,
                "media_type": image.media_type,
            }
            yield row | ({"created": _created(store, image)} if times else {})


def _tag(image: Descriptor, source: Source) -> str | None:
    """What an image is called in a source; None where it is of another one, or has no tag."""
    named = whole_name(image)
    if not isinstance(source, Part):
        return name_of(image) if named is None else None
    return named.tag if named is not None and named.bare() == source.repository else None


def _created(store: Layout, image: Descriptor) -> str | None:
    """When an image was made; of an index, its first image that is there."""
    try:
        manifest = store.manifest(image.digest)
        if manifest.is_index:
            entry = next(one for one in manifest.manifests if not one.is_attestation)
            manifest = store.manifest(entry.digest)
        config = store.blobs.read(manifest.config) if manifest.config else b"{}"
        return oci.created(manifest, oci.parse_object(config, "the image's configuration"))
    except (NotFound, StopIteration):
        return None
