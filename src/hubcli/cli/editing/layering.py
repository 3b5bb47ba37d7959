"""`hubcli append` and `hubcli flatten`: layers on top of an image, or one for all of them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.bytesource import seekable
from hubcli.cli.commands import Commands, Shown
from hubcli.cli.contents import MaxUnpacked, limits
from hubcli.cli.editing.running import EDIT, Reference, Tag, To, edit, platforms_of
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest
    from hubcli.transfer import Image

verbs = Commands()


@verbs.command("append", shows=EDIT)
def append(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", metavar="TAR", help="A tar, plain or with gzip or zstd; - for stdin."
        ),
    ] = None,
    platforms: Platforms = None,
    tag: Tag = None,
    to: To = None,
    dry_run: DryRun = False,
) -> Shown:
    """Put layers on top of an image.

    The files are taken as they are: the digest of a layer is that of its file. Of an index all
    images get them unless --platform names some. A Docker image that gets a layer compressed with
    zstd becomes an OCI image.

    \b
    Examples:
      hubcli append acme/api:v1 --layer config.tar.gz --tag v1-config
      tar c etc | hubcli append acme/api:v1 --layer - --to acme/api:v1-etc
    """
    if not layers:
        raise UsageError("say what to put on top, as --layer FILE")
    if layers.count("-") > 1:
        raise UsageError("stdin can be one layer only")
    chosen = platforms_of(platforms)
    with ExitStack() as stack:
        from hubcli.authoring.layering import append as put_on_top
        from hubcli.authoring.layering import read_layer

        found = [
            read_layer(stack.enter_context(seekable(runtime, name)), _called(name))
            for name in layers
        ]

        def work(image: Image, old: Manifest, draft: Draft) -> Manifest:
            from hubcli.authoring.parts import Editor

            editor = Editor(image.store, draft, chosen, notify=runtime.output.notice)
            return editor.edit(old, lambda parts: put_on_top(parts, draft, found))

        return edit(
            runtime,
            selection,
            "append to",
            reference,
            work,
            platforms=chosen,
            tag=tag,
            to=to,
            dry_run=dry_run,
        )


@verbs.command("flatten", shows=EDIT)
def flatten(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    platforms: Platforms = None,
    tag: Tag = None,
    to: To = None,
    dry_run: DryRun = False,
    max_unpacked: MaxUnpacked = None,
) -> Shown:
    """Make one layer of all the layers of an image.

    What a layer deleted is gone for good then. Layers are downloaded for it, and the new one is
    uploaded; an image with one layer stays as it is.

    \b
    Examples:
      hubcli flatten acme/api:v1 --tag v1-flat
      hubcli flatten oci:app:latest --to acme/api:flat
    """
    chosen = platforms_of(platforms)
    with ExitStack() as stack:

        def work(image: Image, old: Manifest, draft: Draft) -> Manifest:
            from hubcli.authoring.layering import flatten as make_one
            from hubcli.authoring.parts import Editor
            from hubcli.files import temporary

            editor = Editor(image.store, draft, chosen, notify=runtime.output.notice)
            return editor.edit(
                old,
                lambda parts: make_one(
                    parts,
                    draft,
                    image.store,
                    lambda: stack.enter_context(temporary()),
                    limits(max_unpacked),
                ),
            )

        return edit(
            runtime,
            selection,
            "flatten",
            reference,
            work,
            platforms=chosen,
            tag=tag,
            to=to,
            dry_run=dry_run,
        )


def _called(name: str) -> str:
    return "the layer on stdin" if name == "-" else name
