"""`hubcli manifest put`: a manifest or index from a file, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.bytesource import whole
from hubcli.cli.commands import One, Shown
from hubcli.cli.manifests.declared import MANIFEST, group
from hubcli.cli.options import DryRun
from hubcli.cli.runtime import Runtime
from hubcli.errors import Conflict, HubcliError, IntegrityFailure, NotFound, UsageError, doing
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.oci import Descriptor, Manifest
    from hubcli.stores import Store
    from hubcli.stores.spelling import Local

_LARGEST = 4 << 20
"""Bytes of a manifest that registries need to take (distribution-spec, "Pushing Manifests")."""

_LACKING = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"})
_TOLD = 5


@group.command("put", shows=MANIFEST)
def put(
    runtime: Runtime,
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="Where: a tag or digest, or a local store.")
    ],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdin.")],
    media_type: Annotated[
        str | None,
        typer.Option("--media-type", metavar="TYPE", help="What it is, if it does not say so."),
    ] = None,
    dry_run: DryRun = False,
) -> Shown:
    """Write a manifest or index as it is, byte for byte, and print its digest.

    What it refers to must be there already.

    \b
    Examples:
      hubcli manifest put acme/api:v2 manifest.json
      hubcli manifest get acme/api:v1 | hubcli manifest put acme/api:v2 -
    """
    from hubcli.stores import spelling

    destination = spelling.parse(reference)
    manifest = _manifest(whole(runtime, file, _LARGEST), media_type, file)
    if destination.digest is not None:
        with doing("write", str(destination)):
            _check_digest(manifest, destination.digest)
    if isinstance(destination, Reference):
        shown = destination if destination.digest else destination.tagged(destination.identifier)
        if not dry_run:
            with doing("write", str(shown)):
                _to_registry(runtime, shown, manifest)
        return One(_row(shown.short, manifest, dry_run))
    if not dry_run:
        with doing("write", str(destination)):
            _to_layout(destination, manifest)
    return One(_row(str(destination), manifest, dry_run))


def _manifest(content: bytes, media_type: str | None, name: str) -> Manifest:
    from hubcli import oci

    if media_type is not None and media_type not in oci.MANIFEST_TYPES:
        raise UsageError(f"--media-type takes one of {', '.join(oci.MANIFEST_TYPES)}")
    try:
        return oci.parse_manifest(content, media_type)
    except IntegrityFailure as error:
        raise UsageError(f"{name}: {error.reason}") from error


def _check_digest(manifest: Manifest, digest: str) -> None:
    from hubcli import oci

    oci.verify(manifest.content, digest)


def _to_registry(runtime: Runtime, reference: Reference, manifest: Manifest) -> None:
    repository = runtime.session.repository(reference, "pull", "push")
    try:
        repository.put_manifest(reference.identifier, manifest)
    except HubcliError as error:
        if error.code not in _LACKING:
            raise
        missing = _missing(repository, manifest)
        if not missing:
            raise
        raise _refused(error.code, missing, reference.name) from error


def _to_layout(local: Local, manifest: Manifest) -> None:
    """Local stores do not look for themselves whether all is there."""
    from pathlib import Path

    from hubcli.stores import spelling
    from hubcli.stores.layout import LayoutDirectory

    if local.kind != spelling.OCI:
        raise UsageError("a manifest is put into a registry, or an OCI layout directory")
    layout = LayoutDirectory(Path(local.path))
    missing = _missing(layout, manifest)
    if missing:
        raise _refused("MANIFEST_BLOB_UNKNOWN", missing, str(local))
    if local.digest is not None:
        layout.put_manifest(local.digest, manifest)
    else:
        layout.put_image(local.identifier, manifest)


def _missing(store: Store, manifest: Manifest) -> list[Descriptor]:
    found = {child.digest: child for child in manifest.children() if not child.is_foreign}
    return [child for child in found.values() if not _has(store, child)]


def _has(store: Store, child: Descriptor) -> bool:
    if not child.is_manifest:
        return store.blobs.has(child)
    try:
        store.resolve(child.digest)
    except NotFound:
        return False
    return True


def _refused(code: str, missing: list[Descriptor], place: str) -> HubcliError:
    names = ", ".join(child.digest for child in missing[:_TOLD])
    more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
    verb = "manifest" if missing[0].is_manifest else "blob"
    target = f"{place}@{missing[0].digest}" if verb == "manifest" else place
    return Conflict(
        f"it refers to what is not there: {names}{more}",
        code=code,
        hint=f"hubcli {verb} put {target} FILE",
    )


def _row(shown: str, manifest: Manifest, dry_run: bool) -> dict[str, object]:
    return {
        "reference": shown,
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "size": len(manifest.content),
        "tags": None,
        "dry_run": dry_run,
    }
