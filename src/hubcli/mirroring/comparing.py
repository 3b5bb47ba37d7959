"""What has to be done about an image: told by digests, and by as few requests as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hubcli import oci
from hubcli.errors import NotFound, doing
from hubcli.mirroring.ends import shown
from hubcli.mirroring.item import Item, Outcome, Result
from hubcli.mirroring.narrowing import Indexes, Narrowed, narrowed
from hubcli.mirroring.world import World
from hubcli.oci import Descriptor, Platform
from hubcli.stores import Findable, Referred, Source
from hubcli.transfer import Image, Target


class _Missing(Exception):
    """The source has no such image, or none for these platforms."""

    def __init__(self, error: NotFound) -> None:
        super().__init__(error.reason)
        self.error = error


@contextmanager
def _missing() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise _Missing(error) from None


@dataclass(frozen=True, slots=True)
class Work:
    """An image that is to be copied, as what the target will have: `digest`."""

    item: Item
    result: Result
    digest: str
    platforms: tuple[Platform, ...] | None
    reason: str | None = None


Found = Outcome | Work
"""Nothing to be done, or something."""


class Comparing:
    """Compares images at both ends; safe between threads.

    `guarded` makes sure that a manifest may be pulled: an index whose platforms are to be known.
    """

    def __init__(
        self,
        world: World,
        indexes: Indexes,
        guarded: Callable[[Image], Image] = lambda image: image,
    ) -> None:
        self._world = world
        self._indexes = indexes
        self._guarded = guarded

    def of(self, item: Item) -> Found:
        """What is to be done; NotFound where the source has no such image."""
        if item.entry.existing == "keep" and item.at_target.there:
            return _kept(item, item.at_target.digest)
        try:
            with self._world.pair(item.source, item.target) as (read, written):
                return self._compared(item, read, written)
        except _Missing as missing:
            if item.at_source.there:
                return Outcome.of(item, "skipped", reason=missing.error.reason)
            raise missing.error from None

    def _compared(self, item: Item, read: Image, written: Target) -> Found:
        if item.entry.existing == "keep":
            before = self._at_target(item, written)
            if before is not None:
                return _kept(item, before)
            wanted = self._wanted(item, read)
        else:
            wanted = self._wanted(item, read)
            before = self._at_target(item, written)
        if before is None:
            return Work(item, "copied", wanted.digest, wanted.platforms or None)
        if before != wanted.digest:
            return Work(item, "updated", wanted.digest, wanted.platforms or None, f"was {before}")
        if item.entry.referrers and not item.is_attached:
            with doing("read the referrers of", shown(item.source)):
                if self._lacks_referrers(read, written, wanted.digest):
                    reason = "what refers to it is new"
                    return Work(item, "updated", wanted.digest, wanted.platforms or None, reason)
        return Outcome.of(item, "unchanged", wanted.digest)

    def _wanted(self, item: Item, read: Image) -> Narrowed:
        with _missing(), doing("read", read.shown):
            found = _told(item) or read.store.resolve(read.identifier)
            if item.platforms is None or found.media_type not in oci.INDEX_TYPES:
                return Narrowed(found.digest, item.platforms or (), ())
            index = self._indexes.get(
                lambda: self._guarded(read).store.manifest(found.digest),
                found.digest,
                found.media_type,
            )
            return narrowed(index, item.platforms)

    def _at_target(self, item: Item, written: Target) -> str | None:
        """The digest that the target has under that name, None where it has none."""
        known = item.at_target
        if known.there is False or known.digest is not None:
            return known.digest
        with doing("read", written.shown):
            found = find(written.store, written.identifier)
        return None if found is None else found.digest

    def _lacks_referrers(self, read: Image, written: Target, digest: str) -> bool:
        """Whether something refers to an image, or to one inside it, that the target has not."""
        if not isinstance(read.store, Referred):
            return False
        manifest = written.store.manifest(digest)
        queue = [digest, *(entry.digest for entry in manifest.manifests)]
        seen = set(queue)
        while queue:
            for descriptor in read.store.referrers(queue.pop()):
                if descriptor.digest in seen:
                    continue
                if find(written.store, descriptor.digest) is None:
                    return True
                seen.add(descriptor.digest)
                queue.append(descriptor.digest)
        return False

    def children(self, item: Item, digest: str) -> Iterator[str]:
        """The manifests inside an image that the target has or will have; none of a single one."""
        with self._world.pair(item.source, item.target) as (read, written):
            for store in (written.store, read.store):
                try:
                    manifest = store.manifest(digest)
                except NotFound:
                    continue
                yield from (entry.digest for entry in manifest.manifests)
                return


def find(store: Source, identifier: str) -> Descriptor | None:
    """What a store has under a tag or digest, without asking it for a reason where it has not."""
    if isinstance(store, Findable):
        return store.find(identifier)
    try:
        return store.resolve(identifier)
    except NotFound:
        return None


def _told(item: Item) -> Descriptor | None:
    """What a list has told of the source, where that is enough to go by."""
    known = item.at_source
    if known.digest is None or (item.platforms is not None and known.media_type is None):
        return None
    return Descriptor(known.media_type or oci.OCI_MANIFEST, known.digest, 0)


def _kept(item: Item, digest: str | None) -> Outcome:
    return Outcome.of(item, "kept", digest, "it is there already, and is to be kept")
