"""What two images differ in: configuration, history, layers, files, packages. Pure data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hubcli.layers.names import Path, shown
from hubcli.layers.packages import Key
from hubcli.layers.reading import Layer
from hubcli.layers.tree import Inode, Node, Tree

Row = dict[str, Any]

_LISTS = {"entrypoint": "Entrypoint", "cmd": "Cmd"}
_TEXTS = {"user": "User", "workdir": "WorkingDir", "stop_signal": "StopSignal"}
_SETS = {"ports": "ExposedPorts", "volumes": "Volumes"}


def platforms(a: Sequence[str] | None, b: Sequence[str] | None) -> list[Row]:
    """`status, platform` of what only one of two indexes has; an image alone (None) has no say."""
    if a is None or b is None:
        return []
    rows = [{"status": "removed", "platform": one} for one in dict.fromkeys(a) if one not in b]
    return rows + [{"status": "added", "platform": one} for one in dict.fromkeys(b) if one not in a]


def config(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Row]:
    """`field, key, a, b` of all that differs; `key` names the variable or label, else None."""
    rows = []
    one, other = _settings(a), _settings(b)
    for field, key in sorted({*one, *other}):
        left, right = one.get((field, key)), other.get((field, key))
        if left != right:
            rows.append({"field": field, "key": key or None, "a": left, "b": right})
    return rows


def _settings(document: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    run = document.get("config")
    run = run if isinstance(run, dict) else {}
    found: dict[tuple[str, str], Any] = {}
    for text in run["Env"] if isinstance(run.get("Env"), list) else ():
        name, _, value = str(text).partition("=")
        found["env", name] = value
    labels = run.get("Labels")
    for name, value in labels.items() if isinstance(labels, dict) else ():
        found["labels", name] = value
    for field, name in (*_LISTS.items(), *_TEXTS.items()):
        found[field, ""] = run.get(name) or None
    for field, name in _SETS.items():
        members = run.get(name)
        found[field, ""] = sorted(members) if isinstance(members, dict) and members else None
    for field in ("os", "architecture", "variant"):
        found[field, ""] = document.get(field)
    return found


def history(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Row]:
    """`status, created_by` of the steps after those that both begin with."""
    one, other = _steps(a), _steps(b)
    same = _common(one, other)
    rows = [{"status": "removed", "created_by": step} for step in one[same:]]
    return rows + [{"status": "added", "created_by": step} for step in other[same:]]


def _steps(document: Mapping[str, Any]) -> list[str]:
    steps = document.get("history")
    found = steps if isinstance(steps, list) else []
    return [str(step.get("created_by") or "") for step in found if isinstance(step, dict)]


def layers(a: Sequence[Layer], b: Sequence[Layer]) -> list[Row]:
    """`status` (shared, removed, added), `digest`, `size` of every layer."""
    one, other = _identities(a), _identities(b)
    rows = [_layer("removed" if other.isdisjoint(_identities([x])) else "shared", x) for x in a]
    return rows + [_layer("added", x) for x in b if one.isdisjoint(_identities([x]))]


def _identities(layers: Sequence[Layer]) -> set[str]:
    """Their digests, compressed as they are and plain."""
    digests = ((layer.descriptor.digest, layer.diff_id) for layer in layers)
    return {digest for pair in digests for digest in pair if digest is not None}


def _layer(status: str, layer: Layer) -> Row:
    return {"status": status, "digest": layer.descriptor.digest, "size": layer.descriptor.size}


def files(a: Tree, b: Tree) -> list[Row]:
    """`status` (added, removed, changed), `path`, `type`, `a_size`, `b_size`.

    Changed are files of another type, owner, mode, link, attributes or content; times do not count.
    Both trees must have been read with the digests of contents.
    """
    one, other = dict(a.walk()), dict(b.walk())
    rows = []
    for path in sorted({*one, *other}):
        left, right = one.get(path), other.get(path)
        if path and not (left and right and _told(left.inode) == _told(right.inode)):
            rows.append(_file(path, left, right))
    return rows


def own_files(a: Tree, b: Tree) -> list[Row]:
    """The same by the layers that the images do not share, without those that they do.

    What only one brings, or only one hides, counts as added or removed, though it may have been
    there before; sizes that the shared layers have are None. A directory that only one has is told
    where nothing is in it, or where the other hides it.
    """
    one, other = dict(a.walk()), dict(b.walk())
    gone, lost = _gone(a, one), _gone(b, other)
    rows = []
    for path in sorted({*one, *other, *gone, *lost}):
        left, right = one.get(path), other.get(path)
        if left and right:
            if path and _told(left.inode) != _told(right.inode):
                rows.append(_file(path, left, right))
        elif left or right:
            node, hidden = left or right, path in gone or path in lost
            if path and node is not None and (hidden or not node.children):
                rows.append(_file(path, left, right))
        elif (path in gone) != (path in lost):
            status = "added" if path in gone else "removed"
            rows.append({**_UNKNOWN, "status": status, "path": shown(path)})
    return rows


_UNKNOWN: Row = {"status": None, "path": None, "type": None, "a_size": None, "b_size": None}


def _gone(tree: Tree, there: Mapping[Path, Node]) -> set[Path]:
    """What its layers hide of others'; of a directory that they bring back, what was in it."""
    gone = {path for path in tree.hidden if path not in there}
    emptied = {path for path in tree.hidden if path in there and there[path].is_directory}
    return gone | {(*path, "*") for path in emptied | tree.emptied}


def _told(inode: Inode) -> tuple[object, ...]:
    header = inode.header
    about = (header.kind, header.mode, header.uid, header.gid, header.device, header.xattrs)
    return (*about, header.link if header.kind == "symlink" else None, inode.digest)


def _file(path: Path, left: Node | None, right: Node | None) -> Row:
    there = right or left
    return {
        "status": "changed" if left and right else "removed" if left else "added",
        "path": shown(path),
        "type": there.inode.header.kind if there else None,
        "a_size": left.inode.header.size if left else None,
        "b_size": right.inode.header.size if right else None,
    }


def packages(a: Mapping[Key, str], b: Mapping[Key, str]) -> list[Row]:
    """`status` (added, removed, changed), `name`, `architecture`, `a`, `b` (versions)."""
    rows: list[Row] = []
    for key in sorted({*a, *b}):
        left, right = a.get(key), b.get(key)
        if left != right:
            status = "changed" if left and right else "removed" if left else "added"
            rows.append({"status": status, "name": key[0], "architecture": key[1]})
            rows[-1] |= {"a": left, "b": right}
    return rows


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return same
