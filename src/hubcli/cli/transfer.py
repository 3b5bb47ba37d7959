"""`hubcli pull`, `push` and `copy`: images between registries and local stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli.commands import Commands, One, Shown
from hubcli.cli.images import places
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Field, Kind, Selection, View

if TYPE_CHECKING:
    from hubcli.oci import Platform
    from hubcli.stores.spelling import Local
    from hubcli.transfer import Options, Report
    from hubcli.transfer.places import Spelled

verbs = Commands()

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
        Field("dry_run", Kind.BOOL),
    ),
    key="digest",
)


class ArchiveKind(StrEnum):
    OCI = "oci"
    DOCKER = "docker"


AllPlatforms = Annotated[
    bool, typer.Option("--all-platforms", help="Copy the images for all platforms.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Blobs to move at once.")
]
Force = Annotated[bool, typer.Option("--force", help="Copy even what is there already.")]
NoClobber = Annotated[
    bool, typer.Option("--no-clobber", help="Fail where the tag is another image's already.")
]
Archive = Annotated[
    ArchiveKind,
    typer.Option("--archive", help="What an archive is when its name does not say: oci or docker."),
]
_DEFAULT_JOBS = 6


@verbs.command("pull", shows=TRANSFER)
def pull(
    runtime: Runtime,
    selection: Selection,
    reference: Annotated[str, typer.Argument(metavar="REF", help="The image to pull.")],
    destination: Annotated[
        str | None,
        typer.Argument(
            metavar="[DEST]",
            help="A local store, or a path: *.tar, *.tar.gz and *.tgz are OCI archives, other "
            "paths OCI layout directories. Default: oci:./NAME:TAG.",
            show_default=False,
        ),
    ] = None,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    archive: Archive = ArchiveKind.OCI,
    jobs: Jobs = _DEFAULT_JOBS,
    force: Force = False,
    no_clobber: NoClobber = False,
    dry_run: DryRun = False,
) -> Shown:
    """Copy an image out of a registry.

    It is the image for this machine's platform unless --platform or --all-platforms says
    otherwise. A pull that was interrupted goes on where it stopped when it is run again.

    \b
    Examples:
      hubcli pull alpine
      hubcli pull alpine:3 alpine.tar
      hubcli pull --platform linux/arm64 ghcr.io/org/app oci:app
    """
    from hubcli import oci
    from hubcli.reference import parse
    from hubcli.stores import spelling

    source = parse(reference)
    target = spelling.Local(spelling.OCI, f"./{source.basename}")
    if destination is not None:
        target = _written(spelling.parse_local(destination), archive)
    wanted = _platforms(platform, all_platforms)
    own = wanted is None and not all_platforms
    options = _options(
        platforms=(oci.host(),) if own else wanted,
        lenient=own,
        jobs=jobs,
        force=force,
        no_clobber=no_clobber,
        dry_run=dry_run,
    )
    return _run(runtime, selection, source, target, options, then=_how_to_run)


@verbs.command("push", shows=TRANSFER)
def push(
    runtime: Runtime,
    selection: Selection,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="A local store, or a path: an archive or an OCI layout directory."
        ),
    ],
    reference: Annotated[str, typer.Argument(metavar="REF", help="Where to push it.")],
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    jobs: Jobs = _DEFAULT_JOBS,
    force: Force = False,
    no_clobber: NoClobber = False,
    dry_run: DryRun = False,
) -> Shown:
    """Copy an image into a registry.

    All platforms are pushed unless --platform says otherwise. What the registry has already is
    not sent again.

    \b
    Examples:
      hubcli push oci:app:latest myname/app
      hubcli push app.tar localhost:5000/app:v1
    """
    from hubcli.reference import parse
    from hubcli.stores import spelling

    options = _options(
        platforms=_platforms(platform, all_platforms),
        jobs=jobs,
        force=force,
        no_clobber=no_clobber,
        dry_run=dry_run,
    )
    return _run(runtime, selection, spelling.parse_local(source), parse(reference), options)


@verbs.command("copy", shows=TRANSFER)
def copy(
    runtime: Runtime,
    selection: Selection,
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A reference, or an image in a local store.")
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="A reference, or a local store.")
    ],
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    archive: Archive = ArchiveKind.OCI,
    jobs: Jobs = _DEFAULT_JOBS,
    force: Force = False,
    no_clobber: NoClobber = False,
    dry_run: DryRun = False,
) -> Shown:
    """Copy an image from anywhere to anywhere.

    All platforms are copied unless --platform says otherwise. Within one registry no layer is
    downloaded: they are mounted.

    \b
    Examples:
      hubcli copy alpine:3 ghcr.io/org/alpine:3
      hubcli copy ghcr.io/org/app:v1 ghcr.io/org/app-mirror:v1
      hubcli copy oci:app:latest docker-archive:app.tar:app:latest
    """
    from hubcli import oci
    from hubcli.stores import spelling

    target = spelling.parse(destination)
    if isinstance(target, spelling.Local):
        target = _written(target, archive)
    wanted = _platforms(platform, all_platforms)
    single = wanted is None and not all_platforms and _holds_one_platform(target)
    options = _options(
        platforms=(oci.host(),) if single else wanted,
        lenient=single,
        jobs=jobs,
        force=force,
        no_clobber=no_clobber,
        dry_run=dry_run,
    )
    return _run(runtime, selection, spelling.parse(source), target, options)


def _written(destination: Local, archive: ArchiveKind) -> Local:
    """The destination, with an archive's kind decided."""
    from hubcli.stores import spelling

    if destination.kind != spelling.ARCHIVE:
        return destination
    docker = archive is ArchiveKind.DOCKER
    return replace(destination, kind=spelling.DOCKER_ARCHIVE if docker else spelling.OCI_ARCHIVE)


