"""The engine: copies an image from one store to another and reports what it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from hubcli import oci
from hubcli.errors import Conflict, HubcliError, IntegrityFailure, NotFound, doing
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.stores import Listed, Source, Store
from hubcli.transfer import graph
from hubcli.transfer.events import Events, Meter
from hubcli.transfer.graph import Graph
from hubcli.transfer.threads import Stopped, Workers


@dataclass(frozen=True, slots=True)
class Image:
    """An image to be read. `shown` is what people call it.

    Blobs can be mounted between repositories of the same `registry`; both are None elsewhere.
    """

    store: Source
    identifier: str
    shown: str
    registry: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An image to be written; as `Image`."""

    store: Store
    identifier: str
    shown: str
    registry: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How to copy.

    `platforms` None is all; of one its own manifest is copied, of several an index of them.
    `lenient` takes an image that is for one platform only, whichever that is. `jobs` is how many
    blobs move at once.
    """

    platforms: tuple[Platform, ...] | None = None
    lenient: bool = False
    jobs: int = 6
    force: bool = False
    no_clobber: bool = False
    dry_run: bool = False


@dataclass
class Report:
    """What was copied; `bytes` were read from the source, `blobs` counts outcomes."""

    source: str
    destination: str
    digest: str
    media_type: str
    platforms: list[str] | None = None
    bytes: int = 0
    seconds: float = 0.0
    blobs: Counter[str] = field(default_factory=Counter)
    unchanged: bool = False
    """The destination had it already, and nothing was done."""


class Transfer:
    """Copies images, one after the other. `notify` takes what people should know."""

    def __init__(
        self, options: Options, events: Events, notify: Callable[[str], None] = lambda _: None
    ) -> None:
        self._options = options
        self._events = events
        self._notify = notify
        self._workers = Workers(options.jobs)

    def copy(self, source: Image, destination: Target) -> Report:
        """Copy an image; what is there already is left as it is.

        Conflict where another image has the destination's tag and must keep it.
        """
        started = time.monotonic()
        with doing("read", source.shown):
            whole = None if self._options.platforms else source.store.resolve(source.identifier)
        with doing("write to", destination.shown):
            before = self._before(destination)
        if whole is not None and self._may_stay(before, whole.digest, destination):
            report = _unchanged(source, destination, whole)
        else:
            with doing("read", source.shown):
                root = self._root(source, whole)
            self._may_stay(before, root.digest, destination)
            report = _Copying(self, source, destination).run(root)
        report.seconds = round(time.monotonic() - started, 3)
        return report

    def _before(self, destination: Target) -> str | None:
        """The digest of what the destination's name stands for by now."""
        if self._options.force:
            return None
        try:
            return destination.store.resolve(destination.identifier).digest
        except (NotFound, IntegrityFailure):
            return None

    def _may_stay(self, before: str | None, wanted: str, destination: Target) -> bool:
        """Whether the destination is as it should be."""
        if before is not None and before != wanted and self._options.no_clobber:
            raise Conflict(
                f"it is there already, with the digest {before}",
                action="write to",
                reference=destination.shown,
            )
        return before == wanted

    def _root(self, source: Image, whole: Descriptor | None) -> Manifest:
        """The manifest or index to copy."""
        platforms = self._options.platforms
        found = source.store.manifest(whole.digest if whole else source.identifier)
        if not platforms:
            return found
        if not found.is_index:
            self._check_platform(source.store, found, platforms)
            return found
        if len(platforms) > 1:
            index = graph.narrowed(found, platforms)
            if index.digest != found.digest:
                self._notify(
                    f"{source.shown}: copying {len(index.platforms())} of "
                    f"{len(found.platforms())} platforms; the index becomes {index.digest}"
                )
            return index
        return graph.child(source.store, graph.choose(found, platforms[0]))

    def _check_platform(
        self, store: Source, manifest: Manifest, platforms: tuple[Platform, ...]
    ) -> None:
        if self._options.lenient or manifest.config is None or not manifest.is_image:
            return
        config = oci.parse_object(store.blobs.read(manifest.config), "the image's config")
        own = oci.config_platform(config)
        if own is not None and not any(own.matches(wanted) for wanted in platforms):
            wishes = ", ".join(map(str, platforms))
            raise NotFound(f"there is no image for {wishes}; it is one for {own}")


