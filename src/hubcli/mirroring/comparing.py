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
from hubcli.oci import Descriptor, Manifest, Platform
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
        if before != wanted.digest:
            self._check_platform(item, read, wanted)
            platforms = wanted.platforms or None
            if before is None:
                return Work(item, "copied", wanted.digest, platforms)
            return Work(item, "updated", wanted.digest, platforms, f"was {before}")
        if item.entry.referrers and not item.is_attached:
            with doing("read the referrers of", shown(item.source)):
                if _lacks_referrers(read, written, wanted.digest):
                    reason = "what refers to it is new"
                    return Work(item, "updated", wanted.digest, wanted.platforms or None, reason)
        return Outcome.of(item, "unchanged", wanted.digest)

    def _wanted(self, item: Item, read: Image) -> Narrowed:
        with _missing(), doing("read", read.shown):
            found = _told(item) or read.store.resolve(read.identifier)
            if item.platforms is None or found.media_type not in oci.INDEX_TYPES:
                return Narrowed(found.digest, item.platforms or (), (), found.media_type)
            return narrowed(self._read(read, found.digest, found.media_type), item.platforms)

    def _check_platform(self, item: Item, read: Image, wanted: Narrowed) -> None:
        """_Missing for an image that is for one platform, and that is none of those wanted."""
        if item.platforms is None or wanted.children:
            return
        with _missing(), doing("read", read.shown):
            manifest = self._read(read, wanted.digest, wanted.media_type)
            if not manifest.is_image or manifest.config is None:
                return
            config = oci.parse_object(read.store.blobs.read(manifest.config), "the configuration")
            own = oci.config_platform(config)
            if own is not None and not any(own.matches(each) for each in item.platforms):
                wishes = ", ".join(map(str, item.platforms))
                raise NotFound(f"there is no image for {wishes}; it is one for {own}")

    def _read(self, read: Image, digest: str, media_type: str) -> Manifest:
        """A manifest of the source, which is pulled once and never again."""
        return self._indexes.get(
            lambda: self._guarded(read).store.manifest(digest), digest, media_type
        )

    def _at_target(self, item: Item, written: Target) -> str | None:
        """The digest that the target has under that name, None where it has none."""
        known = item.at_target
        if known.there is False or known.digest is not None:
            return known.digest
        with doing("read", written.shown):
            found = find(written.store, written.identifier)
        return None if found is None else found.digest

    def children(self, item: Item, digest: str) -> Iterator[str]:
        """The manifests inside an image that the target has or will have; none of a single one."""
        with self._world.pair(item.source, item.target) as (read, written):
            for end in (written, self._guarded(read)):
                try:
                    manifest = end.store.manifest(digest)
                except NotFound:
                    continue
                yield from (entry.digest for entry in manifest.manifests)
                return


def _lacks_referrers(read: Image, written: Target, digest: str) -> bool:
    """Whether something refers to an image, or to one inside it, that is not listed there.

    That the target has it is not enough: without a referrers API the list is written after it.
    """
    if not isinstance(read.store, Referred) or not isinstance(written.store, Referred):
        return False
    manifest = written.store.manifest(digest)
    queue = [digest, *(entry.digest for entry in manifest.manifests)]
    seen = set(queue)
    while queue:
        subject = queue.pop()
        fresh = [one.digest for one in read.store.referrers(subject) if one.digest not in seen]
        if fresh and not set(fresh) <= {one.digest for one in written.store.referrers(subject)}:
            return True
        seen.update(fresh)
        queue += fresh
    return False


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
