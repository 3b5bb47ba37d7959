"""Which tags of a repository need which manifests: their own, and those inside an index."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from hubcli.errors import NotFound
from hubcli.oci import Descriptor
from hubcli.parallel import in_order
from hubcli.registry.repository import Repository

_FRESH = 60.0
"""Seconds for which the answer about a known tag is believed."""

_SHARE = 20
"""Where asking about all tags takes long: how many times as long the answers are believed."""

_DEEPEST = 4


class Needs:
    """What the tags of a repository need, asked of the registry and remembered for a minute."""

    def __init__(
        self, repository: Repository, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._resolved_at = float("-inf")
        self._believed = _FRESH
        self._roots: dict[str, Descriptor] = {}
        self._inside: dict[str, frozenset[str]] = {}

    def tags_needing(self, digest: str, *, besides: Collection[str]) -> dict[str, str]:
        """The tags that would break without the manifest `digest`, with what they point at.

        The tags are listed anew each time, so that one pushed a moment ago counts.
        """
        self._refresh()
        return {
            tag: root.digest
            for tag, root in self._roots.items()
            if tag not in besides and digest in self._needed(root)
        }

    def _refresh(self) -> None:
        began = self._clock()
        anew = began - self._resolved_at > self._believed
        if anew:
            self._roots.clear()
            self._resolved_at = began
        names = [name for page in self._repository.tags() for name in page]
        for gone in self._roots.keys() - set(names):
            del self._roots[gone]
        new = [name for name in names if name not in self._roots]
        found = in_order(self._resolve, new, self._repository.registry.concurrency)
        self._roots.update(
            (name, root) for name, root in zip(new, found, strict=True) if root is not None
        )
        if anew:
            self._believed = max(_FRESH, _SHARE * (self._clock() - began))

    def _resolve(self, name: str) -> Descriptor | None:
        try:
            return self._repository.resolve(name)
        except NotFound:
            return None

    def _needed(self, root: Descriptor, depth: int = 0) -> frozenset[str]:
        """The digests of a manifest and of all that are inside it."""
        if not root.is_index or depth == _DEEPEST:
            return frozenset({root.digest})
        if root.digest not in self._inside:
            self._inside[root.digest] = self._below(root, depth)
        return self._inside[root.digest]

    def _below(self, root: Descriptor, depth: int) -> frozenset[str]:
        try:
            entries = self._repository.manifest(root.digest).manifests
        except NotFound:
            entries = ()
        return frozenset({root.digest}).union(
            *(self._needed(entry, depth + 1) for entry in entries)
        )
