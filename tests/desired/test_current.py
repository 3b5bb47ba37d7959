"""What is read of an organization where Hub's lists say less, or other things, than they mostly do.

What they mostly say is held with the sandbox, in tests/cli/test_apply.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from hubcli.desired.current import EVERYTHING, read_all, read_for
from hubcli.desired.organization import Current, Organization, Repository, Team
from hubcli.errors import HubcliError
from support.paged_hub import Shelf, answered, hub_api
from support.scripted import Answer, Seen

TEAMS: list[dict[str, Any]] = [
    {"name": "Ops", "id": 7, "description": None, "member_count": 1},
    {"name": "dev", "id": 8, "description": "Build", "member_count": 2},
]
MEMBERS: list[dict[str, Any]] = [
    {"username": "Carol", "role": "Owner", "groups": ["Ops", "dev", "gone"], "email": "C@x.org"},
    {"username": "dave", "role": "Member", "groups": ["dev"]},
    {"username": "erin", "role": "Invitee", "groups": ["dev"]},
    {"username": "", "email": "f@x.org", "role": "Invitee"},
]
LISTED: dict[str, Any] = {
    "name": "api",
    "description": "The API",
    "is_private": False,
    "categories": [],
}
WHOLE = LISTED | {
    "full_description": "# API",
    "immutable_tags_settings": {"enabled": True, "rules": ["v.*"]},
}
ROUTES: Mapping[str, Any] = {
    "/v2/orgs/acme/groups": TEAMS,
    "/v2/orgs/acme/members": MEMBERS,
    "/v2/orgs/acme/groups/Ops/members": [{"username": "Carol"}],
    "/v2/orgs/acme/groups/ops/members": [{"username": "Carol"}],
    "/v2/orgs/acme/groups/dev/members": [{"username": "Carol"}, {"username": "zoe"}],
    "/v2/orgs/acme/invites": {"data": [{"id": "1", "invitee": "Zoe@X.org", "role": "Member"}]},
    "/v2/namespaces/acme/repositories": [LISTED],
    "/v2/namespaces/acme/repositories/api": WHOLE,
    "/v2/repositories/acme/api/groups/": [
        {"group_id": 7, "permission": "admin"},
        {"group_id": 99, "permission": "read"},
        {"group_name": "Dev", "permission": "write"},
    ],
    "/v2/repositories/acme/api/webhook_pipeline/": [
        {"name": "deploy", "slug": "deploy-1", "webhooks": [{"hook_url": "https://ci.example/"}]},
        {"slug": "old", "webhooks": []},
    ],
}


def read(wanted: Organization, routes: Mapping[str, Any] = ROUTES) -> tuple[Current, list[str]]:
    """What there is, and what was asked for it."""
    return _read(wanted, routes, [])


def _read(
    wanted: Organization | None, routes: Mapping[str, Any], failures: list[HubcliError]
) -> tuple[Current, list[str]]:
    def script(seen: Seen) -> Answer:
        found = routes.get(urlsplit(seen.path).path)
        if isinstance(found, Answer):
            return found
        if isinstance(found, list):
            return Shelf(found)(seen)
        return answered({"message": "no such thing"}, 404) if found is None else answered(found)

    with hub_api(script) as (hub, server):
        if wanted is None:
            now = read_all(hub, "acme", workers=2, report=failures.append)
        else:
            now = read_for(hub, wanted, prune=False, workers=2, report=failures.append)
    return now, [urlsplit(seen.path).path for seen in server.seen]


def test_nothing_is_asked_where_nothing_is_named() -> None:
    assert read(Organization("acme")) == (Current(Organization("acme")), [])


def test_names_are_in_lower_case_and_invitees_are_no_members() -> None:
    now, asked = read(Organization("acme", teams={"dev": Team(members=("carol",))}))
    assert now.organization.members == {"carol": "owner", "dave": "member"}
    assert now.organization.teams == {"ops": Team(""), "dev": Team("Build", ("carol", "dave"))}
    assert now.addresses == {"carol": "C@x.org", "dave": None}
    assert now.team_ids == {"ops": 7, "dev": 8}
    assert asked == ["/v2/orgs/acme/groups", "/v2/orgs/acme/members"]


@pytest.mark.parametrize(
    "changed",
    [
        {"/v2/orgs/acme/members": [{**each, "groups": None} for each in MEMBERS]},
        {"/v2/orgs/acme/members": [{"username": "carol", "role": "Owner"}]},
        {"/v2/orgs/acme/groups": [{**TEAMS[1], "member_count": 3}]},
    ],
    ids=["no teams", "missing teams", "another count"],
)
def test_a_team_is_asked_itself_where_the_list_of_members_does_not_tell(
    changed: Mapping[str, Any],
) -> None:
    wanted = Organization("acme", teams={"dev": Team(members=("carol",))})
    now, asked = read(wanted, {**ROUTES, **changed})
    assert (now.organization.teams or {})["dev"].members == ("carol", "zoe")
    assert asked[-1] == "/v2/orgs/acme/groups/dev/members"


@pytest.mark.parametrize(
    ("wish", "listed", "asks"),
    [
        (Repository(description="x", visibility="public", categories=()), {}, False),
        (Repository(overview="x"), {}, True),
        (Repository(immutable_tags=()), {}, True),
        (Repository(immutable_tags=()), {"immutable_tags_settings": {"enabled": False}}, False),
        (Repository(visibility="public"), {"is_private": None}, True),
        (Repository(categories=()), {"categories": None}, True),
        (Repository(description="x"), {"is_private": None, "categories": None}, False),
    ],
)
def test_a_repository_is_asked_itself_where_the_list_does_not_tell(
    wish: Repository, listed: Mapping[str, Any], asks: bool
) -> None:
    routes = {**ROUTES, "/v2/namespaces/acme/repositories": [{**LISTED, **listed}]}
    now, asked = read(Organization("acme", repositories={"api": wish}), routes)
    assert ("/v2/namespaces/acme/repositories/api" in asked) is asks
    assert len(asked) == 1 + asks
    read_back = (now.organization.repositories or {})["api"]
    assert read_back.overview == ("# API" if asks else None)
    assert read_back.description == "The API"


def test_teams_are_known_by_their_number_and_webhooks_by_their_slug() -> None:
    now, _ = read(Organization("acme", repositories={"api": EVERYTHING}))
    api = (now.organization.repositories or {})["api"]
    # Nothing names teams, so that the list of them is not read: their numbers say nothing then.
    assert api.teams == {"dev": "write"}
    wish = Repository(teams={"ops": "admin"})
    with_teams, _ = read(Organization("acme", repositories={"api": wish}))
    granted = (with_teams.organization.repositories or {})["api"].teams
    assert granted == {"ops": "admin", "dev": "write"}
    assert api.webhooks == {"deploy": "https://ci.example/", "old": ""}
    assert now.webhooks == {("api", "deploy"): "deploy-1", ("api", "old"): "old"}


def test_a_default_is_asked_only_for_a_new_repository() -> None:
    route = "/v2/users/acme/registry-settings"
    routes = {**ROUTES, route: {"default_repo_visibility": "private"}}
    named = Organization("acme", repositories={"new": Repository(visibility="public")})
    assert route not in read(named, routes)[1]
    now, asked = read(Organization("acme", repositories={"new": Repository()}), routes)
    assert route in asked
    assert now.is_private
    unknown, _ = read(Organization("acme", repositories={"new": Repository()}))
    assert not unknown.is_private


def test_all_is_read_but_what_is_refused() -> None:
    failures: list[HubcliError] = []
    refused = answered({"message": "no"}, 403)
    routes = {
        **ROUTES,
        "/v2/orgs/acme/invites": refused,
        "/v2/namespaces/acme/repositories/api": refused,
    }
    now, _ = _read(None, routes, failures)
    assert [f"{each.action} {each.reference}" for each in failures] == [
        "list the invites of acme",
        "read the repository acme/api",
    ]
    assert now.organization.repositories == {
        "api": Repository(
            "The API",
            visibility="public",
            categories=(),
            teams={"ops": "admin", "dev": "write"},
            webhooks={"deploy": "https://ci.example/", "old": ""},
        )
    }
