"""`hubcli tag cp`: other tags for an image that is there; nothing of it is moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Several, Shown
from hubcli.cli.options import DryRun
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import POINTED, group
from hubcli.errors import Conflict, Denied, HubcliError, NotFound, UsageError, doing
from hubcli.output import Row, Selection
from hubcli.reference import Reference, is_tag, parse

if TYPE_CHECKING:
    from hubcli.oci import Manifest
    from hubcli.registry import Repository

_ACTION = "tag"
_MOST = 100_000
"""Tags of a repository that are looked at for --bump."""


@group.command("cp", shows=POINTED)
def cp(
    runtime: Runtime,
    selection: Selection,
    source: Annotated[str, typer.Argument(metavar="SRC_REF", help="The image, as REPO:TAG.")],
    tags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NEW_TAG…]", help="Its new tags.", show_default=False),
    ] = None,
    bump: Annotated[
        bool, typer.Option("--bump", help="With v1.2.3 move v1.2, v1 and latest, too.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write the tags even where they are so already.")
    ] = False,
    no_clobber: Annotated[
        bool, typer.Option("--no-clobber", help="Fail where a tag is another image's already.")
    ] = False,
    dry_run: DryRun = False,
) -> Shown:
    """Give an image more tags, in the registry: no layer is moved.

    --bump moves a line's tag only where the release is the newest of that line; a variant such as
    -alpine keeps to its own line.

    \b
    Examples:
      hubcli tag cp acme/api:build-412 v1.2.3 --bump
      hubcli tag cp ghcr.io/acme/api:v1.2.3 stable
    """
    reference = _registry_reference(source)
    names = [_tag(name, reference) for name in tags or ()]
    if force and no_clobber:
        raise UsageError("--force and --no-clobber exclude each other")
    if not names and not bump:
        raise UsageError("say which tags to give it, or --bump")
    repository = runtime.session.repository(reference, "pull", "push")
    if bump:
        names += _along(runtime, repository, reference, names, quiet=selection.quiet)
    with doing("read", str(reference)):
        manifest = repository.manifest(reference.identifier)
    tagging = _Tagging(repository, manifest, force, no_clobber, dry_run)
    wanted = [reference.tagged(name) for name in dict.fromkeys(names)]
    return Several(runtime.each(wanted, tagging.row))


class _Tagging:
    """Gives one manifest its tags."""

    def __init__(
        self, repository: Repository, manifest: Manifest, force: bool, no_clobber: bool, dry: bool
    ) -> None:
        self._repository = repository
        self._manifest = manifest
        self._force = force
        self._no_clobber = no_clobber
        self._dry_run = dry

    def row(self, wanted: Reference) -> Row:
        """Write one tag; what it was before."""
        digest = self._manifest.digest
        with doing(_ACTION, str(wanted)):
            before = None if self._force else self._before(wanted.identifier)
            if before not in {None, digest} and self._no_clobber:
                raise Conflict(f"it is there already, with the digest {before}")
            if not self._dry_run and before != digest:
                self._put(wanted)
        return {
            "reference": wanted.short,
            "digest": digest,
            "previous": before,
            "action": _action(before, digest, known=not self._force),
            "name": wanted.identifier,
            "repository": wanted.name,
            "dry_run": self._dry_run,
        }

    def _before(self, tag: str) -> str | None:
        found = self._repository.find(tag)
        return found.digest if found else None

    def _put(self, wanted: Reference) -> None:
        try:
            self._repository.put_manifest(wanted.identifier, self._manifest)
        except HubcliError as error:
            if "immutab" in error.reason.lower():
                raise _immutable(error, wanted) from error
            raise


def _action(before: str | None, digest: str, *, known: bool) -> str:
    if not known:
        return "write"
    if before is None:
        return "create"
    return "keep" if before == digest else "move"


def _immutable(error: HubcliError, wanted: Reference) -> HubcliError:
    """Why a tag that may not move did not."""
    return Denied(
        f"the repository's rules make this tag immutable: {error.reason}",
        code=error.code,
        hint=f"hubcli repo inspect {wanted.name} shows the rules" if wanted.on_hub else None,
    )


def _registry_reference(text: str) -> Reference:
    from hubcli.stores import spelling

    spelled = spelling.parse(text)
    if isinstance(spelled, spelling.Local):
        raise UsageError(
            "tags are given in registries",
            reference=text,
            hint="hubcli copy oci:DIR:OLD oci:DIR:NEW",
        )
    return spelled


def _tag(name: str, source: Reference) -> str:
    """A new tag, or the same as a reference of the same repository."""
    if is_tag(name):
        return name
    reference = parse(name)
    if reference.bare() != source.bare() or reference.tag is None or reference.digest:
        raise UsageError(
            f"{name!r} is no tag of {source.name}",
            hint=f"hubcli copy {source.short} {name}",
        )
    return reference.tag


def _along(
    runtime: Runtime,
    repository: Repository,
    reference: Reference,
    names: Sequence[str],
    *,
    quiet: bool,
) -> list[str]:
    """The tags that move with the releases among the new tags, or else with the source's own."""
    from hubcli.authoring.moving import moved_along
    from hubcli.tags import release

    releases = [name for name in names if release(name)] or [reference.tag or "latest"]
    with doing("list the tags of", reference.name):
        known = _listed(repository) | set(releases)
    found: list[str] = []
    for name in releases:
        moving, staying = moved_along(name, known)
        found += moving
        if staying and not quiet:
            runtime.output.notice(
                f"{', '.join(staying)} left alone: there is a newer release than {name}"
            )
    return found


def _listed(repository: Repository) -> set[str]:
    known: set[str] = set()
    try:
        for page in repository.tags():
            known.update(page)
            if len(known) > _MOST:
                raise Conflict(f"it has more than {_MOST:,} tags: name those that are to move")
    except NotFound:
        return set()
    return known
