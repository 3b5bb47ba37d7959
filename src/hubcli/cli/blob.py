"""`hubcli blob`: the blobs of repositories, by their digests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, One, Several, Shown
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.runtime import Runtime
from hubcli.errors import IntegrityFailure, NotFound, UsageError, doing
from hubcli.output import Field, Kind, Row, Selection, View
from hubcli.reference import Reference, parse, parse_repository

if TYPE_CHECKING:
    from hubcli.oci import Descriptor
    from hubcli.registry import Repository

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
    repository = runtime.session.repository(blob)
    with doing("get", str(blob)):
        descriptor = _found(repository, str(blob.digest))
        if output is None or output == "-":
            _print(runtime, repository, descriptor)
        else:
            _download(repository, descriptor, Path(output))


@group.command("put", shows=BLOB)
def put(
    runtime: Runtime,
    selection: Selection,
    repository: Annotated[str, typer.Argument(metavar="REPO", help="A repository.")],
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

    reference = parse_repository(repository)
    client = runtime.session.repository(reference, "pull", "push")
    with seekable(runtime, file) as stream, doing("upload to", str(reference)):
        hasher = Hasher()
        for chunk in chunks(stream):
            hasher.update(chunk)
        descriptor = Descriptor(_GENERIC, hasher.digest, hasher.size)
        if not client.blobs.has(descriptor):
            with runtime.output.progress(quiet=selection.quiet) as progress:
                progress.begin(descriptor.digest, descriptor.digest, descriptor.size)
                outcome = client.blobs.upload(descriptor, opened_at(stream))
                progress.finish(descriptor.digest, outcome)
    return One(_row(reference.at(descriptor.digest), descriptor.size, _GENERIC))


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
        blob = parse(str(row["reference"]))
        with runtime.attempting(), doing("delete", str(blob)):
            # Quay's token server refuses `delete`; `*` is understood there and elsewhere.
            runtime.session.repository(blob, "*").blobs.delete(str(blob.digest))
            if not selection.quiet:
                runtime.output.notice(f"deleted {blob.short}")
    return None


def _blob(text: str) -> Reference:
    reference = parse(text)
    if reference.digest is None:
        raise UsageError(
            "a blob is named by its digest, as REPO@sha256:…",
            reference=text,
            hint=f"hubcli inspect {text} shows digests",
        )
    return reference.at(reference.digest)


def _headed(runtime: Runtime, blob: Reference) -> Row:
    with doing("look at", str(blob)):
        size, media_type = runtime.session.repository(blob).blobs.head(str(blob.digest))
    return _row(blob, size, media_type)


def _row(blob: Reference, size: int | None, media_type: str | None) -> Row:
    return {
        "digest": blob.digest,
        "size": size,
        "media_type": media_type,
        "reference": blob.short,
    }


def _found(repository: Repository, digest: str) -> Descriptor:
    from hubcli.oci import Descriptor

    size, _ = repository.blobs.head(digest)
    if size is None:
        raise NotFound("the registry does not say how large it is", code="BLOB_UNKNOWN")
    return Descriptor(_GENERIC, digest, size)


def _print(runtime: Runtime, repository: Repository, descriptor: Descriptor) -> None:
    from hubcli.oci import Verifier

    verifier = Verifier(descriptor.digest, descriptor.size)
    with repository.blobs.open(descriptor) as chunks:
        for chunk in chunks:
            verifier.update(chunk)
            runtime.output.data(chunk)
    verifier.finish()


def _download(repository: Repository, descriptor: Descriptor, target: Path) -> None:
    """Fetch a blob into a file, by way of one beside it that says which blob it is."""
    from hubcli.stores import partial

    short = descriptor.digest.replace(":", "-")[:23]
    beside = target.parent / f".{target.name}.{short}.partial"
    try:
        with partial.held(beside) as growing:
            growing.fill(descriptor, lambda offset: repository.blobs.open(descriptor, offset))
            growing.become(target)
    except IntegrityFailure:
        beside.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
