"""Reads the manifests that a plan depends on: what is inside them, and what they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from hubcli.oci import Descriptor, Manifest
from hubcli.parallel import in_order
from hubcli.retention.facts import Node, node_of

Read = Callable[[str], Manifest | None]
"""Fetches the manifest of a digest; None where it is gone, or refers to no manifest (schema 1)."""

_MOST = 1_000_000
"""Manifests that are read; no repository that anybody keeps has as many."""


def read_nodes(
    read: Read, going: Iterable[str], staying: Iterable[str], workers: int
) -> dict[str, Node]:
    """The nodes below these roots.

    What goes is read with all that is inside, since that is what becomes free. Of what stays the
    images inside an index are left out, and parts that nothing which goes has.
    """
    nodes: dict[str, Node] = {}
    for manifest in _below(read, going, nodes, _every, workers):
        nodes[manifest.digest] = node_of(manifest)
    at_stake = {part for node in nodes.values() for part, _ in node.parts}
    for manifest in _below(read, staying, nodes, _telling, workers):
        node = node_of(manifest)
        parts = tuple(part for part in node.parts if part[0] in at_stake)
        nodes[manifest.digest] = replace(node, parts=parts)
    return nodes


def _below(
    read: Read,
    roots: Iterable[str],
    known: dict[str, Node],
    wanted: Callable[[Descriptor], bool],
    workers: int,
) -> Iterator[Manifest]:
    """The manifests at `roots`, and below them those that are wanted, level by level, each once."""
    seen = set(known)
    level = [digest for digest in dict.fromkeys(roots) if digest not in seen]
    while level and len(seen) < _MOST:
        seen.update(level)
        below: dict[str, None] = {}
        for manifest in in_order(read, level, workers):
            if manifest is None:
                continue
            yield manifest
            for entry in manifest.manifests:
                if entry.digest not in seen and wanted(entry):
                    below[entry.digest] = None
        level = list(below)


def _every(entry: Descriptor) -> bool:
    return entry.is_manifest


def _telling(entry: Descriptor) -> bool:
    """Whether there may be more inside, or it may belong to something."""
    return entry.is_index or entry.artifact_type is not None
