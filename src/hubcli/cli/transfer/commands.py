"""The commands themselves: what their arguments and options mean."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Shown
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.cli.transfer.artifacts import Annotations, ArtifactType, push_files
from hubcli.cli.transfer.everything import Held, Matching, is_place, parse_below, pattern
from hubcli.cli.transfer.jobs import Job, Planned, holds_one_platform
from hubcli.cli.transfer.running import run
from hubcli.cli.transfer.telling import TRANSFER
from hubcli.errors import UsageError
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.oci import Platform
    from hubcli.stores.spelling import Local
    from hubcli.transfer import Options, Report
    from hubcli.transfer.places import Spelled

verbs = Commands()


class ArchiveKind(StrEnum):
    OCI = "oci"
    DOCKER = "docker"


AllPlatforms = Annotated[
    bool, typer.Option("--all-platforms", help="Copy the images for all platforms.")
]
Sparse = Annotated[
    bool,
    typer.Option("--sparse", help="With --platform keep the index as it is, not filtered."),
]
Archive = Annotated[
    ArchiveKind,
    typer.Option("--archive", help="What an archive is when its name does not say: oci or docker."),
]
Referrers = Annotated[
    bool, typer.Option("--referrers", help="Copy what refers to the image, too: SBOMs, signatures.")
]
DigestTags = Annotated[
    bool, typer.Option("--digest-tags", help="Copy cosign's .sig, .att and .sbom tags, too.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Blobs to move at once.")
]
ChunkSize = Annotated[
    str | None,
    typer.Option(
        "--chunk-size", metavar="SIZE", help="Upload blobs in chunks: bytes, or with K, M or G."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Copy even what is there already.")]
NoClobber = Annotated[
    bool, typer.Option("--no-clobber", help="Fail where the tag is another image's already.")
]
FromFile = Annotated[
    str | None,
    typer.Option(
        "--from-file", metavar="LIST", help="Copy what each line of a file (or of -) says."
    ),
]
Create = Annotated[
    bool,
    typer.Option("--create", help="Make the repository first where a push does not make it."),
]
_JOBS = 10
_UNITS = ("", "K", "M", "G")
_SIZE = re.compile(r"(\d{1,12})([KMG]?)(?:i?B)?", re.IGNORECASE)


@verbs.command("pull", shows=TRANSFER)
def pull(
    runtime: Runtime,
    selection: Selection,
    reference: Annotated[
        str | None, typer.Argument(metavar="REF", help="The image to pull.", show_default=False)
    ] = None,
    destination: Annotated[
        str | None,
        typer.Argument(
            metavar="[DEST]",
            help="A local store, or a path: *.tar, *.tar.gz and *.tgz are OCI archives, other "
            "paths OCI layout directories. Default: oci:./NAME:TAG; for an artifact: .",
            show_default=False,
        ),
    ] = None,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    sparse: Sparse = False,
    archive: Archive = ArchiveKind.OCI,
    referrers: Referrers = False,
    digest_tags: DigestTags = False,
    jobs: Jobs = _JOBS,
    force: Force = False,
    no_clobber: NoClobber = False,
    dry_run: DryRun = False,
    from_file: FromFile = None,
) -> Shown:
    """Copy an image out of a registry.

    It is the image for this machine's platform unless --platform or --all-platforms says
    otherwise. A pull that was interrupted goes on where it stopped when it is run again.

    An artifact that is no image is unpacked into files below DEST, unless that is spelled as a
    store; other files of the same names stay as they are without --force.

    \b
    Examples:
      hubcli pull alpine
      hubcli pull alpine:3 alpine.tar
      hubcli pull --platform linux/arm64 ghcr.io/org/app oci:app
      hubcli pull alpine - --archive docker | docker load
    """
    from hubcli.reference import parse
    from hubcli.stores import spelling
    from hubcli.transfer import Options

    options = Options(
        platforms=_platforms(platform, all_platforms),
        jobs=jobs,
        force=force,
        no_clobber=no_clobber,
        dry_run=dry_run,
        referrers=referrers,
        digest_tags=digest_tags,
        sparse=sparse,
    )
    if not all_platforms:
        options = _this_machines(options)
    _check(options)

    def plan(first: str, second: str | None) -> Job:
        source = parse(first)
        target = spelling.Local(spelling.OCI, f"./{source.basename}")
        files: str | None = "."
        if second is not None:
            target = _written(spelling.parse_local(second), archive)
            files = second if spelling.is_path(second) and target.kind == spelling.OCI else None
        return Job(source, target, options, _how_to_run, files)

    return run(runtime, selection, (reference, destination), from_file, plan)


@verbs.command("push", shows=TRANSFER)
def push(
    runtime: Runtime,
    selection: Selection,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SRC",
            help="A local store, or a path: an archive or an OCI layout directory.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        str | None, typer.Argument(metavar="REF", help="Where to push it.", show_default=False)
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE…]",
            help="With --artifact all but the last are FILE[:MEDIA_TYPE].",
            show_default=False,
        ),
    ] = None,
    artifact: ArtifactType = None,
    annotation: Annotations = None,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    sparse: Sparse = False,
    referrers: Referrers = False,
    digest_tags: DigestTags = False,
    jobs: Jobs = _JOBS,
    chunk_size: ChunkSize = None,
    force: Force = False,
    no_clobber: NoClobber = False,
    create: Create = False,
    dry_run: DryRun = False,
    from_file: FromFile = None,
) -> Shown:
    """Copy an image into a registry.

    All platforms are pushed unless --platform says otherwise. What the registry has already is
    not sent again.

    With --artifact files become an artifact: FILE[:MEDIA_TYPE]… and, last of all, REF. Each keeps
    its name; a path that is absolute or goes up keeps its last part only.

    \b
    Examples:
      hubcli push oci:app:latest myname/app
      hubcli push app.tar localhost:5000/app:v1
      docker save app | hubcli push - myname/app
      hubcli push --artifact application/vnd.acme m.bin card.md:text/markdown acme/model:v1
    """
    from hubcli.reference import parse
    from hubcli.stores import spelling
    from hubcli.transfer import Options

    options = Options(
        platforms=_platforms(platform, all_platforms),
        jobs=jobs,
        chunk_size=_bytes(chunk_size),
        force=force,
        no_clobber=no_clobber,
        dry_run=dry_run,
        referrers=referrers,
        digest_tags=digest_tags,
        sparse=sparse,
    )
    _check(options)
    if artifact is not None:
        if from_file is not None:
            raise UsageError("--artifact and --from-file exclude each other")
        words = [word for word in (source, reference, *(more or ())) if word is not None]
        return push_files(runtime, selection, artifact, words, annotation, options, create=create)
    if more or annotation:
        raise UsageError("several files, and --annotation, go with --artifact TYPE")

    def plan(first: str, second: str | None) -> Planned:
        word = _needed(second, "REF")
        if is_place(word):
            return _held(first, word, options, create)
        return Job(spelling.parse_local(first), parse(word), options, create=create)

    return run(runtime, selection, (source, reference), from_file, plan)


@verbs.command("copy", shows=TRANSFER)
def copy(
    runtime: Runtime,
    selection: Selection,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SRC", help="A reference, or an image in a local store.", show_default=False
        ),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Argument(metavar="DST", help="A reference, or a local store.", show_default=False),
    ] = None,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    sparse: Sparse = False,
    archive: Archive = ArchiveKind.OCI,
    referrers: Referrers = False,
    digest_tags: DigestTags = False,
    jobs: Jobs = _JOBS,
    chunk_size: ChunkSize = None,
    force: Force = False,
    no_clobber: NoClobber = False,
    create: Create = False,
    dry_run: DryRun = False,
    from_file: FromFile = None,
) -> Shown:
    """Copy an image from anywhere to anywhere.

    All platforms are copied unless --platform says otherwise. Within one registry no layer is
    downloaded: they are mounted.

    Many images go into one OCI archive, each by its whole name: the lines of a list, which may be
    patterns such as REPO:v1.*, or all the tags of one. HOST/PREFIX/ takes all that an archive
    holds, signatures included. What was interrupted goes on where it stopped, in both directions.

    \b
    Examples:
      hubcli copy alpine:3 ghcr.io/org/alpine:3
      hubcli copy ghcr.io/org/app:v1 ghcr.io/org/app-mirror:v1
      hubcli copy oci:app:latest docker-archive:app.tar:app:latest
      hubcli copy --from-file images.txt oci-archive:images.tar --referrers --digest-tags
      hubcli copy oci-archive:images.tar registry.internal:5000/mirror/
    """
    from hubcli.stores import spelling
    from hubcli.transfer import Options

    options = Options(
        platforms=_platforms(platform, all_platforms),
        jobs=jobs,
        chunk_size=_bytes(chunk_size),
        force=force,
        no_clobber=no_clobber,
        dry_run=dry_run,
        referrers=referrers,
        digest_tags=digest_tags,
        sparse=sparse,
    )

    _check(options)

    def plan(first: str, second: str | None) -> Planned:
        word = _needed(second, "DST")
        if is_place(word):
            return _held(first, word, options, create)
        target = spelling.parse(word)
        if isinstance(target, spelling.Local):
            target = _written(target, archive)
        matched = pattern(first)
        if matched is not None:
            return Matching(*matched, _for_several(target), options, create)
        single = holds_one_platform(target) and not all_platforms
        chosen = _this_machines(options) if single else options
        return Job(spelling.parse(first), target, chosen, create=create)

    return run(runtime, selection, (source, destination), from_file, plan, common=True)


def _held(word: str, below: str, options: Options, create: bool) -> Held:
    """All that an archive or a layout holds, below some place."""
    from hubcli.reference import Reference
    from hubcli.stores import spelling

    source = spelling.parse(word)
    if isinstance(source, Reference) and Path(word).exists():
        source = spelling.parse_path(word)
    kinds = {spelling.ARCHIVE, spelling.OCI_ARCHIVE, spelling.OCI, spelling.DOCKER_ARCHIVE}
    if isinstance(source, Reference) or source.kind not in kinds:
        raise UsageError(
            f"{below} takes what an archive or a layout holds, and {word} is none",
            hint=f"hubcli repo copy {word} {below}NAME",
        )
    return Held(source, parse_below(below), options, create)


def _for_several(destination: Spelled) -> Spelled:
    """UsageError for what cannot take several images, or takes one of this name only."""
    from hubcli.stores import spelling

    if isinstance(destination, spelling.Local):
        fits = destination.kind in {spelling.OCI, spelling.OCI_ARCHIVE} and not destination.name
    else:
        fits = destination.tag is None and destination.digest is None
    if not fits:
        raise UsageError(f"{destination} cannot take all tags that a pattern matches")
    return destination


def _check(options: Options) -> None:
    """UsageError for options that contradict each other."""
    if options.force and options.no_clobber:
        raise UsageError("--force and --no-clobber exclude each other")
    if options.sparse and options.platforms is None:
        raise UsageError("--sparse leaves platforms out: say with --platform which ones to copy")


def _this_machines(options: Options) -> Options:
    """The same for this machine's platform, unless another one was asked for."""
    from hubcli import oci

    if options.platforms is not None:
        return options
    return replace(options, platforms=(oci.host(),), lenient=True)