def _unchanged(source: Image, destination: Target, found: Descriptor) -> Report:
    report = Report(source.shown, destination.shown, found.digest, found.media_type)
    report.unchanged = True
    for place in (destination, source):
        if place.registry is None and report.platforms is None:
            with suppress(NotFound):
                report.platforms = _local_platforms(place.store.manifest(found.digest), place)
    return report


class _Copying:
    """One copy under way."""

    def __init__(self, transfer: Transfer, source: Image, destination: Target) -> None:
        self._options = transfer._options
        self._events = transfer._events
        self._workers = transfer._workers
        self._source = source
        self._destination = destination
        self._meter = Meter(self._events, self._workers.check)
        self._outcomes: Counter[str] = Counter()
        self._configs: dict[str, list[bytes]] = {}

    def run(self, root: Manifest) -> Report:
        with doing("read", self._source.shown):
            everything = graph.load(self._source.store, root, self._workers.each)
        if not self._is_same_repository:
            blobs = sorted(everything.blobs, key=lambda blob: -blob.size)
            self._workers.each(self._blob, blobs)
        if not self._options.dry_run:
            self._put(everything)
        return Report(
            self._source.shown,
            self._destination.shown,
            root.digest,
            root.media_type,
            self._platforms(root),
            self._meter.moved,
            blobs=self._outcomes,
        )

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
        return self._source.repository if same and not self._is_same_repository else None

    def _blob(self, descriptor: Descriptor) -> None:
        key = descriptor.digest
        try:
            with doing("write to", self._destination.shown):
                outcome = self._moved(descriptor)
        except Stopped:
            raise
        except HubcliError:
            self._events.finish(key, "failed")
            raise
        self._outcomes[outcome] += 1
        if outcome in {"skipped", "mounted"}:
            self._events.begin(key, key, descriptor.size)
        self._events.finish(key, outcome)

    def _moved(self, descriptor: Descriptor) -> str:
        self._workers.check()
        target = self._destination.store.blobs
        mount_from = self._mount_from
        # A mount finds out as well whether the blob is there.
        if mount_from is None and not self._options.force and target.has(descriptor):
            return "skipped"
        if self._options.dry_run:
            return "mounted" if mount_from else "copied"
        kept = self._configs.setdefault(descriptor.digest, []) if _is_config(descriptor) else None
        open_at = self._meter.measured(descriptor, lambda at: self._read(descriptor, at), kept)
        return target.upload(descriptor, open_at, mount_from=mount_from)

    @contextmanager
    def _read(self, descriptor: Descriptor, offset: int) -> Iterator[Iterator[bytes]]:
        """The source's bytes; a failure to get them is not the destination's."""
        with ExitStack() as stack:
            with doing("read", self._source.shown):
                chunks = stack.enter_context(self._source.store.blobs.open(descriptor, offset))
            yield _told(chunks, self._source.shown)

    def _put(self, everything: Graph) -> None:
        store, identifier = self._destination.store, self._destination.identifier
        with doing("write to", self._destination.shown):
            for level in everything.levels[:-1]:
                if not self._is_same_repository:
                    self._workers.each(lambda one: store.put_manifest(one.digest, one), level)
            root = everything.root
            if isinstance(store, Listed) and identifier != root.digest:
                store.put_image(identifier, root)
            else:
                store.put_manifest(identifier or root.digest, root)

    def _platforms(self, root: Manifest) -> list[str] | None:
        """What is known without asking a registry for it; None is unknown."""
        if root.config is not None and root.is_image:
            passed = b"".join(self._configs.get(root.config.digest, []))
            if len(passed) == root.config.size:
                return _platform_in(passed)
        return _local_platforms(root, self._source, self._destination)


def _local_platforms(root: Manifest, *places: Image | Target) -> list[str] | None:
    """The platforms of an index, or of an image whose config is at hand."""
    if root.is_index:
        return list(dict.fromkeys(map(str, root.platforms())))
    if root.config is None or not root.is_image:
        return []
    for place in places:
        if place.registry is None:
            with suppress(NotFound):
                return _platform_in(place.store.blobs.read(root.config))
    return None


def _platform_in(config: bytes) -> list[str]:
    platform = oci.config_platform(oci.parse_object(config, "the image's configuration"))
    return [str(platform)] if platform else []


def _told(chunks: Iterator[bytes], source: str) -> Iterator[bytes]:
    with doing("read", source):
        yield from chunks


def _is_config(descriptor: Descriptor) -> bool:
    return descriptor.media_type in oci.CONFIG_TYPES
