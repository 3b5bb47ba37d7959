"""Images taken apart, changed, and put together again: one, or all those of an index."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hubcli import oci
from hubcli.authoring import mediatypes
from hubcli.authoring.draft import Draft, described, encoded
from hubcli.errors import IntegrityFailure, Unsupported
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.parallel import in_order
from hubcli.stores import Source
from hubcli.transfer import graph

ATTESTED = "vnd.docker.reference.digest"
"""BuildKit's annotation of an attestation in an index: the digest of the image it is about."""

_DEEPEST = 8
_READERS = 6


class Parts:
    """An image: `document` and `config` are its manifest and configuration, to be changed."""

    def __init__(self, store: Source, manifest: Manifest) -> None:
        self.original = manifest
        self.document: dict[str, Any] = copy.deepcopy(dict(manifest.document))
        self._store = store

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration; Unsupported for what is no image."""
        return copy.deepcopy(self._read)

    @cached_property
    def _read(self) -> dict[str, Any]:
        descriptor = self.original.config
        if descriptor is None or not self.original.is_image:
            raise Unsupported(
                f"it is no image, but an artifact of type {self.original.artifact_type}"
            )
        content = self._store.blobs.read(descriptor)
        return oci.parse_object(content, "the image's configuration")

    @property
    def platform(self) -> Platform | None:
        return oci.config_platform(self.config)

    @property
    def diff_ids(self) -> list[Any]:
        """The digests of its uncompressed layers, to be changed; Unsupported where they do not
        answer to the layers (image-spec, config, `rootfs`)."""
        rootfs = self.config.setdefault("rootfs", {"type": "layers", "diff_ids": []})
        found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        if found is None and isinstance(rootfs, dict):
            found = rootfs["diff_ids"] = []
        if not isinstance(found, list) or len(found) != len(self.original.layers):
            raise Unsupported("its configuration does not list the layers that it has")
        return found

    @property
    def layers(self) -> list[Any]:
        """The descriptors of its layers, to be changed."""
        found = self.document.setdefault("layers", [])
        if found is None:
            found = self.document["layers"] = []
        layers: list[Any] = found
        return layers

    @property
    def history(self) -> list[Any] | None:
        """Its history, to be changed; None where there is none that could be continued."""
        found = self.config.get("history")
        if isinstance(found, list):
            return found
        if self.original.layers:
            return None
        fresh: list[Any] = []
        self.config["history"] = fresh
        return fresh

    def annotate(self, annotations: Mapping[str, str], removed: tuple[str, ...] = ()) -> None:
        """Set and remove annotations of the manifest."""
        annotate(self.document, annotations, removed)

    def put_together(self, draft: Draft) -> Manifest:
        """The image as it is now; the original where nothing was changed.

        A Docker image that got layers compressed with zstd becomes an OCI image: nothing reads
        those in Docker's manifests.
        """
        config = self.original.config
        if config is not None and "config" in self.__dict__ and self.config != self._read:
            written = draft.blob(encoded(self.config), config.media_type)
            self.document["config"] = described(self.document["config"], written)
        if self.document == self.original.document:
            return self.original
        media_type = self.original.media_type
        if self._goes_beyond_docker():
            media_type = self.document["mediaType"] = oci.OCI_MANIFEST
            self.document["config"] = {**self.document["config"], "mediaType": oci.OCI_CONFIG}
            self.document["layers"] = [
                mediatypes.fitting(layer, docker=False) for layer in self.layers
            ]
        return draft.manifest(self.document, media_type)

    def _goes_beyond_docker(self) -> bool:
        before = {layer.media_type for layer in self.original.layers}
        new = {layer["mediaType"] for layer in self.document.get("layers") or ()} - before
        return mediatypes.is_docker(self.original) and any(map(mediatypes.is_zstd, new))


def annotate(
    document: dict[str, Any], annotations: Mapping[str, str], removed: tuple[str, ...]
) -> None:
    """Set and remove annotations of a manifest or index."""
    found = document.get("annotations")
    kept = dict(found) if isinstance(found, dict) else {}
    for name in removed:
        kept.pop(name, None)
    kept.update(annotations)
    if kept:
        document["annotations"] = kept
    elif found:
        del document["annotations"]


Change = Callable[[Parts], None]
Notify = Callable[[str], None]


@dataclass(frozen=True)
class Editor:
    """Changes the images that a manifest or index stands for.

    Without `platforms` it is all of them. `configs` says that the change is about configurations:
    what is no image is left alone then. `notify` is told what had to go.
    """

    store: Source
    draft: Draft
    platforms: Sequence[Platform] = ()
    configs: bool = True
    notify: Notify = lambda _: None

    def edit(self, root: Manifest, change: Change) -> Manifest:
        """The changed image or index; `root` itself where nothing came out differently."""
        if root.is_index:
            return self._index(root, change, 0)
        parts = Parts(self.store, root)
        if self.platforms:
            own = parts.platform
            if own is None or not any(own.matches(wanted) for wanted in self.platforms):
                wanted = ", ".join(map(str, self.platforms))
                raise Unsupported(f"it is an image for {own}, not for {wanted}")
        change(parts)
        return self._put_together(parts)

    def _index(self, index: Manifest, change: Change, depth: int) -> Manifest:
        if depth > _DEEPEST:
            raise IntegrityFailure(f"the image's indexes nest more than {_DEEPEST} deep")
        chosen = self._chosen(index)
        found = in_order(self._read, chosen.values(), _READERS)
        changed: dict[str, Manifest] = {}
        for digest, parts in zip(chosen, found, strict=True):
            if parts.original.is_index:
                new = self._index(parts.original, change, depth + 1)
            elif self.configs and not parts.original.is_image:
                continue
            else:
                change(parts)
                new = self._put_together(parts)
            if new.digest != digest:
                changed[digest] = new
        return self._replaced(index, changed) if changed else index

    def _put_together(self, parts: Parts) -> Manifest:
        new = parts.put_together(self.draft)
        if new.media_type != parts.original.media_type:
            self.notify("a Docker image becomes an OCI image: Docker's hold no layers with zstd")
        return new

    def _chosen(self, index: Manifest) -> dict[str, Descriptor]:
        if self.platforms:
            wanted = [graph.choose(index, platform) for platform in self.platforms]
            return {entry.digest: entry for entry in wanted}
        return {
            entry.digest: entry
            for entry in index.manifests
            if entry.is_manifest and not entry.is_attestation
        }

    def _read(self, entry: Descriptor) -> Parts:
        parts = Parts(self.store, graph.child(self.store, entry))
        if self.configs and parts.original.is_image:
            parts.platform  # noqa: B018 - read here, where several are read at once
        return parts

    def _replaced(self, index: Manifest, changed: Mapping[str, Manifest]) -> Manifest:
        entries, dropped = [], 0
        for entry, descriptor in zip(index.document["manifests"], index.manifests, strict=True):
            if descriptor.digest in changed:
                entries.append(described(entry, changed[descriptor.digest].descriptor))
            elif descriptor.annotations.get(ATTESTED) in changed:
                dropped += 1
            else:
                entries.append(entry)
        if dropped:
            were = "attestation was" if dropped == 1 else "attestations were"
            self.notify(f"{dropped} {were} left out: what they attest is another image now")
        document, media_type = {**index.document, "manifests": entries}, index.media_type
        beyond = {entry["mediaType"] for entry in entries} - {oci.DOCKER_MANIFEST, oci.DOCKER_LIST}
        if media_type == oci.DOCKER_LIST and beyond:
            media_type = document["mediaType"] = oci.OCI_INDEX
        return self.draft.manifest(document, media_type)
