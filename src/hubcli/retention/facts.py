"""What a plan has to know of tags and of manifests, and no more: there may be many of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hubcli import timestamps
from hubcli.oci import Manifest

_DATED_FROM = datetime(1981, 1, 1, tzinfo=UTC)
"""What was made before is said by builds that want to be repeatable: 1970, or zip's 1980."""

_MOMENTS = ("updated", "pushed", "created")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: what it points at, when it came to be so and was last pulled, in UNIX seconds.

    `size` is in bytes what pulling it takes, and `immutable` whether it can neither be moved nor
    removed, as far as its registry says that.
    """

    name: str
    digest: str | None
    moment: float | None = None
    pulled: float | None = None
    size: int | None = None
    immutable: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A manifest: the manifests inside it, what it is attached to, and what else it takes.

    `parts` are the blobs that it names, and itself, with their sizes in bytes.
    """

    digest: str
    children: tuple[str, ...] = ()
    subject: str | None = None
    parts: tuple[tuple[str, int], ...] = ()


def tag_of(row: Mapping[str, Any]) -> Tag:
    """The tag in a row of `tag ls`; its time is `updated`, `pushed` or `created`, if it has one."""
    told = (timestamps.parse(row.get(field)) for field in _MOMENTS)
    moment = next((each for each in told if each is not None and each >= _DATED_FROM), None)
    return Tag(
        str(row["name"]),
        row.get("digest"),
        None if moment is None else moment.timestamp(),
        _seconds(row.get("pulled")),
        _size(row),
        row.get("immutable") is True,
    )


def node_of(manifest: Manifest) -> Node:
    """The node of a manifest or index that was read."""
    blobs = (*([manifest.config] if manifest.config else []), *manifest.layers)
    return Node(
        manifest.digest,
        tuple(entry.digest for entry in manifest.manifests),
        None if manifest.subject is None else manifest.subject.digest,
        (
            (manifest.digest, len(manifest.content)),
            *((blob.digest, blob.size) for blob in blobs),
        ),
    )


def _size(row: Mapping[str, Any]) -> int | None:
    """What the row says, or what all images in it take together, where it tells of these."""
    images = sum(image.get("size") or 0 for image in row.get("images") or ())
    return max(images, row.get("size") or 0) or row.get("size")


def _seconds(text: object) -> float | None:
    moment = timestamps.parse(text)
    return None if moment is None else moment.timestamp()
