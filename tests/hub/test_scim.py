"""SCIM's client: answers of which anything may be missing, pages, and where the token goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hubcli.auth.credentials.scim import scim_token
from hubcli.auth.tokens import ScimAuthorizer
from hubcli.errors import Conflict, Denied, HubcliError, NotFound, NotSignedIn, Unavailable
from hubcli.http.client import Client
from hubcli.hub.scim import Scim, read_config, read_schema, read_user
from support.paged_hub import answered, asked
from support.scripted import Answer, Script, ScriptedServer, Seen

TOKEN = "scim-token-of-a-test"
IDENTIFIER = "d80f7c79-7730-49d8-9a41-7c42fb622d9c"


@contextmanager
def scim(script: Script) -> Iterator[tuple[Scim, ScriptedServer]]:
    with ScriptedServer(script) as server:
        http = Client(sleep=lambda _: None)
        try:
            authorizer = ScimAuthorizer(scim_token(TOKEN))
            yield Scim(http, server.url, authorizer, concurrency=2), server
        finally:
            http.close()


def users(count: int, *, most: int = 200, member: str = "resources") -> Script:
    """A list of that many; pages have at most `most`."""

    def page(seen: Seen) -> Answer:
        query = asked(seen)
        start, size = int(query["startIndex"]), min(int(query["count"]), most)
        rows = [
            {"id": f"{number}", "userName": f"u{number:05}@example.com"}
            for number in range(start, min(start + size, count + 1))
        ]
        return answered({"totalResults": count, member: rows})

    return page


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1000])
@pytest.mark.parametrize("most", [200, 100, 7])
@pytest.mark.parametrize("member", ["resources", "Resources"])
def test_all_pages_are_read_however_small(count: int, most: int, member: str) -> None:
    with scim(users(count, most=most, member=member)) as (client, server):
        names = [row["name"] for row in client.users()]
    assert names == [f"u{number:05}@example.com" for number in range(1, count + 1)]
    assert len(server.seen) <= max(1, -(-count // most))


def test_reading_ahead_is_bounded() -> None:
    with scim(users(20_000)) as (client, server):
        listing = client.users()
        next(listing)
        assert len(server.seen) == 1
        for _ in range(200):
            next(listing)
        assert len(server.seen) <= 6


def test_a_total_that_is_never_reached_ends_with_the_first_empty_page() -> None:
    def page(seen: Seen) -> Answer:
        rows = [{"userName": "a@x"}] if asked(seen)["startIndex"] == "1" else []
        return answered({"totalResults": 9999, "resources": rows})

    with scim(page) as (client, _):
        assert [row["name"] for row in client.users()] == ["a@x"]


def test_every_request_has_the_token_and_the_media_type() -> None:
    with scim(lambda _: answered({"active": True})) as (client, server):
        client.update(IDENTIFIER, given="Jon")
    for seen in server.seen:
        assert seen.headers["authorization"] == f"Bearer {TOKEN}"
        assert seen.headers["accept"] == "application/scim+json"
    assert server.seen[1].headers["content-type"] == "application/scim+json"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["/v2/user/", "/v2/scim/2.0/Users/2"])
def test_no_redirect_is_followed_not_even_on_the_same_host(status: int, where: str) -> None:
    with (
        scim(lambda _: Answer(status, b"", {"Location": where})) as (client, server),
        pytest.raises(HubcliError, match="redirects"),
    ):
        client.config()
    assert len(server.seen) == 1


def test_a_whole_user_is_written_back() -> None:
    before = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:more"],
        "id": IDENTIFIER,
        "name": {"givenName": "Jon", "familyName": "Snow", "middleName": "X"},
        "active": True,
    }
    with scim(lambda seen: answered(before) if seen.method == "GET" else Answer(200)) as (
        client,
        server,
    ):
        row = client.update(IDENTIFIER, family="Targaryen")
    assert json.loads(server.seen[1].body) == {
        "schemas": before["schemas"],
        "name": {"givenName": "Jon", "familyName": "Targaryen", "middleName": "X"},
        "active": True,
        "enabled": True,
    }
    assert (row["given_name"], row["family_name"], row["active"]) == ("Jon", "Targaryen", True)


@pytest.mark.parametrize("active", [None, "yes", 1])
def test_nobody_is_written_of_whom_it_is_not_known_whether_he_is_active(active: object) -> None:
    with scim(lambda _: answered({"id": IDENTIFIER, "active": active})) as (client, server):
        with pytest.raises(Unavailable, match="active"):
            client.update(IDENTIFIER, given="Jon")
        assert [seen.method for seen in server.seen] == ["GET"]
        client.update(IDENTIFIER, active=False)
    assert json.loads(server.seen[-1].body)["active"] is False


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (400, HubcliError, "filter is bad"),
        (401, NotSignedIn, "refuses the SCIM token"),
        (403, Denied, "filter is bad; it takes the SCIM token of the organization's SSO"),
        (404, NotFound, "filter is bad"),
        (409, Conflict, "filter is bad"),
        (501, HubcliError, "filter is bad"),
    ],
)
def test_errors_say_what_scim_says(status: int, kind: type[HubcliError], told: str) -> None:
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": str(status),
        "detail": "Filter is bad.",
    }
    with scim(lambda _: answered(body, status)) as (client, _), pytest.raises(kind, match=told):
        client.config()


def test_an_error_without_a_detail_is_worded_by_its_status() -> None:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400"}
    with (
        scim(lambda _: answered(body, 400)) as (client, _),
        pytest.raises(HubcliError, match=r"^the server answered 400 \(FAILED\)$"),
    ):
        client.config()


@pytest.mark.parametrize(
    "body",
    [
        {"id": "1"},
        {"id": "1", "name": "Jon", "meta": [], "emails": {}, "groups": "x", "active": "yes"},
        {"id": "1", "name": None, "meta": None, "emails": None, "groups": None, "more": 1},
    ],
)
def test_members_of_a_user_may_be_missing_or_of_another_type(body: dict[str, Any]) -> None:
    row = read_user(body)
    assert row is not None
    assert {name: value for name, value in row.items() if value not in (None, [])} == {"id": "1"}


def test_nobody_is_no_row() -> None:
    assert read_user({"displayName": "x"}) is None


def test_descriptions_may_be_empty() -> None:
    assert {name: value for name, value in read_schema({}).items() if value} == {}
    config = read_config({"patch": [], "filter": {"maxResults": "9"}, "authenticationSchemes": 1})
    assert {name: value for name, value in config.items() if value} == {}
