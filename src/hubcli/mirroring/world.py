"""What mirrors need of registries and local stores: handed in by whoever has clients of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from hubcli.mirroring.ends import End, Source
from hubcli.reference import Reference
from hubcli.stores.spelling import Local
from hubcli.tags import Choice
from hubcli.transfer import Image, Target

Row = Mapping[str, Any]


class World(Protocol):
    """Registries and stores, of any number of threads."""

    def repositories(self, pattern: str) -> Sequence[Reference]:
        """The repositories that a pattern means, sorted; NotFound where there are none."""
        ...

    def parts(self, store: Local) -> Sequence[Source]:
        """What a local store has: of each repository, or all of it where it names none."""
        ...

    def rows(self, repository: Source, choice: Choice) -> Iterable[Row]:
        """The tags that `choice` accepts, each with `name`, `digest` where the list tells it, and
        what it takes to choose by time or order."""
        ...

    def pair(self, source: End, target: End) -> AbstractContextManager[tuple[Image, Target]]:
        """An image to be read, and one to be written."""
        ...

    def prepare(self, repository: Reference, *, dry_run: bool) -> None:
        """Have a repository there, where a push would not make it."""
        ...
