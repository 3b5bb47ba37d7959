"""What needs what among the manifests of a repository. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hubcli.retention.facts import Node


class Graph:
    """The manifests that were read, by digest; of any other one nothing is known but its name."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes

    def below(self, roots: Iterable[str]) -> set[str]:
        """These manifests and all that are inside them."""
        found: set[str] = set()
        todo = list(roots)
        while todo:
            digest = todo.pop()
            if digest not in found:
                found.add(digest)
                todo += self._children(digest)
        return found

    def subjects(self, digests: Iterable[str]) -> set[str]:
        """What these are attached to, and what that is attached to in turn, if it is known."""
        found: set[str] = set()
        todo = list(digests)
        while todo:
            node = self._nodes.get(todo.pop())
            if node is not None and node.subject is not None and node.subject not in found:
                found.add(node.subject)
                todo.append(node.subject)
        return found

    def parents_first(self, roots: Iterable[str]) -> list[str]:
        """`roots` in an order in which each comes before what it needs: what is inside it, and
        what it is attached to. So can they be deleted one by one."""
        wanted = list(dict.fromkeys(roots))
        done: set[str] = set()
        ordered: list[str] = []
        for root in wanted:
            ordered += self._after(root, done)
        chosen = set(wanted)
        return [digest for digest in reversed(ordered) if digest in chosen]

    def _after(self, root: str, done: set[str]) -> Iterator[str]:
        """What was not visited before, each behind all that it needs."""
        path: list[tuple[str, Iterator[str]]] = []
        if root not in done:
            done.add(root)
            path.append((root, iter(self._needs(root))))
        while path:
            digest, needs = path[-1]
            needed = next((each for each in needs if each not in done), None)
            if needed is None:
                path.pop()
                yield digest
            else:
                done.add(needed)
                path.append((needed, iter(self._needs(needed))))

    def bytes_of(self, digests: Iterable[str], besides: Iterable[str]) -> int:
        """Bytes of what these take, each part once, and the manifests `besides` do not."""
        taken = {part for digest in besides for part, _ in self._parts(digest)}
        sizes = {part: size for digest in digests for part, size in self._parts(digest)}
        return sum(size for part, size in sizes.items() if part not in taken)

    def _children(self, digest: str) -> tuple[str, ...]:
        node = self._nodes.get(digest)
        return () if node is None else node.children

    def _needs(self, digest: str) -> tuple[str, ...]:
        node = self._nodes.get(digest)
        if node is None:
            return ()
        return node.children if node.subject is None else (*node.children, node.subject)

    def _parts(self, digest: str) -> tuple[tuple[str, int], ...]:
        node = self._nodes.get(digest)
        return () if node is None else node.parts
