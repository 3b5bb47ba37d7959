"""Referrers: the manifests that name another one as their subject (distribution-spec 1.1).

Registries without the API have a fallback: an index under a tag made of the subject's digest,
which clients keep up themselves ("Referrers Tag Schema").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from hubcli import oci
from hubcli.errors import Conflict, IntegrityFailure, NotFound, Unavailable
from hubcli.http.client import with_query
from hubcli.http.response import Response
from hubcli.oci import Descriptor, Manifest
from hubcli.registry.calls import Call

if TYPE_CHECKING:
    from hubcli.registry.repository import Repository

_NO_API = frozenset({400, 404, 405, 406, 410, 501})
_MOST = 100_000
"""Referrers of one subject that are read before the list is refused."""

_Entries = list[dict[str, Any]]


def of(
    repository: Repository, digest: str, artifact_type: str | None = None
) -> Iterator[Descriptor]:
    """The referrers of `digest`, by the API or, where there is none, by the fallback index."""
    target = with_query(f"referrers/{digest}", {"artifactType": artifact_type})
    call = repository.completed(Call("GET", target, accepted=_NO_API))
    answers = repository.registry.pages(call)
    first = next(answers)
    if _index(first) is None:
        fallback = _read_fallback(repository, fallback_tag(digest))
        yield from _distinct(iter(fallback), artifact_type)
        return
    yield from _distinct(_entries(chain((first,), answers), artifact_type), artifact_type)


def _entries(answers: Iterator[Response], artifact_type: str | None) -> Iterator[Descriptor]:
    for answer in answers:
        index = _index(answer)
        if index is None:
            raise Unavailable("the registry's list of referrers breaks off")
        applied = answer.headers.get("oci-filters-applied", "").split(",")
        filtered = "artifactType" in {name.strip() for name in applied}
        for entry in index.manifests:
            # A registry that has filtered need not repeat the type in each descriptor.
            yield replace(entry, artifact_type=artifact_type) if filtered else entry


def _distinct(entries: Iterator[Descriptor], artifact_type: str | None) -> Iterator[Descriptor]:
    seen: set[str] = set()
    for entry in entries:
        wanted = artifact_type is None or entry.artifact_type == artifact_type
        if wanted and entry.digest not in seen:
            seen.add(entry.digest)
            if len(seen) > _MOST:
                raise Unavailable(f"the registry lists more than {_MOST} referrers")
            yield entry


def _index(answer: Response) -> Manifest | None:
    """The index in an answer; None for anything else, which means that there is no API."""
    if not answer.ok:
        return None
    try:
        found = oci.parse_manifest(answer.content, answer.headers.get("content-type"))
    except IntegrityFailure:
        return None
    return found if found.is_index else None


def fallback_tag(digest: str) -> str:
    """The tag of the fallback index for a subject (distribution-spec, "Referrers Tag Schema")."""
    algorithm, _, encoded = digest.partition(":")
    return re.sub(r"[^A-Za-z0-9._-]", "-", f"{algorithm[:32]}-{encoded[:64]}")


def _read_fallback(repository: Repository, tag: str) -> tuple[Descriptor, ...]:
    """What the fallback index lists; a missing one, or something else, lists nothing."""
    try:
        found = repository.manifest(tag)
    except (NotFound, IntegrityFailure):
        return ()
    return found.manifests if found.is_index else ()


def enter(repository: Repository, manifest: Manifest) -> None:
    """List `manifest` in its subject's fallback index; Conflict where that tag is no index."""
    own = replace(
        manifest.descriptor,
        artifact_type=manifest.artifact_type,
        annotations=manifest.annotations,
    ).to_json()

    def add(entries: _Entries) -> _Entries:
        return entries if _has(entries, manifest.digest) else [*entries, own]

    _rewrite(repository, manifest, add)


def leave(repository: Repository, manifest: Manifest) -> None:
    """Take a deleted `manifest` out of its subject's fallback index, if it is in one."""

    def remove(entries: _Entries) -> _Entries:
        return [entry for entry in entries if entry.get("digest") != manifest.digest]

    _rewrite(repository, manifest, remove)


def _has(entries: _Entries, digest: str) -> bool:
    return any(entry.get("digest") == digest for entry in entries)


def _rewrite(
    repository: Repository, manifest: Manifest, change: Callable[[_Entries], _Entries]
) -> None:
    """Read the fallback index of a manifest's subject, change its entries, write it back."""
    if manifest.subject is None:
        return
    tag = fallback_tag(manifest.subject.digest)
    with repository.registry.indexing:
        document = _fallback_document(repository, tag)
        before = list(document["manifests"])
        document["manifests"] = change(before)
        if document["manifests"] == before:
            return
        content = json.dumps(document, separators=(",", ":")).encode()
        repository.put_manifest(tag, oci.parse_manifest(content, oci.OCI_INDEX))


def _fallback_document(repository: Repository, tag: str) -> dict[str, Any]:
    try:
        found = repository.manifest(tag)
    except NotFound:
        return {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": []}
    if found.media_type != oci.OCI_INDEX:
        raise Conflict(f"the tag {tag}, meant for a list of referrers, holds something else")
    return {**found.document, "manifests": list(found.document.get("manifests") or [])}
