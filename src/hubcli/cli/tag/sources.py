"""Where rows of tags come from: Hub's API, which has them, or a registry, which has names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from hubcli.cli.tag.arranging import Counted, Found, arranged, completed
from hubcli.cli.tag.untagged import untagged
from hubcli.cli.tag.wishes import Wish
from hubcli.errors import Denied, NotFound, NotSignedIn, Unsupported
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from datetime import datetime

    from hubcli.hub.pages import Listing
    from hubcli.session import Session

__all__ = ["Counted", "Found", "Wish", "find", "told_by"]

_TOLD_TIMES = frozenset({"updated", "pushed", "pulled"})
_PAGE = 100
_Item = TypeVar("_Item")


def find(session: Session, reference: Reference, wish: Wish) -> Found:
    """The rows of a repository's tags that `wish` asks for."""
    if wish.untagged:
        return untagged(session, reference, wish)
    return (_on_hub if reference.on_hub else _on_registry)(session, reference, wish)


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
    if as_it_comes and not wish.needs_all:
        return Found(listing, lambda: listing.count)
    since = None if wish.aliases else wish.choice.since
    recent = listing if since is None else _recent(listing, since)
    rows = Counted(row for row in recent if wish.names(str(row["name"])) and wish.accepts(row))
    return arranged(rows, wish) if wish.needs_all else Found(rows, rows.total)


def _recent(listing: Listing, since: datetime) -> Iterator[Row]:
    """The rows of a list that has the newest first, up to where a whole page is too old."""
    from hubcli.tags import told_time

    old = 0
    for row in listing:
        moment = told_time(row)
        old = old + 1 if moment is not None and moment < since else 0
        if old > _PAGE:
            listing.close()
            return
        yield row


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
    names: Iterable[str] = counted
    sorts_names = wish.order is not None and wish.order.by_name and not wish.aliases
    if wish.order is not None and sorts_names:
        # What is looked up comes in order then, and only names are held, of few only these.
        names = _once(partial(wish.order.names, counted, None if wish.filters_rows else wish.few))
    rows: Iterator[Row] = (_row(reference, name) for name in names)
    if lookups := wish.lookups():
        from hubcli.registry.details import Details

        looked_up = Details(repository, lookups).of(names)
        rows = (
            {**_row(reference, name), **found} for name, found in looked_up if found is not None
        )
    if wish.filters_rows:
        rows = filter(wish.accepts, rows)
    if wish.needs_all and not sorts_names:
        return arranged(rows, wish)
    return Found(rows, (lambda: None) if wish.filters_rows else counted.total)


def _once(items: Callable[[], Iterable[_Item]]) -> Iterator[_Item]:
    """Items that are made when the first one is asked for."""
    yield from items()


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
        if provider.tells(row["name"], people=wish.people) and wish.names(str(row["name"]))
    )
    return completed(session, reference, wish, counted, provider.tag_fields)


def _row(reference: Reference, name: str) -> dict[str, Any]:
    tagged = reference.tagged(name)
    return {"name": name, "reference": tagged.short, "repository": reference.name}
