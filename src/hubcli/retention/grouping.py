"""What goes, in an order in which it can be removed piece by piece. Pure."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hubcli.retention.attached import key_of, subject_of
from hubcli.retention.facts import Node
from hubcli.retention.graph import Graph
from hubcli.retention.rules import Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """Tags of one manifest that go together; `digest` is None where nobody tells it.

    `belongings` are the tags that have to be gone before: they belong to this manifest, or to what
    is inside. `referrers` are manifests that are attached to it and have no tag: they go where it
    is deleted itself.
    """

    digest: str | None
    tags: tuple[str, ...]
    belongings: frozenset[str] = frozenset()
    referrers: tuple[str, ...] = ()


def groups(verdicts: Sequence[Verdict], nodes: Mapping[str, Node]) -> list[Group]:
    """The groups of what goes: what belongs to others first, indexes before what is in them."""
    tags: dict[str, list[str]] = defaultdict(list)
    belonging: dict[str, list[str]] = defaultdict(list)
    untold: list[Group] = []
    for one in verdicts:
        if not one.goes:
            continue
        owner = subject_of(one.tag.name)
        if owner is not None:
            belonging[owner].append(one.tag.name)
        if one.tag.digest is None:
            untold.append(Group(None, (one.tag.name,)))
        else:
            tags[one.tag.digest].append(one.tag.name)
    graph = Graph(nodes)
    belongings: dict[str, frozenset[str]] = {}
    for digest in tags if belonging else ():
        keys = {key_of(each) for each in graph.below([digest])} & belonging.keys()
        names = {name for key in keys for name in belonging[key]}
        belongings[digest] = frozenset(names.difference(tags[digest]))
    ordered = Graph(_with_owners(tags, belongings, nodes)).parents_first(tags)
    return [
        *untold,
        *(Group(each, tuple(tags[each]), belongings.get(each, frozenset())) for each in ordered),
    ]


def _with_owners(
    tags: Mapping[str, Sequence[str]],
    belongings: Mapping[str, frozenset[str]],
    nodes: Mapping[str, Node],
) -> Mapping[str, Node]:
    """The same nodes, where what belongs to others by the names of its tags needs these."""
    digests = {name: digest for digest, names in tags.items() for name in names}
    owners: dict[str, dict[str, None]] = defaultdict(dict)
    for owner, names in belongings.items():
        for name in sorted(names):
            if name in digests:
                owners[digests[name]][owner] = None
    changed = {}
    for digest, needed in owners.items():
        node = nodes.get(digest, Node(digest))
        changed[digest] = replace(node, children=(*node.children, *needed))
    return ChainMap(changed, {**nodes})
