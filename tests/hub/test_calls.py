"""What is sent to the Hub API: routes with their slashes, bodies, and twins for organizations."""

from __future__ import annotations

import json

import pytest

from hubcli.errors import Conflict, Denied, HubcliError, NotFound, Unavailable, UsageError
from hubcli.hub.repositories import Category
from support.paged_hub import Shelf, answered, hub_api
from support.scripted import Answer, Seen

REFUSED = answered({"message": "token issued from organization access token is not allowed"}, 403)
REPOSITORY = {"name": "api", "namespace": "acme", "is_private": True, "full_description": "# Hi"}


def legacy_refused(seen: Seen) -> Answer:
    return REFUSED if seen.path.startswith("/v2/repositories/") else answered({})


def lines(seen: list[Seen]) -> list[str]:
    return [f"{one.method} {one.path}" for one in seen]


def test_json_is_said_in_both_directions() -> None:
    with hub_api(lambda _: answered(REPOSITORY)) as (hub, server):
        hub.repositories.inspect("acme/api")
    assert server.seen[0].headers["accept"] == "application/json"
    assert server.seen[0].headers["content-type"] == "application/json"
    assert server.seen[0].headers["user-agent"].startswith("hubcli/")


def test_legacy_routes_end_in_a_slash_but_privacy() -> None:
    with hub_api(lambda _: answered({})) as (hub, server):
        hub.repositories.delete("Acme/API")
        hub.repositories.star("acme/api")
        hub.repositories.unstar("acme/api")
        hub.repositories.set_private("acme/api", True)
        hub.repositories.set_categories("acme/api", [Category("web-servers", "Web servers")])
        hub.tags.delete("acme/api", "v1")
    assert lines(server.seen) == [
        "DELETE /v2/repositories/acme/api/",
        "POST /v2/repositories/acme/api/stars/",
        "DELETE /v2/repositories/acme/api/stars/",
        "POST /v2/repositories/acme/api/privacy",
        "PATCH /v2/repositories/acme/api/categories/",
        "DELETE /v2/repositories/acme/api/tags/v1/",
    ]
    bodies = [json.loads(one.body) if one.body else None for one in server.seen]
    assert bodies == [
        None,
        {},
        None,
        {"is_private": True},
        [{"slug": "web-servers", "name": "Web servers"}],
        None,
    ]


def test_an_organization_token_is_served_by_the_twins() -> None:
    with hub_api(legacy_refused) as (hub, server):
        hub.tags.delete("acme/api", "v1")
        hub.repositories.delete("acme/api")
        hub.repositories.set_private("acme/api", False)
    assert lines(server.seen) == [
        "DELETE /v2/repositories/acme/api/tags/v1/",
        "DELETE /v2/namespaces/acme/repositories/api/tags/v1",
        "DELETE /v2/namespaces/acme/repositories/api",
        "POST /v2/namespaces/acme/repositories/api/privacy",
    ]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_deletion_has_several_ways_to_say_yes(status: int) -> None:
    with hub_api(lambda _: Answer(status)) as (hub, _):
        hub.tags.delete("acme/api", "v1")
        hub.repositories.delete("acme/api")


def test_a_refused_deletion_is_a_failure() -> None:
    with hub_api(lambda _: answered({"detail": "access denied: insufficient scope"}, 403)) as api:
        with pytest.raises(Denied) as refused:
            api[0].tags.delete("acme/api", "v1")
        assert "a personal access token with repo:admin" in refused.value.reason
        assert "an organization access token with scope-tag-admin" in refused.value.reason
        assert len(api[1].seen) == 1


@pytest.mark.parametrize("status", [301, 302])
def test_a_write_is_not_redirected(status: int) -> None:
    moved = Answer(status, headers={"Location": "/v2/elsewhere"})
    with hub_api(lambda _: moved) as (hub, server):
        with pytest.raises(Unavailable, match="redirects a PATCH"):
            hub.repositories.describe("acme/api", description="x")
        assert len(server.seen) == 1


def test_creation_is_one_call() -> None:
    with hub_api(lambda _: answered(REPOSITORY, 201)) as (hub, server):
        row = hub.repositories.create("Acme/api", private=True, readme="# Hi")
    assert (row["name"], row["visibility"], row["readme"]) == ("acme/api", "private", "# Hi")
    assert lines(server.seen) == ["POST /v2/namespaces/acme/repositories"]
    assert json.loads(server.seen[0].body) == {
        "name": "api",
        "namespace": "acme",
        "registry": "docker.io",
        "is_private": True,
        "full_description": "# Hi",
    }


def test_creation_is_not_tried_again_after_a_fault() -> None:
    with hub_api(lambda _: answered({}, 503)) as (hub, server):
        with pytest.raises(Unavailable):
            hub.repositories.create("acme/api", private=False)
        assert [seen.method for seen in server.seen].count("POST") == 1


def test_a_name_that_is_taken_is_a_conflict() -> None:
    taken = {"__all__": ["Repository with this Name and Namespace already exists."]}
    with hub_api(lambda _: answered(taken, 400)) as (hub, _), pytest.raises(Conflict):
        hub.repositories.create("acme/api", private=False)


