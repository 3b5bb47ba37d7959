"""Indexes: made of images, with more of them, with fewer (image-spec 1.1, image-index.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from hubcli import oci
from hubcli.authoring.draft import Draft
from hubcli.authoring.parts import ATTESTED, annotate
from hubcli.errors import Conflict, NotFound, Unsupported, UsageError
from hubcli.oci import Descriptor, Manifest, Platform
from hubcli.stores import Listed
from hubcli.transfer import Events, Image, Options, Target, graph
from hubcli.transfer.copying import Copying
from hubcli.transfer.threads import Workers

Entry = dict[str, Any]
_PLATFORM = ("architecture", "os", "os.version", "os.features", "variant")


def entries_of(image: Image, platforms: Sequence[Platform] = ()) -> list[Entry]:
    """What an image or index contributes to an index: descriptors with their platforms.

    Of an index only what is for `platforms`, if there are any; its attestations come along.
    NotFound where there is no image for one of them.
    """
    found = image.store.manifest(image.identifier)
    if found.is_index:
        chosen = graph.narrowed(found, platforms) if platforms else found
        return list(chosen.document.get("manifests") or ())
    entry: Entry = found.descriptor.to_json()
    if not found.is_image or found.config is None:
        return [{**entry, "artifactType": found.artifact_type} if found.artifact_type else entry]
    content = image.store.blobs.read(found.config)
    config = oci.parse_object(content, "the image's configuration")
    own = oci.config_platform(config)
    if own is None:
        return [entry]
    if platforms and not any(own.matches(wanted) for wanted in platforms):
        raise NotFound(f"it is an image for {own}")
    return [{**entry, "platform": {name: config[name] for name in _PLATFORM if config.get(name)}}]


def copy_along(image: Image, target: Target, entries: Sequence[Entry], events: Events) -> None:
    """Bring the manifests of entries, and all below them, to where their index will be."""
    here = (image.registry, image.repository)
    if image.registry is not None and here == (target.registry, target.repository):
        return
    copying = Copying(image, target, Options(), Workers(Options().jobs), events)
    for entry in entries:
        manifest = graph.child(image.store, oci.parse_descriptor(entry))
        copying.copy(manifest, manifest.digest)


def merged(
    entries: Sequence[Entry], more: Sequence[Entry], notify: Callable[[str], None] | None = None
) -> list[Entry]:
    """Entries with more of them; what is there already stays where it is.

    An image for a platform that has one takes its place, with its attestations, which `notify` is
    told; without it that is a Conflict.
    """
    found = list(entries)
    for entry in more:
        descriptor = oci.parse_descriptor(entry)
        if any(one["digest"] == descriptor.digest for one in found):
            continue
        rivals = {
            one["digest"] for one in found if _is_rival(oci.parse_descriptor(one), descriptor)
        }
        if rivals and notify is None:
            raise Conflict(f"there are two images for {descriptor.platform}")
        if rivals and notify is not None:
            notify(f"the image for {descriptor.platform} takes the place of {', '.join(rivals)}")
            found = without(found, rivals)
        found.append(entry)
    return found


def without(entries: Sequence[Entry], digests: Collection[str]) -> list[Entry]:
    """Entries but for some, and but for what attests these."""
    return [
        entry
        for entry in entries
        if entry["digest"] not in digests
        and (entry.get("annotations") or {}).get(ATTESTED) not in digests
    ]


def chosen(index: Manifest, wishes: Sequence[str]) -> set[str]:
    """The digests of the entries that platforms and digests name; NotFound where one names none."""
    found: set[str] = set()
    for wish in wishes:
        if oci.is_digest(wish):
            named = {one.digest for one in index.manifests if one.digest == wish}
        else:
            platform = oci.parse_platform(wish)
            named = {
                one.digest
                for one in index.manifests
                if one.platform is not None
                and not one.is_attestation
                and one.platform.matches(platform)
            }
        if not named:
            offered = ", ".join(dict.fromkeys(map(str, index.platforms())))
            raise NotFound(f"it has no {wish}; it has {offered or 'no images for any platform'}")
        found |= named
    return found


def media_type(entries: Sequence[Entry], *, docker: bool | None = None) -> str:
    """What an index of these is: Docker's list where all are Docker's, unless said otherwise.

    Unsupported where a Docker list is wanted of what none may hold.
    """
    foreign = {entry["mediaType"] for entry in entries} - {oci.DOCKER_MANIFEST}
    if docker and foreign:
        raise Unsupported(
            f"a Docker manifest list holds no {min(foreign)}; leave --docker out for an OCI index"
        )
    is_docker = bool(entries) and not foreign if docker is None else docker
    return oci.DOCKER_LIST if is_docker else oci.OCI_INDEX


def create(
    draft: Draft, entries: Sequence[Entry], kind: str, annotations: Mapping[str, str]
) -> Manifest:
    """A new index; Docker's lists have no annotations, so that those are a UsageError."""
    if annotations and kind == oci.DOCKER_LIST:
        raise UsageError("a Docker manifest list has no annotations")
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": kind,
        "manifests": list(entries),
    }
    annotate(document, annotations, ())
    return draft.manifest(document, kind)


def changed(draft: Draft, index: Manifest, entries: Sequence[Entry]) -> Manifest:
    """An index with other entries; a Docker list that is to hold others becomes an OCI index."""
    if list(entries) == index.document.get("manifests"):
        return index
    kind = index.media_type
    if kind == oci.DOCKER_LIST:
        kind = media_type(entries, docker=None if entries else True)
    document = {**index.document, "manifests": list(entries)}
    if "mediaType" in document or kind != index.media_type:
        document["mediaType"] = kind
    return draft.manifest(document, kind)


def put(target: Target, index: Manifest) -> None:
    """Write an index whose manifests are there."""
    if isinstance(target.store, Listed) and target.identifier != index.digest:
        target.store.put_image(target.identifier, index)
    else:
        target.store.put_manifest(target.identifier or index.digest, index)


def _is_rival(one: Descriptor, other: Descriptor) -> bool:
    """Whether both are images for the same platform."""
    if one.is_attestation or other.is_attestation:
        return False
    return one.platform is not None and one.platform == other.platform
