"""Pages: answers that go on where their `Link: <…>; rel="next"` says (RFC 8288)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from hubcli.errors import Unavailable, Untrusted
from hubcli.http.origin import on_origin
from hubcli.http.response import Response

PAGE_SIZE = 1000
"""What is asked for: the largest page that no known registry refuses."""

MOST_PAGES = 10_000
MOST_NAMES = 2_000_000
_MOST_EMPTY = 100
_MOST_RECENT = 3
_LONGEST_LINK = 8 << 10
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,<>]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(r";\s*([^\s=;,<>]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*)))?")
_LISTING = re.compile(r".*(/tags/list|/_catalog|/referrers/[^/]+)")


def follow(
    ask: Callable[[str], Response], first: str, absolute: Callable[[str], str]
) -> Iterator[Response]:
    """The answer to `first`, and those of the pages after it, as they are wanted.

    `absolute` makes a URL of a path. Next links stay on the origin of the page that has them;
    Untrusted for one that leaves it, for a page that was seen already, and for a listing that
    does not end.
    """
    target, seen = first, set[str]()
    for _ in range(MOST_PAGES):
        answer = ask(target)
        yield answer
        link = next_link(answer.headers.get("link", ""))
        if link is None:
            return
        url = absolute(target)
        target = _next_url(url, link)
        seen.add(url)
        if target in seen:
            raise Untrusted("the registry's pages go round in circles")
    raise Untrusted(f"the registry's listing has more than {MOST_PAGES} pages")


def distinct(pages: Iterator[list[str]]) -> Iterator[list[str]]:
    """The pages without what slid into them from the last few, while the list was changing.

    Untrusted when page after page brings nothing else, and for more names than there can be.
    """
    recent: deque[frozenset[str]] = deque(maxlen=_MOST_RECENT)
    empty = count = 0
    for page in pages:
        fresh = [name for name in dict.fromkeys(page) if not any(name in one for one in recent)]
        recent.append(frozenset(page))
        empty = 0 if fresh else empty + 1
        if empty > _MOST_EMPTY:
            raise Untrusted("the registry's pages bring nothing new, and do not end")
        if fresh:
            yield fresh
        count += len(fresh)
        if count > MOST_NAMES:
            raise Untrusted(f"the registry lists more than {MOST_NAMES} names")


def names(answer: Response, member: str) -> list[str]:
    """The list of names that is a page's `member`; null is empty, and so are entries' nulls."""
    found = answer.object().get(member)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Unavailable(f"the registry's list of {member} is no list")
    return [name for name in found if isinstance(name, str)]


def next_link(header: str) -> str | None:
    """The target of the `rel="next"` link; several links may stand in one header."""
    for target, parameters in _LINK.findall(header[:_LONGEST_LINK]):
        for name, quoted, plain in _PARAMETER.findall(parameters):
            if name.lower() == "rel" and "next" in (quoted or plain).lower().split():
                return str(target)
    return None


def _next_url(url: str, link: str) -> str:
    """Where a page's link leads, resolved against the page's own URL.

    Artifactory drops, and Nexus adds, a part of the path: where both lead to the same listing,
    only what the link asks for is taken, and our own path stays.
    """
    target = urlsplit(on_origin(url, link, "the next page"))
    own = urlsplit(url)
    mine, theirs = _LISTING.fullmatch(own.path), _LISTING.fullmatch(target.path)
    if mine and theirs and mine[1] == theirs[1]:
        return own._replace(query=target.query).geturl()
    return target.geturl()
