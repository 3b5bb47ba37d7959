"""Layers as members of a tar, verified against what the manifest and configuration promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hubcli import oci
from hubcli.errors import IntegrityFailure, NotFound, Unsupported
from hubcli.layers.bytestream import ByteStream
from hubcli.layers.inflating import inflated
from hubcli.layers.limits import Limits
from hubcli.layers.spool import Blobs
from hubcli.layers.tarstream import Member
from hubcli.layers.tarstream import members as members_of_tar
from hubcli.oci import Descriptor, Manifest, Verifier
from hubcli.stores import Source


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer, and the digest of its uncompressed tar where the configuration tells it."""

    descriptor: Descriptor
    diff_id: str | None = None

    def same_as(self, other: Layer) -> bool:
        """Whether they hold the same, though perhaps compressed in another way."""
        told = self.diff_id is not None and self.diff_id == other.diff_id
        return told or self.descriptor.digest == other.descriptor.digest


def layers_of(source: Source, manifest: Manifest) -> tuple[Layer, ...]:
    """The layers of an image from the bottom up; Unsupported for what is no image."""
    config = manifest.config
    if config is None or not manifest.is_image:
        raise Unsupported("it is no image, so there is no file system in it")
    if config.size > oci.LARGEST_MANIFEST:
        raise IntegrityFailure(f"the image's configuration has {config.size} bytes")
    document = oci.parse_object(source.blobs.read(config), "the image's configuration")
    root = document.get("rootfs")
    told = root.get("diff_ids") if isinstance(root, dict) else None
    if not isinstance(told, list) or len(told) != len(manifest.layers):
        told = [None] * len(manifest.layers)
    return tuple(
        Layer(layer, diff_id if oci.is_digest(diff_id) else None)
        for layer, diff_id in zip(manifest.layers, told, strict=True)
    )


def members(blobs: Blobs, layer: Layer, limits: Limits | None = None) -> Iterator[Member]:
    """The members of a layer as they stream by; whoever takes them all has verified it.

    A member's content is there until the next is asked for. IntegrityFailure where the layer is
    damaged, no longer what its digest or diff_id says, or goes beyond the limits.
    """
    descriptor = layer.descriptor
    shown = f"the layer {descriptor.digest}"
    if descriptor.media_type.endswith("+encrypted"):
        raise Unsupported(f"{shown} is encrypted")
    verifiers = [Verifier(descriptor.digest, descriptor.size)]
    with _opened(blobs, descriptor, shown) as chunks:
        tar = inflated(_seen_by(verifiers[0], chunks), shown)
        if layer.diff_id is not None:
            verifiers.append(Verifier(layer.diff_id))
            tar = _seen_by(verifiers[1], tar)
        stream = ByteStream(tar, (limits or Limits()).most(descriptor.size), shown)
        yield from members_of_tar(stream, shown)
        stream.drain()
    for verifier in verifiers:
        verifier.finish()


@contextmanager
def _opened(blobs: Blobs, descriptor: Descriptor, shown: str) -> Iterator[Iterator[bytes]]:
    try:
        with blobs.open(descriptor) as chunks:
            yield chunks
    except NotFound as error:
        if descriptor.is_foreign:
            raise Unsupported(f"{shown} is not there: it is only named by URL") from error
        raise


def _seen_by(verifier: Verifier, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        verifier.update(chunk)
        yield chunk
