"""Two images side by side: what both begin with is the same in both, and need not be read.

Their own layers, those above, tell what each brings and hides. Only with the shared ones below is
it known whether that was there before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hubcli.errors import IntegrityFailure, doing
from hubcli.layers.limits import Limits
from hubcli.layers.merging import read_tree
from hubcli.layers.packages import Installed, decided, installed
from hubcli.layers.reading import Layer
from hubcli.layers.spool import Blobs
from hubcli.layers.tree import Tree
from hubcli.oci import Descriptor
from hubcli.stores import Chunks

_ACTION = "compare"


class Nearest:
    """The blobs of two stores: what the near one has is read from there."""

    def __init__(self, near: Blobs, has: Collection[str], far: Blobs) -> None:
        self._near = near
        self._has = frozenset(has)
        self._far = far

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:
        blobs = self._near if descriptor.digest in self._has else self._far
        return blobs.open(descriptor, offset)


@dataclass(frozen=True, slots=True)
class Pair:
    """Trees of two images, of the layers from number `start` on; 0 is all of them.

    Failures are told as those of the image in question, by its name.
    """

    a: Tree
    b: Tree
    start: int
    blobs: Blobs
    layers: tuple[Sequence[Layer], Sequence[Layer]]
    names: tuple[str, str]

    @property
    def installed(self) -> tuple[Installed, Installed]:
        """The packages of each; right where all is read, or `decided`."""
        with doing(_ACTION, self.names[0]):
            one = installed(self.a, self.blobs, self.layers[0][self.start :])
        with doing(_ACTION, self.names[1]):
            other = installed(self.b, self.blobs, self.layers[1][self.start :])
        return one, other


def read_pair(
    blobs: Blobs,
    a: Sequence[Layer],
    b: Sequence[Layer],
    limits: Limits,
    *,
    hashed: bool,
    packages: bool,
    whole: bool,
    names: tuple[str, str],
) -> Pair:
    """Read two images, without the layers that both begin with unless they are wanted (`whole`),
    or needed: for `packages` that only one has touched, and for hard links to what is in them."""
    start = 0 if whole else shared(a, b)

    def read(start: int) -> Pair:
        with doing(_ACTION, names[0]):
            one = read_tree(blobs, a[start:], limits, hashed=hashed)
        with doing(_ACTION, names[1]):
            other = read_tree(blobs, b[start:], limits, hashed=hashed)
        return Pair(one, other, start, blobs, (a, b), names)

    if start:
        try:
            pair = read(start)
        except IntegrityFailure:
            return read(0)
        if not packages or decided(pair.a, pair.b):
            return pair
    return read(0)


def shared(a: Sequence[Layer], b: Sequence[Layer]) -> int:
    """How many layers both begin with."""
    count = 0
    for one, other in zip(a, b, strict=False):
        if not one.same_as(other):
            break
        count += 1
    return count
