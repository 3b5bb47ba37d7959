"""Automated builds: pages of their own kind, and answers of which anything may be missing."""

from __future__ import annotations

import json

import pytest

from hubcli.errors import NotFound, Unavailable, UsageError
from hubcli.hub.builds import read_build, read_rule, read_source, trigger_route
from support.paged_hub import answered, asked, hub_api
from support.scripted import Answer, Seen

URL = "https://cloud.docker.com/api/build/v1/source/{}/trigger/{}/call/"
# As a public client printed it.
SOURCE = {
    "autotests": "OFF",
    "build_settings": ["/api/build/v1/setting/cbb58db1/"],
    "image": "a/toolbox",
    "owner": "a",
    "provider": "Github",
    "repository": "dockerfiles",
    "resource_uri": "/api/build/v1/source/e985c621/",
    "state": "Success",
    "uuid": "e985c621",
}


def test_all_pages_are_read() -> None:
    builds = [{"build_tag": f"v{number}"} for number in range(250)]

    def page(seen: Seen) -> Answer:
        query = asked(seen)
        start, size = int(query["offset"]), min(int(query["limit"]), 50)
        meta = {"total_count": len(builds), "offset": start, "limit": size}
        return answered({"meta": meta, "objects": builds[start : start + size]})

    with hub_api(page) as (hub, server):
        rows = [*hub.builds.history("Acme/API")]
    assert [row["tag"] for row in rows] == [f"v{number}" for number in range(250)]
    assert len(server.seen) == 5
    assert "object=%2Fapi%2Frepo%2Fv1%2Frepository%2Facme%2Fapi%2F" in server.seen[0].path


@pytest.mark.parametrize(
    "body", [{}, {"objects": None}, {"objects": []}, {"meta": [], "objects": 3}]
)
def test_an_answer_without_builds_is_an_empty_list(body: object) -> None:
    with hub_api(lambda _: answered(body)) as (hub, server):
        assert [*hub.builds.history("acme/api")] == []
        assert hub.builds.sources("acme/api") == []
    assert len(server.seen) == 2


def test_a_total_that_is_never_reached_ends_with_the_first_empty_page() -> None:
    answers = iter([{"meta": {"total_count": 9}, "objects": [{"build_tag": "x"}]}, {"objects": []}])
    with hub_api(lambda _: answered(next(answers))) as (hub, _):
        assert [row["tag"] for row in hub.builds.history("acme/api")] == ["x"]


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        (None, None, {"build": True}),
        ("branch", "main", {"source_type": "Branch", "source_name": "main"}),
        ("tag", "v1", {"source_type": "Tag", "source_name": "v1"}),
    ],
)
def test_a_trigger_is_called_at_our_hub_as_scripts_call_it(
    kind: str | None, name: str | None, body: object
) -> None:
    with hub_api(lambda _: answered({}, 202)) as (hub, server):
        hub.builds.trigger(URL.format("1", "2"), kind, name)
    assert server.seen[0].path == "/api/build/v1/source/1/trigger/2/call/"
    assert json.loads(server.seen[0].body) == body


def test_a_trigger_that_is_none_is_told_without_its_secret() -> None:
    with hub_api(lambda _: answered({}, 404)) as (hub, _), pytest.raises(NotFound) as refusal:
        hub.builds.trigger(URL.format("1", "s3cret"))
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://hub.docker.com/",
        "https://[::1",
        "https://hub.docker.com/api/build/v1/source/1/trigger/s3cret/",
        "https://hub.docker.com/api/build/v2/source/1/trigger/s3cret/call/",
        "https://hub.docker.com/api/build/v1/source/1/trigger/s3cret/call/more",
    ],
)
def test_what_is_no_trigger_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(UsageError) as refusal:
        trigger_route(url)
    assert "s3cret" not in str(refusal.value)


def test_a_path_cannot_be_broken_out_of() -> None:
    # An encoded slash stays inside of its segment: it is encoded once more.
    assert trigger_route(URL.format("..%2F..", "2")) == (
        "/api/build/v1/source/..%252F../trigger/2/call/"
    )


def test_a_rule_without_an_id_cannot_be_built() -> None:
    with hub_api(lambda _: answered({})) as (hub, _), pytest.raises(Unavailable):
        hub.builds.build("acme/api", read_rule({"tag": "latest"}))


def test_rows_are_read_as_far_as_they_go() -> None:
    row = read_source(SOURCE)
    assert (row["source"], row["provider"]) == ("a/dockerfiles", "Github")
    assert (row["address"], row["as_sent"]) == ("/api/build/v1/source/e985c621/", SOURCE)
    assert read_source({"uuid": "1"})["address"] == "/api/build/v1/source/1/"
    assert read_source({"owner": 3})["source"] is None
    rule = read_rule({"resource_uri": "/api/build/v1/setting/52613661/", "source_type": "Branch"})
    assert (rule["uuid"], rule["type"], rule["tag"]) == ("52613661", "branch", None)
    built = read_build({"dockertag_name": "v1", "status": 10, "created_at": "2026-01-01T00:00:00Z"})
    assert (built["tag"], built["state"], built["created"]) == ("v1", None, "2026-01-01T00:00:00Z")
