"""Search where the newer API fails, misleads or pages oddly; the sandbox serves the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubcli.errors import HubcliError, RateLimited, Unavailable
from hubcli.hub import Hub
from hubcli.hub.search import Filters
from support.paged_hub import answered, asked, hub_api
from support.scripted import Answer, Seen

HTML = Answer(403, b"<!DOCTYPE html><title>Just a moment...</title>", {"Content-Type": "text/html"})


def result(name: str, **members: Any) -> dict[str, Any]:
    return {"id": name, "star_count": 1, "pull_count": "1K+", "badge": "none", **members}


def old_result(name: str, **members: Any) -> dict[str, Any]:
    return {"repo_name": name, "star_count": 1, "pull_count": 1, "is_official": False, **members}


def both(newer: Answer | Callable[[Seen], Answer], older: Answer) -> Callable[[Seen], Answer]:
    """Answers for v4 and for v2."""

    def script(seen: Seen) -> Answer:
        if seen.path.startswith("/v2/search/repositories/?"):
            return older
        assert seen.path.startswith("/api/search/v4?")
        return newer(seen) if callable(newer) else newer

    return script


def catalogue(rows: list[dict[str, Any]], largest: int = 100) -> Callable[[Seen], Answer]:
    """A v4 that serves `rows`, at most `largest` at once."""

    def script(seen: Seen) -> Answer:
        start, size = int(asked(seen)["from"]), int(asked(seen)["size"])
        part = rows[start : start + min(size, largest)]
        return answered({"total": len(rows), "results": part})

    return script


def found(hub: Hub, query: str, **options: Any) -> list[object]:
    return [row["name"] for row in hub.search.find(query, **options).rows]


OLDER = answered(
    {"count": 2, "results": [old_result("nginx", is_official=True), old_result("a/b")]}
)


@pytest.mark.parametrize(
    "newer",
    [
        answered({"message": "gone"}, 404),
        answered({"message": "bad"}, 400),
        answered({"message": "unauthorized"}, 401),
        answered({}, 500),
        HTML,
        Answer(200, b"<html>", {"Content-Type": "text/html"}),
        answered([]),
        answered({"total": 3}),
        answered({"total": 3, "results": {}}),
    ],
)
def test_the_older_search_steps_in(newer: Answer) -> None:
    notices: list[str] = []
    with hub_api(both(newer, OLDER), notify=notices.append) as (hub, _):
        assert found(hub, "nginx") == ["library/nginx", "a/b"]
    assert len(notices) == 1
    assert "older" in notices[0]


def test_a_rate_limit_is_no_reason_to_ask_elsewhere() -> None:
    limited = answered({"detail": "Rate limit exceeded"}, 429)
    with hub_api(both(limited, OLDER)) as (hub, server):
        with pytest.raises(RateLimited):
            hub.search.find("nginx")
        assert not any("/v2/search" in seen.path for seen in server.seen)


def test_when_both_fail_the_last_failure_counts() -> None:
    with hub_api(both(HTML, answered({"message": "gone"}, 404))) as (hub, _):
        with pytest.raises(HubcliError) as failed:
            hub.search.find("nginx")
        assert failed.value.exit_code == 3


def test_what_the_older_search_cannot_do_is_said() -> None:
    notices: list[str] = []
    with hub_api(both(HTML, OLDER), notify=notices.append) as (hub, server):
        filters = Filters(
            verified=True,
            type="image",
            architectures=("arm64",),
            operating_systems=("linux",),
            categories=("web-servers",),
        )
        assert found(hub, "nginx", filters=filters, sort="updated") == ["library/nginx", "a/b"]
        assert asked(server.seen[-1]) == {"query": "nginx", "page": "1", "page_size": "25"}
    assert notices[1].startswith(
        "the older search knows nothing of --verified, --type, --arch, --os, --category,"
        " --sort updated"
    )


def test_what_the_older_search_can_do_is_done() -> None:
    many = [old_result("nginx", is_official=True, star_count=50), old_result("a/b", star_count=99)]
    older = answered({"count": 2, "results": many})
    with hub_api(both(HTML, older)) as (hub, server):
        filters = Filters(official=True, min_stars=40)
        assert found(hub, "nginx", filters=filters, sort="stars") == ["library/nginx"]
        assert asked(server.seen[-1])["is_official"] == "1"
        assert asked(server.seen[-1])["ordering"] == "-star_count"


def test_filters_are_sent_as_v4_takes_them() -> None:
    with hub_api(catalogue([])) as (hub, server):
        filters = Filters(
            official=True,
            verified=True,
            type="image",
            architectures=("arm64", "amd64"),
            operating_systems=("linux",),
            categories=("web-servers", "security"),
        )
        assert found(hub, "library/nginx", filters=filters, sort="pulls", limit=3) == []
    assert asked(server.seen[0]) == {
        "query": "nginx",
        "custom_boosted_results": "true",
        "type": "image",
        "badges": "official,verified_publisher",
        "architectures": "arm64,amd64",
        "operating_systems": "linux",
        "categories": "web-servers,security",
        "sort": "pull_count",
        "order": "desc",
        "from": "0",
        "size": "25",
    }


def test_a_server_that_ignores_filters_is_held_to_them() -> None:
    rows = [
        result("library/a", badge="official", architectures=[{"name": "amd64"}], type="image"),
        result("x/b", badge="verified_publisher", architectures=[{"name": "arm64"}], type="image"),
        result("x/c", architectures=[{"name": "arm64"}], type="image"),
        result("x/d", badge="official", architectures=[{"name": "arm64"}], type="plugin"),
        result("x/e", badge="official", architectures=[{"name": "ARM64"}]),
    ]
    with hub_api(catalogue(rows)) as (hub, _):
        filters = Filters(official=True, verified=True, type="image", architectures=("arm64",))
        assert found(hub, "x", filters=filters) == ["x/b", "x/e"]


def test_exact_names_come_first_and_the_official_one_before_all() -> None:
    rows = [
        result("x/hello-world-2"),
        result("me/hello-world"),
        result("you/Hello-World"),
        result("library/hello-world", badge="official"),
    ]
    with hub_api(catalogue(rows)) as (hub, _):
        assert found(hub, "hello-world") == [
            "library/hello-world",
            "me/hello-world",
            "you/Hello-World",
            "x/hello-world-2",
        ]
        assert found(hub, "me/hello-world")[0] == "me/hello-world"
        assert found(hub, "hello-world", sort="pulls")[0] == "x/hello-world-2"


def test_an_exact_name_is_found_behind_a_small_limit() -> None:
    rows = [*(result(f"x/redis-{n}") for n in range(20)), result("library/redis")]
    with hub_api(catalogue(rows)) as (hub, _):
        assert found(hub, "redis", limit=1) == ["library/redis"]


def test_all_results_are_read_page_by_page() -> None:
    rows = [result(f"x/r{number}") for number in range(730)]
    with hub_api(catalogue(rows)) as (hub, server):
        results = hub.search.find("r", limit=None)
        assert results.total == 730
        assert [row["name"] for row in results.rows] == [row["id"] for row in rows]
        assert len(server.seen) == 8


def test_a_server_that_gives_smaller_pages_is_read_whole() -> None:
    rows = [result(f"x/r{number}") for number in range(130)]
    with hub_api(catalogue(rows, largest=30)) as (hub, _):
        assert found(hub, "r", limit=None) == [row["id"] for row in rows]


def test_few_stars_do_not_use_up_the_limit() -> None:
    rows = [result(f"x/r{number}", star_count=number) for number in range(200)]
    with hub_api(catalogue(rows)) as (hub, _):
        results = hub.search.find("r", Filters(min_stars=150), limit=10)
        assert [row["stars"] for row in results.rows] == list(range(150, 160))
        assert results.total is None


def test_stars_are_compared_here_since_v4_cannot() -> None:
    rows = [result(f"x/r{number}", star_count=number % 7 * 100 + number) for number in range(300)]
    notices: list[str] = []
    with hub_api(catalogue(rows), notify=notices.append) as (hub, _):
        best = max(row["star_count"] for row in rows[:100])
        assert next(hub.search.find("r", sort="stars", limit=3).rows)["stars"] == best
        assert notices == ["stars compared among the 100 best matches; --all compares all"]
        everything = [row["stars"] for row in hub.search.find("r", sort="stars", limit=None).rows]
        assert everything == sorted((row["star_count"] for row in rows), reverse=True)
        assert len(notices) == 1


def test_a_failure_after_the_first_page_is_told() -> None:
    rows = [result(f"x/r{number}") for number in range(300)]

    def script(seen: Seen) -> Answer:
        return catalogue(rows)(seen) if asked(seen)["from"] == "0" else answered({}, 500)

    with hub_api(script) as (hub, _):
        results = hub.search.find("r", limit=None)
        with pytest.raises(Unavailable):
            list(results.rows)


def test_nobody_is_signed_in_for_a_search() -> None:
    with hub_api(both(HTML, OLDER)) as (hub, server):
        found(hub, "nginx")
        assert not any("authorization" in seen.headers for seen in server.seen)
