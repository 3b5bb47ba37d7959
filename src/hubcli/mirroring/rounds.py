"""One round over all entries: what is to be done is found out first, then it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hubcli.errors import Conflict, HubcliError
from hubcli.mirroring.attaching import attached
from hubcli.mirroring.choosing import Chosen, choose
from hubcli.mirroring.comparing import Comparing, Found, Work
from hubcli.mirroring.copying import IMAGES, Copying, Means
from hubcli.mirroring.ends import End, bare, image, shown
from hubcli.mirroring.entry import Entry
from hubcli.mirroring.expanding import expanded
from hubcli.mirroring.extras import Extras, extras
from hubcli.mirroring.item import Item, Mapping, Outcome
from hubcli.mirroring.narrowing import Indexes
from hubcli.mirroring.shard import ALL, Shard
from hubcli.mirroring.stopping import Stops
from hubcli.mirroring.world import World
from hubcli.reference import Reference
from hubcli.transfer import Events, Image, Workers
from hubcli.transfer.threads import Stopped

_Result = TypeVar("_Result")

By = Literal["repository", "tag"]
"""What of a target's name decides on its shard."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a round is run: this worker's `shard`, and how many things are looked at at once."""

    shard: Shard = ALL
    by: By = "repository"
    lookups: int = 8
    images: int = IMAGES


@dataclass
class Plan:
    """What is to be done, and of each pair what was chosen there.

    `whole` says that every entry could be read: only then it is known what is to stay.
    """

    chosen: list[Chosen] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    whole: bool = True


class Round:
    """One round. `plan` yields what is decided at once, `carry_out` does the rest."""

    def __init__(
        self,
        world: World,
        indexes: Indexes,
        terms: Terms,
        guarded: Callable[[Image, Callable[[], None]], Image] | None = None,
    ) -> None:
        self._world = world
        self._terms = terms
        self._stops = Stops()
        self._lookups = Workers(terms.lookups)
        self._images = Workers(terms.images)
        self._guarded = guarded
        self._comparing = Comparing(world, indexes, self._guarding(self._lookups))
        self.found = Plan()

    def _guarding(self, workers: Workers) -> Callable[[Image], Image]:
        guarded = self._guarded
        if guarded is None:
            return lambda image: image
        return lambda image: guarded(image, workers.check)

    def plan(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        """Find out what is to be done, into `found`; yields what needs nothing done, or failed."""
        mappings: list[Mapping] = []
        for entry in entries:
            try:
                mappings += filter(self._is_own, expanded(self._world, entry))
            except HubcliError as error:
                self.found.whole = False
                target = entry.target.text
                yield Outcome(entry.name, None, target, "failed", reason=error.reason, error=error)
        yield from self._choose(mappings)
        items: list[Item] = []
        for item in self._distinct():
            if isinstance(item, Item):
                items.append(item)
            else:
                yield item
        compared: dict[Item, Found] = {}
        yield from self._compare(items, compared)
        for chosen in self.found.chosen:
            if chosen.attached:
                with_it = self._attached(chosen, compared)
                if isinstance(with_it, Outcome):
                    yield with_it
                else:
                    yield from self._compare(with_it, compared)

    def prepare(self, *, dry_run: bool) -> Iterator[Outcome]:
        """See to it that there are repositories for what is to be copied; people may be asked."""
        refused: dict[End, HubcliError] = {}
        ready: list[Work] = []
        seen: set[End] = set()
        for work in self.found.works:
            repository = bare(work.item.target)
            if repository not in seen and isinstance(repository, Reference):
                seen.add(repository)
                try:
                    self._world.prepare(repository, dry_run=dry_run)
                except HubcliError as error:
                    refused[repository] = error
            if repository in refused:
                yield Outcome.failure(work.item, refused[repository])
            else:
                ready.append(work)
        self.found.works = ready

    def extras(self) -> list[Extras]:
        """What targets have and are not to have, as far as that is for this worker."""
        shard = self._terms.shard if self._terms.by == "tag" else ALL
        return extras(self.found.chosen, shard.has)

    def planned(self) -> Iterator[Outcome]:
        """What `carry_out` would do, if all goes well."""
        for work in self.found.works:
            yield Outcome.of(work.item, work.result, work.digest, work.reason)

    def carry_out(self, jobs: int, events: Callable[[str], Events]) -> Iterator[Outcome]:
        """Copy what `plan` has found to be copied, `jobs` blobs at once; what becomes of it.

        `events` makes those of an image, by its name.
        """
        means = Means(jobs, events, self._guarding(self._images))
        copying = Copying(self._world, means, self._images)
        yield from self._images.results(
            lambda work: self._attempt(work.item, lambda: copying.of(work)), self.found.works
        )

    def _choose(self, mappings: Sequence[Mapping]) -> Iterator[Outcome]:
        def attempt(mapping: Mapping) -> Chosen | Outcome:
            try:
                return choose(self._world, mapping)
            except Stopped:
                raise
            except HubcliError as error:
                ends = shown(mapping.source), shown(mapping.target)
                return Outcome(mapping.entry.name, *ends, "failed", None, error.reason, error=error)

        for found in self._lookups.results(attempt, mappings):
            if isinstance(found, Chosen):
                self.found.chosen.append(found)
                yield from _refused(found)
            else:
                self.found.whole = False
                yield found

    def _distinct(self) -> Iterator[Item | Outcome]:
        """The images of this worker, each target once; of two sources for one, the first."""
        sources: dict[End, End] = {}
        for chosen in self.found.chosen:
            for item in chosen.items:
                if not self._is_mine(item):
                    continue
                source = sources.setdefault(item.target, item.source)
                if source is item.source:
                    yield item
                elif source != item.source:
                    reason = f"{shown(source)} is to go there, too"
                    target = shown(item.target)
                    yield Outcome.failure(
                        item, Conflict(reason, action="write to", reference=target)
                    )

    def _compare(self, items: Sequence[Item], compared: dict[Item, Found]) -> Iterator[Outcome]:
        def attempt(item: Item) -> tuple[Item, Found]:
            return item, self._attempt(item, lambda: self._comparing.of(item))

        for item, found in self._lookups.results(attempt, items):
            compared[item] = found
            if isinstance(found, Work):
                self.found.works.append(found)
            else:
                yield found

    def _attached(self, chosen: Chosen, compared: MappingOf[Item, Found]) -> list[Item] | Outcome:
        mapping = chosen.mapping
        try:
            found = attached(chosen, compared, self._comparing)
        except HubcliError as error:
            ends = shown(mapping.source), shown(mapping.target)
            return Outcome(mapping.entry.name, *ends, "failed", None, error.reason, error=error)
        return [item for item in found if self._is_mine(item) and item not in compared]

    def _attempt(self, item: Item, work: Callable[[], _Result]) -> _Result | Outcome:
        """What comes of work on an image, unless a host of it has said that it is enough."""
        host = self._stops.at(item)
        if host is not None:
            return Outcome.of(item, "left", reason=f"{host} allows no more for now")
        try:
            return work()
        except Stopped:
            raise
        except HubcliError as error:
            if self._stops.heed(item, error):
                return Outcome.failure(item, error)
            return Outcome.of(item, "left", reason=error.reason)

    def _is_own(self, mapping: Mapping) -> bool:
        by_tag = self._terms.by == "tag"
        return by_tag or self._terms.shard.has(str(bare(mapping.target)))

    def _is_mine(self, item: Item) -> bool:
        return self._terms.by == "repository" or self._terms.shard.has(str(item.target))


def _refused(chosen: Chosen) -> Iterator[Outcome]:
    """What local stores may call an image, and no registry."""
    mapping = chosen.mapping
    for name in chosen.refused:
        ends = shown(image(mapping.source, name)), shown(mapping.target)
        yield Outcome(mapping.entry.name, *ends, "skipped", reason=f"{name!r} is no tag")
