"""The tags of local stores as rows, as a registry's list has them."""

from __future__ import annotations

from collections.abc import Iterator

from hubcli import oci
from hubcli.errors import NotFound
from hubcli.mirroring.world import Row
from hubcli.oci import Descriptor
from hubcli.stores.index import name_of
from hubcli.stores.layout import Layout


def rows(store: Layout, *, times: bool) -> Iterator[Row]:
    """A row of each image that has a name; with `times` also when it was made."""
    for image in store.images():
        name = name_of(image)
        if name is not None:
            row: dict[str, object] = {
                "name": name,
                "digest": image.digest,
                "media_type": image.media_type,
            }
            yield row | ({"created": _created(store, image)} if times else {})


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