@pytest.mark.parametrize("status", [400, 402, 403])
@pytest.mark.parametrize(
    "text",
    ["private repository limit reached: 1 of 1 in use", "Upgrade to get more private repositories"],
)
def test_the_limit_of_private_repositories_is_explained(status: int, text: str) -> None:
    with hub_api(lambda _: answered({"detail": text}, status)) as (hub, _):
        with pytest.raises(HubcliError) as creating:
            hub.repositories.create("acme/api", private=True)
        with pytest.raises(HubcliError) as changing:
            hub.repositories.set_private("acme/api", True)
    for failed in (creating, changing):
        assert "the plan of acme has no private repository left" in failed.value.reason
        assert failed.value.hint is not None
        assert "--public" in failed.value.reason
        assert failed.value.hint == "hubcli repo ls acme --private"


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        ({"description": "x" * 101}, "101 bytes; Docker Hub takes 100"),
        ({"description": "é" * 51}, "102 bytes; Docker Hub takes 100"),
        ({"description": "\udcff"}, "the description is not UTF-8"),
        ({"readme": "é" * 12_501}, "25,002 bytes; Docker Hub takes 25,000"),
    ],
)
def test_texts_are_measured_in_bytes_before_they_are_sent(
    texts: dict[str, str], complaint: str
) -> None:
    with hub_api(lambda _: answered(REPOSITORY)) as (hub, server):
        with pytest.raises(UsageError, match=complaint):
            hub.repositories.create("acme/api", private=False, **texts)
        with pytest.raises(UsageError, match=complaint):
            hub.repositories.describe("acme/api", **texts)
        assert server.seen == []
        hub.repositories.describe("acme/api", description="é" * 50, readme="é" * 12_500)
    assert lines(server.seen) == ["PATCH /v2/namespaces/acme/repositories/api"]


@pytest.mark.parametrize("path", ["api", "a/b/c", "/b", "a/", ""])
def test_a_path_that_hub_cannot_have_is_refused_before_anything_is_sent(path: str) -> None:
    with hub_api(lambda _: answered({})) as (hub, server):
        with pytest.raises(UsageError):
            hub.repositories.inspect(path)
        with pytest.raises(UsageError):
            hub.tags.list(path)
        assert server.seen == []


def test_words_that_are_no_utf_8_are_sent_as_well_as_can_be() -> None:
    with hub_api(lambda _: answered({"total": 0, "results": []})) as (hub, server):
        assert list(hub.search.find("a\udcff").rows) == []
    assert server.seen[0].path.startswith("/api/search/v4?query=a%3F&")


def test_names_cannot_leave_their_place_in_a_path() -> None:
    with hub_api(lambda _: answered({"name": "x"})) as (hub, server):
        hub.tags.inspect("a/..%2f?x", "../b?c#d")
    assert lines(server.seen) == [
        "GET /v2/namespaces/a/repositories/..%252f%3Fx/tags/..%2Fb%3Fc%23d"
    ]


def test_taking_back_a_star_that_was_not_given_is_no_failure() -> None:
    def script(seen: Seen) -> Answer:
        return answered({}, 404) if seen.method == "DELETE" else answered(REPOSITORY)

    with hub_api(script) as (hub, _):
        hub.repositories.unstar("acme/api")


def test_taking_back_a_star_from_nothing_is_a_failure() -> None:
    with hub_api(lambda _: answered({}, 404)) as (hub, _), pytest.raises(NotFound):
        hub.repositories.unstar("acme/api")


def test_categories_go_by_slug_or_name() -> None:
    known = [{"slug": f"c-{n}", "name": f"Category {n}"} for n in range(5)]
    with hub_api(lambda _: answered([*known, None, {"name": "x"}])) as (hub, _):
        chosen = hub.repositories.categories(["category 1", "c-2", "C-1"])
        assert [category.slug for category in chosen] == ["c-1", "c-2"]
        with pytest.raises(UsageError, match="no category 'd-1'; it has c-1"):
            hub.repositories.categories(["d-1"])
        with pytest.raises(UsageError, match="at most 3"):
            hub.repositories.categories(["c-0", "c-1", "c-2", "c-3"])


def test_tags_come_newest_first_even_if_hub_mends_its_ordering() -> None:
    newest_first = [
        {"name": f"t{n}", "last_updated": f"2026-11-{28 - n // 24:02}T{23 - n % 24:02}:00:00Z"}
        for n in range(150)
    ]

    def script(seen: Seen) -> Answer:
        mended = "ordering=-last_updated" in seen.path
        return Shelf(newest_first if mended else newest_first[::-1])(seen)

    with hub_api(script) as (hub, _):
        assert [row["name"] for row in hub.tags.list("a/b")] == [f"t{n}" for n in range(150)]


def test_tags_of_one_page_are_sorted_here_the_undated_last() -> None:
    rows = [
        {"name": "old", "last_updated": "2020-01-01T00:00:00Z"},
        {"name": "undated"},
        {"name": "new", "last_updated": "2026-01-01T00:00:00.1Z"},
        {"name": "newer", "last_updated": "2026-01-01T00:00:00.25Z"},
    ]
    with hub_api(Shelf(rows)) as (hub, server):
        listed = [row["name"] for row in hub.tags.list("a/b", name="e")]
        assert listed == ["newer", "new", "old", "undated"]
    assert "name=e" in server.seen[0].path
    assert "ordering=last_updated" in server.seen[0].path
