"""`hubcli rebase`: the same image on another base."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Shown
from hubcli.cli.editing.running import EDIT, Reference, Tag, To, edit, platforms_of
from hubcli.cli.images import places
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest
    from hubcli.transfer import Image
    from hubcli.transfer.places import Spelled

verbs = Commands()


@verbs.command("rebase", shows=EDIT)
def rebase(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    old_base: Annotated[
        str | None,
        typer.Option("--old-base", metavar="REF", help="What it is based on now."),
    ] = None,
    new_base: Annotated[
        str | None, typer.Option("--new-base", metavar="REF", help="What it is to be based on.")
    ] = None,
    platforms: Platforms = None,
    tag: Tag = None,
    to: To = None,
    dry_run: DryRun = False,
) -> Shown:
    """Put an image on another base.

    What it added to its base goes on top of the new one, its settings included.

    Where the bases are not given, the image's own annotations name them: its base as it was, and
    what has that name today. Nothing is built: whether the result works is for a test to tell.

    \b
    Examples:
      hubcli rebase acme/api:v1 --tag v1-patched
      hubcli rebase acme/api:v1 --old-base debian:12.1 --new-base debian:12.2
    """
    chosen = platforms_of(platforms)
    with ExitStack() as stack:

        def work(image: Image, old: Manifest, draft: Draft) -> Manifest:
            from hubcli.authoring.parts import Editor
            from hubcli.authoring.rebasing import Base
            from hubcli.authoring.rebasing import rebase as put_on_base

            before, after = _bases(_annotations(image, old), old_base, new_base)
            opened = places(runtime)
            was = Base(stack.enter_context(opened.source(before)))
            becomes = Base(stack.enter_context(opened.source(after)))
            name = _name(after)
            editor = Editor(image.store, draft, chosen, notify=runtime.output.notice)
            return editor.edit(old, lambda parts: put_on_base(parts, draft, was, becomes, name))

        return edit(
            runtime,
            selection,
            "rebase",
            reference,
            work,
            platforms=chosen,
            tag=tag,
            to=to,
            dry_run=dry_run,
        )


def _annotations(image: Image, manifest: Manifest) -> dict[str, str]:
    """Those of an index and of the first of its images."""
    found = manifest.annotations
    for entry in manifest.manifests:
        if entry.is_manifest and not entry.is_attestation:
            return {**image.store.manifest(entry.digest).annotations, **found}
    return found


def _bases(
    annotations: dict[str, str], old_base: str | None, new_base: str | None
) -> tuple[Spelled, Spelled]:
    """What the image was based on, and what it is to be based on."""
    from hubcli.authoring.rebasing import DIGEST, NAME
    from hubcli.reference import parse
    from hubcli.stores import spelling

    name, digest = annotations.get(NAME), annotations.get(DIGEST)
    if old_base is None and (name is None or digest is None):
        raise UsageError(f"the image does not say what it is based on ({NAME}): give --old-base")
    if new_base is None and name is None:
        raise UsageError(f"the image does not say what it is based on ({NAME}): give --new-base")
    old = spelling.parse(old_base) if old_base else parse(str(name)).at(str(digest))
    return old, spelling.parse(new_base) if new_base else parse(str(name))


def _name(base: Spelled) -> str | None:
    """What annotations call a base: a reference in full, and nothing for a local store."""
    from hubcli.reference import Reference

    if not isinstance(base, Reference):
        return None
    return str(base if base.tag or base.digest else base.tagged("latest"))
