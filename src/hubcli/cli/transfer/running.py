"""Running transfers: one, or those of a list; what they show meanwhile, and what at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.cli.commands import One, Several, Shown
from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Field, Kind, Row, Selection, View

if TYPE_CHECKING:
    from hubcli.oci import Manifest
    from hubcli.transfer import Options, Report
    from hubcli.transfer.places import Places, Spelled

TRANSFER = View(
    "transfer",
    (
        Field("source", default=True),
        Field("destination", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("media_type"),
        Field("platforms", Kind.LIST),
        Field("bytes", Kind.SIZE, default=True),
        Field("seconds", Kind.NUMBER, default=True),
        Field("blobs", Kind.OBJECT),
        Field("attached", Kind.NUMBER),
        Field("dry_run", Kind.BOOL),
    ),
    key="digest",
)
_OUTCOMES = ("copied", "skipped", "mounted", "resumed")
_LARGEST_LIST = 16 << 20


@dataclass(frozen=True)
class Job:
    """One image to copy. `hint` says, once it is there, what can be done with it.

    An artifact that is no image is unpacked into the directory `files`, where that is given.
    """

    source: Spelled
    destination: Spelled
    options: Options
    hint: Callable[[Report], str] | None = None
    files: str | None = None


Plan = Callable[[str, str | None], Job]
"""What the two words of a command line, or of a line in a list, mean."""


def run(
    runtime: Runtime,
    selection: Selection,
    words: tuple[str | None, str | None],
    list_file: str | None,
    plan: Plan,
) -> Shown:
    """Copy what the arguments say, or each line of a list; rows only where they are asked for."""
    runner = _Runner(runtime, selection)
    if list_file is not None:
        if words != (None, None):
            raise UsageError("--from-file takes the place of the arguments")
        jobs = [plan(*line) for line in _lines(runtime, list_file)]
        runner.check(jobs)
        rows = runtime.each(jobs, runner.row)
        if runner.asked:
            return Several(rows)
        for _ in rows:
            pass
        return None
    source, destination = words
    if source is None:
        raise UsageError("say what to copy, or name a list with --from-file")
    job = plan(source, destination)
    runner.check([job])
    row = runner.row(job)
    return One(row) if runner.asked else None


def asked(selection: Selection) -> bool:
    """Whether rows are wanted on stdout."""
    return bool(selection.format or selection.fields or selection.query)


class _Runner:
    def __init__(self, runtime: Runtime, selection: Selection) -> None:
        self._runtime = runtime
        self._quiet = selection.quiet
        self.asked = asked(selection)
        self._places: Places = places(runtime)

    def check(self, jobs: list[Job]) -> None:
        """UsageError where jobs cannot go together; nothing has been done by then."""
        to_stdout = [job for job in jobs if is_stdout(job.destination)]
        if to_stdout and self.asked:
            raise UsageError("the archive goes to stdout already; leave --format out")
        if to_stdout and len(jobs) > 1:
            raise UsageError("there can be one archive on stdout only")
        for job in jobs:
            _check_attached(job)
        self._runtime.session.widen(max((job.options.jobs for job in jobs), default=1))

    def row(self, job: Job) -> Row:
        """Copy one image; its row."""
        from hubcli.transfer import HoldsFiles

        try:
            report = self._copied(job)
        except HoldsFiles as found:
            report = self._unpacked(job, found.manifest)
            return told(self._runtime, report, job.options, quiet=self._quiet)
        row = told(self._runtime, report, job.options, quiet=self._quiet)
        ready = not job.options.dry_run and not is_stdout(job.destination)
        if job.hint is not None and self._runtime.output.stderr_is_terminal and ready:
            self._notify(job.hint(report))
        return row

    def _copied(self, job: Job) -> Report:
        from hubcli.transfer import Transfer

        options = replace(job.options, only_images=job.files is not None)
        with (
            self._places.pair(job.source, job.destination) as (read, written),
            self._runtime.output.progress(quiet=self._quiet) as progress,
        ):
            return Transfer(options, progress, self._notify).copy(read, written)

    def _unpacked(self, job: Job, manifest: Manifest) -> Report:
        from hubcli.cli.transfer.artifacts import unpack

        if job.options.referrers or job.options.digest_tags:
            self._notify("what is attached to the artifact is left out; pull it into oci:DIR")
        with (
            self._places.source(job.source) as read,
            self._runtime.output.progress(quiet=self._quiet) as progress,
        ):
            return unpack(read, manifest, Path(job.files or "."), job.options, progress)

    def _notify(self, text: str) -> None:
        if not self._quiet:
            self._runtime.output.notice(text)


def told(runtime: Runtime, report: Report, options: Options, *, quiet: bool) -> Row:
    """The row of a transfer that is done, which is said, too."""
    if not quiet:
        runtime.output.notice(_summary(report, options))
    return _row(report, options)


def _lines(runtime: Runtime, name: str) -> Iterator[tuple[str, str | None]]:
    """The one or two words of each line; empty lines and comments are left out."""
    for number, line in enumerate(_text(runtime, name).splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 2:
            raise UsageError(f"{name}, line {number}: a source and a destination are wanted")
        if words:
            yield words[0], words[1] if len(words) == 2 else None


def _text(runtime: Runtime, name: str) -> str:
    if name == "-":
        stdin = runtime.output.terminal.stdin
        return stdin.read(_LARGEST_LIST) if stdin is not None else ""
    try:
        with Path(name).open(encoding="utf-8") as file:
            return file.read(_LARGEST_LIST)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read the list {name}: {reason}") from error


def _check_attached(job: Job) -> None:
    """UsageError where what is attached to an image has no place to go to."""
    from hubcli.stores import spelling

    kind = job.destination.kind if isinstance(job.destination, spelling.Local) else None
    wanted = job.options.referrers or job.options.digest_tags
    if wanted and kind in {spelling.DOCKER_ARCHIVE, spelling.DOCKER_DAEMON}:
        raise UsageError(f"{job.destination} takes the image alone: nothing can be attached there")


def is_stdout(destination: Spelled) -> bool:
    """Whether it is an archive on stdout, where nothing else may go then."""
    from hubcli.stores import spelling

    return isinstance(destination, spelling.Local) and destination.is_stream


def _row(report: Report, options: Options) -> Row:
    return {
        "source": report.source,
        "destination": report.destination,
        "digest": report.digest,
        "media_type": report.media_type,
        "platforms": report.platforms,
        "bytes": report.bytes,
        "seconds": report.seconds,
        "blobs": {outcome: report.blobs[outcome] for outcome in _OUTCOMES},
        "attached": report.attached,
        "dry_run": options.dry_run,
    }


def _summary(report: Report, options: Options) -> str:
    if options.dry_run:
        return f"dry run: {report.destination} would be {report.digest}"
    attached = f", {report.attached} attached" if report.attached else ""
    already = " already" if report.unchanged else ""
    return f"{report.destination} is {report.digest}{already}{attached}"
