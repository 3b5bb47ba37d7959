"""What a round has come to: by entry and result, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

from hubcli.mirroring.item import Outcome, Result

RESULTS: tuple[Result, ...] = get_args(Result)


@dataclass
class Tally:
    """Counts of images, and bytes read, by entry; entries that had nothing to do are there, too."""

    images: dict[str, Counter[str]] = field(default_factory=dict)
    bytes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, entries: Iterable[str]) -> Tally:
        return cls({name: Counter() for name in entries})

    def count(self, outcome: Outcome) -> None:
        self.images.setdefault(outcome.entry, Counter())[outcome.result] += 1
        if outcome.report is not None:
            self.bytes[outcome.entry] += outcome.report.bytes

    def total(self, result: Result) -> int:
        return sum(counts[result] for counts in self.images.values())

    @property
    def is_clean(self) -> bool:
        """Whether all that was wanted is there."""
        return self.total("failed") == 0 and self.total("left") == 0
