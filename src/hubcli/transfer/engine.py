"""The engine: decides what of an image is to be copied, has it copied, and reports."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from hubcli import oci
from hubcli.errors import Conflict, HubcliError, IntegrityFailure, NotFound, UsageError, doing
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.stores import CHOSEN_FROM, ONLY, SPARSE, Findable, Listed, Source
from hubcli.transfer import attached, graph
from hubcli.transfer.copying import Copying
from hubcli.transfer.events import Events
from hubcli.transfer.images import HoldsFiles, Image, Options, Report, Target
from hubcli.transfer.sharing import Sharing
from hubcli.transfer.threads import Workers

_UNKNOWN_CHILD = frozenset({"MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be copied: all below `root`, or of its manifests `only` some.

    `origin` is what stores that list their images note of it.
    """

    root: Manifest
    origin: Descriptor | None = None
    only: frozenset[str] | None = None


class Transfer:
    """Copies images, one after the other. `notify` takes what people should know.

    Transfers that run side by side have the same `sharing`, and are ended by the workers `above`.
    """

    def __init__(
        self,
        options: Options,
        events: Events,
        notify: Callable[[str], None] = lambda _: None,
        *,
        sharing: Sharing | None = None,
        above: Workers | None = None,
    ) -> None:
        self._options = options
        self._events = events
        self._notify = notify
        self._sharing = sharing
        self._workers = Workers(options.jobs, above)

    def copy(self, source: Image, destination: Target) -> Report:
        """Copy an image; what is there already is left as it is.

        Conflict where another image has the destination's tag and must keep it.
        """
        started = time.monotonic()
        with doing("write to", destination.shown):
            before = self._before(destination)
        with doing("read", source.shown):
            # A HEAD counts as a pull nowhere, and may be all it takes.
            asked = before is not None or self._options.platforms is None
            whole = source.store.resolve(source.identifier) if asked else None
        is_current = (
            before is not None
            and whole is not None
            and destination.digest in {None, before.digest}
            and self._is_current(before, whole)
        )
        if before is not None and is_current and not destination.tags:
            report = _unchanged(source, destination, before)
        else:
            with doing("read", source.shown):
                wanted = self._wanted(source, whole)
            if destination.digest is not None:
                with doing("write to", destination.shown):
                    oci.verify(wanted.root.content, destination.digest)
            if before is not None and before.digest != wanted.root.digest:
                if self._options.no_clobber and not destination.is_added:
                    raise _taken(destination, before)
            elif (
                before is not None
                and not destination.tags
                and self._is_complete(before, wanted, destination)
            ):
                return self._timed(_unchanged(source, destination, before), started)
            report = self._copied(wanted, source, destination, before)
        return self._timed(report, started)

    def _timed(self, report: Report, started: float) -> Report:
        report.seconds = round(time.monotonic() - started, 3)
        return report

    def _before(self, destination: Target) -> Descriptor | None:
        """What the destination's name stands for by now."""
        if self._options.force:
            return None
        if isinstance(destination.store, Findable):
            return destination.store.find(destination.identifier)
        try:
            return destination.store.resolve(destination.identifier)
        except UsageError:
            return None  # a layout has several images, of which one without a name replaces none
        except (NotFound, IntegrityFailure):
            if destination.replaces and self._options.no_clobber:
                raise Conflict("there is a file already, and it holds something else") from None
            return None

    def _is_current(self, before: Descriptor, whole: Descriptor) -> bool:
        """Whether the destination is as it should be, and nothing else is to be looked at."""
        if self._may_lack(before):
            return False
        platforms = self._options.platforms
        if not platforms or (before.digest == whole.digest and self._options.lenient):
            return before.digest == whole.digest
        chosen = before.annotations.get(CHOSEN_FROM) == whole.digest
        fits = before.platform is not None and before.platform.matches(platforms[0])
        return chosen and fits and len(platforms) == 1

    def _is_complete(self, before: Descriptor, wanted: _Wanted, destination: Target) -> bool:
        """Whether all is there that has the digest of what is wanted; a store that notes where an
        image came from may have to be told so."""
        noted = wanted.origin is not None and isinstance(destination.store, Listed)
        return not noted and not self._may_lack(before)

    def _may_lack(self, before: Descriptor) -> bool:
        """Whether something that is wanted may be missing, though the digest is right."""
        options = self._options
        attached = options.referrers or options.digest_tags
        return attached or options.sparse or SPARSE in before.annotations

    def _wanted(self, source: Image, whole: Descriptor | None) -> _Wanted:
        """The manifest or index to copy; where it was chosen from an index, with its platform and
        an annotation that says so."""
        platforms = self._options.platforms
        found = source.store.manifest(whole.digest if whole else source.identifier)
        if self._options.only_images and found.is_artifact:
            raise HoldsFiles(found)
        if not platforms:
            return _Wanted(found)
        if not found.is_index:
            self._check_platform(source.store, found, platforms)
            return _Wanted(found)
        if self._options.sparse:
            return self._sparse(found, platforms, source.shown)
        if len(platforms) > 1:
            return _Wanted(self._filtered(found, platforms, source.shown))
        entry = graph.choose(found, platforms[0])
        origin = replace(entry, annotations={CHOSEN_FROM: found.digest})
        return _Wanted(graph.child(source.store, entry), origin)

    def _filtered(self, index: Manifest, platforms: tuple[Platform, ...], shown: str) -> Manifest:
        filtered = graph.narrowed(index, platforms)
        if filtered.digest != index.digest:
            self._notify(
                f"{shown}: copying {len(filtered.platforms())} of {len(index.platforms())} "
                f"platforms; the index is filtered, and becomes {filtered.digest}"
            )
        return filtered

    def _sparse(self, index: Manifest, platforms: tuple[Platform, ...], shown: str) -> _Wanted:
        kept = graph.narrowed(index, platforms)
        if kept.digest == index.digest:
            return _Wanted(index)
        names = [str(platform) for platform in kept.platforms()]
        self._notify(
            f"{shown}: copying {len(names)} of {len(index.platforms())} platforms; the index is "
            "sparse: it stays as it is, and names images that are not copied"
        )
        note = replace(index.descriptor, annotations={SPARSE: ",".join(names)})
        return _Wanted(index, note, frozenset(one.digest for one in kept.manifests))

    def _check_platform(
        self, store: Source, manifest: Manifest, platforms: tuple[Platform, ...]
    ) -> None:
        if self._options.lenient or manifest.config is None or not manifest.is_image:
            return
        own = _platform_in(store.blobs.read(manifest.config))
        if own is not None and not any(own.matches(wanted) for wanted in platforms):
            wishes = ", ".join(map(str, platforms))
            raise NotFound(f"there is no image for {wishes}; it is one for {own}")

    def _copied(
        self, wanted: _Wanted, source: Image, destination: Target, before: Descriptor | None
    ) -> Report:
        root, origin = wanted.root, wanted.origin
        # What a registry has is whole: it takes no manifest without what that needs.
        is_there = (
            before is not None
            and before.digest == root.digest
            and destination.registry is not None
            and not self._options.sparse
        )
        copying = Copying(
            source, destination, self._options, self._workers, self._events, self._sharing
        )
        try:
            everything = copying.copy(
                root, destination.identifier, origin, wanted.only, is_there=is_there
            )
        except HubcliError as error:
            if wanted.only is not None and error.code in _UNKNOWN_CHILD:
                error.hint = "this registry takes no sparse indexes; leave --sparse out"
            raise
        report = Report(source.shown, destination.shown, root.digest, root.media_type)
        report.attached = self._attached(
            copying, source, [manifest.digest for manifest in everything.manifests]
        )
        report.unchanged = is_there and not destination.tags and not copying.has_written
        copying.tag(root, destination.tags)
        report.bytes, report.blobs = copying.moved, copying.outcomes
        report.platforms = _platforms(root, copying, source, destination)
        if origin is not None and SPARSE in origin.annotations:
            report.platforms = origin.annotations[SPARSE].split(",")
        if report.platforms is None and origin is not None and origin.platform is not None:
            report.platforms = [str(origin.platform)]
        return report

    def _attached(self, copying: Copying, source: Image, digests: list[str]) -> int:
        """Copy what is attached to these manifests, if it is wanted; how many manifests."""
        count = 0
        if self._options.referrers:
            for manifest in attached.referrers(source.store, digests):
                copying.copy(manifest, ONLY, is_there=copying.refers_there(manifest))
                count += 1
        if self._options.digest_tags:
            for tag, manifest in attached.digest_tags(source.store, digests):
                copying.copy(manifest, tag, is_there=copying.is_tagged_there(manifest, tag))
                count += 1
        return count


def _taken(destination: Target, before: Descriptor) -> Conflict:
    return Conflict(
        f"it is there already, with the digest {before.digest}",
        action="write to",
        reference=destination.shown,
    )


def _unchanged(source: Image, destination: Target, found: Descriptor) -> Report:
    report = Report(source.shown, destination.shown, found.digest, found.media_type)
    report.unchanged = True
    for place in (destination, source):
        if place.registry is None and report.platforms is None:
            with suppress(NotFound):
                report.platforms = _platforms(place.store.manifest(found.digest), None, place)
    return report


def _platforms(
    root: Manifest, copying: Copying | None, *places: Image | Target
) -> list[str] | None:
    """What is known without asking a registry: by an index, or a config that is at hand."""
    if root.is_index:
        return list(dict.fromkeys(map(str, root.platforms())))
    if root.config is None or not root.is_image:
        return []
    content = copying.config(root.config) if copying else None
    for place in places:
        if content is None and place.registry is None:
            with suppress(NotFound):
                content = place.store.blobs.read(root.config)
    if content is None:
        return None
    platform = _platform_in(content)
    return [str(platform)] if platform else []


def _platform_in(config: bytes) -> Platform | None:
    return oci.config_platform(oci.parse_object(config, "the image's configuration"))
