"""Running transfers: one, or those of a list; what they show meanwhile, and what at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hubcli.cli.commands import One, Several, Shown
from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.cli.transfer.everything import Held, Matching, images_in, tags_in
from hubcli.cli.transfer.jobs import (
    Done,
    Job,
    Plan,
    Planned,
    check_attached,
    check_places,
    collection,
    gathered,
    is_stream,
    may_be_one_of_many,
)
from hubcli.cli.transfer.lists import lines
from hubcli.cli.transfer.making import make_sure
from hubcli.cli.transfer.telling import OwnEvents, asked, told
from hubcli.errors import HubcliError, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.oci import Manifest
    from hubcli.transfer import Events, Image, Report, Sharing, Transfer, Workers
    from hubcli.transfer.places import Places

_IMAGES = 4
"""Images of a list that are copied at once; they share the blobs that may move at once."""

_Told = TypeVar("_Told")


def run(
    runtime: Runtime,
    selection: Selection,
    words: tuple[str | None, str | None],
    list_file: str | None,
    plan: Plan,
    *,
    common: bool = False,
) -> Shown:
    """Copy what the arguments say, or each line of a list; rows only where they are asked for.

    With a list, and `common`, the one word that there may be is where its lines go to.
    """
    runner = Runner(runtime, selection)
    if list_file is not None:
        if words[0 if not common else 1] is not None:
            raise UsageError("--from-file takes the place of the arguments")
        place = words[0]
        planned = [plan(first, second or place) for first, second in lines(runtime, list_file)]
        if place is not None:
            planned = [_one_of_many(one) for one in planned]
        return runner.several(planned)
    source, destination = words
    if source is None:
        raise UsageError("say what to copy, or name a list with --from-file")
    one = plan(source, destination)
    if not isinstance(one, Job):
        return runner.several([one])
    runner.check([one])
    row = runner.told(one, runner.alone(one))
    return One(row) if runner.asked else None


def _one_of_many(planned: Planned) -> Planned:
    return replace(planned, is_one_of_many=True) if isinstance(planned, Job) else planned


class Runner:
    """Runs jobs for one command."""

    def __init__(self, runtime: Runtime, selection: Selection) -> None:
        self._runtime = runtime
        self._quiet = selection.quiet
        self.asked = asked(selection)
        self._places: Places = places(runtime)
        self._housed: set[Reference] = set()
        self._lacking: Counter[str] = Counter()
        """How much could not be put into each archive that many images go into."""

    def several(self, planned: Sequence[Planned]) -> Shown:
        """Copy several images, or those that are meant by one line."""
        if sum(isinstance(one, Job | Held) and is_stream(one.source) for one in planned) > 1:
            raise UsageError("there can be one archive on stdin only")
        self._widen(planned)
        with ExitStack() as opened:
            jobs: list[Job] = []
            for one in planned:
                with self._runtime.attempting() if len(planned) > 1 else nullcontext():
                    self._lacking[collection(one)] += 1
                    jobs += self._jobs(one, opened)
                    self._lacking[collection(one)] -= 1
            self.check(jobs)
            self._share(jobs, opened)
            housed = [*self._runtime.each(jobs, self.housed)]
            rows = self.rows(gathered(housed), opened.pop_all())
        if self.asked and not self._runtime.output.stdout_is_terminal:
            return Several(rows)
        # Where bars are shown, rows have to wait until those are gone.
        finished = list(rows)
        return Several(finished) if self.asked else None

    def _jobs(self, planned: Planned, opened: ExitStack) -> Iterator[Job]:
        """What a line means; an archive that several images come from stays open."""
        if isinstance(planned, Job):
            yield planned
        elif isinstance(planned, Matching):
            for image, to in tags_in(self._runtime, planned):
                yield Job(image, to, planned.options, create=planned.create, is_one_of_many=True)
        else:
            # What is in an archive was meant to be taken along; cosign's tags have whole names.
            options = replace(planned.options, referrers=True, digest_tags=False)
            with doing("read", str(planned.source)):
                store = opened.enter_context(self._places.sharing(planned.source))
                images = [*images_in(store, planned)]
            for source, target in images:
                yield Job(source, target, options, create=planned.create)

    def _share(self, jobs: Sequence[Job], opened: ExitStack) -> None:
        """Open the archives that several images come from; what fails is each one's failure."""
        from hubcli.stores import spelling

        kinds = {spelling.ARCHIVE, spelling.OCI_ARCHIVE}
        archives = Counter(
            replace(job.source, name=None, digest=None)
            for job in jobs
            if isinstance(job.source, spelling.Local) and job.source.kind in kinds
        )
        for archive, images in archives.items():
            if images > 1 and not self._places.is_shared(archive):
                with suppress(HubcliError):
                    opened.enter_context(self._places.sharing(archive))

    def check(self, jobs: Sequence[Job]) -> None:
        """UsageError where jobs cannot go together; nothing has been done by then."""
        to_stdout = [job for job in jobs if is_stream(job.destination)]
        if to_stdout and self.asked:
            raise UsageError("the archive goes to stdout already; leave --format out")
        if to_stdout and len(jobs) > 1 and not all(map(may_be_one_of_many, jobs)):
            raise UsageError("there can be one archive on stdout only, and an OCI archive for many")
        for job in jobs:
            check_attached(job)
        check_places(jobs)
        self._widen(jobs)

    def _widen(self, planned: Sequence[Planned]) -> None:
        """Have as many connections as there will be blobs on their way, before the first one."""
        self._runtime.session.widen(max((one.options.jobs for one in planned), default=1))

    def housed(self, job: Job) -> Job:
        """The job, with a repository for its image: people are asked before bars are shown."""

        def find() -> None:
            # What is read once only has to wait: whether there is an image shows then.
            if isinstance(job.source, Reference) or not job.source.comes_once:
                with self._places.source(job.source) as read:
                    _find(read)

        self._house(job, find)
        return job

    def _house(self, job: Job, find: Callable[[], None]) -> None:
        if isinstance(job.destination, Reference):
            repository = job.destination.bare()
            if repository not in self._housed:
                create, dry_run = job.create, job.options.dry_run
                make_sure(self._runtime, repository, create=create, dry_run=dry_run, find=find)
                self._housed.add(repository)

    @contextmanager
    def showing(self) -> Iterator[Events]:
        """How far it is, while the block lasts."""
        with self._runtime.output.progress(quiet=self._quiet) as progress:
            yield progress

    def alone(self, job: Job) -> Done:
        """Copy the one image that there is to copy.

        Where a repository may have to be made for it, its source is opened first.
        """
        if not isinstance(job.destination, Reference):
            with self.showing() as events:
                return self.copied(job, events)
        with self._places.pair(job.source, job.destination) as (read, written):
            self._house(job, lambda: _find(read))
            with self.showing() as events:
                transfer = self._transfer(job, events)
                return Done(transfer.copy(read, written), job.hint)

    def rows(self, jobs: Sequence[Job], opened: ExitStack) -> Iterator[Row]:
        """Copy several images, a few at once; the rows of those that succeed, in their order.

        What was `opened` for it is closed then.
        """
        with opened, ExitStack() as unfinished:
            archives = [*self._collections(jobs, unfinished)]
            for job, found in self.attempted(jobs, self.told):
                if isinstance(found, HubcliError):
                    self._runtime.report(found)
                    self._lacking[collection(job)] += 1
                else:
                    yield found
            for path, archive in archives:
                with self._runtime.attempting(), archive:
                    _check_complete(path, self._lacking[path])

    def attempted(
        self, jobs: Sequence[Job], told: Callable[[Job, Done], _Told]
    ) -> Iterator[tuple[Job, _Told | HubcliError]]:
        """Copy several images, a few at once: what is `told` of each when it is done, or why it is
        not, in their order."""
        from hubcli.transfer import Sharing, Workers
        from hubcli.transfer.threads import Stopped

        at_once = max((job.options.jobs for job in jobs), default=1)
        sharing, workers = Sharing(at_once), Workers(min(at_once, _IMAGES))
        with self.showing() as events:

            def attempt(job: Job) -> _Told | HubcliError:
                try:
                    own = OwnEvents(events, str(job.destination))
                    return told(job, self.copied(job, own, sharing, workers))
                except Stopped:
                    raise
                except HubcliError as error:
                    return error

            yield from zip(jobs, workers.results(attempt, jobs), strict=True)

    def _collections(
        self, jobs: Sequence[Job], unfinished: ExitStack
    ) -> Iterator[tuple[str, ExitStack]]:
        """The archives that many images go into, with what completes each of them when it ends.

        Those that are `unfinished` are left for the next run.
        """
        from hubcli.stores import spelling

        found = {collection(job): job for job in jobs if job.is_one_of_many}
        for path, job in found.items():
            if isinstance(job.destination, spelling.Local) and path:
                archive = unfinished.enter_context(ExitStack())
                collecting = self._places.collecting(job.destination, dry_run=job.options.dry_run)
                archive.enter_context(collecting)
                yield path, archive

    def copied(
        self,
        job: Job,
        events: Events,
        sharing: Sharing | None = None,
        above: Workers | None = None,
    ) -> Done:
        """Copy one image, or make files of an artifact."""
        from hubcli.transfer import HoldsFiles

        transfer = self._transfer(job, events, sharing, above)
        try:
            with self._places.pair(job.source, job.destination) as (read, written):
                if job.tags:
                    first = written.digest or written.identifier
                    written = replace(written, identifier=first, tags=job.tags)
                return Done(transfer.copy(read, written), job.hint)
        except HoldsFiles as found:
            return Done(self._unpacked(job, found.manifest, events))

    def _transfer(
        self,
        job: Job,
        events: Events,
        sharing: Sharing | None = None,
        above: Workers | None = None,
    ) -> Transfer:
        from hubcli.transfer import Transfer

        options = replace(job.options, only_images=job.files is not None)
        return Transfer(options, events, self._notify, sharing=sharing, above=above)

    def told(self, job: Job, done: Done) -> Row:
        """The row of what is done, which is said, too."""
        row = told(self._runtime, done.report, job.options, quiet=self._quiet)
        ready = not job.options.dry_run and not is_stream(job.destination)
        if done.hint is not None and self._runtime.output.stderr_is_terminal and ready:
            for line in done.hint(done.report).splitlines():
                self._notify(line)
        return row

    def _unpacked(self, job: Job, manifest: Manifest, events: Events) -> Report:
        from hubcli.cli.transfer.artifacts import unpack

        if job.options.referrers or job.options.digest_tags:
            self._notify("what is attached to the artifact is left out; pull it into oci:DIR")
        with self._places.source(job.source) as read:
            return unpack(read, manifest, Path(job.files or "."), job.options, events)

    def _notify(self, text: str) -> None:
        if not self._quiet:
            self._runtime.output.notice(text)


def _find(image: Image) -> None:
    with doing("read", image.shown):
        image.store.resolve(image.identifier)


def _check_complete(path: str, lacking: int) -> None:
    """An archive is completed with all that it should hold, or not at all."""
    if lacking:
        images = "an image" if lacking == 1 else f"{lacking:,} images"
        kept = "" if path == "-" else f"; what there is waits in {path}.partial for the next run"
        raise HubcliError(f"it lacks {images}{kept}", action="complete", reference=path)
