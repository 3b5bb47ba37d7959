"""Webhooks and collaborators: routes, bodies, and answers that may have any shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hubcli.errors import Conflict, Denied, NotFound, UsageError
from hubcli.hub.collaborators import read_collaborator
from hubcli.hub.webhooks import check_url, read_delivery, read_webhook
from support.paged_hub import Shelf, answered, hub_api
from support.scripted import Answer, Seen

OLD = "/v2/repositories/acme/api/webhook_pipeline/"
NEW = "/v2/namespaces/acme/repositories/api/webhook_pipeline"
PIPELINE = {
    "name": "deploy",
    "slug": "deploy",
    "expect_final_callback": False,
    "webhooks": [{"name": "deploy", "hook_url": "https://ci.example/hook"}],
    "created": "2026-11-01T10:00:00.000000Z",
    "last_updated": "2026-11-02T10:00:00.000000Z",
}


def refused(seen: Seen) -> Answer:
    """What an organization access token meets."""
    if seen.path.startswith("/v2/repositories/"):
        text = "token issued from organization access token is not allowed"
        return answered({"message": text}, 403)
    return answered({"count": 1, "next": None, "results": [PIPELINE]})


def test_a_webhook_is_sent_as_public_clients_send_it() -> None:
    with hub_api(lambda _: answered(PIPELINE, 201)) as (hub, server):
        row = hub.webhooks.create("Acme/API", "deploy", "https://ci.example/hook")
    assert server.seen[0].path == OLD
    assert json.loads(server.seen[0].body) == {
        "name": "deploy",
        "expect_final_callback": False,
        "webhooks": [{"name": "deploy", "hook_url": "https://ci.example/hook"}],
        "registry": "registry-1.docker.io",
    }
    assert row["repository"] == "acme/api"
    assert row["created"] == "2026-11-01T10:00:00Z"


@pytest.mark.parametrize("content", [b"", b"created", b"[]", b"null"])
def test_a_webhook_that_was_made_is_known_whatever_the_answer_says(content: bytes) -> None:
    with hub_api(lambda _: Answer(201, content)) as (hub, _):
        row = hub.webhooks.create("acme/api", "deploy", "https://ci.example/hook")
    assert (row["name"], row["url"]) == ("deploy", "https://ci.example/hook")


def test_a_token_of_an_organization_takes_the_other_route() -> None:
    with hub_api(refused) as (hub, server):
        assert [row["name"] for row in hub.webhooks.list("acme/api")] == ["deploy"]
        hub.webhooks.delete("acme/api", "deploy")
    assert [one.path.partition("?")[0] for one in server.seen] == [OLD, NEW, f"{NEW}/deploy"]


def test_a_name_that_is_taken_is_a_conflict() -> None:
    taken = {"name": ["Webhook pipeline with this name already exists."]}
    with (
        hub_api(lambda _: answered(taken, 400)) as (hub, _),
        pytest.raises(Conflict, match="has a webhook of that name already"),
    ):
        hub.webhooks.create("acme/api", "deploy", "https://ci.example/hook")


def test_a_refusal_names_the_scope() -> None:
    forbidden = answered({"message": "access denied: insufficient scope"}, 403)
    with hub_api(lambda _: forbidden) as (hub, _), pytest.raises(Denied, match="webhook-admin"):
        hub.webhooks.delete("acme/api", "deploy")


def test_a_webhook_is_found_by_its_name_before_its_slug() -> None:
    other = {**PIPELINE, "name": "other", "slug": "deploy"}
    with hub_api(Shelf([other, {**PIPELINE, "slug": "deploy-2"}])) as (hub, _):
        assert hub.webhooks.find("acme/api", "deploy")["slug"] == "deploy-2"
        assert hub.webhooks.find("acme/api", "deploy-2")["name"] == "deploy"
        with pytest.raises(NotFound):
            hub.webhooks.find("acme/api", "Deploy")


def test_history_goes_on_to_the_end() -> None:
    rows = [{"created": 1417566822 + number, "tag": f"v{number}"} for number in range(250)]
    with hub_api(Shelf(rows)) as (hub, _):
        listing = hub.webhooks.history("acme/api", "deploy")
        assert [row["tag"] for row in listing] == [f"v{number}" for number in range(250)]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ci.example/",
        "https://",
        "https://ci.example/a b",
        "https://ci.example/\n",
        "https://ci.example:99999/",
        "https://[::1/",
        "https://ci.example/" + "x" * 237,
        "",
    ],
)
def test_what_hub_cannot_send_to_is_refused_here(url: str) -> None:
    with pytest.raises(UsageError):
        check_url(url)


def test_the_longest_url_passes() -> None:
    check_url("https://ci.example/" + "x" * 236)
    check_url("http://[::1]:8080/hook")


@pytest.mark.parametrize(
    "entry",
    [{}, {"webhooks": 3, "name": ""}, {"name": None, "slug": []}],
)
def test_what_names_no_webhook_is_none(entry: dict[str, Any]) -> None:
    assert read_webhook(entry, "acme/api") is None


def test_a_webhook_may_lack_everything_but_its_name() -> None:
    row = read_webhook({"name": "x", "webhooks": [{"hook_url": 7}, "?"]}, "acme/api")
    assert row is not None
    assert (row["url"], row["urls"], row["created"], row["slug"]) == (None, [], None, None)


def test_an_entry_of_the_history_is_read_as_far_as_it_goes() -> None:
    entry = {"id": 7, "created": 1.417566822e9, "status_code": 200, "data": {"tag": "v1"}}
    row = read_delivery(entry)
    assert row["delivered"] == "2014-12-03T00:33:42Z"
    assert (row["id"], row["status"], row["tag"], row["entry"]) == ("7", "200", "v1", entry)
    strange = read_delivery({"created": True, "status": [], "id": {}, "tag": 3, "date": 1e300})
    assert {strange[field] for field in ("id", "delivered", "status", "tag")} == {None}


def test_collaborators_are_added_once_and_removed() -> None:
    answers = iter([answered({"user": ["already a collaborator"]}, 400), Answer(204, b"")])
    with hub_api(lambda _: next(answers)) as (hub, server):
        hub.collaborators.add("alice/app", "Bob")
        hub.collaborators.remove("alice/app", "Bob")
    assert json.loads(server.seen[0].body) == {"user": "bob"}
    assert server.seen[1].path == "/v2/repositories/alice/app/collaborators/bob/"


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ({"user": "bob"}, "bob"),
        ({"user": {"username": "bob"}}, "bob"),
        ({"username": "bob"}, "bob"),
        ({"user": 3}, None),
    ],
)
def test_a_collaborator_is_read_in_every_known_shape(
    found: dict[str, Any], name: str | None
) -> None:
    row = read_collaborator(found, "alice/app")
    assert (row and row["name"]) == name
