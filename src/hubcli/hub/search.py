"""Search on Docker Hub: the one behind the web page (v4), with its ancestor (v2) to fall back on.

Neither is in Docker's document, and both answer without a login.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from hubcli.errors import (
    ConnectionBroken,
    HubcliError,
    RateLimited,
    TLSFailure,
    Unavailable,
    Untrusted,
)
from hubcli.hub import searchrows
from hubcli.hub.client import Api
from hubcli.hub.decoding import Row, number, objects
from hubcli.hub.pages import LARGEST_PAGE, Listing, NumberedPages, Page

SORTS = ("relevance", "pulls", "updated", "stars")
_PATH = "/api/search/v4"
_OLD_PATH = "/v2/search/repositories/"
# An exact name can be the best match and still not stand first: so many are looked through.
_SMALLEST_PAGE = 25
# v4 cannot sort by stars: so many of the best matches are compared.
_COMPARED = 100
_V4_SORTS = {"pulls": "pull_count", "updated": "updated_at"}
_V2_SORTS = {"pulls": "-pull_count", "stars": "-star_count"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What results must be; several values of one kind are alternatives.

    `official` and `verified` together mean either. Categories are slugs.
    """

    official: bool = False
    verified: bool = False
    type: str | None = None
    architectures: tuple[str, ...] = ()
    operating_systems: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_stars: int = 0

    @property
    def badges(self) -> tuple[str, ...]:
        named = {"official": self.official, "verified_publisher": self.verified}
        return tuple(badge for badge, wanted in named.items() if wanted)

    def accept(self, row: Row) -> bool:
        """Whether a result fits as far as it says; what the server did not tell is let pass."""
        if self.badges and not self._has_badge(row):
            return False
        stars = row["stars"]
        if self.min_stars and not (isinstance(stars, int) and stars >= self.min_stars):
            return False
        if self.type is not None and row["type"] not in {None, self.type}:
            return False
        return all(
            _overlap(row[name], wanted)
            for name, wanted in (
                ("architectures", self.architectures),
                ("operating_systems", self.operating_systems),
                ("categories", self.categories),
            )
        )

    def _has_badge(self, row: Row) -> bool:
        told = {name: row[name] for name in ("official", "verified")}
        wanted = {"official": self.official, "verified": self.verified}
        return any(wanted[name] and told[name] is not False for name in told)

    def unknown_to_v2(self) -> tuple[str, ...]:
        """The filters that the older search has no data for, by their flags."""
        given = {
            "--verified": self.verified,
            "--type": self.type,
            "--arch": self.architectures,
            "--os": self.operating_systems,
            "--category": self.categories,
        }
        return tuple(flag for flag, value in given.items() if value)


@dataclass(frozen=True)
class Results:
    """Search results as they are taken; `total` is None where only the end will tell."""

    rows: Iterator[Row]
    total: int | None


