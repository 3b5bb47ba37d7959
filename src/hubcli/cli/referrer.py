"""`hubcli referrer`: what is attached to images, by whatever means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.attached import Image, Opened, opened
from hubcli.cli.commands import Commands, One, Rows, Shown
from hubcli.cli.editing.running import pairs
from hubcli.cli.images import Stdout, places
from hubcli.cli.options import DryRun, Platform
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, UsageError, doing
from hubcli.output import Field, Kind, Selection, View

if TYPE_CHECKING:
    from hubcli.artifacts.attachments import Attachment
    from hubcli.artifacts.packing import Packed
    from hubcli.oci import Descriptor
    from hubcli.stores import Source
    from hubcli.stores.tar import Sink
    from hubcli.transfer import Image as Read
    from hubcli.transfer import Target

group = Commands("See, get and attach what refers to images.")

REFERRER = View(
    "referrer",
    (
        Field("digest", Kind.DIGEST, default=True),
        Field("artifact_type", default=True),
        Field("media_type"),
        Field("size", Kind.SIZE, default=True),
        Field("source", default=True),
        Field("created", Kind.TIME, default=True),
        Field("annotations", Kind.OBJECT),
        Field("subject", Kind.DIGEST),
        Field("platform"),
        Field("tag"),
        Field("reference"),
        Field("dry_run", Kind.BOOL),
    ),
    key="digest",
)
_OWN = ("in-toto.io/predicate-type", "predicateType")
"""Annotations of a layer that tell what it states."""


@group.command("ls", shows=REFERRER)
def ls(
    runtime: Runtime,
    reference: Image,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only of this artifact type.")
    ] = None,
    platform: Platform = None,
) -> Shown:
    """List what is attached to an image.

    These are the manifests that name it as their subject, BuildKit's attestations in its index,
    and cosign's tags. Of an index it is what is attached to the whole; --platform lists what is
    attached to one image of it.

    \b
    Examples:
      hubcli referrer ls ghcr.io/acme/api:v1
      hubcli referrer ls ghcr.io/acme/api:v1 --type application/spdx+json -q
      hubcli referrer ls moby/buildkit --platform linux/arm64
    """
    from hubcli.artifacts.attachments import Attachments

    with opened(runtime, reference, platform, "list the referrers of") as image:
        found = Attachments(image.store, image.subject, type_)
        return Rows([image.row(one) for one in found])


@group.command("get")
def get(
    runtime: Runtime,
    reference: Image,
    type_: Annotated[
        str | None,
        typer.Option(
            "--type", metavar="TYPE|DIGEST", help="The one of this artifact or predicate type."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE|DIR", help="Write it there, not to stdout."),
    ] = None,
    platform: Platform = None,
    force: Annotated[bool, typer.Option("--force", help="Replace other files in DIR.")] = False,
) -> None:
    """Print what is attached to an image, or write it to a file.

    The content is as it is stored, signed envelopes and all. One that has several files needs a
    directory (`-o DIR/`); they keep their names.

    \b
    Examples:
      hubcli referrer get ghcr.io/acme/api:v1 --type application/spdx+json | jq .
      hubcli referrer get ghcr.io/acme/api:v1 --type sha256:… -o attached/
    """
    directory = output is not None and (output.endswith("/") or Path(output).is_dir())
    to_stdout = output in {None, "-"}
    if to_stdout and runtime.output.stdout_is_terminal:
        raise UsageError(
            "the content goes to stdout, and that is a terminal", hint="name a file: -o FILE"
        )
    with opened(runtime, reference, platform, "get what is attached to") as image:
        chosen = _chosen(image, type_)
        if directory:
            _into_directory(runtime, image.store, chosen, Path(str(output)), force=force)
        elif to_stdout:
            _write(image.store, chosen.only, Stdout(runtime))
        else:
            _into_file(runtime, image.store, chosen.only, Path(str(output)))


@group.command("attach", shows=REFERRER)
def attach(
    runtime: Runtime,
    selection: Selection,
    reference: Image,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE[:MEDIA_TYPE]…]", help="Files.", show_default=False),
    ] = None,
    type_: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="What it is: its artifact type.")
    ] = "",
    annotations: Annotated[
        list[str] | None,
        typer.Option("--annotation", metavar="K=V", help="Annotate it (repeatable)."),
    ] = None,
    platform: Platform = None,
    dry_run: DryRun = False,
) -> Shown:
    """Attach files to an image.

    They become an artifact whose subject is the image, or the one for --platform inside it. Where
    the registry keeps no list of referrers, hubcli keeps it, under the tag that is meant for it.
    The same files attached twice are one artifact.

    \b
    Examples:
      hubcli referrer attach acme/api:v1 sbom.spdx.json --type application/spdx+json
      hubcli referrer attach acme/api:v1 audit.pdf:application/pdf --type application/vnd.audit
    """
    from hubcli.artifacts.packing import Packed, check_type, parse_file
    from hubcli.stores import spelling

    check_type(type_, "--type")
    noted = pairs(annotations, "--annotation")
    if not files and not noted:
        raise UsageError("name files to attach, or an --annotation at least")
    spelled = spelling.parse(reference)
    if isinstance(spelled, spelling.Local) and spelled.kind != spelling.OCI:
        raise UsageError("files are attached in a registry, or in an OCI layout directory")
    with places(runtime).pair(spelled, spelled) as (read, target), doing("attach to", read.shown):
        subject = _subject(read, platform)
        packed = Packed(type_, [parse_file(text) for text in files or ()], noted, subject)
        if not dry_run:
            _send(runtime, packed, target, quiet=selection.quiet)
    found = packed.root
    name = None if isinstance(spelled, spelling.Local) else spelled.name
    return One(
        {
            "digest": found.digest,
            "artifact_type": found.artifact_type,
            "media_type": found.media_type,
            "size": len(found.content),
            "source": None,
            "created": noted.get("org.opencontainers.image.created"),
            "annotations": found.annotations,
            "subject": subject.digest,
            "platform": platform,
            "tag": None,
            "reference": None if name is None else f"{name}@{found.digest}",
            "dry_run": dry_run,
        }
    )


def _subject(image: Read, platform: str | None) -> Descriptor:
    from hubcli.inspection import pick
    from hubcli.oci import parse_platform

    if platform is None:
        return image.store.resolve(image.identifier)
    top = image.store.manifest(image.identifier)
    return pick(image.store, top, parse_platform(platform)).manifest.descriptor


def _send(runtime: Runtime, packed: Packed, target: Target, *, quiet: bool) -> None:
    from hubcli.stores import ONLY
    from hubcli.transfer import Image, Options
    from hubcli.transfer.copying import Copying
    from hubcli.transfer.threads import Workers

    options = Options()
    source = Image(packed, packed.root.digest, "the files")
    with runtime.output.progress(quiet=quiet) as progress:
        Copying(source, target, options, Workers(options.jobs), progress).copy(packed.root, ONLY)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """An attachment, and those of its layers that were asked for."""

    attachment: Attachment
    layers: tuple[Descriptor, ...]

    @property
    def only(self) -> Descriptor:
        if len(self.layers) != 1:
            raise UsageError(
                f"{self.attachment.digest} has {len(self.layers)} files; "
                "name a directory for them: -o DIR/"
            )
        return self.layers[0]


def _chosen(image: Opened, wanted: str | None) -> _Chosen:
    """What `wanted` names; UsageError where that is more than one thing, NotFound for nothing."""
    from hubcli.artifacts.attachments import Attachments

    every = list(Attachments(image.store, image.subject))
    hint = f"hubcli referrer ls {image.shown}"
    named = [one for one in every if wanted in {None, one.digest, one.descriptor.artifact_type}]
    found = [_Chosen(one, layers) for one in named if (layers := _layers(image.store, one, None))]
    if not named and wanted is not None:
        found = [_Chosen(one, some) for one in every if (some := _layers(image.store, one, wanted))]
    if not found:
        what = "nothing" if wanted is None else f"nothing of the type or digest {wanted}"
        raise NotFound(f"{what} is attached to it", hint=hint)
    if len(found) > 1:
        names = ", ".join(one.attachment.digest for one in found[:5])
        raise UsageError(f"{len(found)} attachments fit; name one: --type {names}", hint=hint)
    return found[0]


def _layers(store: Source, one: Attachment, predicate: str | None) -> tuple[Descriptor, ...]:
    """The layers of an attachment; with `predicate` those that state such a thing."""
    manifest = one.read(store)
    if manifest is None:
        return ()
    return tuple(
        layer
        for layer in manifest.layers
        if predicate is None or predicate in {layer.annotations.get(name) for name in _OWN}
    )


def _write(store: Source, descriptor: Descriptor, sink: Sink) -> None:
    from hubcli.oci import Verifier

    verifier = Verifier(descriptor.digest, descriptor.size)
    with store.blobs.open(descriptor) as chunks:
        for chunk in chunks:
            verifier.update(chunk)
            sink.write(chunk)
    verifier.finish()


def _into_file(runtime: Runtime, store: Source, descriptor: Descriptor, target: Path) -> None:
    from hubcli import files
    from hubcli.artifacts.unpacking import Planned, fetch

    if files.is_stream(target):
        with files.replacing(target) as file:
            _write(store, descriptor, file)
        return
    with runtime.output.progress() as progress:
        fetch(store, [Planned(descriptor, target)], progress)


def _into_directory(
    runtime: Runtime, store: Source, chosen: _Chosen, directory: Path, *, force: bool
) -> None:
    from hubcli.artifacts.unpacking import fetch, plan

    planned = plan(chosen.layers, directory, force=force)
    with runtime.output.progress() as progress:
        fetch(store, planned, progress)
