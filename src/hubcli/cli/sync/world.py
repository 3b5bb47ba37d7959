"""Registries and local stores, as mirrors see them: by the session's clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.sources import Wish, find
from hubcli.cli.transfer.making import make_sure
from hubcli.errors import HubcliError, UsageError
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.mirroring.ends import End, Source
    from hubcli.mirroring.entry import Entry
    from hubcli.mirroring.world import Row
    from hubcli.stores import Source as ImageSource
    from hubcli.stores.layout import Layout
    from hubcli.stores.spelling import Local
    from hubcli.tags import Choice
    from hubcli.transfer import Image, Target


class SessionWorld:
    """What a command's session reaches; with `create` repositories are made where it takes that."""

    def __init__(self, runtime: Runtime, *, create: bool) -> None:
        self._runtime = runtime
        self._create = create
        self._places = places(runtime)
        self._stores: dict[End, ImageSource | HubcliError] = {}

    def repositories(self, pattern: str) -> Sequence[Reference]:
        from hubcli.cli.repo.patterns import matching
        from hubcli.reference import parse_repository

        rows = matching(self._runtime, pattern, "list the repositories of", "repo ls", deep=True)
        return sorted((parse_repository(str(row["name"])) for row in rows), key=str)

    @contextmanager
    def opened(self, entries: Iterable[Entry], *, dry_run: bool) -> Iterator[None]:
        """The archives of these entries: open to be read, and written at the end of the block."""
        from hubcli.mirroring.ends import bare, is_archive
        from hubcli.stores.spelling import Local

        ends = [one.end for entry in entries for one in entry.sources]
        read = {bare(end) for end in ends if isinstance(end, Local) and is_archive(end)}
        written = {entry.target.archive for entry in entries} - {None}
        with ExitStack() as stack:
            for archive in sorted(written, key=str):
                assert archive is not None
                collecting = self._places.collecting(archive, dry_run=dry_run, keep_others=True)
                stack.enter_context(collecting)
            for end in read:
                assert isinstance(end, Local)
                try:
                    self._stores[end] = stack.enter_context(self._places.sharing(end))
                except HubcliError as error:
                    self._stores[end] = error  # of the entries that name it
            yield
            self._stores.clear()

    def parts(self, store: Local) -> Sequence[Source]:
        from hubcli.mirroring import layouts

        return layouts.parts(self._layout(store), store)

    def rows(self, repository: Source, choice: Choice) -> Iterable[Row]:
        if isinstance(repository, Reference):
            return find(self._runtime.session, repository, Wish(choice))
        from hubcli.mirroring import layouts
        from hubcli.mirroring.ends import Part

        order = choice.order
        times = choice.by_time or (order is not None and order.key == "created")
        store = repository.store if isinstance(repository, Part) else repository
        found = layouts.rows(self._layout(store), repository, times=times)
        return filter(replace(choice, limit=None).accepts, found)

    def _layout(self, local: Local) -> Layout:
        from hubcli.stores import spelling
        from hubcli.stores.layout import Layout, LayoutDirectory

        if local.kind == spelling.OCI:
            return LayoutDirectory(Path(local.path))
        found = self._stores[local]
        if isinstance(found, HubcliError):
            raise found
        if not isinstance(found, Layout):
            raise UsageError("images are mirrored from OCI archives, and this is one of docker's")
        return found

    def pair(self, source: End, target: End) -> AbstractContextManager[tuple[Image, Target]]:
        return self._places.pair(source, target)

    def prepare(self, repository: Reference, *, dry_run: bool) -> None:
        make_sure(self._runtime, repository, create=self._create, dry_run=dry_run)

    def remaining(self, image: Image) -> int | None:
        """The pulls that its registry allows whoever we are; None where it announces no limit."""
        from hubcli.registry.limits import pull_limit

        assert image.registry is not None
        assert image.repository is not None
        reference = Reference(image.registry, image.repository)
        row = pull_limit(self._runtime.session.repository(reference), image.identifier)
        remaining: int | None = row["remaining"]
        return remaining
