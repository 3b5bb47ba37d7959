"""`hubcli blob`: the blobs of repositories, by their digests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, One, Several, Shown
from hubcli.cli.images import Stdout, places, shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.runtime import Runtime
from hubcli.errors import IntegrityFailure, NotFound, UsageError, doing
from hubcli.output import Field, Kind, Row, Selection, View
from hubcli.reference import Reference, parse_repository

if TYPE_CHECKING:
    from hubcli.oci import Descriptor
    from hubcli.registry.blobs import Blobs as InRegistry
    from hubcli.stores.layout import DirectoryBlobs, TreeBlobs
    from hubcli.stores.spelling import Local
    from hubcli.stores.tar import Sink
    from hubcli.transfer.places import Spelled

group = Commands("Read and write blobs.")

BLOB = View(
    "blob",
    (
        Field("digest", Kind.DIGEST, default=True),
        Field("size", Kind.SIZE, default=True),
        Field("media_type", default=True),
        Field("reference", default=True),
    ),
    key="digest",
)
Blobs = Annotated[list[str], typer.Argument(metavar="REF@DIGEST…", help="Blobs.")]
_GENERIC = "application/octet-stream"


@group.command("get")
def get(
    runtime: Runtime,
    reference: Annotated[str, typer.Argument(metavar="REF@DIGEST", help="A blob.")],
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")
    ] = None,
) -> None:
    """Print a blob, or write it to a file.

    What comes is verified. A download into a file goes on where it stopped when it is run again,
    and the file is there only once it is whole.

    \b
    Examples:
      hubcli blob get acme/api@sha256:… -o layer.tar.gz
      hubcli blob get acme/api@sha256:… | jq .config
    """
    blob = _blob(reference)
    if output is None and runtime.output.stdout_is_terminal:
        raise UsageError(
            "a blob goes to stdout, and that is a terminal", hint="name a file: -o FILE"
        )
    with doing("get", str(blob)), _opened(runtime, blob) as blobs:
        descriptor = _found(blobs, str(blob.digest))
        if output is None or output == "-":
            _write(blobs, descriptor, Stdout(runtime))
        else:
            _download(blobs, descriptor, Path(output))


@group.command("put", shows=BLOB)
def put(
    runtime: Runtime,
    selection: Selection,
    repository: Annotated[
        str, typer.Argument(metavar="REPO", help="A repository, or an OCI layout: oci:DIR.")
    ],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdin.")],
) -> Shown:
    """Upload a blob, and print its digest.

    A registry may remove blobs that no manifest names.

    \b
    Examples:
      hubcli blob put acme/api config.json -q
      tar c dir | gzip | hubcli blob put acme/api -
    """
    from hubcli.authoring.layering import opened_at
    from hubcli.cli.bytesource import chunks, seekable
    from hubcli.oci import Descriptor, Hasher
    from hubcli.transfer.events import Meter

    place, kept = _place(runtime, repository)
    with seekable(runtime, file) as stream, doing("upload to", str(place)):
        hasher = Hasher()
        for chunk in chunks(stream):
            hasher.update(chunk)
        descriptor = Descriptor(_GENERIC, hasher.digest, hasher.size)
        if not kept.has(descriptor):
            with runtime.output.progress(quiet=selection.quiet) as progress:
                meter = Meter(progress, lambda: None)
                outcome = kept.upload(descriptor, meter.measured(descriptor, opened_at(stream)))
                progress.finish(descriptor.digest, outcome)
    return One(_row(_at(place, descriptor.digest), descriptor.size, _GENERIC))


@group.command("head", shows=BLOB)
def head(runtime: Runtime, references: Blobs) -> Shown:
    """Show whether blobs are there, and how large they are.

    \b
    Examples:
      hubcli blob head acme/api@sha256:…
    """
    rows = runtime.each([_blob(text) for text in references], lambda blob: _headed(runtime, blob))
    return Several(rows)


@group.command("rm", shows=BLOB)
def rm(
    runtime: Runtime,
    selection: Selection,
    references: Blobs,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete blobs; images that need them can no longer be pulled.

    \b
    Examples:
      hubcli blob rm acme/api@sha256:…
    """
    blobs = list(dict.fromkeys(_blob(text) for text in references))
    rows = list(runtime.each(blobs, lambda blob: _headed(runtime, blob)))
    if dry_run:
        return Several(rows)
    if not rows:
        return None
    for row in rows if not yes else ():
        runtime.output.notice(f"  {row['reference']}")
    these = "this blob" if len(rows) == 1 else f"these {len(rows):,} blobs"
    if not yes and not runtime.output.confirm(f"Delete {these}?"):
        runtime.output.notice("nothing was deleted")
        raise typer.Exit(1)
    for row in rows:
        blob = _blob(str(row["reference"]))
        with runtime.attempting(), doing("delete", str(blob)):
            _writable(runtime, blob).delete(str(blob.digest))
            if not selection.quiet:
                runtime.output.notice(f"deleted {shown(blob)}")
    return None


