"""Tags in the sandbox's Hub API, against what its registry says of the same tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubcli import timestamps
from hubcli.sandbox import seed
from hubcli.sandbox.seed import PASSWORD
from support.hub_client import HubClient
from support.sandbox import SandboxServer

HELLO = "/v2/namespaces/library/repositories/hello-world/tags"
NIGHTLY = "/v2/namespaces/bigorg/repositories/nightly/tags"
WEBAPP = "/v2/namespaces/alice/repositories/webapp/tags"


@pytest.fixture
def path(sandbox: SandboxServer, repository: str) -> str:
    """`alice/NAME`: a public repository with the tags one, two (the same image) and old."""
    path = f"alice/{repository.partition('/')[0]}"
    parts = sandbox.parts
    number = parts.repositories.create(path, "alice", type="image")
    image = seed.small(path)
    for blob in image.blobs:
        parts.storage.blobs.put(path, blob)
    parts.storage.manifests.put(path, image.manifest, tags=["one", "two"], pushed_by="alice")
    parts.repositories.add_old_tags(number, [("old", "2016-01-01T00:00:00.000000Z", 1000)])
    return path


def tags_url(path: str, tag: str = "") -> str:
    namespace, _, name = path.partition("/")
    return f"/v2/namespaces/{namespace}/repositories/{name}/tags{'/' if tag else ''}{tag}"


def names(hub: HubClient, url: str) -> list[str]:
    return [tag["name"] for tag in hub("GET", url).json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["20261120", "20261119", "20261118"]),
        ("&ordering=last_updated", ["20261120", "20261119", "20261118"]),
        ("&ordering=-last_updated", ["20130314", "20130315", "20130316"]),
        ("&ordering=name", ["20261120", "20261119", "20261118"]),
        ("&ordering=-name", ["20130314", "20130315", "20130316"]),
        ("&name=1224", ["20251224", "20241224", "20231224"]),
    ],
)
def test_ordering_means_the_opposite(hub: HubClient, query: str, expected: list[str]) -> None:
    assert names(hub, f"{NIGHTLY}?page_size=3{query}") == expected


def test_a_repository_has_five_thousand_tags(hub: HubClient) -> None:
    first = hub("GET", f"{NIGHTLY}?page_size=100").json()
    assert (first["count"], len(first["results"])) == (5000, 100)
    assert first["next"] == f"{hub.url}{NIGHTLY}?page=2&page_size=100"
    last = hub("GET", f"{NIGHTLY}?page_size=100&page=50").json()
    assert (last["next"], len(last["results"])) == (None, 100)
    assert hub("GET", f"{NIGHTLY}?page_size=100&page=51").status_code == 404


def test_legacy_and_new_routes_show_the_same(hub: HubClient) -> None:
    old = hub("GET", "/v2/repositories/alice/webapp/tags/?page_size=100").json()
    assert old["results"] == hub("GET", f"{WEBAPP}?page_size=100").json()["results"]
    one = hub("GET", "/v2/repositories/alice/webapp/tags/latest/").json()
    assert one == hub("GET", f"{WEBAPP}/latest").json()


def test_an_index_lists_its_images_and_attestations(hub: HubClient) -> None:
    tag = hub("GET", f"{HELLO}/latest").json()
    platforms = [f"{one['os']}/{one['architecture']}/{one['variant']}" for one in tag["images"]]
    assert platforms == ["linux/amd64/", "linux/arm64/v8", "linux/arm/v7", "unknown/unknown/"]
    assert tag["media_type"] == "application/vnd.oci.image.index.v1+json"
    assert tag["content_type"] == "image"
    assert tag["v2"] is True
    assert tag["tag_status"] in {"active", "inactive"}
    assert "status" not in tag
    assert tag["full_size"] == tag["images"][0]["size"]


def test_digests_are_those_of_the_registry(hub: HubClient) -> None:
    tag = hub("GET", f"{HELLO}/latest").json()
    head = hub.registry("HEAD", "manifests/latest", "library/hello-world")
    assert head.headers["Docker-Content-Digest"] == tag["digest"]
    index = hub.registry("GET", "manifests/latest", "library/hello-world").json()
    listed = [entry["digest"] for entry in index["manifests"]]
    assert [image["digest"] for image in tag["images"]] == listed


def test_an_old_tag_has_no_digest(hub: HubClient, path: str) -> None:
    tag = hub("GET", tags_url(path, "old")).json()
    assert (tag["digest"], tag["media_type"]) == (None, None)
    assert [image["digest"] for image in tag["images"]] == [None]
    assert (tag["tag_status"], tag["tag_last_pulled"]) == ("inactive", None)
    assert "nanoserver" in names(hub, f"{HELLO}?name=nano")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?ordering=-last_updated", ["old", "one", "two"]),
        ("?ordering=-name", ["old", "one", "two"]),
        ("?ordering=name", ["two", "one", "old"]),
        ("?name=o", ["one", "two", "old"]),
        ("?ordering=-name&page_size=2&page=2", ["two"]),
    ],
)
def test_old_tags_are_sorted_among_the_others(
    hub: HubClient, path: str, query: str, expected: list[str]
) -> None:
    assert names(hub, f"{tags_url(path)}{query}") == expected


def test_a_push_and_a_pull_leave_their_times(hub: HubClient, path: str) -> None:
    url = tags_url(path, "one")

    def since(tag: dict[str, Any], field: str) -> timedelta:
        moment = timestamps.parse(tag[field])
        assert moment is not None
        return datetime.now(UTC) - moment

    before = hub("GET", url).json()
    assert before["last_updater_username"] == "alice"
    assert timedelta() <= since(before, "tag_last_pushed") < timedelta(minutes=1)
    assert before["tag_last_pulled"] is None
    pulls = hub("GET", url.partition("/tags")[0]).json()["pull_count"]
    assert hub.registry("HEAD", "manifests/one", path).status_code == 200
    assert hub("GET", url).json()["tag_last_pulled"] is None
    assert hub.registry("GET", "manifests/one", path).status_code == 200
    after = hub("GET", url).json()
    assert timedelta() <= since(after, "tag_last_pulled") < timedelta(minutes=1)
    assert after["images"][0]["last_pulled"] == after["tag_last_pulled"]
    assert hub("GET", tags_url(path, "two")).json()["tag_last_pulled"] is None
    assert hub("GET", url.partition("/tags")[0]).json()["pull_count"] == pulls + 1


@pytest.mark.parametrize("prefix", ["/v2/repositories", "/v2/namespaces"])
def test_deleting_a_tag_leaves_its_sibling(hub: HubClient, path: str, prefix: str) -> None:
    url = tags_url(path, "one").replace("/v2/namespaces", prefix)
    if prefix == "/v2/repositories":
        url = f"{prefix}/{path}/tags/one/"
    digest = hub("GET", tags_url(path, "one")).json()["digest"]
    assert hub("DELETE", url).status_code == 401
    assert hub("DELETE", url, by="carol").status_code == 403
    assert hub("DELETE", url, by="alice").status_code == 204
    assert hub("DELETE", url, by="alice").status_code == 404
    assert hub("GET", tags_url(path, "one")).status_code == 404
    assert hub("GET", tags_url(path, "two")).json()["digest"] == digest
    assert hub.registry("GET", "manifests/one", path).status_code == 404
    assert hub.registry("GET", f"manifests/{digest}", path).status_code == 200


def test_an_old_tag_can_be_deleted(hub: HubClient, path: str) -> None:
    assert hub("DELETE", tags_url(path, "old"), by="alice").status_code == 204
    assert "old" not in names(hub, tags_url(path))


def test_deleting_needs_a_strong_token(hub: HubClient, sandbox: SandboxServer, path: str) -> None:
    _, writing = sandbox.parts.accounts.add_token("alice", "ci", ["repo:write"])
    weak = hub("DELETE", tags_url(path, "one"), by="alice", secret=writing)
    assert (weak.status_code, weak.json()["message"]) == (403, "access denied: insufficient scope")


def test_an_immutable_tag_stays(hub: HubClient, path: str) -> None:
    url = f"{tags_url(path).removesuffix('/tags')}/immutabletags"
    body = {"immutable_tags": True, "immutable_tags_rules": ["on."]}
    assert hub("PATCH", url, by="alice", json=body).status_code == 200
    assert hub("DELETE", tags_url(path, "one"), by="alice").status_code == 403
    refused = hub.registry("DELETE", "manifests/one", path, ("alice", PASSWORD))
    assert refused.status_code == 403
    assert "immutable" in refused.json()["errors"][0]["message"]
    assert hub("DELETE", tags_url(path, "two"), by="alice").status_code == 204
    assert hub("GET", tags_url(path, "one")).status_code == 200


def test_unknown_tags_and_orderings_are_told(hub: HubClient) -> None:
    assert hub("GET", f"{WEBAPP}/no-such-tag").status_code == 404
    assert hub("HEAD", f"{WEBAPP}/no-such-tag").status_code == 404
    assert hub("HEAD", f"{WEBAPP}/latest").status_code == 200
    assert hub("GET", f"{WEBAPP}?ordering=size").status_code == 400
    assert hub("GET", "/v2/namespaces/alice/repositories/none/tags").status_code == 404


def test_a_tag_unused_for_a_month_is_inactive(hub: HubClient) -> None:
    assert hub("GET", f"{WEBAPP}/v1.0.0").json()["tag_status"] == "inactive"
    assert hub("GET", f"{WEBAPP}/pr-12").json()["tag_status"] == "active"
