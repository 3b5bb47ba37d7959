"""`hubcli annotate`: sets and removes annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands, Shown
from hubcli.cli.editing.running import EDIT, Reference, Tag, To, edit, pairs, platforms_of
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest
    from hubcli.transfer import Image

verbs = Commands()


@verbs.command("annotate", shows=EDIT)
def annotate(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    annotations: Annotated[
        list[str] | None,
        typer.Argument(metavar="[K=V…]", help="Annotations to set.", show_default=False),
    ] = None,
    removed: Annotated[
        list[str] | None,
        typer.Option("--rm", metavar="K", help="Remove this annotation (repeatable)."),
    ] = None,
    platforms: Platforms = None,
    tag: Tag = None,
    to: To = None,
    dry_run: DryRun = False,
) -> Shown:
    """Set or remove annotations of a manifest or index.

    With --platform they are those of images inside an index. The image gets a new digest, and
    its tag moves to that unless --tag or --to says otherwise.

    \b
    Examples:
      hubcli annotate acme/api:v1 org.opencontainers.image.source=https://example.com/api
      hubcli annotate acme/api:v1 --rm com.example.note --tag v1-clean
    """
    wanted, gone = pairs(annotations, "annotate"), tuple(removed or ())
    if not wanted and not gone:
        raise UsageError("say what to set, as K=V, or to remove, as --rm K")
    chosen = platforms_of(platforms)

    def work(image: Image, old: Manifest, draft: Draft) -> Manifest:
        from hubcli.authoring.parts import Editor, Parts
        from hubcli.oci import DOCKER_LIST, DOCKER_MANIFEST

        if old.media_type in {DOCKER_MANIFEST, DOCKER_LIST}:
            runtime.output.warning(
                "Docker's manifests have no annotations: not every tool keeps or shows them"
            )
        if not chosen:
            parts = Parts(image.store, old)
            parts.annotate(wanted, gone)
            return parts.put_together(draft)
        editor = Editor(image.store, draft, chosen, False, runtime.output.notice)
        return editor.edit(old, lambda parts: parts.annotate(wanted, gone))

    return edit(
        runtime,
        selection,
        "annotate",
        reference,
        work,
        platforms=chosen,
        tag=tag,
        to=to,
        dry_run=dry_run,
    )
