"""Listings that do not end, or that go on elsewhere."""

from __future__ import annotations

import threading
from itertools import count

from support.attacks.attack import EVIL, HUB, REGISTRY, Ask, Attack, Pieces, Script, answer, as_json

_LISTING = f"https://{REGISTRY}/v2/a/b/tags/list"
_TAGS = ("tag", "ls", f"{REGISTRY}/a/b")
_HUB = ("repo", "ls", "someone")


def _page(tags: list[str], link: str | None) -> Pieces:
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    return answer(as_json({"name": "a/b", "tags": tags}), 200, headers)


def _linking(link: str) -> Script:
    return lambda ask, stopped: _page(["v1"], link)


def _numbered(tags_of: str) -> Script:
    """Pages without end, each of which links to the next."""
    numbers = count()

    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        number = next(numbers)
        return _page([tags_of.format(number)], f"/v2/a/b/tags/list?n=1000&last={number}")

    return script


def _hub_pages(*, fresh: bool) -> Script:
    numbers = count()

    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        number = next(numbers) if fresh else 0
        rows = [{"name": f"r{number}", "namespace": "someone"}]
        link = f"https://{HUB}/v2/namespaces/someone/repositories?page={next(numbers)}"
        return answer(as_json({"count": None, "next": link, "results": rows}))

    return script


def _hub_link(link: str) -> Script:
    rows = [{"name": "r", "namespace": "someone"}]
    return lambda ask, stopped: answer(as_json({"count": None, "next": link, "results": rows}))


def _many_names(ask: Ask, stopped: threading.Event) -> Pieces:
    number = int(ask.target.rpartition("=")[2]) if "last=" in ask.target else 0
    tags = [f"v{number + offset}" for offset in range(100)]
    return _page(tags, f"/v2/a/b/tags/list?n=1000&last={number + 100}")


ATTACKS = (
    Attack(
        "pages-without-end",
        "links one page of tags to the next, for ever",
        "stops after 10,000 pages",
        _TAGS,
        _numbered("v{}"),
        says="more than 20 pages (UNTRUSTED)",
        bounds={"hubcli.registry.pages.MOST_PAGES": 20},
    ),
    Attack(
        "pages-with-nothing-new",
        "sends pages without end that bring nothing new",
        "stops after 100 of them in a row",
        _TAGS,
        _numbered("v1"),
        says="bring nothing new, and do not end (UNTRUSTED)",
        bounds={"hubcli.registry.pages._MOST_EMPTY": 5},
    ),
    Attack(
        "names-without-end",
        "lists more tags than there can be",
        "stops after 2,000,000 names",
        _TAGS,
        _many_names,
        says="more than 250 names (UNTRUSTED)",
        bounds={"hubcli.registry.pages.MOST_NAMES": 250},
    ),
    Attack(
        "next-link-to-itself",
        "links a page of tags to itself",
        "refuses a page that it has seen",
        _TAGS,
        _linking(f"{_LISTING}?n=1000"),
        says="go round in circles (UNTRUSTED)",
    ),
    Attack(
        "next-link-to-another-host",
        "links the next page of tags to another host",
        "asks the other host nothing",
        _TAGS,
        _linking(f"https://{EVIL}/v2/a/b/tags/list"),
        says=f"leads away, from https://{REGISTRY} to https://{EVIL} (UNTRUSTED)",
    ),
    Attack(
        "next-link-to-http",
        "links the next page of tags to its own host without TLS",
        "sends nothing over the plain connection",
        _TAGS,
        _linking(f"http://{REGISTRY}/v2/a/b/tags/list?last=v1"),
        says="leads away",
    ),
    Attack(
        "next-link-with-a-password",
        "puts a user name and password into a next link",
        "refuses the link, and does not print it",
        _TAGS,
        _linking(f"https://us%65r:pass@{REGISTRY}/v2/a/b/tags/list?last=v1"),
        says="carries a user name or password (UNTRUSTED)",
        kept=("pass@",),
    ),
    Attack(
        "catalog-without-end",
        "lists repositories without end",
        "stops as for tags",
        ("repo", "ls", REGISTRY),
        lambda ask, stopped: answer(
            as_json({"repositories": ["a"]}), 200, {"Link": f'<{ask.target}x>; rel="next"'}
        ),
        says="do not end (UNTRUSTED)",
        bounds={"hubcli.registry.pages._MOST_EMPTY": 5},
    ),
    Attack(
        "hub-list-without-end",
        "(Hub) links one page of repositories to the next, for ever",
        "stops after 100,000 pages",
        _HUB,
        _hub_pages(fresh=True),
        says="the server's list does not end (UNAVAILABLE)",
        bounds={"hubcli.hub.pages._MOST_PAGES": 20},
    ),
    Attack(
        "hub-list-in-a-circle",
        "(Hub) sends the same repositories on page after page",
        "stops after three pages with nothing new",
        _HUB,
        _hub_pages(fresh=False),
        says="the server's list goes round in a circle (UNAVAILABLE)",
    ),
    Attack(
        "hub-next-link-to-another-host",
        "(Hub) links the next page to another host",
        "asks the other host nothing",
        _HUB,
        _hub_link(f"https://{EVIL}/v2/namespaces/someone/repositories?page=2"),
        says=f"leads away, from https://{HUB} to https://{EVIL} (UNTRUSTED)",
    ),
)
