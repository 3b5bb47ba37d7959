"""Organizations in the sandbox's Hub API: settings, members, invites, audit log, and who may."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from support.hub_client import HubClient
from support.organizations import new_organization
from support.sandbox import SandboxServer

ACCESS = "settings/registry-access-management"
RESTRICTED = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": False}
REGISTRIES = {
    "enabled": True,
    "standard_registries": [{"id": "DockerHub", "allowed": False}],
    "custom_registries": [{"address": "q.io", "friendly_name": "Q", "allowed": True}],
}


@pytest.fixture
def own(sandbox: SandboxServer) -> str:
    """An organization of alice's with carol in it."""
    return new_organization(sandbox, carol="member")


def token(sandbox: SandboxServer, organization: str, *scopes: str) -> str:
    """The secret of an access token of an organization."""
    resource = {"type": "TYPE_ORG", "path": organization, "scopes": [*scopes]}
    return sandbox.parts.accounts.add_token(organization, "t", [resource], kind="oat")[1]


def actions(hub: HubClient, organization: str) -> list[str]:
    logs = hub("GET", f"/v2/auditlogs/{organization}", by="alice").json()["logs"]
    return [event["action"] for event in logs]


# Settings


def test_settings_are_put_whole_and_remembered(hub: HubClient, own: str) -> None:
    route = f"/v2/orgs/{own}/settings"
    before = hub("GET", route, by="alice").json()["restricted_images"]
    assert before == {
        "enabled": False,
        "allow_official_images": True,
        "allow_verified_publishers": True,
    }
    half = {"restricted_images": {"enabled": True}}
    assert hub("PUT", route, by="alice", json=half).status_code == 400
    assert hub("PUT", route, by="alice", json={}).status_code == 400
    done = hub("PUT", route, by="alice", json={"restricted_images": RESTRICTED})
    assert (done.status_code, done.json()) == (200, {"restricted_images": RESTRICTED})
    assert hub("GET", route, by="alice").json() == {"restricted_images": RESTRICTED}
    assert actions(hub, own) == ["org.settings.update"]


def test_registry_access_is_put_whole_and_remembered(hub: HubClient, own: str) -> None:
    route = f"/v2/orgs/{own}/{ACCESS}"
    assert hub("GET", route, by="alice").json() == {
        "enabled": False,
        "standard_registries": [{"id": "DockerHub", "allowed": True}],
        "custom_registries": [],
    }
    done = hub("PUT", route, by="alice", json=REGISTRIES)
    assert (done.status_code, done.json()) == (200, REGISTRIES)
    assert hub("GET", route, by="alice").json() == REGISTRIES
    assert actions(hub, own) == ["org.registry_access.enabled"]


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": None},
        {"enabled": "yes"},
        {"custom_registries": None},
        {"custom_registries": {"address": "q.io"}},
        {"custom_registries": ["q.io"]},
        {"custom_registries": [{"address": "q.io", "allowed": True}]},
        {"standard_registries": [{"id": "DockerHub"}]},
    ],
)
def test_half_a_registry_access_is_refused(
    hub: HubClient, own: str, change: dict[str, Any]
) -> None:
    route = f"/v2/orgs/{own}/{ACCESS}"
    assert hub("PUT", route, by="alice", json=REGISTRIES | change).status_code == 400
    assert hub("GET", route, by="alice").json()["enabled"] is False


@pytest.mark.parametrize("rest", ["settings", ACCESS])
def test_settings_are_the_business_of_owners_and_of_tokens_with_the_scope(
    hub: HubClient, sandbox: SandboxServer, own: str, rest: str
) -> None:
    route, body = f"/v2/orgs/{own}/{rest}", {"restricted_images": RESTRICTED, **REGISTRIES}
    assert hub("GET", route).status_code == 401
    for method in ("GET", "PUT"):
        assert hub(method, route, by="carol", json=body).status_code == 403
    reading = token(sandbox, own, "scope-ram-read")
    writing = token(sandbox, own, "scope-ram-write")
    assert hub("GET", route, by=own, secret=reading).status_code == 200
    refused = hub("PUT", route, by=own, secret=reading, json=body)
    assert (refused.status_code, "scope" in refused.json()["message"]) == (403, True)
    assert hub("PUT", route, by=own, secret=writing, json=body).status_code == 200
    other = token(sandbox, "acme", "scope-ram-read", "scope-ram-write")
    assert hub("GET", route, by="acme", secret=other).status_code == 403


