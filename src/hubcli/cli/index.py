"""`hubcli index`: indexes, which hold one image for each platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli.commands import Commands, One, Shown
from hubcli.cli.editing.running import EDIT, Reference, Tag, To, edit, pairs, platforms_of
from hubcli.cli.images import places, shown
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError, doing
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest, Platform
    from hubcli.transfer import Image
    from hubcli.transfer.places import Spelled

group = Commands("Make and change indexes.")

Sources = Annotated[list[str], typer.Argument(metavar="SRC…", help="Images or indexes.")]


@group.command("create", shows=EDIT)
def create(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    sources: Sources,
    platforms: Platforms = None,
    annotations: Annotated[
        list[str] | None,
        typer.Option("--annotation", metavar="K=V", help="Annotate the index (repeatable)."),
    ] = None,
    docker: Annotated[
        bool | None,
        typer.Option("--docker/--oci", help="Docker's manifest list, or an OCI index."),
    ] = None,
    dry_run: DryRun = False,
) -> Shown:
    """Make an index of images, one for each platform.

    Images from elsewhere are copied into the index's repository. It is an OCI index, unless all
    images are Docker's.

    \b
    Examples:
      hubcli index create acme/api:v1 acme/api:v1-amd64 acme/api:v1-arm64
      hubcli index create acme/api:v1 oci:build-amd64:v1 oci:build-arm64:v1
    """
    from hubcli.authoring import indexes
    from hubcli.authoring.draft import Draft
    from hubcli.stores import spelling

    destination = _named(spelling.parse(reference))
    noted = pairs(annotations, "--annotation")
    wanted = platforms_of(platforms)
    found: list[Any] = []
    with doing("make", str(destination)):
        for source in sources:
            more = _brought(runtime, selection, source, destination, wanted, dry_run=True)
            found = indexes.merged(found, more)
        kind = indexes.media_type(found, docker=docker)
        index = indexes.create(Draft(), found, kind, noted)
    if not dry_run:
        for source in sources:
            _brought(runtime, selection, source, destination, wanted, dry_run=False)
        with (
            places(runtime).pair(destination, destination) as (_, target),
            doing("write", target.shown),
        ):
            indexes.put(target, index)
    return One(
        {
            "reference": shown(destination),
            "digest": index.digest,
            "previous": None,
            "media_type": index.media_type,
            "size": len(index.content),
            "platforms": [str(platform) for platform in index.platforms()],
            "dry_run": dry_run,
        }
    )


@group.command("add", shows=EDIT)
def add(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    sources: Sources,
    platforms: Platforms = None,
    dry_run: DryRun = False,
) -> Shown:
    """Add images to an index; one for the same platform is replaced.

    \b
    Examples:
      hubcli index add acme/api:v1 acme/api:v1-riscv64
    """
    from hubcli.stores import spelling

    destination = _named(spelling.parse(reference))
    wanted = platforms_of(platforms)

    def work(_: Image, old: Manifest, draft: Draft) -> Manifest:
        from hubcli.authoring import indexes

        found = _entries(old, shown(destination))
        for source in sources:
            more = _brought(runtime, selection, source, destination, wanted, dry_run=dry_run)
            found = indexes.merged(found, more, runtime.output.notice)
        return indexes.changed(draft, old, found)

    return edit(runtime, selection, "add to", reference, work, dry_run=dry_run)


@group.command("rm", shows=EDIT)
def rm(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    wishes: Annotated[
        list[str], typer.Argument(metavar="PLATFORM|DIGEST…", help="What to take out.")
    ],
    tag: Tag = None,
    to: To = None,
    dry_run: DryRun = False,
) -> Shown:
    """Take images out of an index, with what attests them; they stay in the repository.

    \b
    Examples:
      hubcli index rm acme/api:v1 linux/386 linux/s390x
    """

    def work(_: Image, old: Manifest, draft: Draft) -> Manifest:
        from hubcli.authoring import indexes

        found = _entries(old, reference)
        return indexes.changed(draft, old, indexes.without(found, indexes.chosen(old, wishes)))

    return edit(
        runtime, selection, "take images out of", reference, work, tag=tag, to=to, dry_run=dry_run
    )


def _brought(
    runtime: Runtime,
    selection: Selection,
    text: str,
    destination: Spelled,
    wanted: Sequence[Platform],
    *,
    dry_run: bool,
) -> list[Any]:
    """The entries of an image, which is brought to the index unless nothing is to be written."""
    from hubcli.authoring import indexes
    from hubcli.stores import spelling

    with places(runtime).pair(spelling.parse(text), destination) as (image, target):
        with doing("read", image.shown):
            entries = indexes.entries_of(image, wanted)
        if not dry_run:
            with runtime.output.progress(quiet=selection.quiet) as progress:
                indexes.copy_along(image, target, entries, progress)
    return entries


def _named(destination: Spelled) -> Spelled:
    """Where an index goes: a tag in a registry, or an OCI layout directory."""
    from hubcli.reference import Reference
    from hubcli.stores import spelling

    if destination.digest is not None:
        raise UsageError("an index gets a tag; its digest is what comes of it")
    if isinstance(destination, Reference):
        return destination.tagged(destination.identifier)
    if destination.kind != spelling.OCI:
        raise UsageError("an index is made in a registry, or in an OCI layout directory")
    return destination


def _entries(index: Manifest, text: str) -> list[Any]:
    if not index.is_index:
        raise UsageError(
            "it is no index, but one image", hint=f"hubcli index create NEW {text} SRC…"
        )
    return list(index.document.get("manifests") or ())