def _holds_one_platform(destination: Spelled) -> bool:
    """As docker's own archives do; it is this machine's, then."""
    from hubcli.stores import spelling

    kinds = {spelling.DOCKER_ARCHIVE, spelling.DOCKER_DAEMON}
    return isinstance(destination, spelling.Local) and destination.kind in kinds


def _platforms(texts: list[str] | None, everything: bool) -> tuple[Platform, ...] | None:
    """The platforms asked for, None for all."""
    from hubcli import oci

    if texts and everything:
        raise UsageError("--platform and --all-platforms exclude each other")
    named = [part for text in texts or () for part in text.split(",")]
    return tuple(dict.fromkeys(map(oci.parse_platform, named))) or None


def _options(**chosen: Any) -> Options:
    from hubcli.transfer import Options

    return Options(**chosen)


def _run(
    runtime: Runtime,
    selection: Selection,
    source: Spelled,
    destination: Spelled,
    options: Options,
    then: Callable[[Report], str] | None = None,
) -> Shown:
    """Copy, show how it goes, and return the report where one is asked for."""
    from hubcli.transfer import Transfer

    output, quiet = runtime.output, selection.quiet
    asked = selection.format or selection.fields or selection.query
    if asked and _is_stdout(destination):
        raise UsageError("the archive goes to stdout already; leave --format out")
    runtime.session.widen(options.jobs)
    with (
        places(runtime).pair(source, destination) as (read, written),
        output.progress(quiet=quiet) as progress,
    ):
        notify = (lambda _: None) if quiet else output.notice
        report = Transfer(options, progress, notify).copy(read, written)
    if not quiet:
        output.notice(_summary(report, options))
        ready = not options.dry_run and not _is_stdout(destination)
        if then is not None and output.stderr_is_terminal and ready:
            output.notice(then(report))
    return One(_row(report, options)) if asked else None


def _is_stdout(destination: Spelled) -> bool:
    from hubcli.stores import spelling

    return isinstance(destination, spelling.Local) and destination.is_stream


def _row(report: Report, options: Options) -> dict[str, object]:
    return {
        "source": report.source,
        "destination": report.destination,
        "digest": report.digest,
        "media_type": report.media_type,
        "platforms": report.platforms,
        "bytes": report.bytes,
        "seconds": report.seconds,
        "blobs": {
            outcome: report.blobs[outcome]
            for outcome in ("copied", "skipped", "mounted", "resumed")
        },
        "dry_run": options.dry_run,
    }


def _summary(report: Report, options: Options) -> str:
    what = f"{report.destination} is {report.digest}"
    if report.unchanged:
        return f"{what} already"
    if options.dry_run:
        return f"dry run: {report.destination} would be {report.digest}"
    return what


def _how_to_run(report: Report) -> str:
    """How the image that was pulled is run with what people have."""
    kind, _, place = report.destination.partition(":")
    if kind == "docker-archive":
        path, _, name = place.partition(":")
        return f"run it: docker load -i {path} && docker run --rm {name}"
    return (
        f"run it with podman: podman run --rm {report.destination}\n"
        f"take it to docker: hubcli copy {report.destination} - --archive docker | docker load"
    )
