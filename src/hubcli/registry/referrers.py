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

_TRIES = 8
"""How often a fallback index is written before those who write it at the same time win."""

API, FALLBACK = "referrers api", "referrers tag"
"""How the referrers of a manifest came to be known."""

_Entries = list[dict[str, Any]]


def of(
    repository: Repository, digest: str, artifact_type: str | None = None
) -> Iterator[Descriptor]:
    """The referrers of `digest`, by the API or, where there is none, by the fallback index."""
    return listed(repository, digest, artifact_type)[1]


def listed(
    repository: Repository, digest: str, artifact_type: str | None = None
) -> tuple[str, Iterator[Descriptor]]:
    """The same, and which of the two it was: `API` or `FALLBACK`."""
    if not repository.registry.quirks.referrers:
        return FALLBACK, _distinct(iter(_read_fallback(repository, digest)), artifact_type)
    target = with_query(f"referrers/{digest}", {"artifactType": artifact_type})
    call = repository.completed(Call("GET", target, accepted=_NO_API))
    answers = repository.registry.pages(call)
    first = next(answers)
    if _index(first) is None:
        return FALLBACK, _distinct(iter(_read_fallback(repository, digest)), artifact_type)
    entries = _entries(chain((first,), answers), artifact_type)
    return API, _distinct(entries, artifact_type)


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


def _read_fallback(repository: Repository, subject: str) -> tuple[Descriptor, ...]:
    """What the fallback index lists; a missing one, or something else, lists nothing.

    Whoever can push can put an image under that tag, for several platforms, too; and where there
    is no such tag, GitLab answers with the subject itself.
    """
    try:
        found = repository.manifest(fallback_tag(subject))
    except (NotFound, IntegrityFailure):
        return ()
    return found.manifests if _is_list(found) and found.digest != subject else ()


def _is_list(found: Manifest) -> bool:
    """Whether it is a list of referrers, and no image for several platforms."""
    images = (entry for entry in found.manifests if entry.platform and not entry.artifact_type)
    return found.media_type == oci.OCI_INDEX and not any(images)


def enter(repository: Repository, manifest: Manifest) -> None:
    """List `manifest` in its subject's fallback index; Conflict where that tag is no index."""
    own = replace(
        manifest.descriptor,
        artifact_type=manifest.artifact_type,
        annotations=manifest.annotations,
    ).to_json()

    def add(entries: _Entries) -> _Entries:
        return entries if _has(entries, manifest.digest) else [*entries, own]

    if manifest.subject is not None and not _rewrite(repository, manifest.subject.digest, add):
        tag = fallback_tag(manifest.subject.digest)
        raise Conflict(f"the tag {tag}, meant for a list of referrers, holds something else")


def leave(repository: Repository, manifest: Manifest) -> None:
    """Take a deleted `manifest` out of its subject's fallback index, if it is in one."""

    def remove(entries: _Entries) -> _Entries:
        return [entry for entry in entries if entry.get("digest") != manifest.digest]

    if manifest.subject is not None:
        _rewrite(repository, manifest.subject.digest, remove)


def delete(
    repository: Repository, digest: str, remove: Callable[[str], None] | None = None
) -> None:
    """Delete a manifest, and take it out of the fallback index that lists it, if one does.

    distribution-spec 1.1, "Deleting Manifests" and "Referrers Tag Schema". `remove` is how that is
    done where the registry itself deletes nothing.
    """
    try:
        manifest = repository.manifest(digest)
    except (NotFound, IntegrityFailure):
        manifest = None  # whatever it is, it can be deleted; nothing says what it refers to
    (remove or repository.delete)(digest)
    if manifest is not None:
        leave(repository, manifest)


def _has(entries: _Entries, digest: str) -> bool:
    return any(entry.get("digest") == digest for entry in entries)


def _rewrite(repository: Repository, subject: str, change: Callable[[_Entries], _Entries]) -> bool:
    """Read a fallback index, change its entries, write it back; False where it is none.

    Registries have no conditional PUT: another client that read the index before we wrote it
    writes ours away. So it is read again after it was written, until nothing is to be changed.
    """
    tag = fallback_tag(subject)
    with repository.registry.indexing:
        for attempt in range(_TRIES + 1):
            document = _fallback_document(repository, tag, subject)
            if document is None:
                return False
            before = document["manifests"]
            after = change(list(before))
            if after == before:
                return True
            if attempt == _TRIES:
                break
            content = json.dumps({**document, "manifests": after}, separators=(",", ":")).encode()
            repository.put_manifest(tag, oci.parse_manifest(content, oci.OCI_INDEX))
    raise Conflict(f"the list of referrers under the tag {tag} is rewritten all the time")


def _fallback_document(repository: Repository, tag: str, subject: str) -> dict[str, Any] | None:
    """The index to be changed, an empty one where there is none; None for something else."""
    nothing = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": []}
    try:
        found = repository.manifest(tag)
    except NotFound:
        return nothing
    if found.digest == subject:
        return nothing
    if not _is_list(found):
        return None
    return {**found.document, "manifests": list(found.document.get("manifests") or [])}
