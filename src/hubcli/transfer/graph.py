"""What belongs to an image: its manifests and blobs, all of it or what some platforms need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hubcli import oci
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.stores import Source

_DEEPEST = 8
_MOST = 10_000
"""How deep indexes may nest, and how many manifests an image may have, before it is refused."""

_ATTESTED = "vnd.docker.reference.digest"

Each = Callable[[Callable[[Descriptor], None], Iterable[Descriptor]], None]
"""Does something with each descriptor, several at a time."""


@dataclass(frozen=True, slots=True)
class Graph:
    """`layers` of manifests, each after those that it refers to, the root alone at the end;
    `blobs` are distinct, without those that are only named by URL."""

    root: Manifest
    levels: tuple[tuple[Manifest, ...], ...]
    blobs: tuple[Descriptor, ...]

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        return tuple(manifest for level in self.levels for manifest in level)


def load(source: Source, root: Manifest, each: Each, only: frozenset[str] | None = None) -> Graph:
    """Read all manifests below `root`, or `only` some of those that it names itself.

    IntegrityFailure where one is not what its parent says.
    """
    known = {root.digest: root}
    below = [entry for entry in _manifests(root) if only is None or entry.digest in only]
    for _ in range(_DEEPEST):
        fresh = [one for one in below if one.digest not in known]
        if len(known) + len(fresh) > _MOST:
            raise IntegrityFailure(f"the image has more than {_MOST} manifests")
        if not fresh:
            return _graph(root, known)

        def read(descriptor: Descriptor) -> None:
            known[descriptor.digest] = child(source, descriptor)

        each(read, fresh)
        below = [entry for one in fresh for entry in _manifests(known[one.digest])]
    raise IntegrityFailure(f"the image's indexes nest more than {_DEEPEST} deep")


def child(source: Source, descriptor: Descriptor) -> Manifest:
    """The manifest that an index names; IntegrityFailure where its size is another."""
    manifest = source.manifest(descriptor.digest)
    if len(manifest.content) != descriptor.size:
        raise IntegrityFailure(
            f"{descriptor.digest} has {len(manifest.content)} bytes where {descriptor.size} "
            "were promised"
        )
    return manifest


def choose(index: Manifest, wanted: Platform) -> Descriptor:
    """The entry of an index for a platform, or NotFound naming what there is."""
    found = oci.entry_for(_images(index), wanted)
    if found is not None:
        return found
    offered = ", ".join(dict.fromkeys(str(entry.platform) for entry in _images(index)))
    raise NotFound(f"there is no image for {wanted}; there is {offered or 'none for any platform'}")


def narrowed(index: Manifest, platforms: Sequence[Platform]) -> Manifest:
    """The index with only the images for these platforms, and what attests them; a new digest."""
    chosen = {choose(index, platform).digest for platform in platforms}
    entries = index.document["manifests"]
    kept = [
        entry
        for entry, descriptor in zip(entries, index.manifests, strict=True)
        if descriptor.digest in chosen or descriptor.annotations.get(_ATTESTED) in chosen
    ]
    if len(kept) == len(entries):
        return index
    document = {**index.document, "manifests": kept}
    content = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return oci.parse_manifest(content, index.media_type)


def _images(index: Manifest) -> list[Descriptor]:
    return [entry for entry in index.manifests if not entry.is_attestation and entry.platform]


def _manifests(manifest: Manifest) -> list[Descriptor]:
    return [entry for entry in manifest.manifests if entry.is_manifest]


def _graph(root: Manifest, known: dict[str, Manifest]) -> Graph:
    heights: dict[str, int] = {}

    def height(manifest: Manifest) -> int:
        if manifest.digest not in heights:
            entries = [entry for entry in _manifests(manifest) if entry.digest in known]
            below = [height(known[entry.digest]) for entry in entries]
            heights[manifest.digest] = 1 + max(below, default=-1)
        return heights[manifest.digest]

    levels: list[list[Manifest]] = [[] for _ in range(height(root) + 1)]
    for digest in heights:
        levels[heights[digest]].append(known[digest])
    blobs = {
        blob.digest: blob
        for level in levels
        for manifest in level
        for blob in manifest.children()
        if not blob.is_manifest and not blob.is_foreign
    }
    return Graph(root, tuple(map(tuple, levels)), tuple(blobs.values()))
