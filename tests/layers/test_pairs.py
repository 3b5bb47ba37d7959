"""Two images by what they do not share: no difference is missed, whatever is below."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from hubcli.layers import Layer, Limits, comparing
from hubcli.layers.names import inside, shown
from hubcli.layers.pairs import read_pair, shared
from hubcli.oci import Descriptor
from support.images import LAYER
from support.layered import member, tar_of

FILES = st.dictionaries(
    st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a"]), st.sampled_from([b"", b"1", b"2"])
)
HIDDEN = st.sets(st.sampled_from([".wh.a", "d/.wh.a", ".wh.d", "d/.wh.e", "d/.wh..wh..opq"]))
OWN = st.lists(st.tuples(FILES, HIDDEN), min_size=1, max_size=2)


class Memory:
    """Layers by their digest, and which were read."""

    def __init__(self) -> None:
        self.tars: dict[str, bytes] = {}
        self.read: set[str] = set()

    def layer(self, files: dict[str, bytes], hidden: set[str] = frozenset()) -> Layer:  # type: ignore[assignment]
        names = [*((name, b"") for name in sorted(hidden)), *sorted(files.items())]
        tar = tar_of(*(member(name, content) for name, content in names))
        digest = f"sha256:{hashlib.sha256(tar).hexdigest()}"
        self.tars[digest] = tar
        return Layer(Descriptor(LAYER.removesuffix("+gzip"), digest, len(tar)))

    @contextmanager
    def open(self, descriptor: Descriptor, offset: int = 0) -> Iterator[Iterator[bytes]]:
        self.read.add(descriptor.digest)
        yield iter([self.tars[descriptor.digest][offset:]])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(base=FILES, one=OWN, other=OWN)
def test_no_difference_is_missed_without_what_is_shared(
    base: dict[str, bytes],
    one: list[tuple[dict[str, bytes], set[str]]],
    other: list[tuple[dict[str, bytes], set[str]]],
) -> None:
    blobs = Memory()
    below = blobs.layer({"base": b"", **base})
    a, b = ([below, *(blobs.layer(*own) for own in owns)] for owns in (one, other))
    start = shared(a, b)

    def rows(whole: bool) -> list[dict[str, object]]:
        pair = read_pair(
            blobs, a, b, Limits(), hashed=True, packages=False, whole=whole, names=("a", "b")
        )
        assert pair.start == (0 if whole else start)
        return (comparing.files if whole else comparing.own_files)(pair.a, pair.b)

    told = {str(row["path"]) for row in rows(False)}
    assert below.descriptor.digest not in blobs.read
    for row in rows(True):
        path = inside(str(row["path"]))
        above = [path[:count] for count in range(1, len(path) + 1)]
        covering = {*map(shown, above), *(shown((*one, "*")) for one in above)}
        holds_one = any(name.startswith(f"{row['path']}/") for name in told)
        assert told & covering or holds_one, (row, told)
