"""What an edit makes: new blobs and manifests, and how they get where they should be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hubcli import oci
from hubcli.errors import IntegrityFailure, Unsupported, doing
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import BlobSource, Chunks, OpenAt, Source
from hubcli.transfer import Events, Image, Options, Target, Transfer

LARGEST_PUSHED = 4 << 20
"""Bytes of a manifest that registries need to take (distribution-spec, "Pushing Manifests")."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A blob to be written; `origin` is the image that has it already, if one does."""

    descriptor: Descriptor
    open_at: OpenAt
    origin: Image | None = None


class Draft:
    """New blobs and manifests; manifests stand behind those that they refer to."""

    def __init__(self) -> None:
        self.pieces: dict[str, Piece] = {}
        self.manifests: dict[str, Manifest] = {}

    def blob(self, content: bytes, media_type: str) -> Descriptor:
        """Add a blob that is at hand."""
        descriptor = Descriptor(media_type, oci.digest_of(content), len(content))

        @contextmanager
        def opened(offset: int) -> Iterator[Iterator[bytes]]:
            yield iter([content[offset:]])

        self.pieces[descriptor.digest] = Piece(descriptor, opened)
        return descriptor

    def manifest(self, document: Mapping[str, Any], media_type: str) -> Manifest:
        """Add a manifest or index; Unsupported where no registry need take one so large."""
        content = encoded(document)
        if len(content) > LARGEST_PUSHED:
            raise Unsupported(
                f"the new manifest has {len(content):,} bytes, registries take {LARGEST_PUSHED:,}"
            )
        manifest = oci.parse_manifest(content, media_type)
        self.manifests[manifest.digest] = manifest
        return manifest

    def write(self, root: Manifest, source: Image, target: Target, events: Events) -> None:
        """Write what is new, and `root` under the target's identifier.

        What the edited image has elsewhere is copied along; within a repository nothing is.
        """
        with doing("write to", target.shown):
            for piece in self.pieces.values():
                _upload(piece, target)
        if _is_same_repository(source, target):
            with doing("write to", target.shown):
                for manifest in self.manifests.values():
                    if manifest.digest != root.digest:
                        target.store.put_manifest(manifest.digest, manifest)
                target.store.put_manifest(target.identifier, root)
            return
        overlaid = replace(source, store=_Overlay(self, source.store), identifier=root.digest)
        Transfer(Options(), events).copy(overlaid, target)


def encoded(document: Mapping[str, Any]) -> bytes:
    """A document as compact JSON, members in their order: the same bytes for the same document."""
    try:
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except ValueError as error:
        raise IntegrityFailure("the document has numbers that JSON does not know") from error


def described(entry: Mapping[str, Any], content: Descriptor) -> dict[str, Any]:
    """A descriptor that is now about other content; what it says beside that stays."""
    kept = {name: value for name, value in entry.items() if name not in {"data", "urls"}}
    return {
        **kept,
        "mediaType": content.media_type,
        "digest": content.digest,
        "size": content.size,
    }


def _is_same_repository(source: Image, target: Target) -> bool:
    here = (source.registry, source.repository)
    return source.registry is not None and here == (target.registry, target.repository)


def _upload(piece: Piece, target: Target) -> None:
    origin = piece.origin
    mount_from = None
    if origin is not None and origin.registry is not None and origin.registry == target.registry:
        if origin.repository == target.repository:
            return
        mount_from = origin.repository
    if mount_from is not None or not target.store.blobs.has(piece.descriptor):
        target.store.blobs.upload(piece.descriptor, piece.open_at, mount_from=mount_from)


class _Overlay:
    """A store with the new content in front of it."""

    def __init__(self, draft: Draft, store: Source) -> None:
        self._draft = draft
        self._store = store
        self.blobs: BlobSource = _OverlaidBlobs(draft, store.blobs)

    def resolve(self, identifier: str) -> Descriptor:
        found = self._draft.manifests.get(identifier)
        return found.descriptor if found else self._store.resolve(identifier)

    def manifest(self, identifier: str) -> Manifest:
        return self._draft.manifests.get(identifier) or self._store.manifest(identifier)


class _OverlaidBlobs:
    def __init__(self, draft: Draft, blobs: BlobSource) -> None:
        self._draft = draft
        self._blobs = blobs

    def has(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self._draft.pieces or self._blobs.has(descriptor)

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:
        piece = self._draft.pieces.get(descriptor.digest)
        return piece.open_at(offset) if piece else self._blobs.open(descriptor, offset)

    def read(self, descriptor: Descriptor) -> bytes:
        piece = self._draft.pieces.get(descriptor.digest)
        if piece is None:
            return self._blobs.read(descriptor)
        with piece.open_at(0) as chunks:
            return b"".join(chunks)