def test_registry_access_is_for_the_plan_business(hub: HubClient, sandbox: SandboxServer) -> None:
    for plan, status in (("free", 403), ("team", 403), ("business", 200)):
        route = f"/v2/orgs/{new_organization(sandbox, plan=plan)}/{ACCESS}"
        assert hub("GET", route, by="alice").status_code == status
        assert hub("PUT", route, by="alice", json=REGISTRIES).status_code == status


# Members


def test_members_are_searched_and_paged(hub: HubClient) -> None:
    route = "/v2/orgs/acme/members"

    def names(**query: str) -> list[str]:
        page = hub("GET", route, by="carol", params=query).json()
        return [one["username"] or one["email"] for one in page["results"]]

    assert names(search="DRUM") == ["dave"]
    assert names(role="editor") == ["frank"]
    assert names(type="invitee") == ["grace@example.com", "bob"]
    assert names(type="all") == names(invites="true")
    assert len(names(invites="true")) == len(names()) + 2
    page = hub("GET", route, by="carol", params={"page": "2", "page_size": "2"}).json()
    assert (page["count"], len(page["results"])) == (5, 2)
    assert hub("GET", route, by="carol", params={"page": "9"}).status_code == 404


def test_roles_are_asked_for_in_lower_case_and_told_with_a_capital(
    hub: HubClient, own: str
) -> None:
    route = f"/v2/orgs/{own}/members/carol"
    done = hub("PUT", route, by="alice", json={"role": "editor"})
    assert (done.status_code, done.json()["role"]) == (200, "Editor")
    assert hub("PUT", route, by="alice", json={"role": "boss"}).status_code == 400
    assert hub("PUT", route, by="alice", json={}).status_code == 400
    assert hub("PUT", f"{route}x", by="alice", json={"role": "editor"}).status_code == 404
    assert hub("PUT", route, by="carol", json={"role": "owner"}).status_code == 403


def test_a_team_is_put_whole_and_patched_in_part(hub: HubClient, own: str) -> None:
    teams = f"/v2/orgs/{own}/groups"
    made = hub("POST", teams, by="alice", json={"name": "dev", "description": "Build"}).json()
    nameless = hub("PUT", f"{teams}/dev", by="alice", json={"description": "Push"})
    assert (nameless.status_code, nameless.json()) == (400, {"name": ["This field is required."]})
    half = hub("PATCH", f"{teams}/dev", by="alice", json={"role": "editor"})
    assert (half.status_code, half.json()) == (200, made | {"role": "editor"})
    whole = hub("PUT", f"{teams}/dev", by="alice", json={"name": "ops", "role": "owner"})
    changed = {"name": "ops", "description": "", "role": "editor"}
    assert (whole.status_code, whole.json()) == (200, made | changed)
    assert hub("GET", f"{teams}/dev", by="alice").status_code == 404
    assert hub("GET", f"{teams}/ops", by="alice").json() == made | changed
    assert hub("PUT", f"{teams}/ops", by="carol", json={"name": "dev"}).status_code == 403


def test_the_last_owner_stays_one(hub: HubClient, own: str) -> None:
    alice = f"/v2/orgs/{own}/members/alice"
    assert hub("DELETE", alice, by="alice").status_code == 400
    assert hub("PUT", alice, by="alice", json={"role": "member"}).status_code == 400
    carol = {"role": "owner"}
    assert hub("PUT", f"/v2/orgs/{own}/members/carol", by="alice", json=carol).status_code == 200
    assert hub("DELETE", alice, by="alice").status_code == 204
    assert hub("GET", f"/v2/orgs/{own}/members", by="alice").status_code == 403


