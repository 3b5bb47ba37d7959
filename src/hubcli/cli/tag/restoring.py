"""`hubcli tag undelete` and `tag restore`: tags that were deleted come back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Rows, Shown, named
from hubcli.cli.options import DryRun
from hubcli.cli.provided import required
from hubcli.cli.runtime import Runtime
from hubcli.cli.tag.declared import POINTED, TAG, group, showing
from hubcli.errors import Conflict, HubcliError, NotFound, Unsupported, UsageError, doing
from hubcli.output import Row
from hubcli.reference import Reference, checked_digest, parse

if TYPE_CHECKING:
    from hubcli.oci import Manifest
    from hubcli.registry import Repository
    from hubcli.retention.undo import Entry

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


_MISSING = frozenset({"BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"})
"""What registries say of a manifest whose parts they no longer have."""


@group.command("restore", shows=POINTED)
def restore(
    runtime: Runtime,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What tag prune --undo-file has written.")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Move tags that are something else by now.")
    ] = False,
    dry_run: DryRun = False,
) -> Shown:
    """Bring back the tags that tag prune has removed, as long as their manifests are there.

    Each points at what it did before. A tag that is there again and points elsewhere is left alone
    and reported, and so is one whose manifest is gone (exit code 3).

    \b
    Examples:
      hubcli tag restore undo.jsonl --dry-run
      hubcli tag restore undo.jsonl
    """
    restoring = _Restoring(runtime, force, dry_run)
    return Rows(runtime.each(_wanted(file), restoring.row))


def _wanted(file: str) -> Sequence[Entry]:
    """Each tag once, as it was last; what was removed last comes first: it may be needed."""
    from hubcli.retention import undo

    found: dict[Reference, Entry] = {}
    for entry in reversed([*undo.read(Path(file))]):
        found.setdefault(entry.reference, entry)
    return [*found.values()]


class _Restoring:
    """Lets tags point at what they did; a manifest comes from wherever it still is."""

    def __init__(self, runtime: Runtime, force: bool, dry_run: bool) -> None:
        self._session = runtime.session
        self._force = force
        self._dry_run = dry_run

    def row(self, entry: Entry) -> Row:
        reference = entry.reference
        with doing("restore", str(reference)):
            repository = self._session.repository(reference, "pull", "push")
            found = repository.find(reference.identifier)
            before = None if found is None else found.digest
            if before not in {None, entry.digest} and not self._force:
                raise Conflict(f"it points at {before} by now", hint="--force moves it back")
            if before != entry.digest:
                self._bring_back(repository, entry)
        return {
            "reference": reference.short,
            "digest": entry.digest,
            "previous": before,
            "action": {None: "create", entry.digest: "keep"}.get(before, "move"),
            "name": reference.tag,
            "repository": reference.name,
            "dry_run": self._dry_run,
        }

    def _bring_back(self, repository: Repository, entry: Entry) -> None:
        """By its digest, by what the registry's own API remembers, or from the file itself."""
        try:
            manifest = repository.manifest(entry.digest)
        except NotFound:
            if self._by_provider(entry):
                return
            kept = _kept(entry)
            if kept is None:
                raise NotFound("its manifest is gone", code="MANIFEST_UNKNOWN") from None
            manifest = kept
        if not self._dry_run:
            _put(repository, entry, manifest)

    def _by_provider(self, entry: Entry) -> bool:
        """Whether the registry's own API brings it back; that it would is only known by trying."""
        from hubcli.providers import RestoresTags

        reference = entry.reference
        if reference.on_hub or reference.tag is None:
            return False
        provider = self._session.provider(reference.host)
        if not isinstance(provider, RestoresTags):
            return False
        if self._dry_run:
            return True
        try:
            provider.restore_tag(reference.path, reference.tag, entry.digest)
        except (NotFound, Unsupported):
            return False
        return True


def _kept(entry: Entry) -> Manifest | None:
    from hubcli import oci

    if entry.manifest is None:
        return None
    return oci.parse_manifest(entry.manifest, entry.media_type, entry.digest)


def _put(repository: Repository, entry: Entry, manifest: Manifest) -> None:
    try:
        repository.put_manifest(entry.reference.identifier, manifest)
    except HubcliError as error:
        if error.code in _MISSING:
            raise NotFound(f"parts of it are gone: {error.reason}", code=error.code) from error
        raise
