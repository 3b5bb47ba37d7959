"""`hubcli manifest rm`: manifests by their digests, with all their tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Several, Shown
from hubcli.cli.images import shown
from hubcli.cli.manifests.declared import MANIFEST, group
from hubcli.cli.options import DryRun, Yes
from hubcli.cli.provided import removing_manifests
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.registry import Repository
    from hubcli.stores.layout import LayoutDirectory
    from hubcli.stores.spelling import Local
    from hubcli.transfer.places import Spelled

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

    One that refers to an image is taken out of the list of referrers, too, where hubcli keeps it.
    In a layout, blobs stay: other images may need them.

    \b
    Examples:
      hubcli manifest rm acme/api@sha256:…
      hubcli manifest rm ghcr.io/acme/api@sha256:… --dry-run
      hubcli manifest rm oci:app@sha256:…
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
        spelled = _manifest(str(row["reference"]))
        with runtime.attempting(), doing("delete", str(spelled)):
            _delete(runtime, spelled)
            if not selection.quiet:
                runtime.output.notice(f"deleted {shown(spelled)}")
    return None


def _manifest(text: str) -> Spelled:
    from hubcli.stores import spelling

    spelled = spelling.parse(text)
    if isinstance(spelled, Reference) and spelled.digest is not None:
        return spelled.at(spelled.digest)
    if isinstance(spelled, Reference):
        raise UsageError(
            "a manifest is deleted by its digest, as REPO@sha256:…",
            reference=text,
            hint=f"hubcli tag rm {replace(spelled, tag=spelled.tag or 'latest').short}",
        )
    if spelled.kind != spelling.OCI:
        raise UsageError("manifests are deleted in a registry, or in an OCI layout directory")
    if spelled.digest is None:
        raise UsageError(
            "a manifest is deleted by its digest, as oci:DIR@sha256:…",
            reference=text,
            hint=f"hubcli digest {text}",
        )
    return replace(spelled, name=None)


def _row(runtime: Runtime, spelled: Spelled, dry_run: bool) -> Row:
    with doing("look at", str(spelled)):
        if isinstance(spelled, Reference):
            repository = runtime.session.repository(spelled)
            found = repository.resolve(spelled.digest)
            tags = _tags(repository, found.digest)
        else:
            layout = _layout(spelled)
            found = layout.manifest(str(spelled.digest)).descriptor
            tags = layout.names_of(found.digest)
        return {
            "reference": shown(spelled),
            "digest": found.digest,
            "media_type": found.media_type,
            "size": found.size,
            "tags": tags,
            "dry_run": dry_run,
        }


def _delete(runtime: Runtime, spelled: Spelled) -> None:
    if isinstance(spelled, Reference):
        from hubcli.registry import referrers

        if not runtime.session.providers.quirks(spelled.host).deletes_tagged:
            _untag(runtime, spelled)
        repository = runtime.session.deleting_in(spelled)
        referrers.delete(repository, str(spelled.digest), _by_api(runtime, spelled))
    else:
        _layout(spelled).delete(str(spelled.digest))


def _untag(runtime: Runtime, reference: Reference) -> None:
    """Remove the tags that point at a manifest."""
    from hubcli.cli.tag.places import tags_in

    places = tags_in(runtime, reference.bare(), "delete")
    for tag, digest in list(places.matching("*")):
        if digest == reference.digest:
            places.remove(tag, digest)


def _by_api(runtime: Runtime, reference: Reference) -> Callable[[str], None] | None:
    """How manifests are deleted where `/v2/` deletes none."""
    if runtime.session.providers.quirks(reference.host).deletes_manifests:
        return None
    return removing_manifests(runtime.session, reference)


def _layout(local: Local) -> LayoutDirectory:
    from pathlib import Path

    from hubcli.stores.layout import LayoutDirectory

    return LayoutDirectory(Path(local.path))


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
