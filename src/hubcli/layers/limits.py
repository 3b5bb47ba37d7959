"""How much a layer may make us do: anybody may have written it."""

from __future__ import annotations

from dataclasses import dataclass

from hubcli.errors import IntegrityFailure

LEAST = 1 << 30
RATIO = 200
"""A layer may unpack to a gibibyte, or to 200 times its size, whichever is more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`unpacked` bytes of one layer, holes counted (None: by `LEAST` and `RATIO`); `entries` of
    an image in all, directories that are only implied counted; `names` bytes of names, links and
    extended attributes of an image in all, for these are kept in memory."""

    unpacked: int | None = None
    entries: int = 1_000_000
    names: int = 256 << 20

    def most(self, packed: int) -> int:
        """Bytes that a layer of `packed` bytes may unpack to."""
        return self.unpacked if self.unpacked is not None else max(LEAST, RATIO * packed)


class Budget:
    """Counts what an image has used of its limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries = 0
        self._names = 0

    def entry(self) -> None:
        """One more; IntegrityFailure where it is one too many."""
        self._entries += 1
        if self._entries > self._limits.entries:
            raise IntegrityFailure(f"the image has more than {self._limits.entries:,} files")

    def name(self, size: int) -> None:
        """So many bytes more of names; IntegrityFailure where they are too many."""
        self._names += size
        if self._names > self._limits.names:
            raise IntegrityFailure(f"the names in the image take more than {self._limits.names} B")
