"""`hubcli manifest rm`: manifests by their digests, with all their tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Several, Shown
from hubcli.cli.manifests.declared import MANIFEST, group
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference, parse

if TYPE_CHECKING:
    from hubcli.registry import Repository

_CHEAP = 100
"""Tags of a repository that are looked at for what they point at."""


@group.command("rm", shows=MANIFEST)
def rm(
    runtime: Runtime,
    selection: Selection,
    references: Annotated[
        list[str], typer.Argument(metavar="REF@DIGEST…", help="Manifests or indexes.")
    ],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Shown:
    """Delete manifests by digest; every tag that points at one goes with it.

    \b
    Examples:
      hubcli manifest rm acme/api@sha256:…
      hubcli manifest rm ghcr.io/acme/api@sha256:… --dry-run
    """
    wanted = list(dict.fromkeys(_manifest(text) for text in references))
    rows = list(runtime.each(wanted, lambda one: _row(runtime, one, dry_run)))
    if dry_run:
        return Several(rows)
    if not rows:
        return None
    if not yes and not _confirmed(runtime, rows):
        runtime.output.notice("nothing was deleted")
        raise typer.Exit(1)
    for row in rows:
        reference = parse(str(row["reference"]))
        with runtime.attempting(), doing("delete", str(reference)):
            # Quay's token server refuses `delete`; `*` is understood there and elsewhere.
            runtime.session.repository(reference, "*").delete(str(reference.digest))
            if not selection.quiet:
                runtime.output.notice(f"deleted {reference.short}")
    return None


def _manifest(text: str) -> Reference:
    reference = parse(text)
    if reference.digest is None:
        raise UsageError(
            "a manifest is deleted by its digest, as REPO@sha256:…",
            reference=text,
            hint=f"hubcli tag rm {replace(reference, tag=reference.tag or 'latest').short}",
        )
    return reference.at(reference.digest)


def _row(runtime: Runtime, reference: Reference, dry_run: bool) -> Row:
    repository = runtime.session.repository(reference)
    with doing("look at", str(reference)):
        found = repository.resolve(reference.digest)
        return {
            "reference": reference.short,
            "digest": found.digest,
            "media_type": found.media_type,
            "size": found.size,
            "tags": _tags(repository, found.digest),
            "dry_run": dry_run,
        }


def _tags(repository: Repository, digest: str) -> list[str] | None:
    """The tags that point at it or need it; None where finding out would take long."""
    from hubcli.registry.needs import Needs

    try:
        known = 0
        for page in repository.tags():
            known += len(page)
            if known > _CHEAP:
                return None
        return sorted(Needs(repository).tags_needing(digest, besides=""))
    except HubcliError:
        return None


def _confirmed(runtime: Runtime, rows: list[Row]) -> bool:
    output = runtime.output
    for row in rows:
        tags = row["tags"]
        if not isinstance(tags, list):
            about = "its tags were not looked for"
        else:
            about = f"needed by {', '.join(map(str, tags))}" if tags else "no tag needs it"
        output.notice(f"  {row['reference']}  {about}")
    these = "this manifest" if len(rows) == 1 else f"these {len(rows):,} manifests"
    return output.confirm(f"Delete {these}, with the tags that point at them?")