def _blob(text: str) -> Spelled:
    from hubcli.stores import spelling

    spelled = spelling.parse(text)
    if spelled.digest is None:
        raise UsageError(
            "a blob is named by its digest, as REPO@sha256:…",
            reference=text,
            hint=f"hubcli inspect {text}",
        )
    return _at(spelled, spelled.digest)


def _at(place: Spelled, digest: str) -> Spelled:
    if isinstance(place, Reference):
        return place.at(digest)
    return replace(place, name=None, digest=digest)


@contextmanager
def _opened(runtime: Runtime, blob: Spelled) -> Iterator[InRegistry | TreeBlobs]:
    """Where a blob is read from; UsageError for stores that do not keep theirs by digest."""
    from hubcli.stores.layout import Layout

    if isinstance(blob, Reference):
        yield runtime.session.repository(blob).blobs
        return
    with places(runtime).source(blob) as image:
        if not isinstance(image.store, Layout):
            raise UsageError("blobs are read from a registry, or an OCI layout or archive")
        yield image.store.blobs


def _place(runtime: Runtime, text: str) -> tuple[Spelled, InRegistry | DirectoryBlobs]:
    """Where blobs are put: `text` is a repository, or a layout directory."""
    from hubcli.stores import spelling

    spelled = spelling.parse(text)
    if isinstance(spelled, Reference):
        spelled = parse_repository(text)
        return spelled, runtime.session.repository(spelled, "pull", "push").blobs
    if spelled.digest is not None:
        raise UsageError("the digest is what comes of it: name the layout alone", reference=text)
    return spelled, _layout(spelled)


def _writable(runtime: Runtime, blob: Spelled) -> InRegistry | DirectoryBlobs:
    if isinstance(blob, Reference):
        # Quay's token server refuses `delete`; `*` is understood there and elsewhere.
        return runtime.session.repository(blob, "*").blobs
    return _layout(blob)


def _layout(local: Local) -> DirectoryBlobs:
    from hubcli.stores import spelling
    from hubcli.stores.layout import LayoutDirectory

    if local.kind != spelling.OCI:
        raise UsageError("blobs are changed in a registry, or in an OCI layout directory")
    return LayoutDirectory(Path(local.path)).blobs


def _headed(runtime: Runtime, blob: Spelled) -> Row:
    with doing("look at", str(blob)), _opened(runtime, blob) as blobs:
        size, media_type = blobs.head(str(blob.digest))
    return _row(blob, size, media_type)


def _row(blob: Spelled, size: int | None, media_type: str | None) -> Row:
    return {
        "digest": blob.digest,
        "size": size,
        "media_type": media_type,
        "reference": shown(blob),
    }


def _found(blobs: InRegistry | TreeBlobs, digest: str) -> Descriptor:
    from hubcli.oci import Descriptor

    size, _ = blobs.head(digest)
    if size is None:
        raise NotFound("the registry does not say how large it is", code="BLOB_UNKNOWN")
    return Descriptor(_GENERIC, digest, size)


def _write(blobs: InRegistry | TreeBlobs, descriptor: Descriptor, sink: Sink) -> None:
    from hubcli.oci import Verifier

    verifier = Verifier(descriptor.digest, descriptor.size)
    with blobs.open(descriptor) as chunks:
        for chunk in chunks:
            verifier.update(chunk)
            sink.write(chunk)
    verifier.finish()


def _download(blobs: InRegistry | TreeBlobs, descriptor: Descriptor, target: Path) -> None:
    """Fetch a blob into a file, by way of one beside it that says which blob it is."""
    from hubcli import files
    from hubcli.stores import partial

    short = descriptor.digest.replace(":", "-")[:23]
    beside = target.parent / f".{target.name}.{short}.partial"
    try:
        if files.is_stream(target):
            with files.replacing(target) as file:
                _write(blobs, descriptor, file)
            return
        with partial.held(beside) as growing:
            growing.fill(descriptor, lambda offset: blobs.open(descriptor, offset))
            growing.become(target)
    except IntegrityFailure:
        beside.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
