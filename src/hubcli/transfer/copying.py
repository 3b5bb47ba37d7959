"""One copy under way: blobs first, several at once, then manifests from the leaves to the root."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from hubcli import oci
from hubcli.errors import HubcliError, IntegrityFailure, doing
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import Checked, Findable, Listed, Prepared, Referred
from hubcli.transfer import graph
from hubcli.transfer.events import Events, Meter
from hubcli.transfer.graph import Graph
from hubcli.transfer.images import Image, Options, Target
from hubcli.transfer.sharing import Sharing
from hubcli.transfer.threads import Stopped, Workers


class Copying:
    """Moves what belongs to manifests, each blob once; `outcomes` counts them."""

    def __init__(
        self,
        source: Image,
        destination: Target,
        options: Options,
        workers: Workers,
        events: Events,
        sharing: Sharing | None = None,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self._source = source
        self._destination = destination
        self._options = options
        self._workers = workers
        self._events = events
        self._sharing = sharing or Sharing(workers.count)
        self._meter = Meter(events, workers.check)
        self._configs: dict[str, list[bytes]] = {}
        self._begun: set[str] = set()
        self._referrers: dict[str, set[str]] = {}
        self.has_written = False
        """Whether a manifest was written."""
        self._lock = threading.Lock()

    @property
    def moved(self) -> int:
        """Bytes read from the source so far."""
        return self._meter.moved

    def copy(
        self,
        root: Manifest,
        identifier: str,
        origin: Descriptor | None = None,
        only: frozenset[str] | None = None,
        *,
        is_there: bool = False,
    ) -> Graph:
        """Copy `root` and all below it, and put it under `identifier`; what that was.

        Of the manifests that `root` names, `only` some if that is given. `origin` is what stores
        that list their images note of it. What `is_there` already is looked at only.
        """
        with doing("read", self._source.shown):
            everything = graph.load(self._source.store, root, self._workers.each, only)
        if is_there:
            registry, repository = self._destination.registry, self._destination.repository
            for blob in everything.blobs:
                self._sharing.note(registry, blob.digest, repository)
            return everything
        if isinstance(self._destination.store, Checked):
            with doing("write to", self._destination.shown):
                self._destination.store.check(root)
        if isinstance(self._destination.store, Prepared) and not self._options.dry_run:
            manifests = (manifest.descriptor for manifest in everything.manifests)
            with doing("write to", self._destination.shown):
                self._destination.store.expect(root, (*everything.blobs, *manifests))
        if not self._is_same_repository:
            blobs = [blob for blob in everything.blobs if blob.digest not in self._begun]
            self._begun.update(blob.digest for blob in blobs)
            # The largest first: the last ones to end are small then.
            self._workers.each(self._blob, sorted(blobs, key=lambda blob: -blob.size))
        if not self._options.dry_run:
            with doing("write to", self._destination.shown):
                self._put(everything, identifier, origin)
        return everything

    def refers_there(self, manifest: Manifest) -> bool:
        """Whether the destination, a registry, lists a manifest among what refers to its subject.

        That it has it is not enough: without a referrers API the list is written after it.
        """
        store = self._destination.store
        if manifest.subject is None or self._is_written_anew or not isinstance(store, Referred):
            return False
        subject = manifest.subject.digest
        if subject not in self._referrers:
            with doing("read", self._destination.shown):
                self._referrers[subject] = {one.digest for one in store.referrers(subject)}
        return manifest.digest in self._referrers[subject]

    def is_tagged_there(self, manifest: Manifest, tag: str) -> bool:
        """Whether the destination, a registry, has a manifest under a tag."""
        store = self._destination.store
        if self._is_written_anew or not isinstance(store, Findable):
            return False
        with doing("read", self._destination.shown):
            found = store.find(tag)
        return found is not None and found.digest == manifest.digest

    def tag(self, root: Manifest, tags: Iterable[str]) -> None:
        """Put what is there by now under tags, too."""
        if not self._options.dry_run:
            for tag in tags:
                with doing("write to", self._destination.shown):
                    self._destination.store.put_manifest(tag, root)

    def config(self, descriptor: Descriptor) -> bytes | None:
        """An image's config, if it came by."""
        content = b"".join(self._configs.get(descriptor.digest, []))
        return content if len(content) == descriptor.size else None

    @property
    def _is_written_anew(self) -> bool:
        """Whether nothing is to be left as it is; directories and archives are quick to look."""
        return self._options.force or self._destination.registry is None

    @property
    def _is_same_repository(self) -> bool:
        """All that is needed is there then, but for the tag, or a narrowed index."""
        source, destination = self._source, self._destination
        return (
            source.registry is not None
            and (source.registry, source.repository)
            == (destination.registry, destination.repository)
            and not self._options.force
        )

    @property
    def _mount_from(self) -> str | None:
        same = self._source.registry == self._destination.registry
        return self._source.repository if same else None

    def _blob(self, descriptor: Descriptor) -> None:
        key = descriptor.digest
        try:
            with doing("write to", self._destination.shown):
                outcome = self._shared(descriptor)
        except Stopped:
            raise
        except HubcliError:
            self._events.finish(key, "failed")
            raise
        with self._lock:
            self.outcomes[outcome] += 1
        if outcome in {"skipped", "mounted"}:
            self._events.begin(key, key, descriptor.size)
        self._events.finish(key, outcome)

    def _shared(self, descriptor: Descriptor) -> str:
        """Bring a blob to where it should be, unless another transfer is at it, or has done it."""
        check, destination = self._workers.check, self._destination
        check()
        with (
            self._sharing.claim(destination.registry, descriptor.digest, check) as claim,
            self._sharing.slot(check),
        ):
            if claim.repository is not None and claim.repository == destination.repository:
                return "skipped"
            outcome = self._transferred(descriptor, self._mount_from or claim.repository)
            if not self._options.dry_run:
                claim.repository = destination.repository
        return outcome

    def _transferred(self, descriptor: Descriptor, mount_from: str | None) -> str:
        blobs = self._destination.store.blobs
        # A mount finds out as well whether the blob is there.
        if mount_from is None and not self._options.force and blobs.has(descriptor):
            return "skipped"
        if self._options.dry_run:
            return "mounted" if mount_from else "copied"
        kept = None
        if descriptor.media_type in oci.CONFIG_TYPES:
            kept = self._configs[descriptor.digest] = []
        open_at = self._meter.measured(descriptor, lambda at: self._read(descriptor, at), kept)
        chunk_size = self._options.chunk_size
        try:
            return blobs.upload(descriptor, open_at, mount_from=mount_from, chunk_size=chunk_size)
        except IntegrityFailure as failure:
            if self._source.registry is None and failure.action is None:
                failure.action, failure.reference = "read", self._source.shown
            raise

    @contextmanager
    def _read(self, descriptor: Descriptor, offset: int) -> Iterator[Iterator[bytes]]:
        """The source's bytes; a failure to get them is not the destination's."""
        with ExitStack() as stack:
            with doing("read", self._source.shown):
                chunks = stack.enter_context(self._source.store.blobs.open(descriptor, offset))
            yield _told(chunks, self._source.shown)

    def _put(self, everything: Graph, identifier: str, origin: Descriptor | None) -> None:
        store, root = self._destination.store, everything.root
        self.has_written = True
        if not self._is_same_repository:
            for level in everything.levels[:-1]:
                self._workers.each(lambda one: store.put_manifest(one.digest, one), level)
        if isinstance(store, Listed) and identifier != root.digest:
            store.put_image(identifier, root, origin)
        else:
            store.put_manifest(identifier or root.digest, root)


def _told(chunks: Iterator[bytes], source: str) -> Iterator[bytes]:
    with doing("read", source):
        yield from chunks