def test_the_export_is_a_table_with_a_name(hub: HubClient, own: str) -> None:
    answer = hub("GET", f"/v2/orgs/{own}/members/export", by="alice")
    assert answer.headers["content-type"].partition(";")[0] == "text/csv"
    assert answer.headers["content-disposition"].startswith(
        f'attachment;filename="{own}-members-20'
    )
    rows = [*csv.DictReader(io.StringIO(answer.text))]
    assert [(row["Username"], row["Type"], row["Role"], row["Teams"]) for row in rows] == [
        ("alice", "User", "Owner", "owners"),
        ("carol", "User", "Member", ""),
    ]
    assert hub("GET", f"/v2/orgs/{own}/members/export", by="carol").status_code == 403


# Invites


def test_a_bulk_invite_is_accepted_whatever_becomes_of_each(hub: HubClient, own: str) -> None:
    body = {"org": own, "invitees": ["Bob", "x@y.example", "nobody-here", "carol", "bob"]}
    rehearsed = hub("POST", "/v2/invites/bulk", by="alice", json={**body, "dry_run": True})
    assert rehearsed.status_code == 202
    assert hub("GET", f"/v2/orgs/{own}/invites", by="alice").json() == {"data": []}
    done = hub("POST", "/v2/invites/bulk", by="alice", json=body)
    assert done.status_code == 202
    assert [one["status"] for one in done.json()["invitees"]] == [
        "invited",
        "invited",
        "invalid_email_or_docker_id",
        "existing_org_member",
        "already_invited",
    ]
    listed = hub("GET", f"/v2/orgs/{own}/invites", by="alice").json()["data"]
    assert {one["invitee"] for one in listed} == {"bob", "x@y.example"}
    assert actions(hub, own) == ["org.member.invite.send"] * 2


def test_an_invite_is_the_business_of_the_owners(hub: HubClient, own: str) -> None:
    hub("POST", "/v2/invites/bulk", by="alice", json={"org": own, "invitees": ["bob"]})
    (invite,) = hub("GET", f"/v2/orgs/{own}/invites", by="alice").json()["data"]
    one = f"/v2/invites/{invite['id']}"
    for method, route in (("PATCH", f"{one}/resend"), ("DELETE", one)):
        assert hub(method, route).status_code == 401
        assert hub(method, route, by="carol").status_code == 403
        assert hub(method, route, by="alice").status_code == 204
    assert hub("DELETE", one, by="alice").status_code == 404
    assert hub("GET", f"/v2/orgs/{own}/invites", by="carol").status_code == 403


# The audit log


def test_the_log_tells_no_count_and_ends_with_an_empty_page(hub: HubClient) -> None:
    route = "/v2/auditlogs/megacorp"
    first = hub("GET", route, by="alice").json()
    assert (list(first), len(first["logs"])) == (["logs"], 25)
    clamped = hub("GET", route, by="alice", params={"page_size": "1000"}).json()
    assert len(clamped["logs"]) == 100
    last = hub("GET", route, by="alice", params={"page_size": "100", "page": "102"}).json()
    assert last == {"logs": []}
    times = [event["timestamp"] for event in clamped["logs"]]
    assert times == sorted(times, reverse=True)
    assert all(isinstance(value, str) for one in clamped["logs"] for value in one["data"].values())


@pytest.mark.parametrize(
    ("query", "account", "by", "status", "code"),
    [
        ({"page": "0"}, "acme", "alice", 400, 3),
        ({"from": "yesterday"}, "acme", "alice", 400, 3),
        ({}, "acme", "carol", 403, 7),
        ({}, "openlab", "alice", 403, 7),
        ({}, "nope-nope", "alice", 404, 5),
        ({}, "acme", None, 401, 16),
    ],
)
def test_the_log_refuses_in_the_words_of_its_gateway(
    hub: HubClient, query: dict[str, str], account: str, by: str | None, status: int, code: int
) -> None:
    answer = hub("GET", f"/v2/auditlogs/{account}", by=by, params=query)
    body = answer.json()
    assert (answer.status_code, body["code"], body["details"]) == (status, code, [])
    assert body["message"]


def test_actions_are_grouped(hub: HubClient) -> None:
    groups = hub("GET", "/v2/auditlogs/acme/actions", by="alice").json()["actions"]
    names = {action["name"] for action in groups["repo"]["actions"]}
    assert {"tag.push", "create"} <= names
    assert hub("GET", "/v2/auditlogs/acme/actions", by="carol").status_code == 403
