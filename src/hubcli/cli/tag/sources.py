"""Where rows of tags come from: Hub's API, which has them, or a registry, which has names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from hubcli.errors import Denied, NotFound, NotSignedIn, Unsupported
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.oci import Platform
    from hubcli.session import Session
    from hubcli.tags import Choice, Names, Order

_Item = TypeVar("_Item")

DETAILS = ("digest", "size", "platforms", "created")
"""What `--details` fetches where a registry lists names only."""

_FETCHED = frozenset({*DETAILS, "media_type", "type"})
_TIMES = frozenset({"updated", "pushed", "created"})
_TOLD_TIMES = frozenset({"updated", "pushed", "pulled"})


@dataclass(frozen=True)
class Wish:
    """Which tags are wanted, in which order, and what of them.

    `fields` were named by the user (None: nothing was); `few` is how many rows will be taken.
    """

    choice: Choice
    digest: str | None = None
    platform: Platform | None = None
    details: bool = False
    aliases: bool = False
    fields: tuple[str, ...] | None = None
    few: int | None = None

    @property
    def names(self) -> Names:
        return self.choice.names

    @property
    def order(self) -> Order | None:
        return self.choice.order

    @property
    def filters_rows(self) -> bool:
        return self.digest is not None or self.platform is not None or self.choice.by_time

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
        if not self.choice.in_time(row):
            return False
        return self.platform is None or self._has_platform(row, self.platform)

    def _has_platform(self, row: Row, wanted: Platform) -> bool:
        from hubcli.oci import parse_platform

        offered: Any = row.get("platforms") or ()
        return any(parse_platform(platform).matches(wanted) for platform in offered)


class Found(Iterator[Row]):
    """Rows, and how many there are in all as far as that can be told."""

    def __init__(self, rows: Iterable[Row], total: Callable[[], int | None]) -> None:
        self._rows = iter(rows)
        self.total = total

    def __next__(self) -> Row:
        return next(self._rows)


def find(session: Session, reference: Reference, wish: Wish) -> Found:
    """The rows of a repository's tags that `wish` asks for."""
    found = (_on_hub if reference.on_hub else _on_registry)(session, reference, wish)
    if not wish.needs_all:
        return found
    return _arranged(found, wish)


def _arranged(rows: Iterable[Row], wish: Wish) -> Found:
    arranged: list[Row] = []

    def all_rows() -> Iterator[Row]:
        from hubcli.tags import grouped

        found = grouped(rows) if wish.aliases else rows
        arranged.extend(wish.order.sorted(found) if wish.order else found)
        yield from arranged

    return Found(all_rows(), lambda: len(arranged))


def _on_hub(session: Session, reference: Reference, wish: Wish) -> Found:
    if wish.order is not None and wish.order.key == "created":
        raise Unsupported(
            "Docker Hub's list of tags does not say when images were made",
            hint=f"hubcli tag ls {reference.name} --sort pushed",
        )
    as_it_comes = wish.names.everything and not wish.filters_rows
    listing = session.hub.tags.list(
        reference.path,
        name=wish.names.literal,
        wanted=wish.few if as_it_comes and not wish.needs_all else None,
    )
    if as_it_comes:
        return Found(listing, lambda: listing.count)
    rows = Counted(row for row in listing if wish.names(str(row["name"])) and wish.accepts(row))
    return Found(rows, rows.total)


def _on_registry(session: Session, reference: Reference, wish: Wish) -> Found:
    known = told_by(session, reference)
    if wish.order is not None and wish.order.key in _TOLD_TIMES - set(known):
        raise Unsupported(
            f"{reference.host} does not say when tags were {wish.order.key}",
            hint=f"hubcli tag ls {reference.name} --sort created",
        )
    if known:
        try:
            return _on_provider(session, reference, wish)
        except (NotSignedIn, Denied, NotFound, Unsupported):
            # Its API may be for the signed-in, or for one's own, only; the registry for everybody.
            if wish.order is not None and wish.order.key in _TOLD_TIMES:
                raise
    repository = session.repository(reference)
    counted = Counted(name for page in repository.tags() for name in page if wish.names(name))
    if not wish.lookups():
        return Found((_row(reference, name) for name in counted), counted.total)
    from hubcli.registry.details import Details

    looked_up = Details(repository, wish.lookups()).of(counted)
    rows = (
        {**_row(reference, name), **details} for name, details in looked_up if details is not None
    )
    if wish.filters_rows:
        return Found(filter(wish.accepts, rows), lambda: None)
    return Found(rows, counted.total)


def told_by(session: Session, reference: Reference) -> tuple[str, ...]:
    """The fields that a registry's own API has for all tags at once; none where it has none."""
    from hubcli.providers import ListsTags

    provider = session.provider(reference.host)
    return provider.tag_fields if isinstance(provider, ListsTags) else ()


def _on_provider(session: Session, reference: Reference, wish: Wish) -> Found:
    """The rows of the registry's own API; what they lack is looked up tag by tag, if wanted."""
    from hubcli.providers import ListsTags

    provider = session.provider(reference.host)
    assert isinstance(provider, ListsTags)
    listed = iter(provider.tags(reference.path))
    first = list(islice(listed, 1))  # so that a refusal comes now
    counted = Counted(
        {**_row(reference, str(row["name"])), **row}
        for row in chain(first, listed)
        if wish.names(str(row["name"]))
    )
    rows: Iterator[Row] = counted
    if lookups := wish.lookups(provider.tag_fields):
        from hubcli.registry.details import Details

        rows = Details(session.repository(reference), lookups).complete(counted)
    if wish.filters_rows:
        return Found(filter(wish.accepts, rows), lambda: None)
    return Found(rows, counted.total)


class Counted(Iterator[_Item]):
    """Items, counted as they go by."""

    def __init__(self, items: Iterable[_Item]) -> None:
        self._items = iter(items)
        self._count = 0

    def __next__(self) -> _Item:
        item = next(self._items)
        self._count += 1
        return item

    def total(self) -> int:
        """How many there are in all: the rest is read for it, page by page."""
        self._count += sum(1 for _ in self._items)
        return self._count


def _row(reference: Reference, name: str) -> dict[str, Any]:
    tagged = reference.tagged(name)
    return {"name": name, "reference": tagged.short, "repository": reference.name}
