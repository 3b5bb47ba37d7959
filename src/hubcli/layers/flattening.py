"""The file system of an image as one tar: directories, then contents by layer, then links.

The same image gives the same bytes. Nothing is compressed, and nothing but a piece of a file at a
time is in memory.
"""

from __future__ import annotations

import tarfile
from collections.abc import Collection, Iterator, Sequence

from hubcli.layers.limits import Limits
from hubcli.layers.merging import read_tree
from hubcli.layers.names import Path
from hubcli.layers.reading import Layer, layers_of, members
from hubcli.layers.spool import Blobs, Spool
from hubcli.layers.tarstream import BLOCK
from hubcli.layers.tree import Inode, Tree
from hubcli.oci import Manifest
from hubcli.stores import Source
from hubcli.stores.tar import Sink

_TYPES = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "char": tarfile.CHRTYPE,
    "block": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
}


def flattened(
    source: Source, manifest: Manifest, sink: Sink, *, limits: Limits | None = None
) -> None:
    """Write the file system of the image `manifest` to `sink` as one uncompressed pax tar.

    Layers are read from the store once, into a temporary directory; nothing is written before
    all are verified. Owners, modes, times, hard links, devices and extended attributes are kept.
    """
    layers = layers_of(source, manifest)
    with Spool(source.blobs) as spool:
        write_tar(read_tree(spool, layers, limits), spool, layers, sink)


def write_tar(
    tree: Tree, blobs: Blobs, layers: Sequence[Layer], sink: Sink, below: Path = ()
) -> None:
    """Write what is in `tree` from the directory `below` on; its name is the last part of that."""
    names = _names(tree, below)
    for path, node in tree.walk(below):
        if node.is_directory and path:
            sink.write(_header(path, node.inode, below))
    wanted = {inode: paths[0] for inode, paths in names.items() if inode.header.kind == "file"}
    for inode, chunks in contents(wanted, blobs, layers, tree.limits):
        sink.write(_header(wanted[inode], inode, below))
        for chunk in chunks:
            sink.write(chunk)
        sink.write(bytes(-inode.header.size % BLOCK))
    for inode, paths in names.items():
        if inode.header.kind != "file":
            sink.write(_header(paths[0], inode, below))
        for path in paths[1:]:
            sink.write(_header(path, inode, below, link=paths[0]))
    sink.write(bytes(2 * BLOCK))


def contents(
    wanted: Collection[Inode], blobs: Blobs, layers: Sequence[Layer], limits: Limits
) -> Iterator[tuple[Inode, Iterator[bytes]]]:
    """The contents of files, in the order in which the layers hold them; no layer is read that
    holds none of them."""
    by_place = {(inode.layer, inode.number): inode for inode in wanted}
    for number in sorted({inode.layer for inode in wanted}):
        for member in members(blobs, layers[number], limits):
            inode = by_place.get((number, member.number))
            if inode is not None:
                yield inode, member.content


def _names(tree: Tree, below: Path) -> dict[Inode, list[Path]]:
    """All that is no directory, with all its names."""
    names: dict[Inode, list[Path]] = {}
    for path, node in tree.walk(below):
        if not node.is_directory:
            names.setdefault(node.inode, []).append(path)
    return names


def _header(path: Path, inode: Inode, below: Path, *, link: Path | None = None) -> bytes:
    header = inode.header
    start = max(0, len(below) - 1)
    info = tarfile.TarInfo("/".join(path[start:]))
    info.type = _TYPES[header.kind]
    info.mode, info.uid, info.gid = header.mode, header.uid, header.gid
    info.mtime = int(header.mtime.partition(".")[0])
    info.pax_headers = dict(header.xattrs or {})
    if "." in header.mtime or info.mtime < 0:
        info.pax_headers["mtime"] = header.mtime
        info.mtime = max(0, info.mtime)
    if link is not None:
        info.type = tarfile.LNKTYPE
        info.linkname = "/".join(link[start:])
    elif header.kind == "symlink":
        info.linkname = header.link or ""
    elif header.kind == "file":
        info.size = header.size
    if header.device is not None:
        info.devmajor, info.devminor = header.device
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
