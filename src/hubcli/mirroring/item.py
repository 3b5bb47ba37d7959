"""One image of a mirror, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hubcli.errors import HubcliError
from hubcli.mirroring.ends import End, Source, shown
from hubcli.mirroring.entry import Entry
from hubcli.oci import Platform
from hubcli.transfer import Report

Result = Literal[
    "unchanged",  # the target has what the source has
    "copied",  # the target had no such tag
    "updated",  # the target's tag was another image's
    "skipped",  # it was listed, and is gone, or is for none of the platforms
    "kept",  # it is another image's, and stays so: `existing: keep`
    "deleted",  # the source has no such tag, or it is not chosen there
    "protected",  # the same, but something else needs it
    "failed",
    "left",  # not begun, for a limit of pulls was reached
]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A repository or store of an entry, and where its images go."""

    entry: Entry
    source: Source
    target: End


@dataclass(frozen=True, slots=True)
class Known:
    """What a list has told of an image: whether it is there, and what it is; None is unknown."""

    there: bool | None = None
    digest: str | None = None
    media_type: str | None = None


UNKNOWN = Known()


@dataclass(frozen=True, slots=True)
class Item:
    """An image to be mirrored, with what lists have told of both ends.

    `is_attached`: it belongs to another one by its tag, and is copied as it is.
    """

    mapping: Mapping
    source: End
    target: End
    at_source: Known = UNKNOWN
    at_target: Known = UNKNOWN
    is_attached: bool = False

    @property
    def entry(self) -> Entry:
        return self.mapping.entry

    @property
    def platforms(self) -> tuple[Platform, ...] | None:
        return None if self.is_attached else self.entry.platforms


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an image, or what would: `result`, and why. Ends are as people call them."""

    entry: str
    source: str | None
    target: str
    result: Result
    digest: str | None = None
    reason: str | None = None
    report: Report | None = None
    error: HubcliError | None = None

    @classmethod
    def of(
        cls,
        item: Item,
        result: Result,
        digest: str | None = None,
        reason: str | None = None,
        report: Report | None = None,
    ) -> Outcome:
        ends = shown(item.source), shown(item.target)
        return cls(item.entry.name, *ends, result, digest, reason, report)

    @classmethod
    def failure(cls, item: Item, error: HubcliError) -> Outcome:
        """What could not be compared or copied."""
        ends = shown(item.source), shown(item.target)
        return cls(item.entry.name, *ends, "failed", reason=error.reason, error=error)
