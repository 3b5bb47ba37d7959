"""What is inside an image: its layers read as they stream by, and put together.

    with Spool(source.blobs) as blobs:
        layers = layers_of(source, manifest)
        tree = read_tree(blobs, layers)

Nothing here ever creates what a layer holds: names are kept inside the root of the image
(image-spec, layer.md), contents are bytes that somebody else writes.
"""

from hubcli.layers.flattening import flattened, write_tar
from hubcli.layers.limits import Limits
from hubcli.layers.merging import read_tree
from hubcli.layers.reading import Layer, layers_of, members
from hubcli.layers.spool import Spool
from hubcli.layers.tree import Node, Tree

__all__ = [
    "Layer",
    "Limits",
    "Node",
    "Spool",
    "Tree",
    "flattened",
    "layers_of",
    "members",
    "read_tree",
    "write_tar",
]
