"""The plan for one repository: what the rules say, and what is left of that by what needs what.

Pure. It holds of each tag its name, digest and times, and of each manifest that was read what it
refers to: some hundred bytes each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hubcli.retention.attached import key_of, subject_of
from hubcli.retention.facts import Node, Tag
from hubcli.retention.graph import Graph
from hubcli.retention.grouping import Group, groups
from hubcli.retention.rules import Rules, Verdict

_OWNER_STAYS = "what it belongs to stays"

Frozen = Callable[[Tag], str | None]
"""Says why a tag can never go, None where it can."""


@dataclass(frozen=True)
class Plan:
    """What becomes of the tags of a repository, in the order of `verdicts`.

    `size` is up to how many bytes become free, None where no size is told. `groups` are what goes,
    in an order in which nothing is missed by what is still there; `needed` are the digests of all
    that stays, and what is inside.
    """

    verdicts: Sequence[Verdict]
    size: int | None = None
    groups: Sequence[Group] = ()
    needed: frozenset[str] = frozenset()

    @property
    def going(self) -> Iterator[Verdict]:
        return (verdict for verdict in self.verdicts if verdict.goes)

    @property
    def count(self) -> int:
        """How many tags go."""
        return sum(1 for _ in self.going)

    def without_what_stays(self) -> Plan:
        """What is to be done, and nothing else: many of these may have to wait for an answer."""
        return replace(self, verdicts=tuple(self.going), needed=frozenset())

    @property
    def empties(self) -> bool:
        """Whether nothing is left but what belongs to something else."""
        stays = any(not one.goes and subject_of(one.tag.name) is None for one in self.verdicts)
        return self.count > 0 and not stays

    def with_referrers(self, referrers: Mapping[str, Sequence[str]]) -> Plan:
        """The same, and what is attached, by digest, to manifests that go.

        Not what is needed, or has a tag of its own: that is judged by it.
        """
        own = self.needed | {one.tag.digest for one in self.verdicts}
        return replace(
            self,
            groups=[
                replace(
                    group,
                    referrers=tuple(
                        each for each in referrers.get(group.digest or "", ()) if each not in own
                    ),
                )
                for group in self.groups
            ],
        )


def judged(
    tags: Sequence[Tag],
    rules: Sequence[Rules],
    now: float,
    frozen: Frozen = lambda _: None,
) -> list[Verdict]:
    """What the rules say to each tag; those that belong to others wait for `settled`.

    A tag goes where it is a candidate of one of the rules, and none of those whose candidate it is
    keeps it.
    """
    alone = [tag for tag in tags if subject_of(tag.name) is None]
    found: dict[str, Verdict] = {}
    for each in rules:
        for verdict in each.judge(alone, now):
            before = found.get(verdict.tag.name)
            if before is None or _outweighs(verdict, before):
                found[verdict.tag.name] = verdict
    verdicts = [
        found.get(tag.name) or Verdict(tag, False, "selection", "no rule is for it") for tag in tags
    ]
    return [_thawed(verdict, frozen) for verdict in verdicts]


def _outweighs(verdict: Verdict, before: Verdict) -> bool:
    """A rule that keeps its candidate weighs most; one that does not care, nothing."""
    weight = {True: 1, False: 2}
    new = 0 if verdict.rule == "selection" and not verdict.goes else weight[verdict.goes]
    old = 0 if before.rule == "selection" and not before.goes else weight[before.goes]
    return new > old


def _thawed(verdict: Verdict, frozen: Frozen) -> Verdict:
    reason = frozen(verdict.tag) if verdict.goes else None
    return verdict if reason is None else Verdict(verdict.tag, False, "immutable", reason)


def settled(
    verdicts: Sequence[Verdict],
    nodes: Mapping[str, Node],
    frozen: Frozen = lambda _: None,
) -> Plan:
    """The plan, once the manifests are known of which something stays or goes.

    A tag stays where something that stays is attached to its manifest, or to one inside it. What
    belongs to a manifest by its name goes with the last tag of that, and never otherwise.
    """
    graph = Graph(nodes)
    held: dict[str, Verdict] = {}
    while True:
        found = _with_attached(verdicts, held, graph, frozen)
        needed = _needed(found, graph)
        if not needed:
            break
        held |= needed
    verdicts = found
    staying = _digests(verdicts, goes=False)
    kept = graph.below(staying)
    free = graph.below(_digests(verdicts, goes=True)) - kept
    sizes = any(nodes[digest].parts for digest in free if digest in nodes)
    size = graph.bytes_of(free, kept) if sizes else _told(verdicts, kept)
    return Plan(verdicts, size, groups(verdicts, nodes), frozenset(kept))


def _needed(verdicts: Sequence[Verdict], graph: Graph) -> dict[str, Verdict]:
    """The tags that would go, and have to stay for the sake of something that stays."""
    staying = graph.below(_digests(verdicts, goes=False))
    needed = graph.subjects(staying) - staying
    attached = any(one.goes and subject_of(one.tag.name) for one in verdicts)
    owners = {key_of(digest) for digest in staying} if attached else set()
    found: dict[str, Verdict] = {}
    for one in verdicts:
        if not one.goes:
            continue
        if needed and one.tag.digest and needed & graph.below([one.tag.digest]):
            reason = "something that stays refers to it"
            found[one.tag.name] = Verdict(one.tag, False, "referrer", reason)
        elif subject_of(one.tag.name) in owners:
            found[one.tag.name] = Verdict(one.tag, False, "subject", _OWNER_STAYS)
    return found


def _with_attached(
    verdicts: Sequence[Verdict], held: Mapping[str, Verdict], graph: Graph, frozen: Frozen
) -> list[Verdict]:
    """Judge the tags that belong to others, and those that belong to these in turn.

    What is `held` is judged already.
    """
    tags = {one.tag.name: one.tag for one in verdicts}
    owners = {name: subject_of(name) for name in tags.keys() - held.keys()}
    waiting = {name: owner for name, owner in owners.items() if owner is not None}
    found = {one.tag.name: one for one in verdicts if one.tag.name not in waiting} | {**held}
    decided = found
    while waiting and decided:
        keeping, freeing = _keys(found.values(), graph)
        decided = {}
        for name, owner in waiting.items():
            if owner in keeping:
                decided[name] = Verdict(tags[name], False, "subject", _OWNER_STAYS)
            elif owner in freeing:
                gone = Verdict(tags[name], True, "attached", "belongs to what goes")
                decided[name] = _thawed(gone, frozen)
        found |= decided
        waiting = {name: owner for name, owner in waiting.items() if name not in decided}
    for name in waiting:
        found[name] = Verdict(tags[name], False, "subject", "no tag has what it belongs to")
    return [found[one.tag.name] for one in verdicts]


def _keys(verdicts: Iterable[Verdict], graph: Graph) -> tuple[set[str], set[str]]:
    """What stays and what goes, as the names of tags tell it."""
    judged = list(verdicts)
    keeping, freeing = (
        {key_of(digest) for digest in graph.below(_digests(judged, goes=goes))}
        for goes in (False, True)
    )
    return keeping, freeing


def _digests(verdicts: Iterable[Verdict], *, goes: bool) -> set[str]:
    return {one.tag.digest for one in verdicts if one.goes is goes and one.tag.digest is not None}


def _told(verdicts: Sequence[Verdict], kept: set[str]) -> int | None:
    """Bytes by what the registry says of each image, each once."""
    sizes = {
        one.tag.digest or one.tag.name: one.tag.size
        for one in verdicts
        if one.goes and one.tag.size is not None and one.tag.digest not in kept
    }
    return sum(sizes.values()) if sizes else None
