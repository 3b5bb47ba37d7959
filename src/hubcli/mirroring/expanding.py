"""From entries to pairs of repositories: globs are looked up, targets are filled in."""

from __future__ import annotations

from collections.abc import Iterator

from hubcli.errors import doing
from hubcli.mirroring.ends import Source, Sources, identifier
from hubcli.mirroring.entry import Entry
from hubcli.mirroring.item import Mapping
from hubcli.mirroring.world import World
from hubcli.stores.spelling import Local


def expanded(world: World, entry: Entry) -> Iterator[Mapping]:
    """The pairs that an entry means, each once; NotFound where a glob finds nothing."""
    seen: set[Source] = set()
    for sources in entry.sources:
        for source in _ends(world, sources):
            if source not in seen:
                seen.add(source)
                yield Mapping(entry, source, entry.target.of(source))


def _ends(world: World, sources: Sources) -> Iterator[Source]:
    if isinstance(sources.end, Local) and identifier(sources.end) is None:
        with doing("read", str(sources.end)):
            yield from world.parts(sources.end)
    elif sources.end is not None:
        yield sources.end
    elif sources.pattern is not None:
        with doing("list the repositories of", sources.pattern):
            yield from world.repositories(sources.pattern)
