"""Organizations, members and invites: routes, bodies, and answers that may have any shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hubcli.errors import Denied, NotFound, Unavailable, UsageError
from hubcli.hub.members import read_member
from hubcli.hub.organizations import read_organization
from hubcli.hub.registry_access import Wishes, changed, read_registries
from support.paged_hub import Shelf, answered, hub_api
from support.scripted import Answer, Seen

MEMBER = {"username": "carol", "role": "Member", "groups": ["a", {"name": "b"}, {}, 7]}
ORGANIZATION = {"orgname": "acme", "user_role": "Owner", "org_groups_count": 3, "plan_name": "team"}


def lines(seen: list[Seen]) -> list[str]:
    return [f"{one.method} {one.path}" for one in seen]


# Rows


def test_a_member_is_read_as_hub_sends_it() -> None:
    sent = {
        **MEMBER,
        "email": "carol@example.com",
        "full_name": "Carol Cole",
        "is_guest": False,
        "date_joined": "2021-01-05T21:06:53.506400Z",
        "last_seen_at": "2026-11-01T10:00:00+02:00",
        "last_desktop_version": "4.29.0",
        "whatever": {"new": 1},
    }
    row = read_member(sent)
    assert row is not None
    assert {name: row[name] for name in ("name", "role", "teams", "guest", "email")} == {
        "name": "carol",
        "role": "member",
        "teams": ["a", "b"],
        "guest": False,
        "email": "carol@example.com",
    }
    assert (row["joined"], row["last_seen"], row["last_login"]) == (
        "2021-01-05T21:06:53.506400Z",
        "2026-11-01T08:00:00Z",
        None,
    )


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"username": "", "email": "x@y.example", "role": "Invitee"}, "x@y.example"),
        ({"username": "bob", "email": None}, "bob"),
        ({"username": None, "email": ""}, None),
        ({"username": ["bob"], "email": 7}, None),
        ({}, None),
    ],
)
def test_whoever_has_no_name_goes_by_the_address(sent: dict[str, Any], name: str | None) -> None:
    row = read_member(sent)
    assert (row and row["name"]) == name


def test_an_organization_may_lack_anything_but_its_name() -> None:
    row = read_organization({"orgname": "acme", "user_groups": "x", "is_active": 1, "id": 7})
    assert row is not None
    assert row.pop("name") == "acme"
    assert set(row.values()) == {None}
    assert read_organization({"user_role": "Owner"}) is None


# Calls


def test_routes_are_in_lower_case_and_escaped() -> None:
    with hub_api(lambda _: answered(MEMBER)) as (hub, server):
        hub.members.set_role("Acme", "CAROL", "Custom-Role")
        hub.members.remove("a/b", "c?d")
        hub.invites.resend("1#2")
    assert lines(server.seen) == [
        "PUT /v2/orgs/acme/members/carol",
        "DELETE /v2/orgs/a%2Fb/members/c%3Fd",
        "PATCH /v2/invites/1%232/resend",
    ]
    assert json.loads(server.seen[0].body) == {"role": "Custom-Role"}


@pytest.mark.parametrize("content", [b"", b'{"username": "carol"}', b'{"groups": null}'])
def test_a_role_that_was_set_is_known_whatever_the_answer_leaves_out(content: bytes) -> None:
    with hub_api(lambda _: Answer(200, content)) as (hub, _):
        row = hub.members.set_role("acme", "Carol", "editor")
    assert (row["name"], row["role"]) == ("carol", "editor")


def test_members_come_from_all_pages_and_once() -> None:
    rows = [{"username": f"dev{number}"} for number in range(250)]
    rows.insert(120, rows[119])
    with hub_api(Shelf(rows)) as (hub, server):
        found = [row["name"] for row in hub.members.list("acme", search="d e", role="owner")]
    assert found == [f"dev{number}" for number in range(250)]
    assert "search=d+e&role=owner" in server.seen[0].path
    assert "invites" not in server.seen[0].path


@pytest.mark.parametrize("body", [[], [{"results": []}], {"results": {"a": 1}}, {}, "x"])
def test_what_is_no_page_of_members_is_a_failure(body: object) -> None:
    with hub_api(lambda _: answered(body)) as (hub, _), pytest.raises(Unavailable):
        next(hub.members.list("acme"))


def test_an_organization_is_told_without_what_only_members_know() -> None:
    def script(seen: Seen) -> Answer:
        if seen.path.startswith("/v2/user/orgs/"):
            return answered({"detail": "not for organization access tokens"}, 403)
        return answered({"orgname": "acme", "full_name": "Acme"})

    with hub_api(script) as (hub, _):
        row = hub.organizations.inspect("acme")
    assert (row["full_name"], row["role"]) == ("Acme", None)


def test_an_organization_that_is_not_there_is_not_looked_for_among_one_s_own() -> None:
    with hub_api(lambda _: answered({"message": "x"}, 404)) as (hub, server):
        with pytest.raises(NotFound):
            hub.organizations.inspect("nope")
        assert lines(server.seen) == ["GET /v2/orgs/nope/"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("access to the resource is forbidden", "it takes the role owner in acme, or an "),
        ("access denied: insufficient scope", "a personal access token with repo:admin, or an "),
        ("upgrade your plan", "it takes the plan Business"),
    ],
)
def test_a_refusal_says_what_it_would_take(text: str, told: str) -> None:
    for body in ({"message": text}, {"detail": text}, {"error": {"message": text}}):
        api = hub_api(lambda _, body=body: answered(body, 403))  # type: ignore[misc]
        with api as (hub, _), pytest.raises(Denied) as refused:
            hub.organizations.set_registry_access("acme", {})
        assert refused.value.reason.startswith(text)
        assert told in refused.value.reason


@pytest.mark.parametrize("name", ["settings", "registry_access"])
def test_settings_that_were_put_are_known_though_the_answer_is_empty(name: str) -> None:
    with hub_api(lambda _: Answer(204)) as (hub, server):
        made = getattr(hub.organizations, f"set_{name}")("acme", {"enabled": True})
    assert made == {"enabled": True}
    assert json.loads(server.seen[0].body) == {"enabled": True}


# Registry access

STORED: dict[str, Any] = {
    "enabled": False,
    "standard_registries": [{"id": "DockerHub", "allowed": True, "note": "kept"}],
    "custom_registries": [
        {"address": "Q.io", "friendly_name": "Quay", "allowed": True, "note": "kept"},
        {"address": None, "allowed": False},
        {"allowed": True, "note": "no address either"},
    ],
    "more": [1],
}


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    assert changed(STORED, Wishes()) == {**STORED, "enabled": False}
    wishes = Wishes(True, {"q.io": None, "new.io": "New"}, block=["docker.io"])
    assert changed(STORED, wishes) == {
        "enabled": True,
        "standard_registries": [{"id": "DockerHub", "allowed": False, "note": "kept"}],
        "custom_registries": [
            {"address": "Q.io", "friendly_name": "Quay", "allowed": True, "note": "kept"},
            *STORED["custom_registries"][1:],
            {"address": "new.io", "friendly_name": "New", "allowed": True},
        ],
        "more": [1],
    }


def test_lists_that_are_missing_are_made() -> None:
    wishes = Wishes(allow={"docker.io": None}, block=["a.io"])
    assert changed({}, wishes) == {
        "enabled": False,
        "standard_registries": [{"id": "DockerHub", "allowed": True}],
        "custom_registries": [{"address": "a.io", "friendly_name": "a.io", "allowed": False}],
    }


def test_what_is_not_listed_cannot_be_removed() -> None:
    left = changed(STORED, Wishes(remove=["q.io"]))["custom_registries"]
    assert left == STORED["custom_registries"][1:]
    with pytest.raises(NotFound, match=r"a\.io is not on the list"):
        changed(STORED, Wishes(remove=["a.io"]))
    with pytest.raises(UsageError, match="only blocked"):
        Wishes(remove=["docker.io"])


def test_registries_may_lack_anything() -> None:
    rows = read_registries({**STORED, "custom_registries": [{"address": "q.io"}, {}, "x", None]})
    assert [(row["name"], row["title"], row["allowed"], row["enforced"]) for row in rows] == [
        ("docker.io", "DockerHub", True, False),
        ("q.io", None, None, False),
    ]
    assert read_registries({}) == []
    (other,) = read_registries({"standard_registries": [{"id": "Elsewhere", "allowed": True}]})
    assert (other["name"], other["kind"], other["enforced"]) == ("Elsewhere", "standard", None)
