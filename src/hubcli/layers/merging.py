"""Layers put one upon the other: what an image's file system is in the end (image-spec, layer.md).

A whiteout hides what lower layers have, never what its own layer brings, wherever it stands there.
A name below a symbolic link is where the link leads, inside the root, as with umoci and containerd.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hubcli.errors import IntegrityFailure
from hubcli.layers.limits import Limits
from hubcli.layers.names import OPAQUE, Path, hidden_by, inside, shown
from hubcli.layers.reading import Layer, members
from hubcli.layers.spool import Blobs
from hubcli.layers.tarstream import Header, Member
from hubcli.layers.tree import Inode, Node, Tree


def read_tree(
    blobs: Blobs, layers: Sequence[Layer], limits: Limits | None = None, *, hashed: bool = False
) -> Tree:
    """Read all layers from the bottom up, each once and verified; with `hashed` contents, too.

    IntegrityFailure for damaged layers, those beyond the limits, and hard links to nothing.
    """
    tree = Tree(limits or Limits())
    for number, layer in enumerate(layers):
        merger = _Merger(tree, number, hashed)
        for member in members(blobs, layer, tree.limits):
            merger.add(member)
    return tree


class _Merger:
    """Puts one layer upon a tree."""

    def __init__(self, tree: Tree, layer: int, hashed: bool) -> None:
        self._tree = tree
        self._layer = layer
        self._hashed = hashed
        self._cleared: set[int] = set()

    def add(self, member: Member) -> None:
        header = member.header
        path = inside(member.name)
        if not path:
            self._tree.root.inode = Inode(header, self._layer)
            return
        tree = self._tree
        hidden = hidden_by(path[-1])
        if hidden is not None:
            above = tree.real_path(path[:-1])
            if path[-1] == OPAQUE:
                tree.emptied.add(above)
            elif hidden:
                tree.hidden.add((*above, hidden))
            self._hide(tree.find(above), path[-1], hidden)
            return
        parent = tree.make(tree.real_path(path[:-1]), self._layer)
        assert parent.children is not None
        self._count(member)
        if header.kind == "hardlink":
            inode = self._linked(path, header)
        else:
            inode = Inode(header, self._layer, member.number, self._digest(member))
        there = parent.children.get(path[-1])
        children: dict[str, Node] | None = None
        if header.kind == "directory":
            children = there.children if there is not None and there.children is not None else {}
        if there is not None and (there.children is None) == (children is None):
            there.inode, there.layer = inode, self._layer
        else:
            parent.children[path[-1]] = Node(inode, self._layer, children)

    def _linked(self, path: Path, header: Header) -> Inode:
        """What a hard link leads to; the link itself may be a symbolic one."""
        tree = self._tree
        target = inside(header.link or "")
        found = tree.find((*tree.real_path(target[:-1]), *target[-1:]))
        if found is None or found.is_directory:
            what = "a directory" if found else "what is not there"
            raise IntegrityFailure(f"{shown(path)} is a hard link to {what}")
        return found.inode

    def _count(self, member: Member) -> None:
        header = member.header
        self._tree.budget.entry()
        size = len(member.name) + len(header.link or "")
        if header.xattrs:
            size += sum(len(key) + len(value) for key, value in header.xattrs.items())
        self._tree.budget.name(size)

    def _digest(self, member: Member) -> str | None:
        if not self._hashed or member.header.kind != "file":
            return None
        hasher = hashlib.sha256()
        for chunk in member.content:
            hasher.update(chunk)
        return f"sha256:{hasher.hexdigest()}"

    def _hide(self, parent: Node | None, mark: str, name: str) -> None:
        if parent is None or parent.children is None:
            return
        if mark == OPAQUE:
            self._clear(parent)
            return
        node = parent.children.get(name)
        if node is None:
            return
        self._clear(node)
        if node.layer < self._layer and not node.children:
            del parent.children[name]

    def _clear(self, top: Node) -> None:
        """Drop all in a directory that is of lower layers; no recursion, for it may be deep."""
        waiting, order = [top], list[Node]()
        while waiting:
            node = waiting.pop()
            if node.children and id(node) not in self._cleared:
                order.append(node)
                waiting += node.children.values()
        for node in reversed(order):
            assert node.children is not None
            gone = [
                name
                for name, child in node.children.items()
                if child.layer < self._layer and not child.children
            ]
            for name in gone:
                del node.children[name]
        self._cleared |= {id(top)}
