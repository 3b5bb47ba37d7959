"""Registries and local stores, as mirrors see them: by the session's clients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.sources import Wish, find
from hubcli.cli.transfer.making import make_sure
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.mirroring.ends import End
    from hubcli.mirroring.world import Row
    from hubcli.tags import Choice
    from hubcli.transfer import Image, Target


class SessionWorld:
    """What a command's session reaches; with `create` repositories are made where it takes that."""

    def __init__(self, runtime: Runtime, *, create: bool) -> None:
        self._runtime = runtime
        self._create = create
        self._places = places(runtime)

    def repositories(self, pattern: str) -> Sequence[Reference]:
        from hubcli.cli.repo.patterns import matching
        from hubcli.reference import parse_repository

        rows = matching(self._runtime, pattern, "list the repositories of", "repo ls", deep=True)
        return sorted((parse_repository(str(row["name"])) for row in rows), key=str)

    def rows(self, repository: End, choice: Choice) -> Iterable[Row]:
        if isinstance(repository, Reference):
            return find(self._runtime.session, repository, Wish(choice))
        from hubcli.mirroring import layouts
        from hubcli.stores.layout import LayoutDirectory

        order = choice.order
        times = choice.by_time or (order is not None and order.key == "created")
        found = layouts.rows(LayoutDirectory(Path(repository.path)), times=times)
        return filter(replace(choice, limit=None).accepts, found)

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
