"""Paged lists: the first page tells how many there are, the rest is fetched at the same time.

The list may change while it is read, and the server may be wrong about its length: neither makes
a failure, an endless loop or a row twice in a row of pages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

from hubcli import parallel
from hubcli.errors import NotFound, Unavailable
from hubcli.http.response import Response
from hubcli.hub.client import Api
from hubcli.hub.decoding import Object, Row, number, objects, text

LARGEST_PAGE = 100
"""Rows of a page; Hub clamps larger wishes to this."""

_MOST_PAGES = 100_000
_MOST_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they came, how many there are in all, and the link to the next page, if told."""

    rows: list[Object]
    count: int | None
    next: str | None
    url: str

    @property
    def has_more(self) -> bool:
        return self.next is not None or (self.count or 0) > len(self.rows)


class Source(Protocol):
    """Where pages come from; each method answers None past the end of the list."""

    def numbered(self, page: int, size: int) -> Page | None:
        """Page number `page`, from 1, of pages with `size` rows."""
        ...

    def after(self, page: Page) -> Page | None:
        """The page that `page`, which has a `next`, links to."""
        ...


def read_page(response: Response, *, bare: bool = False) -> Page:
    """`{"count", "next", "results": […]}`; Unavailable where that is not what came.

    A `bare` one may also be the array alone: that is all there is then.
    """
    if bare and isinstance(body := response.json(), list):
        return Page(objects(body), len(body), None, response.url)
    body = response.object()
    results = body.get("results")
    if not isinstance(results, list):
        raise Unavailable("the server answered without the results that were asked for")
    # Lists of organization access tokens have "total" for it.
    count = number(body.get("count", body.get("total")))
    return Page(objects(results), count, text(body.get("next")), response.url)


class Order:
    """A wish for an order that the server may understand the wrong way round.

    Hub's `ordering` runs backwards on some routes. `key` reads what is ordered by from a row.
    """

    def __init__(
        self, ordering: str, key: Callable[[Object], str | None], *, descending: bool = False
    ) -> None:
        self.ordering = ordering
        self._key = key
        self._descending = descending

    def reversed_by(self, rows: list[Object]) -> bool:
        """Whether the server sorted `rows` exactly the other way."""
        known = [key for key in map(self._key, rows) if key is not None]
        other_way = sorted(known, reverse=not self._descending)
        return known == other_way and known[:1] != known[-1:]

    def turn(self) -> None:
        """Ask for the opposite from now on."""
        self.ordering = self.ordering[1:] if self.ordering[:1] == "-" else f"-{self.ordering}"

    def sorted(self, rows: list[Object]) -> list[Object]:
        """`rows` in order; those without a key at the end."""
        keyed = [(self._key(row), row) for row in rows]
        known = [(key, row) for key, row in keyed if key is not None]
        known.sort(key=lambda pair: pair[0], reverse=self._descending)
        return [row for _, row in known] + [row for key, row in keyed if key is None]


class NumberedPages:
    """`?page=&page_size=` as most of the Hub API pages, with `next` links as the way out.

    A `bare` route answered with an array alone once, and may still.
    """

    def __init__(
        self,
        api: Api,
        path: str,
        query: dict[str, object] | None = None,
        *,
        order: Order | None = None,
        anonymous: bool = False,
        bare: bool = False,
    ) -> None:
        self._api = api
        self._path = path
        self._query = query or {}
        self._order = order
        self._anonymous = anonymous
        self._bare = bare

    def numbered(self, page: int, size: int) -> Page | None:
        if page > 1:
            return _unless_past_end(lambda: self._fetch(page, size))
        first = self._fetch(1, size)
        if self._order is None:
            return first
        if not first.has_more:
            return Page(self._order.sorted(first.rows), first.count, None, first.url)
        if self._order.reversed_by(first.rows):
            self._order.turn()
            return self._fetch(1, size)
        return first

    def after(self, page: Page) -> Page | None:
        if page.next is None:
            return None
        link = page.next
        return _unless_past_end(
            lambda: read_page(self._api.follow(page.url, link, anonymous=self._anonymous))
        )

    def _fetch(self, page: int, size: int) -> Page:
        query = {**self._query, "page": page, "page_size": size}
        if self._order is not None:
            query["ordering"] = self._order.ordering
        answer = self._api.get(self._path, query, anonymous=self._anonymous)
        return read_page(answer, bare=self._bare)


