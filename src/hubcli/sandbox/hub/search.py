"""Search in the Hub's public repositories: what the web page uses (v4), and its ancestor (v2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import invalid_value, paged
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.categories import CATEGORIES
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository

_DEFAULT_SIZE = 25
_LARGEST_SIZE = 200
_STEPS = (10**9, 5 * 10**8, 10**8, 5 * 10**7, 10**7, 5 * 10**6, 10**6)
_SMALL_STEPS = (5 * 10**5, 10**5, 5 * 10**4, 10**4)
_BADGE_WEIGHTS = {"official": 4, "verified_publisher": 3, "open_source": 2}


class SearchRoutes:
    """The endpoints that search; they answer without a login."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        return [
            *gateway.route("GET", "/api/search/v4", self.current),
            *gateway.route("GET", "/v2/search/repositories", self.ancestor),
        ]

    def current(self, call: Call) -> Response:
        """`{total, results}` from `from` on, at most `size`, with many filters."""
        offset, size = _number(call.query, "from", 0), _number(call.query, "size", _DEFAULT_SIZE)
        found = [each for each in self._matching(call.query) if _passes(each, call.query)]
        sort = call.query.get("sort")
        if sort in _SORT_KEYS:
            found.sort(key=_SORT_KEYS[sort], reverse=call.query.get("order") != "asc")
        page = found[offset : offset + min(size, _LARGEST_SIZE)]
        return JSONResponse({"total": len(found), "results": [_result(each) for each in page]})

    def ancestor(self, call: Call) -> Response:
        """A page of `{repo_name, short_description, star_count, …}` with exact counts."""
        found = self._matching(call.query)
        if call.query.get("is_official") in {"1", "true"}:
            found = [each for each in found if each.badge == "official"]
        ordering = call.query.get("ordering", "")
        counts = {"pull_count": "pulls", "star_count": "stars"}
        if ordering.removeprefix("-") in counts:
            field = counts[ordering.removeprefix("-")]
            found.sort(key=lambda each: getattr(each, field), reverse=ordering.startswith("-"))
        return paged(
            call.request, len(found), lambda page: [_old_result(each) for each in page.of(found)]
        )

    def _matching(self, query: Mapping[str, str]) -> list[HubRepository]:
        """Public repositories that hold every word of `query`, the best match first."""
        words = query.get("query", "").lower().split()
        found = [
            each
            for each in self._hub.repositories.public()
            if all(word in each.path or word in each.description.lower() for word in words)
        ]
        return sorted(found, key=lambda each: _rank(each, " ".join(words)))


def _rank(repository: HubRepository, wanted: str) -> tuple[int, int, int, int]:
    """Smaller is better: the very name, then a name with it, then badges and pulls."""
    exact = wanted in {repository.name, repository.path}
    within = wanted in repository.name
    return -exact, -within, -_BADGE_WEIGHTS.get(repository.badge, 0), -repository.pulls


def _passes(repository: HubRepository, query: Mapping[str, str]) -> bool:
    """Whether a repository satisfies each filter: one value of a comma list is enough."""
    offered = {
        "type": {repository.type or "image"},
        "badges": {repository.badge},
        "categories": set(repository.categories),
        "architectures": set(repository.architectures),
        "operating_systems": {"linux"} if repository.architectures else set(),
    }
    return all(offered[name] & set(query[name].split(",")) for name in offered if query.get(name))


_SORT_KEYS: dict[str, Callable[[HubRepository], Any]] = {
    "pull_count": lambda repository: repository.pulls,
    "updated_at": lambda repository: repository.updated,
}


def _result(repository: HubRepository) -> dict[str, Any]:
    name = repository.name if repository.namespace == "library" else repository.path
    publisher = repository.publisher or repository.namespace
    return {
        "id": repository.path,
        "name": name,
        "slug": name.replace("/", "-"),
        "type": repository.type or "image",
        "publisher": {"id": repository.namespace, "name": publisher},
        "created_at": repository.created,
        "updated_at": repository.updated,
        "short_description": repository.description,
        "badge": repository.badge,
        "star_count": repository.stars,
        "pull_count": displayed(repository.pulls),
        "operating_systems": _labelled(["linux"] if repository.architectures else []),
        "architectures": _labelled(repository.architectures),
        "logo_url": None,
        "extension_reviewed": False,
        "categories": [{"slug": slug, "name": CATEGORIES[slug]} for slug in repository.categories],
        "archived": repository.archived,
    }


def _old_result(repository: HubRepository) -> dict[str, Any]:
    official = repository.badge == "official"
    return {
        "repo_name": repository.name if official else repository.path,
        "short_description": repository.description,
        "star_count": repository.stars,
        "pull_count": repository.pulls,
        "repo_owner": "",
        "is_automated": False,
        "is_official": official,
    }


def _labelled(names: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
    return [{"name": name, "label": name} for name in names]


def displayed(pulls: int) -> str:
    """A count as the web page shows it: `1B+`, `500M+`, `10K+`, below that exactly or as `9.2K`."""
    for step in _STEPS:
        if pulls >= step:
            return f"{step // 10**9}B+" if step >= 10**9 else f"{step // 10**6}M+"
    for step in _SMALL_STEPS:
        if pulls >= step:
            return f"{step // 1000}K+"
    return str(pulls) if pulls < 1000 else f"{pulls // 100 / 10:g}K"


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise invalid_value(name, f"Invalid {name}: a number is expected")
    return int(text)
