"""Copying what is not at the target: several images at once, each of their blobs once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hubcli.mirroring.comparing import Work
from hubcli.mirroring.ends import shown
from hubcli.mirroring.item import Outcome
from hubcli.mirroring.world import World
from hubcli.transfer import Events, Image, Options, Sharing, Transfer, Workers

IMAGES = 4
"""Images that are copied at once."""


@dataclass(frozen=True, slots=True)
class Means:
    """How images are copied: `jobs` blobs at once, shown by `events`; `guarded` may hold up or
    refuse the reading of manifests."""

    jobs: int
    events: Callable[[str], Events]
    guarded: Callable[[Image], Image] = lambda image: image


class Copying:
    """Copies images side by side; `above` ends it all."""

    def __init__(self, world: World, means: Means, above: Workers) -> None:
        self._world = world
        self._means = means
        self._above = above
        self._sharing = Sharing(means.jobs)

    def of(self, work: Work) -> Outcome:
        """Copy an image; what became of it."""
        item, means = work.item, self._means
        options = Options(
            platforms=work.platforms,
            jobs=means.jobs,
            referrers=item.entry.referrers and not item.is_attached,
            no_clobber=item.entry.existing == "keep",
        )
        transfer = Transfer(
            options,
            means.events(shown(item.target)),
            sharing=self._sharing,
            above=self._above,
        )
        with self._world.pair(item.source, item.target) as (read, written):
            # A digest in the target's name is the source's; some platforms of it have another.
            report = transfer.copy(means.guarded(read), replace(written, digest=None))
        return Outcome.of(item, work.result, report.digest, work.reason, report)