class Search:
    """Looks for repositories. `notify` tells people what the search cannot do."""

    def __init__(self, api: Api, concurrency: int, notify: Callable[[str], None]) -> None:
        self._api = api
        self._concurrency = concurrency
        self._notify = notify

    def find(
        self,
        query: str,
        filters: Filters | None = None,
        *,
        sort: str = "relevance",
        limit: int | None = 25,
    ) -> Results:
        """What fits `query`, `limit` results or (None) all; exact names first by relevance.

        The first page has been fetched when this returns.
        """
        filters = filters or Filters()
        term = query.strip().removeprefix("library/")  # the servers do not find `library/x`
        try:
            results = self._current(term, filters, sort, limit)
        except HubcliError as error:
            if not _is_worth_another_try(error):
                raise
            self._notify(f"Docker Hub's search failed ({error.reason}); using its older one")
            results = self._older(term, filters, sort, limit)
        if limit is None:
            return results
        return Results(islice(results.rows, limit), results.total)

    def _current(self, term: str, filters: Filters, sort: str, limit: int | None) -> Results:
        by_stars = sort == "stars"
        wanted = max(limit, _COMPARED) if limit is not None and by_stars else limit
        listing = Listing(
            _OffsetPages(self._api, _v4_query(term, filters, sort)),
            searchrows.current,
            wanted=wanted,
            smallest=_SMALLEST_PAGE,
            workers=self._concurrency,
        )
        total = listing.count
        rows = self._arranged(listing, term, filters, sort)
        if by_stars:
            rows = iter(sorted(islice(rows, wanted), key=_stars, reverse=True))
            if wanted is not None and (total or 0) > wanted:
                self._notify(f"stars compared among the {wanted} best matches; --all compares all")
        return Results(rows, None if filters.min_stars else total)

    def _older(self, term: str, filters: Filters, sort: str, limit: int | None) -> Results:
        query: dict[str, object] = {"query": term, "ordering": _V2_SORTS.get(sort)}
        if filters.official and not filters.verified:
            query["is_official"] = 1
        listing = Listing(
            NumberedPages(self._api, _OLD_PATH, query, anonymous=True),
            searchrows.older,
            wanted=limit,
            smallest=_SMALLEST_PAGE,
            workers=self._concurrency,
        )
        total = listing.count
        missing = filters.unknown_to_v2() + (("--sort updated",) if sort == "updated" else ())
        if missing:
            self._notify(f"the older search knows nothing of {', '.join(missing)}: not applied")
        rows = self._arranged(listing, term, filters, sort)
        return Results(rows, None if filters.min_stars else total)

    @staticmethod
    def _arranged(listing: Listing, term: str, filters: Filters, sort: str) -> Iterator[Row]:
        """What fits, with the exact names of the first page before all else."""
        if sort != "relevance":
            return filter(filters.accept, listing)
        head = sorted(
            islice(listing, len(listing.first.rows)), key=lambda row: _distance(row, term)
        )
        return filter(filters.accept, chain(head, listing))


class _OffsetPages:
    """`?from=&size=` as v4 pages: `{"total", "results"}`; the "link" is the next offset."""

    def __init__(self, api: Api, query: dict[str, object]) -> None:
        self._api = api
        self._query = query

    def numbered(self, page: int, size: int) -> Page | None:
        return self._fetch((page - 1) * size, size)

    def after(self, page: Page) -> Page | None:
        return self._fetch(int(page.next or 0), LARGEST_PAGE)

    def _fetch(self, offset: int, size: int) -> Page:
        query = {**self._query, "from": offset, "size": size}
        response = self._api.get(_PATH, query, anonymous=True)
        body = response.object()
        results, total = body.get("results"), number(body.get("total"))
        if not isinstance(results, list):
            raise Unavailable("the server answered without search results")
        end = offset + len(results)
        more = bool(results) and (total is None or end < total)
        return Page(objects(results), total, str(end) if more else None, response.url)


def _v4_query(term: str, filters: Filters, sort: str) -> dict[str, object]:
    sorting = _V4_SORTS.get(sort)
    return {
        "query": term,
        "custom_boosted_results": "true",
        "type": filters.type,
        "badges": ",".join(filters.badges) or None,
        "architectures": ",".join(filters.architectures) or None,
        "operating_systems": ",".join(filters.operating_systems) or None,
        "categories": ",".join(filters.categories) or None,
        "sort": sorting,
        "order": sorting and "desc",
    }


def _is_worth_another_try(error: HubcliError) -> bool:
    """Whether the older search could answer where the newer one failed like this."""
    hopeless = (RateLimited, ConnectionBroken, TLSFailure, Untrusted)
    return not isinstance(error, hopeless)


def _distance(row: Row, term: str) -> int:
    """How far a name is from the one that was searched for: the official image is nearest."""
    name, wanted = str(row["name"]).lower(), term.lower()
    if name == f"library/{wanted}" or name == wanted:
        return 0
    return 1 if name.rpartition("/")[2] == wanted else 2


def _stars(row: Row) -> int:
    stars = row["stars"]
    return stars if isinstance(stars, int) else -1


def _overlap(told: object, wanted: tuple[str, ...]) -> bool:
    if not wanted or not isinstance(told, list):
        return True
    return not {str(value).lower() for value in told}.isdisjoint(value.lower() for value in wanted)
