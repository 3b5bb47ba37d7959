"""Images to copy, and which of them go together: what shares an archive, a place, a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubcli.cli.transfer.everything import Held, Matching
from hubcli.errors import UsageError

if TYPE_CHECKING:
    from hubcli.transfer import Options, Report
    from hubcli.transfer.places import Spelled


@dataclass(frozen=True)
class Job:
    """One image to copy. `hint` says, once it is there, what can be done with it.

    An artifact that is no image is unpacked into the directory `files`, where that is given.
    With `create` a repository is made first where pushing does not make it.
    """

    source: Spelled
    destination: Spelled
    options: Options
    hint: Callable[[Report], str] | None = None
    files: str | None = None
    create: bool = False
    is_one_of_many: bool = False
    """Whether an archive that it goes into is to hold images of other repositories, too."""
    tags: tuple[str, ...] = ()
    """What is written last of all, once nothing that belongs to the image is missing."""


@dataclass(frozen=True)
class Done:
    """What was copied, and what can be done with it."""

    report: Report
    hint: Callable[[Report], str] | None = None


Planned = Job | Held | Matching
Plan = Callable[[str, str | None], Planned]
"""What the two words of a command line, or of a line in a list, mean."""


def gathered(jobs: Sequence[Job]) -> Sequence[Job]:
    """The jobs, those told apart that share an archive with others."""
    shared = Counter(map(collection, jobs))
    return [
        replace(job, is_one_of_many=True)
        if collection(job) and shared[collection(job)] > 1
        else job
        for job in jobs
    ]


def collection(job: Planned) -> str:
    """The archive that other images may go into as well; empty for any other place."""
    from hubcli.stores import spelling

    destination = None if isinstance(job, Held) else job.destination
    if isinstance(destination, spelling.Local) and destination.kind == spelling.OCI_ARCHIVE:
        return destination.path
    return ""


def may_be_one_of_many(job: Job) -> bool:
    return is_stream(job.destination) and bool(collection(job))


def check_places(jobs: Sequence[Job]) -> None:
    """UsageError where different images are meant for one place: which would stay there?"""
    known: dict[str, str] = {}
    for job in jobs:
        place, source = _place(job), str(job.source)
        if known.setdefault(place, source) != source:
            raise UsageError(f"{place} is where both {known[place]} and {source} are to go")


def _place(job: Job) -> str:
    """Where an image goes, as far as it takes the place of another one there."""
    from hubcli.stores import spelling

    destination, source = job.destination, job.source
    if not isinstance(destination, spelling.Local):
        return str(destination)
    if destination.kind == spelling.OCI_ARCHIVE:
        from hubcli.transfer.places import name_in_collection

        return f"{destination.path}:{name_in_collection(source, destination)}"
    if destination.kind != spelling.OCI:
        return destination.path
    tag = source.name if isinstance(source, spelling.Local) else source.tag or source.digest
    return f"{destination.path}:{destination.name or tag or 'latest'}"


def check_attached(job: Job) -> None:
    """UsageError where what is attached to an image has no place to go to."""
    from hubcli.stores import spelling

    kind = job.destination.kind if isinstance(job.destination, spelling.Local) else None
    wanted = job.options.referrers or job.options.digest_tags
    if wanted and kind in {spelling.DOCKER_ARCHIVE, spelling.DOCKER_DAEMON}:
        raise UsageError(f"{job.destination} takes the image alone: nothing can be attached there")


def holds_one_platform(destination: Spelled) -> bool:
    """As docker's own archives do; it is this machine's, then."""
    from hubcli.stores import spelling

    kinds = {spelling.DOCKER_ARCHIVE, spelling.DOCKER_DAEMON}
    return isinstance(destination, spelling.Local) and destination.kind in kinds


def is_stream(spelled: Spelled) -> bool:
    """Whether it is an archive on stdin or stdout."""
    from hubcli.stores import spelling

    return isinstance(spelled, spelling.Local) and spelled.is_stream
