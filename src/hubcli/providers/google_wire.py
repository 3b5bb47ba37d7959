"""What Google's `/v2/` tells beyond the specification, in `tags/list`.

Members, as google/go-containerregistry decodes them (pkg/v1/google/list.go): `child` are the names
one level below, `manifest` has by digest the tags, the size and the times in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hubcli import timestamps
from hubcli.errors import NotFound
from hubcli.http.client import with_query
from hubcli.providers.calls import number, text
from hubcli.providers.capabilities import Row
from hubcli.registry.calls import Call

if TYPE_CHECKING:
    from hubcli.registry import Registry

_PAGE = 10_000
_DEEPEST = 16

_Object = Mapping[str, Any]


def images_below(registry: Registry, path: str, depth: int = _DEEPEST) -> Iterator[str]:
    """The paths of the images below a path."""
    for name in children(registry, path):
        try:
            if any(map(_is_image, _listings(registry, name))):
                yield name
            if depth:
                yield from images_below(registry, name, depth - 1)
        except NotFound:
            continue


def children(registry: Registry, path: str) -> Iterator[str]:
    """The paths one level below a path."""
    for listing in _listings(registry, path):
        yield from (f"{path}/{child}" for child in _names(listing.get("child")))


def tags(registry: Registry, path: str) -> Iterator[Row]:
    """What `manifest` tells; names alone where that is missing."""
    for listing in _listings(registry, path):
        told = set[str]()
        for digest, about in _manifests(listing):
            for tag in _names(about.get("tag")):
                told.add(tag)
                yield {"name": tag, **_about(digest, about)}
        for tag in _names(listing.get("tags")):
            if tag not in told:
                yield {"name": tag, **_about(None, {})}


def untagged(registry: Registry, path: str) -> Iterator[Row]:
    """The manifests without a tag."""
    for listing in _listings(registry, path):
        for digest, about in _manifests(listing):
            if not _names(about.get("tag")):
                yield _about(digest, about)


def _listings(registry: Registry, path: str) -> Iterator[_Object]:
    """GET /v2/{name}/tags/list"""
    call = Call("GET", with_query("tags/list", {"n": _PAGE}))
    for answer in registry.pages(registry.repository(path).completed(call)):
        yield answer.object()


def _manifests(listing: _Object) -> Iterator[tuple[str, _Object]]:
    found = listing.get("manifest")
    for digest, about in found.items() if isinstance(found, dict) else ():
        if isinstance(about, dict):
            yield digest, about


def _about(digest: str | None, about: _Object) -> Row:
    milliseconds = number(about.get("timeUploadedMs"))
    return {
        "digest": digest,
        "pushed": timestamps.from_epoch(milliseconds / 1000) if milliseconds else None,
        "updated": None,
        "size": number(about.get("imageSizeBytes")),
        "media_type": text(about.get("mediaType")),
    }


def _is_image(listing: _Object) -> bool:
    return bool(listing.get("tags") or listing.get("manifest"))


def _names(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
