"""The `index.json` of an OCI image layout: what it lists, and how its images are called.

One layout may hold the images of many repositories: they are called by whole names then, as
`docker.io/library/alpine:3`, in the annotations that skopeo and containerd look for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hubcli import oci, reference
from hubcli.errors import UsageError
from hubcli.oci import Descriptor, Manifest
from hubcli.reference import Reference
from hubcli.stores import ONLY

INDEX = "index.json"
REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"

LARGEST = 64 << 20
"""Bytes of an `index.json`: an image takes some 300 of them."""


def parse(content: bytes) -> dict[str, Any]:
    return oci.parse_object(content, f"the {INDEX}")


def empty() -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": []}


def name_of(image: Descriptor) -> str | None:
    """The tag, or the whole name, that a layout gives an image."""
    return image.annotations.get(REF_NAME)


def whole_name(image: Descriptor) -> Reference | None:
    """The repository and tag (or digest) that a layout calls an image, if it says so much.

    Docker and containerd write them beside the tag.
    """
    for name in (image.annotations.get(CONTAINERD_NAME), name_of(image)):
        found = whole(name or "")
        if found is not None:
            return found
    return None


def whole(name: str) -> Reference | None:
    """The name of an image as a reference; None where it is a tag alone."""
    try:
        found = reference.parse(name)
    except UsageError:
        return None
    return found if found.tag or found.digest else None


def tag_of(image: Descriptor) -> str:
    """The tag that a layout gives an image, by itself or in a whole name; else nothing."""
    name = name_of(image) or ""
    found = whole(name)
    return name if found is None else found.tag or ""


def by_names(images: Iterable[Descriptor]) -> Mapping[str, Descriptor]:
    """Images by all that they are called, the first of each name."""
    found: dict[str, Descriptor] = {}
    for image in images:
        for name in (*names_of(image), image.digest):
            found.setdefault(name, image)
    return found


def names_of(image: Descriptor) -> Iterator[str]:
    """All that a layout calls an image."""
    name, named = name_of(image), whole_name(image)
    if name is not None:
        yield name
    if named is not None:
        yield str(named)


def listing(name: str, manifest: Manifest, origin: Descriptor | None) -> dict[str, Any]:
    """How an `index.json` lists an image, under `name` unless that is `ONLY`.

    Platform and annotations of `origin` are listed with it, and of what refers to another image
    the artifact type: nobody means that who names no image.
    """
    found = manifest.descriptor
    if manifest.subject is not None:
        found = replace(found, artifact_type=manifest.artifact_type)
    if origin is not None:
        found = replace(found, platform=origin.platform, annotations=origin.annotations)
    if name != ONLY:
        names = {REF_NAME: name}
        if whole(name) is not None:
            names[CONTAINERD_NAME] = name
        found = replace(found, annotations={**found.annotations, **names})
    return found.to_json()


def listed(index: Mapping[str, Any], *fresh: Mapping[str, Any]) -> bytes:
    """An `index.json` that lists some more images, each in the place of what had its name, or, of
    those without a name, in that of itself."""
    found = index.get("manifests")
    entries = list(found) if isinstance(found, list) else []
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for entry in fresh:
        latest.pop(key(entry), None)  # the last one counts, and stands last
        latest[key(entry)] = entry
    kept = [one for one in entries if not isinstance(one, dict) or key(one) not in latest]
    index = {**index, "manifests": [*kept, *latest.values()]}
    return json.dumps(index, separators=(",", ":")).encode()


def key(entry: Mapping[str, Any]) -> tuple[str, str]:
    """What an entry is told apart by: its name, or where it has none its digest."""
    annotations = entry.get("annotations")
    name = annotations.get(REF_NAME) if isinstance(annotations, dict) else None
    return ("", str(entry.get("digest"))) if name is None else (str(name), "")
