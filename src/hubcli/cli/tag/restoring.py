"""`hubcli tag undelete`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import Shown, named
from hubcli.cli.provided import required
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import TAG, group, showing
from hubcli.errors import Unsupported, UsageError, doing
from hubcli.output import Row
from hubcli.reference import Reference, checked_digest, parse

_ACTION = "bring back"


@group.command("undelete", shows=showing(TAG, ("digest", "reference")))
def undelete(
    runtime: Runtime,
    references: Annotated[
        list[str], typer.Argument(metavar="REF…", help="Tags that were deleted, as REPO:TAG.")
    ],
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="DIGEST", help="As it was when it pointed here."),
    ] = None,
) -> Shown:
    """Bring back tags that were deleted, where a registry keeps them for a while.

    hubcli registry providers names those registries.

    \b
    Examples:
      hubcli tag undelete quay.io/acme/api:v1
    """
    if digest is not None and len(references) > 1:
        raise UsageError("--digest is for a single tag")
    wanted = None if digest is None else checked_digest(digest)
    return named(runtime, references, lambda text: _restored(runtime, text, wanted))


def _restored(runtime: Runtime, text: str, digest: str | None) -> Row:
    from hubcli.providers import RestoresTags

    reference = parse(text)
    if reference.tag is None or reference.digest:
        raise UsageError("a tag is wanted here", action=_ACTION, reference=text)
    if reference.on_hub:
        raise Unsupported(
            "Docker Hub does not bring back what was deleted",
            action=_ACTION,
            reference=reference.short,
        )
    provider = required(runtime, reference, RestoresTags, "tag undelete", _ACTION)
    with doing(_ACTION, str(reference)):
        found = provider.restore_tag(reference.path, reference.tag, digest)
    return _row(reference, found)


def _row(reference: Reference, digest: str) -> Row:
    return {
        "name": reference.tag,
        "digest": digest,
        "reference": reference.short,
        "repository": reference.name,
    }