def _needed(word: str | None, name: str) -> str:
    if word is None:
        raise UsageError(f"{name} is missing: where is it to be copied to?")
    return word


def _written(destination: Local, archive: ArchiveKind) -> Local:
    """The destination, with an archive's kind decided."""
    from hubcli.stores import spelling

    if destination.kind != spelling.ARCHIVE:
        return destination
    docker = archive is ArchiveKind.DOCKER
    return replace(destination, kind=spelling.DOCKER_ARCHIVE if docker else spelling.OCI_ARCHIVE)


def _platforms(texts: list[str] | None, everything: bool) -> tuple[Platform, ...] | None:
    """The platforms asked for, None for all."""
    from hubcli import oci

    if texts and everything:
        raise UsageError("--platform and --all-platforms exclude each other")
    named = [part for text in texts or () for part in text.split(",")]
    return tuple(dict.fromkeys(map(oci.parse_platform, named))) or None


def _bytes(text: str | None) -> int | None:
    """Read a size such as `10485760`, `10M` or `1GiB`; the units are powers of 1024."""
    if text is None:
        return None
    found = _SIZE.fullmatch(text)
    size = int(found[1]) << (10 * _UNITS.index(found[2].upper())) if found else 0
    if size <= 0:
        raise UsageError(f"--chunk-size takes bytes, as in 5242880 or 5M, not {text!r}")
    return size


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