class LegacyPages(NumberedPages):
    """The same of what is below the repository `path`, where `Api.send_legacy` reaches it."""

    def __init__(self, api: Api, path: str, rest: str) -> None:
        super().__init__(api, path, bare=True)
        self._rest = rest

    def _fetch(self, page: int, size: int) -> Page:
        query = {"page": page, "page_size": size}
        answer = self._api.send_legacy("GET", self._path, self._rest, query=query)
        return read_page(answer, bare=self._bare)


def _unless_past_end(fetch: Callable[[], Page]) -> Page | None:
    """A page past the end of a list is a 404 on Hub, no empty page."""
    try:
        return fetch()
    except NotFound:
        return None


class Listing(Iterator[Row]):
    """The rows of a paged list, read as they are taken.

    `wanted` is how many rows will probably be taken (None: all): a small number fetches one small
    page, and nothing is fetched ahead of it; `smallest` and `largest` bound what is asked for.
    `read` turns a row as it came into one for commands, None leaves it out; rows with the same
    `key` in neighbouring pages are one.
    """

    def __init__(
        self,
        source: Source,
        read: Callable[[Object], Row | None],
        *,
        key: Callable[[Row], object] = lambda row: row.get("name"),
        wanted: int | None = None,
        smallest: int = 1,
        largest: int = LARGEST_PAGE,
        workers: int = 8,
    ) -> None:
        self._source = source
        self._read = read
        self._key = key
        self._wanted = wanted
        self._size = largest if wanted is None else max(smallest, min(largest, wanted))
        self._workers = workers
        self._rows = self._distinct(self._pages())

    def __next__(self) -> Row:
        return next(self._rows)

    def close(self) -> None:
        """Let go of the pages that are fetched ahead: nobody takes more rows."""
        self._rows.close()

    @cached_property
    def first(self) -> Page:
        """The first page, fetched when it is first touched."""
        page = self._source.numbered(1, self._size)
        return page or Page([], 0, None, "")

    @property
    def count(self) -> int | None:
        """How many rows the server says there are."""
        return self.first.count

    def _pages(self) -> Iterator[Page]:
        page = self.first
        yield page
        for found in self._ahead(page):
            page = found
            yield page
        followed: set[str] = set()
        while page.rows and page.next is not None:
            if page.next in followed or len(followed) >= _MOST_PAGES:
                raise Unavailable("the server's list does not end")
            followed.add(page.next)
            following = self._source.after(page)
            if following is None:
                return
            page = following
            yield page

    def _ahead(self, first: Page) -> Iterator[Page]:
        """The pages that the first one promises by its count, several at once.

        A page smaller than asked for, without a next one, is the last whatever the count says.
        """
        step = len(first.rows)
        if not step or first.count is None or (step < self._size and first.next is None):
            return
        last = min(_pages_of(first.count, step), _MOST_PAGES)
        # A server may give less than it was asked for: its own size is the one that counts.
        fetch = partial(self._source.numbered, size=step)
        soon = last if self._wanted is None else min(last, _pages_of(self._wanted, step))
        for numbers in (range(2, soon + 1), range(max(2, soon + 1), last + 1)):
            for page in parallel.in_order(fetch, numbers, self._workers):
                if page is None or not page.rows:
                    return
                yield page

    def _distinct(self, pages: Iterable[Page]) -> Generator[Row, None, None]:
        """What `pages` hold, without the rows that slid from one page to the next meanwhile."""
        recent: deque[set[object]] = deque(maxlen=_MOST_REPEATS)
        repeats = 0
        for page in pages:
            seen: set[object] = set()
            fresh = False
            for row in filter(None, map(self._read, page.rows)):
                key = self._key(row)
                if key is None or not any(key in keys for keys in (seen, *recent)):
                    fresh = True
                    yield row
                seen.add(key)
            recent.append(seen)
            repeats = 0 if fresh else repeats + 1
            if repeats == _MOST_REPEATS:
                raise Unavailable("the server's list goes round in a circle")


def _pages_of(rows: int, step: int) -> int:
    return -(-rows // step)
