"""One of several workers that share the work by arithmetic, without talking to each other.

A target belongs to the shard whose number is SHA-256 of its name, modulo how many there are: the
same on every machine and in every version of Python.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hubcli.errors import UsageError

_MOST = 10_000
_SPELLED = re.compile(r"(\d{1,5}|auto)/(\d{1,5})|auto", re.ASCII)


class _Variables(NamedTuple):
    """Two variables that tell a job which of several it is, and how many there are."""

    number: str
    total: str | None


VARIABLES = (
    _Variables("JOB_COMPLETION_INDEX", None),  # Kubernetes, Indexed Jobs
    _Variables("CI_NODE_INDEX", "CI_NODE_TOTAL"),  # GitLab CI, `parallel`
    _Variables("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT"),
    _Variables("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"),
)


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `index` of `count`, counted from 0."""

    index: int = 0
    count: int = 1

    def has(self, target: str) -> bool:
        """Whether a target is this one's to see to."""
        return number_of(target, self.count) == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


ALL = Shard()


def number_of(target: str, count: int) -> int:
    """The shard that a target belongs to: the first 8 bytes of its SHA-256, modulo `count`."""
    return int.from_bytes(hashlib.sha256(target.encode()).digest()[:8]) % count


def parse_shard(text: str, environ: Mapping[str, str]) -> Shard:
    """Read `I/N`, or `auto/N` and `auto`, for which the environment says what is missing.

    Workers may be counted from 0 to N-1 or from 1 to N: N is the same as 0.
    """
    found = _SPELLED.fullmatch(text)
    if found is None:
        raise UsageError(f"--shard takes I/N, auto/N or auto, not {text[:40]!r}")
    if found[1] in {None, "auto"}:
        index, total = _told(environ, found[2])
    else:
        index, total = int(found[1]), int(found[2])
    if not 1 <= total <= _MOST:
        raise UsageError(f"--shard: there can be 1 to {_MOST:,} shards, not {total:,}")
    if index > total:
        raise UsageError(f"--shard: of {total} shards there is none with the number {index}")
    return Shard(index % total, total)


def _told(environ: Mapping[str, str], written: str | None) -> tuple[int, int]:
    for number, total in VARIABLES:
        if not environ.get(number):
            continue
        count = written or (environ.get(total, "") if total else "")
        if not count:
            raise UsageError(f"--shard: {number} does not say of how many; write auto/N")
        try:
            return int(environ[number]), int(count)
        except ValueError:
            raise UsageError(f"--shard: {number} or {total} is no number") from None
    names = ", ".join(one.number for one in VARIABLES)
    raise UsageError(f"--shard auto: none of {names} is set")
