"""SCIM in the sandbox's Hub API, by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from hubcli.sandbox.hub.scimfilters import BadFilter, predicate
from support.hub_client import HubClient
from support.sandbox import SandboxServer
from support.scim import USER, scim_organization

Scim = Callable[..., httpx.Response]
TYPE = {"Content-Type": "application/scim+json"}
CAROL = {
    "userName": "Carol@example.com",
    "active": True,
    "name": {"givenName": "Carol"},
    "emails": [{"value": "carol@example.com"}],
}


@pytest.fixture
def hub(sandbox: SandboxServer) -> Iterator[HubClient]:
    with HubClient(sandbox.url) as client:
        yield client


@pytest.fixture
def scim(sandbox: SandboxServer, hub: HubClient) -> Scim:
    """`scim("GET", "Users", params={…})` with a good token."""
    _, token = scim_organization(sandbox)

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        return hub(method, f"/v2/scim/2.0/{path}", token=token, **options)

    return ask


def users(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [user["displayName"] for user in answer.json()["resources"]]


def test_it_takes_a_token_of_its_own(hub: HubClient) -> None:
    for token in (None, "wrong", hub.session("alice")):
        answer = hub("GET", "/v2/scim/2.0/Users", token=token)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/scim+json"
        assert answer.json() == {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "401",
            "detail": "Unauthorized",
        }


def test_its_token_is_good_for_nothing_else(hub: HubClient, sandbox: SandboxServer) -> None:
    _, token = scim_organization(sandbox)
    assert hub("GET", "/v2/user/", token=token).status_code == 401


def test_pages_begin_anywhere_and_end_without_an_error(scim: Scim) -> None:
    assert users(scim("GET", "Users")) == ["alice", "carol", "dave"]
    page = scim("GET", "Users", params={"startIndex": 2, "count": 1})
    assert users(page) == ["carol"]
    assert (page.json()["totalResults"], page.json()["itemsPerPage"]) == (3, 1)
    assert users(scim("GET", "Users", params={"startIndex": 0, "count": 2})) == ["alice", "carol"]
    assert users(scim("GET", "Users", params={"startIndex": 9})) == []
    assert scim("GET", "Users", params={"count": "x"}).status_code == 400


def test_no_page_is_larger_than_two_hundred(hub: HubClient) -> None:
    answer = hub("GET", "/v2/scim/2.0/Users", token="sandbox-scim-token", params={"count": "1000"})
    assert len(answer.json()["resources"]) == 200


def test_lists_are_sorted_and_cut_down_to_attributes(scim: Scim) -> None:
    query = {"sortBy": "displayName", "sortOrder": "descending", "attributes": "displayName"}
    answer = scim("GET", "Users", params=query)
    assert users(answer) == ["dave", "carol", "alice"]
    assert answer.json()["resources"][0].keys() == {"schemas", "id", "displayName"}
    assert users(scim("GET", "Users", params={"sortBy": "name.familyName"}))[0] == "carol"


def test_without_the_activation_an_update_deactivates(scim: Scim) -> None:
    (carol,) = scim("GET", "Users", params={"filter": 'displayName eq "carol"'}).json()["resources"]
    path = f"Users/{carol['id']}"
    body = {"schemas": [USER], "name": {"givenName": "Caroline"}}
    left = scim("PUT", path, json=body, headers=TYPE).json()
    assert (left["active"], left["name"]["givenName"], left["groups"]) == (False, "Caroline", [])
    for word in ("active", "enabled"):
        back = scim("PUT", path, json={"schemas": [USER], word: True}, headers=TYPE).json()
        assert (back["active"], back["name"]["givenName"]) == (True, "Caroline")
        scim("PUT", path, json={"schemas": [USER]}, headers=TYPE)


@pytest.mark.parametrize(
    ("method", "body", "kind"),
    [
        ("POST", {"schemas": [USER]}, "invalidValue"),
        ("POST", {"userName": "a@x.example"}, "invalidSyntax"),
        ("POST", [], "invalidSyntax"),
        ("PUT", {"schemas": [USER], "active": "yes"}, "invalidValue"),
    ],
)
def test_bodies_that_are_none_are_refused(scim: Scim, method: str, body: Any, kind: str) -> None:
    identifier = scim("GET", "Users").json()["resources"][0]["id"]
    path = "Users" if method == "POST" else f"Users/{identifier}"
    answer = scim(method, path, json=body, headers=TYPE)
    assert (answer.status_code, answer.json()["scimType"]) == (400, kind)
    assert answer.headers["content-type"] == "application/scim+json"


def test_bodies_have_the_media_type_of_scim(scim: Scim) -> None:
    answer = scim("POST", "Users", json={"schemas": [USER], "userName": "a@x.example"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_who_has_an_account_is_put_into_the_company_team(
    scim: Scim, sandbox: SandboxServer
) -> None:
    body = {"schemas": [USER], "userName": "erin@example.com"}
    made = scim("POST", "Users", json=body, headers=TYPE)
    assert (made.status_code, made.json()["displayName"]) == (201, "erin")
    assert [group["value"] for group in made.json()["groups"]] == ["company"]
    again = scim("POST", "Users", json=body, headers=TYPE)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")


def test_unknown_ids_are_404(scim: Scim) -> None:
    for path in ("Users/nope", "Schemas/nope", "ResourceTypes/nope"):
        answer = scim("GET", path)
        assert (answer.status_code, answer.json()["status"]) == (404, "404")


# Filters


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('userName eq "carol@example.com"', True),
        ('USERNAME EQ "CAROL@EXAMPLE.COM"', True),
        ('userName ne "carol@example.com"', False),
        ('userName co "@example"', True),
        ('userName sw "arol"', False),
        ('name.givenName eq "carol"', True),
        ('emails.value sw "carol"', True),
        ('emails co "carol"', True),
        ("active eq true", True),
        ("active eq false", False),
        ('nickName eq "x"', False),
        ('nickName ne "x"', True),
        ('active eq false and userName sw "c" or name.givenName sw "c"', True),
        ('active eq false and (userName sw "c" or name.givenName sw "c")', False),
        ('not (active eq false) and userName sw "c"', True),
        (r'userName eq "a\"b"', False),
    ],
)
def test_filters(text: str, wanted: bool) -> None:
    assert predicate(text)(CAROL) is wanted


@pytest.mark.parametrize(
    "text",
    [
        *("", "userName", "userName eq", 'userName gt "a"', "userName eq carol", 'eq "a"'),
        *('userName eq "a" and', '(userName eq "a"', 'userName eq "a")', 'not userName eq "a"'),
        *('userName eq "a" "b"', 'userName eq "a', "(" * 50),
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        predicate(text)
