"""Artifactory's query language (AQL): the files behind images, of many tags in one answer.

API: POST /api/search/aql, for who is signed in. A tag is a folder KEY/IMAGE/TAG with a
`manifest.json`, or for an index a `list.manifest.json`, and the blobs of the image beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hubcli import timestamps
from hubcli.errors import Unavailable, Untrusted
from hubcli.providers.calls import Api, number, text
from hubcli.reference import is_tag
from hubcli.registry.pages import MOST_PAGES

MANIFEST = "manifest.json"
INDEX = "list.manifest.json"
MANIFESTS: Mapping[str, object] = {"$or": [{"name": MANIFEST}, {"name": INDEX}]}
"""The criterion that leaves one file, or two, of each tag."""

_PAGE = 5000
# Paging works for an item's own fields only; the properties, the digest among them, are none. But
# a manifest's file has its digest for a checksum.
_FIELDS = ("repo", "path", "name", "size", "created", "modified", "sha256")
_NO_TAG = re.compile(r"sha256(?:__|:|-)[0-9a-f]{64}")
_CHECKSUM = re.compile(r"[0-9a-f]{64}")
_ORDER = ("path", "repo", "name")


@dataclass(frozen=True, slots=True)
class Item:
    """A file: `repo` is its repository key, `path` the folder, `digest` what it hashes to."""

    repo: str
    path: str
    name: str
    size: int | None
    created: str | None
    modified: str | None
    digest: str | None

    @property
    def image(self) -> str:
        """The image whose folder its folder is in; empty at the top."""
        return self.path.rpartition("/")[0]

    @property
    def tag(self) -> str | None:
        """The tag whose folder it is in; images of an index and fallback indexes have none."""
        name = self.path.rpartition("/")[2]
        return name if self.image and is_tag(name) and not _NO_TAG.fullmatch(name) else None

    @property
    def is_manifest(self) -> bool:
        return self.name in {MANIFEST, INDEX}

    @property
    def is_blob(self) -> bool:
        return self.name.startswith("sha256__")


@dataclass(slots=True)
class Extent:
    """From when to when files came, how large they are together, in bytes, and of how many tags."""

    count: int = 0
    tags: int = 0
    size: int = 0
    created: str | None = None
    modified: str | None = None
    _folder: str | None = None

    def add(self, item: Item) -> None:
        self.count += 1
        # The same tag of several keys, and an index beside an image, are in folders of one path.
        if item.is_manifest and item.tag is not None and item.path != self._folder:
            self.tags += 1
            self._folder = item.path
        self.size += item.size or 0
        self.created = min(filter(None, (self.created, item.created)), default=None)
        self.modified = max(filter(None, (self.modified, item.modified)), default=None)


def items(api: Api, criteria: Mapping[str, object]) -> Iterator[Item]:
    """The files that fit, sorted by folder; Untrusted where their pages do not go on, or end.

    What one may not see is taken out of a page after it was cut: so a page counts for as much as
    was asked for, however short it is, and the end is one that is empty.
    """
    offset, before = 0, None
    for _ in range(MOST_PAGES):
        answer = api.ask("/api/search/aql", _query(criteria, offset)).object()
        found = answer.get("results")
        if not isinstance(found, list):
            raise Unavailable("Artifactory answers a query without results")
        page = [item for item in map(_item, found) if item is not None]
        if not page:
            return
        if page[0] == before:
            raise Untrusted("Artifactory's pages go round in circles")
        yield from page
        before = page[0]
        offset += _step(answer, len(found))
    raise Untrusted(f"Artifactory's answer has more than {MOST_PAGES} pages")


def _query(criteria: Mapping[str, object], offset: int) -> str:
    fields = ",".join(map(json.dumps, _FIELDS))
    order = json.dumps({"$asc": _ORDER})
    return (
        f"items.find({json.dumps(criteria)}).include({fields})"
        f".sort({order}).offset({offset}).limit({_PAGE})"
    )


def _step(answer: Mapping[str, object], count: int) -> int:
    """How many records a page stands for: the server may have a limit of its own."""
    told = answer.get("range")
    known = told if isinstance(told, dict) else {}
    limit = number(known.get("limit"))
    if limit is not None and 0 < limit < _PAGE:
        return max(limit, count)
    return count if known.get("notification") else max(_PAGE, count)


def _item(found: object) -> Item | None:
    if not isinstance(found, dict):
        return None
    repo, path, name = (text(found.get(member)) for member in ("repo", "path", "name"))
    if repo is None or path is None or name is None:
        return None
    checksum = text(found.get("sha256")) or ""
    return Item(
        repo,
        path,
        name,
        number(found.get("size")),
        timestamps.normalised(found.get("created")),
        timestamps.normalised(found.get("modified")),
        f"sha256:{checksum}" if _CHECKSUM.fullmatch(checksum) else None,
    )
