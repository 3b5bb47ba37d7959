"""The file system of an image, by name: what there is, and where in which layer it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hubcli.errors import IntegrityFailure, NotFound
from hubcli.layers.limits import Budget, Limits
from hubcli.layers.names import Path, inside, shown
from hubcli.layers.tarstream import Header

_MOST_LINKS = 40
"""Symbolic links on the way to a file, as Linux has it."""

IMPLIED = Header("directory", 0o755, 0, 0, "0")
"""A directory that is needed, but that no layer holds: root's, of no time."""


@dataclass(slots=True, eq=False)
class Inode:
    """What names lead to; several do to one that has hard links.

    `number` is the member of the layer (both from 0) that holds its content; -1 where there is
    none. `digest` is that of the content, where it was asked for.
    """

    header: Header
    layer: int
    number: int = -1
    digest: str | None = None


@dataclass(slots=True, eq=False)
class Node:
    """A name: what it leads to, the layer that it comes from, and of a directory what is in it."""

    inode: Inode
    layer: int
    children: dict[str, Node] | None = None

    @property
    def is_directory(self) -> bool:
        return self.children is not None


@dataclass(slots=True)
class Tree:
    """The names of an image. Parents of what is in it are directories, never links."""

    limits: Limits = field(default_factory=Limits)
    hidden: set[Path] = field(default_factory=set)
    """What whiteouts hid, whether or not it was there."""
    emptied: set[Path] = field(default_factory=set)
    """The directories of which all that was in them was hidden."""
    root: Node = field(default_factory=lambda: Node(Inode(IMPLIED, -1), -1, {}))
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget(self.limits)

    def walk(self, below: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Everything from `below` on, itself first, by name; directories before what they hold."""
        start = self.find(below)
        if start is None:
            return
        waiting = [(below, start)]
        while waiting:
            path, node = waiting.pop()
            yield path, node
            children = sorted((node.children or {}).items(), key=_name, reverse=True)
            waiting += [((*path, name), child) for name, child in children]

    def find(self, path: Path) -> Node | None:
        """What has exactly that name; links are not followed."""
        node: Node | None = self.root
        for part in path:
            if node is None or node.children is None:
                return None
            node = node.children.get(part)
        return node

    def resolve(self, name: str) -> tuple[Path, Node]:
        """What a name leads to, through symbolic links, as for a process inside; NotFound."""
        path = self.real_path(inside(name))
        node = self.find(path)
        if node is None:
            raise NotFound(f"there is no {shown(inside(name))} in the image")
        return path, node

    def real_path(self, path: Path, *, last: bool = True) -> Path:
        """A path without links in it, kept inside the root; its last part is left if `last` is
        false. What is not there leads to itself; IntegrityFailure where links go round."""
        todo, done = [*reversed(path)], list[str]()
        nodes = [self.root]
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                del done[-1:]
                nodes = nodes[: len(done) + 1]
                continue
            here = nodes[-1] if len(nodes) == len(done) + 1 else None
            node = here.children.get(part) if here is not None and here.children else None
            if node is not None and node.inode.header.kind == "symlink" and (todo or last):
                links += 1
                if links > _MOST_LINKS:
                    raise IntegrityFailure(f"too many symbolic links lead to {shown(path)}")
                target = node.inode.header.link or ""
                if target.startswith("/"):
                    done, nodes = [], [self.root]
                todo += [one for one in reversed(target.split("/")) if one not in {"", "."}]
                continue
            done.append(part)
            if node is not None:
                nodes.append(node)
        return tuple(done)

    def make(self, path: Path, layer: int) -> Node:
        """The directory of that path, made with its parents where it is not there.

        What is in its way and no directory is replaced.
        """
        node = self.root
        for part in path:
            children = node.children
            assert children is not None
            child = children.get(part)
            if child is None or child.children is None:
                self.budget.entry()
                child = children[part] = Node(Inode(IMPLIED, layer), layer, {})
            node = child
        return node


def _name(item: tuple[str, Node]) -> str:
    return item[0]
