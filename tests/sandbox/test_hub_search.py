"""Search in the sandbox's Hub API: v4 as the web page uses it, and v2."""

from __future__ import annotations

from typing import Any

import pytest

from hubcli.sandbox.hub.search import displayed
from support.hub_client import HubClient
from support.sandbox import SandboxServer

V4 = "/api/search/v4"
V2 = "/v2/search/repositories/"


def ids(hub: HubClient, query: str) -> list[str]:
    return [result["id"] for result in hub("GET", f"{V4}?size=200&{query}").json()["results"]]


def test_the_official_image_is_the_best_match(hub: HubClient) -> None:
    found = hub("GET", f"{V4}?query=hello-world").json()
    first = found["results"][0]
    assert (first["id"], first["name"], first["badge"]) == (
        "library/hello-world", "hello-world", "official",
    )  # fmt: skip
    assert first["pull_count"] == "1B+"
    assert isinstance(first["star_count"], int)
    assert first["publisher"] == {"id": "library", "name": "Docker Official Images"}
    assert {"name": "arm64", "label": "arm64"} in first["architectures"]
    assert found["total"] == len(found["results"]) > 5


# As the web page words counts.
@pytest.mark.parametrize(
    ("pulls", "text"),
    [
        (12_109_538_624, "1B+"),
        (999_999_999, "500M+"),
        (100_000_000, "100M+"),
        (7_000_000, "5M+"),
        (1_000_000, "1M+"),
        (650_000, "500K+"),
        (10_000, "10K+"),
        (9_249, "9.2K"),
        (1_000, "1K"),
        (999, "999"),
        (0, "0"),
    ],
)
def test_pull_counts_are_rounded_for_display(pulls: int, text: str) -> None:
    assert displayed(pulls) == text


@pytest.mark.parametrize(
    ("query", "field", "values"),
    [
        ("badges=official", "badge", {"official"}),
        ("badges=verified_publisher,open_source", "badge", {"verified_publisher", "open_source"}),
    ],
)
def test_filters_leave_what_was_asked_for(
    hub: HubClient, query: str, field: str, values: set[str]
) -> None:
    results = hub("GET", f"{V4}?query=&size=200&{query}").json()["results"]
    assert {result[field] for result in results} == values


def test_categories_and_architectures_filter(hub: HubClient) -> None:
    def labels(result: dict[str, Any], field: str, key: str) -> set[str]:
        return {one[key] for one in result[field]}

    url = f"{V4}?query=&size=200&categories=web-servers,security&architectures=s390x"
    results = hub("GET", url).json()["results"]
    assert "library/nginx" in {result["id"] for result in results}
    for result in results:
        assert labels(result, "categories", "slug") & {"web-servers", "security"}
        assert "s390x" in labels(result, "architectures", "name")
    assert ids(hub, "query=&operating_systems=windows") == []
    assert ids(hub, "query=nginx&type=plugin") == []
    assert "library/nginx" in ids(hub, "query=nginx&type=image,plugin&operating_systems=linux")


def test_results_come_in_parts(hub: HubClient) -> None:
    whole = ids(hub, "query=agent")
    parts = [
        result["id"]
        for offset in range(0, len(whole), 2)
        for result in hub("GET", f"{V4}?query=agent&from={offset}&size=2").json()["results"]
    ]
    assert parts == whole
    assert len(whole) >= 4
    assert hub("GET", f"{V4}?query=agent&from=10000").json()["results"] == []
    assert hub("GET", f"{V4}?query=agent&from=x").status_code == 400


def test_results_are_sorted_as_asked(hub: HubClient) -> None:
    by_pulls = ids(hub, "query=&badges=official&sort=pull_count&order=desc")
    assert by_pulls[:2] == ["library/nginx", "library/alpine"]
    assert ids(hub, "query=&badges=official&sort=pull_count&order=asc") == by_pulls[::-1]
    url = f"{V4}?query=&size=200&sort=updated_at&order=desc"
    times = [result["updated_at"] for result in hub("GET", url).json()["results"]]
    assert times == sorted(times, reverse=True)


def test_v2_tells_exact_numbers_and_short_names(hub: HubClient) -> None:
    first = hub("GET", f"{V2}?query=hello-world").json()["results"][0]
    assert first == {
        "repo_name": "hello-world",
        "short_description": "Hello World! (an example of minimal Dockerization)",
        "star_count": first["star_count"],
        "pull_count": first["pull_count"],
        "repo_owner": "",
        "is_automated": False,
        "is_official": True,
    }
    assert first["pull_count"] >= 9_000_000_000
    assert isinstance(first["star_count"], int)
    official = hub("GET", f"{V2}?query=&is_official=1&page_size=100").json()
    assert all(result["is_official"] for result in official["results"])
    assert all("/" not in result["repo_name"] for result in official["results"])
    sorted_url = f"{V2}?query=&ordering=-pull_count&page_size=100"
    counts = [result["pull_count"] for result in hub("GET", sorted_url).json()["results"]]
    assert counts == sorted(counts, reverse=True)


def test_v2_pages(hub: HubClient) -> None:
    first = hub("GET", f"{V2}?query=agent&page_size=2").json()
    assert first["next"].startswith(f"{hub.url}{V2}?")
    second = hub("GET", first["next"]).json()
    assert first["results"] != second["results"]
    assert hub("GET", f"{V2}?query=agent&page_size=2&page=99").status_code == 404


def test_private_repositories_are_not_found(hub: HubClient, sandbox: SandboxServer) -> None:
    sandbox.parts.repositories.create("alice/findable-zz", "alice")
    sandbox.parts.repositories.create("alice/hidden-zz", "alice", is_private=True)
    assert ids(hub, "query=-zz") == ["alice/findable-zz"]
    signed_in = hub("GET", f"{V4}?query=-zz", by="alice").json()
    assert signed_in["total"] == 1


def test_v4_can_be_made_to_fail(hub: HubClient, sandbox: SandboxServer) -> None:
    sandbox.fault(r"GET /api/search/v4", status=503)
    assert hub("GET", f"{V4}?query=nginx").status_code == 503
    assert hub("GET", f"{V2}?query=nginx").status_code == 200
