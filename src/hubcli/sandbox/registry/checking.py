"""Whether what a client pushes is a manifest at all (image-spec 1.1, Docker schema 2)."""

from __future__ import annotations

from hubcli import oci
from hubcli.errors import IntegrityFailure
from hubcli.sandbox.content.files import CANONICAL, algorithm_of
from hubcli.sandbox.registry import names, replies

# Beyond what a JSON number carries exactly, and what the database can hold.
_LARGEST_SIZE = 2**53


def checked_manifest(content: bytes, content_type: str, reference: str) -> oci.Manifest:
    """The manifest in a push; MANIFEST_INVALID or DIGEST_INVALID for anything else.

    `content_type` is the request's, parameters and all; empty where it sent none, and then the
    document must name its type itself. `reference` is the tag or digest it is pushed to.
    """
    told = content_type.partition(";")[0].strip()
    if told and told not in oci.MANIFEST_TYPES:
        raise replies.manifest_invalid(f"{told} is no manifest type this registry takes")
    try:
        manifest = oci.parse_manifest(content, told, _digest(content, reference))
    except IntegrityFailure as error:
        raise replies.manifest_invalid(error.reason) from error
    own = manifest.document.get("mediaType")
    if own is not None and own != manifest.media_type:
        raise replies.manifest_invalid(f"the manifest calls itself {own}, not {told}")
    if own is None and not told:
        raise replies.manifest_invalid("neither the request nor the manifest says what it is")
    _check_shape(manifest)
    return manifest


def _digest(content: bytes, reference: str) -> str:
    if names.is_tag(reference):
        return oci.digest_of(content, CANONICAL)
    if ":" not in reference:
        raise replies.manifest_invalid("a tag has up to 128 letters, digits, '_', '.', '-'")
    found = oci.digest_of(content, algorithm_of(names.checked_digest(reference)))
    if found != reference:
        raise replies.digest_invalid(f"the manifest hashes to {found}", reference)
    return found


def _check_shape(manifest: oci.Manifest) -> None:
    document = manifest.document
    if document.get("schemaVersion") != 2:
        raise replies.manifest_invalid("the schemaVersion is not 2")
    # What could be read as an image and as an index would be scanned as one and run as the other.
    required, foreign = ("manifests", "layers") if manifest.is_index else ("layers", "manifests")
    if not isinstance(document.get(required), list):
        raise replies.manifest_invalid(f"the list of {required} is missing")
    if foreign in document or (manifest.is_index and manifest.config):
        raise replies.manifest_invalid("it is an image and an index in one")
    if not manifest.is_index and manifest.config is None:
        raise replies.manifest_invalid("the config is missing")
    if any(entry.size > _LARGEST_SIZE for entry in manifest.children()):
        raise replies.manifest_invalid("a descriptor's size is beyond reason")


def needed_blobs(manifest: oci.Manifest) -> list[oci.Descriptor]:
    """The blobs that must be there first: not an index's manifests, nor layers kept elsewhere."""
    if manifest.is_index:
        return []
    return [entry for entry in manifest.children() if not entry.is_foreign]
