"""What is attached to an image: BuildKit's attestations, referrers, cosign's tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hubcli import oci
from hubcli.errors import NotFound
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.stores import Referred, Source
from hubcli.transfer import attached, graph

BUILDKIT, COSIGN, LISTED = "buildkit", "cosign tag", "listed"
"""Where an attachment was found, besides `registry.referrers.API` and `FALLBACK`: in an index as
BuildKit writes it, under a tag as cosign writes it, or in the list of a local store."""

REFERS_TO = "vnd.docker.reference.digest"
"""BuildKit's annotation of an attestation manifest: the image that it is about."""


@runtime_checkable
class _Telling(Protocol):
    """A store that tells in which of two ways it lists referrers: a registry."""

    def listed_referrers(
        self, digest: str, artifact_type: str | None = None
    ) -> tuple[str, Iterator[Descriptor]]: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """An image that attachments are looked for.

    `digests` are what they may refer to, what matters most first. `index` is where BuildKit's
    stand, if it is one; with `image` only those about that image of it.
    """

    digests: tuple[str, ...]
    index: Manifest | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A manifest, what it is attached to (None where BuildKit does not tell), and by what."""

    descriptor: Descriptor
    subject: str | None
    source: str
    tag: str | None = None
    platform: Platform | None = None

    @property
    def digest(self) -> str:
        return self.descriptor.digest

    def read(self, store: Source) -> Manifest | None:
        """Its manifest; None where it is gone, or refers to something else than the list said.

        IntegrityFailure where its size is another.
        """
        try:
            manifest = graph.child(store, self.descriptor)
        except NotFound:
            return None
        if self.source in {BUILDKIT, COSIGN}:
            return manifest
        found = manifest.subject
        return manifest if found is not None and found.digest == self.subject else None


class Attachments:
    """The attachments of an image, each once; `looked` counts them by where they were found."""

    def __init__(self, store: Source, subject: Subject, artifact_type: str | None = None) -> None:
        self.looked: dict[str, int] = {}
        self._store = store
        self._subject = subject
        self._type = artifact_type

    def __iter__(self) -> Iterator[Attachment]:
        self.looked.clear()
        seen: set[str] = set()
        for one in self._all():
            wanted = self._type in {None, one.descriptor.artifact_type}
            if wanted and one.digest not in seen:
                seen.add(one.digest)
                self.looked[one.source] += 1
                yield one

    def _all(self) -> Iterator[Attachment]:
        if self._subject.index is not None:
            yield from self._of_buildkit(self._subject.index)
        for digest in self._subject.digests:
            yield from self._referring(digest)
        self.looked.setdefault(COSIGN, 0)
        for digest in self._subject.digests:
            for tag, manifest in attached.digest_tags(self._store, (digest,)):
                yield Attachment(_told_by_layers(manifest), digest, COSIGN, tag)

    def _of_buildkit(self, index: Manifest) -> Iterator[Attachment]:
        self.looked.setdefault(BUILDKIT, 0)
        platforms = {one.digest: one.platform for one in index.manifests if not one.is_attestation}
        for entry in index.manifests:
            subject = entry.annotations.get(REFERS_TO)
            if entry.is_attestation and self._subject.image in {None, subject}:
                platform = platforms.get(subject) if subject else None
                yield Attachment(entry, subject, BUILDKIT, platform=platform)

    def _referring(self, digest: str) -> Iterator[Attachment]:
        source, found = self._listed(digest)
        self.looked.setdefault(source, 0)
        for descriptor in found:
            if descriptor.is_manifest:
                yield Attachment(descriptor, digest, source)

    def _listed(self, digest: str) -> tuple[str, Iterator[Descriptor]]:
        if isinstance(self._store, _Telling):
            return self._store.listed_referrers(digest, self._type)
        if isinstance(self._store, Referred):
            return LISTED, self._store.referrers(digest, self._type)
        return LISTED, iter(())


def _told_by_layers(manifest: Manifest) -> Descriptor:
    """cosign's manifests call themselves images: what they are, their layers' types tell."""
    own = manifest.artifact_type
    if own in oci.CONFIG_TYPES and manifest.layers:
        own = manifest.layers[0].media_type
    return Descriptor(
        manifest.media_type,
        manifest.digest,
        len(manifest.content),
        annotations=manifest.annotations,
        artifact_type=own,
    )
