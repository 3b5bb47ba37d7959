"""Artifacts in `push` and `pull`: files that become one, and one that becomes files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import One, Shown
from hubcli.cli.editing.running import pairs
from hubcli.cli.images import places
from hubcli.cli.runtime import Runtime
from hubcli.cli.transfer.making import make_sure
from hubcli.cli.transfer.telling import asked, told
from hubcli.errors import UsageError, doing
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.oci import Manifest
    from hubcli.transfer import Events, Image, Options, Report

ArtifactType = Annotated[
    str | None,
    typer.Option("--artifact", metavar="TYPE", help="Push files, as an artifact of this type."),
]
Annotations = Annotated[
    list[str] | None,
    typer.Option("--annotation", metavar="K=V", help="Annotate the artifact (repeatable)."),
]


def push_files(
    runtime: Runtime,
    selection: Selection,
    artifact_type: str,
    words: list[str],
    annotations: list[str] | None,
    options: Options,
    *,
    create: bool = False,
) -> Shown:
    """Push files as an artifact; the last of `words` is where to, the others are the files."""
    from hubcli.artifacts.packing import Packed, check_type, parse_file
    from hubcli.reference import parse
    from hubcli.transfer import Image, Transfer

    if len(words) < 2:
        raise UsageError("name files, and last of all where to push them: FILE… REF")
    if options.platforms or options.referrers or options.digest_tags:
        raise UsageError("--artifact pushes files: they have no platforms, and nothing attached")
    reference = parse(words[-1])
    check_type(artifact_type, "--artifact")
    files = [parse_file(word) for word in words[:-1]]
    packed = Packed(artifact_type, files, pairs(annotations, "--annotation"))
    runtime.session.widen(options.jobs)
    output, quiet = runtime.output, selection.quiet
    notify = (lambda _: None) if quiet else output.notice
    source = Image(packed, packed.root.digest, "the files")
    make_sure(runtime, reference, create=create, dry_run=options.dry_run)
    with (
        places(runtime).pair(reference, reference) as (_, target),
        output.progress(quiet=quiet) as progress,
    ):
        report = Transfer(options, progress, notify).copy(source, target)
    row = told(runtime, report, options, quiet=quiet)
    return One(row) if asked(selection) else None


def unpack(
    source: Image, manifest: Manifest, directory: Path, options: Options, events: Events
) -> Report:
    """Make files of an artifact's layers below `directory`."""
    from hubcli.artifacts import unpacking
    from hubcli.transfer import Report

    started = time.monotonic()
    report = Report(source.shown, str(directory), manifest.digest, manifest.media_type, [])
    with doing("unpack", source.shown):
        planned = unpacking.plan(manifest.layers, directory, force=options.force)
    if options.dry_run:
        for one in planned:
            report.blobs["skipped" if one.is_there else "copied"] += 1
        return report
    with doing("read", source.shown):
        found = unpacking.fetch(source.store, planned, events, options.jobs)
    report.blobs, report.bytes = found
    report.unchanged = all(one.is_there for one in planned)
    report.seconds = round(time.monotonic() - started, 3)
    return report
