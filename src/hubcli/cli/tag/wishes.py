"""What is wanted of a repository's tags, and what has to be looked up for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubcli.output import Row

if TYPE_CHECKING:
    from hubcli.oci import Platform
    from hubcli.tags import Choice, Names, Order

DETAILS = ("digest", "size", "platforms", "created")
"""What `--details` fetches where a registry lists names only."""

_TIMES = frozenset({"updated", "pushed", "created"})
_FETCHED = frozenset({*DETAILS, "media_type", "type"})


@dataclass(frozen=True)
class Wish:
    """Which tags are wanted, in which order, and what of them.

    `fields` were named by the user (None: nothing was); `few` is how many rows will be taken. With
    `aliases`, names and times choose images by any of their tags, and all these are told. Manifests
    that are `untagged` have no names. Without `people` who read it, tags that are a registry's own
    bookkeeping are told as well.
    """

    choice: Choice
    digest: str | None = None
    platform: Platform | None = None
    details: bool = False
    aliases: bool = False
    untagged: bool = False
    fields: tuple[str, ...] | None = None
    few: int | None = None
    people: bool = True

    @property
    def names(self) -> Names:
        """What keeps a tag from being looked at any further."""
        from hubcli.tags import Names

        return Names() if self.aliases else self.choice.names

    @property
    def order(self) -> Order | None:
        return self.choice.order

    @property
    def filters_rows(self) -> bool:
        by_time = self.choice.by_time and not self.aliases
        return self.digest is not None or self.platform is not None or by_time

    @property
    def needs_all(self) -> bool:
        """Whether the first row is known only when the last one has come."""
        return self.aliases or self.order is not None

    def lookups(self, told: Collection[str] = ()) -> frozenset[str]:
        """The fields that a registry has to be asked for, tag by tag, unless it tells a time."""
        wanted = set(DETAILS if self.details else ())
        wanted.update(self.fields or ())
        if self.digest is not None or self.aliases:
            wanted.add("digest")
        if self.platform is not None:
            wanted.add("platforms")
        if self.order is not None:
            wanted.add(self.order.key)
        if self.choice.by_time and not _TIMES & set(told):
            wanted.add("created")
        return _FETCHED & wanted

    @property
    def columns(self) -> frozenset[str]:
        """What is shown because it was asked for."""
        return self.lookups() & frozenset(DETAILS)

    def accepts(self, row: Row) -> bool:
        if self.digest is not None and row.get("digest") != self.digest:
            return False
        if not self.aliases and not self.choice.in_time(row):
            return False
        return self.platform is None or self._has_platform(row, self.platform)

    def _has_platform(self, row: Row, wanted: Platform) -> bool:
        from hubcli.oci import parse_platform

        offered: Any = row.get("platforms") or ()
        return any(parse_platform(platform).matches(wanted) for platform in offered)
