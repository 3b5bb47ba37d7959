"""Which images of Artifactory an index has inside whose only files are those of one tag.

A digest is served from any folder that has its manifest. An image that was pushed under a tag, and
is part of an index by now, may have no other: its files go with the tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from hubcli.errors import NotFound
from hubcli.parallel import in_order
from hubcli.providers.artifactory_items import INDEX, MANIFESTS, Item, items
from hubcli.providers.artifactory_keys import Place, below
from hubcli.providers.calls import Api
from hubcli.registry import Repository


class Inside:
    """What is inside the indexes of repositories; of an index that was read once, it is known."""

    def __init__(self, api: Api, workers: int) -> None:
        self._api = api
        self._workers = workers
        self._children: dict[str, frozenset[str]] = {}

    def depends_on(self, repository: Repository, place: Place, tag: str, digest: str) -> bool:
        """Whether an index needs the manifest `digest`, of which only the folder of `tag` has it.

        Two queries at most, and each index read once.
        """
        own = f"{place.image}/{tag}"
        same = {**MANIFESTS, "sha256": digest.removeprefix("sha256:")}
        if any(item.path != own for item in self._files(place, same)):
            return False
        indexes = {
            item.digest: None
            for item in self._files(place, {"name": INDEX})
            if item.path != own and item.digest is not None
        }
        return any(digest in inside for inside in self._read(repository, [*indexes]))

    def _files(self, place: Place, criteria: dict[str, object]) -> Iterator[Item]:
        found = items(self._api, {**below(place.key, place.image), **criteria})
        return (item for item in found if item.image == place.image)

    def _read(self, repository: Repository, indexes: list[str]) -> Iterator[frozenset[str]]:
        def read(index: str) -> frozenset[str]:
            try:
                return frozenset(entry.digest for entry in repository.manifest(index).manifests)
            except NotFound:
                return frozenset()

        new = [index for index in indexes if index not in self._children]
        self._children.update(zip(new, in_order(read, new, self._workers), strict=True))
        return (self._children[index] for index in indexes)
