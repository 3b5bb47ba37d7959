"""Accounts, plans, access tokens and limits in the sandbox's Hub API."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from hubcli.sandbox.seed import PASSWORD, PULL_PREVIEW
from support.hub_client import HubClient
from support.sandbox import SandboxServer


def test_one_knows_oneself(hub: HubClient) -> None:
    me = hub("GET", "/v2/user/", by="alice").json()
    assert (me["username"], me["email"], me["type"]) == ("alice", "alice@example.com", "User")
    assert hub("GET", "/v2/user/").status_code == 401


def test_anybody_may_know_a_person_but_not_the_address(hub: HubClient) -> None:
    bob = hub("GET", "/v2/users/bob/").json()
    assert (bob["username"], bob["full_name"]) == ("bob", "Bob Byrne")
    assert "email" not in bob
    assert hub("GET", "/v2/users/nobody-at-all/").status_code == 404
    assert hub("GET", "/v2/users/acme/").status_code == 404


@pytest.mark.parametrize("path", ["/v2/orgs/acme", "/v2/orgs/acme/"])
def test_an_organization_is_one(hub: HubClient, path: str) -> None:
    acme = hub("GET", path).json()
    assert (acme["orgname"], acme["type"]) == ("acme", "Organization")
    assert hub("GET", "/v2/orgs/alice").status_code == 404


def test_one_s_organizations_come_with_the_role(new_hub: HubClient) -> None:
    mine = new_hub("GET", "/v2/user/orgs/?page_size=100&page=1", by="alice").json()
    roles = {one["orgname"]: one["user_role"] for one in mine["results"]}
    assert roles == {"acme": "Owner", "megacorp": "Owner", "openlab": "Owner"}
    theirs = new_hub("GET", "/v2/user/orgs/", by="carol").json()["results"]
    assert theirs[0]["user_role"] == "Member"
    assert new_hub("GET", "/v2/user/orgs/").status_code == 401


def test_members_are_shown_to_members(new_hub: HubClient) -> None:
    page = new_hub("GET", "/v2/orgs/acme/members", by="carol").json()
    roles = {member["username"]: member["role"] for member in page["results"]}
    people = {"alice": "Owner", "frank": "Editor"}
    assert roles == {**people, **dict.fromkeys(("carol", "dave", "erin"), "Member")}
    assert new_hub("GET", "/v2/orgs/acme/members").status_code == 401
    _outsider = new_hub("GET", "/v2/orgs/library/members", by="carol")
    assert _outsider.status_code == 403


def test_plans_are_told_by_account_id(hub: HubClient) -> None:
    def plan(path: str, name: str) -> str:
        number = hub("GET", path, by="alice").json()["id"]
        answer = hub("GET", f"/api/billing/v4/accounts/{number}/hub-plan", by=name)
        return str(answer.json().get("name", answer.status_code))

    assert plan("/v2/user/", "alice") == "free"
    assert plan("/v2/orgs/acme", "carol") == "team"
    assert plan("/v2/users/bob/", "alice") == "403"
    assert hub("GET", "/api/billing/v4/accounts/no/hub-plan", by="alice").status_code == 404


def test_the_quota_says_what_new_repositories_are(hub: HubClient) -> None:
    def quota(name: str) -> dict[str, object]:
        answer = hub("GET", f"/v2/users/{name}/registry-settings", by=name)
        settings: dict[str, object] = answer.json()
        return settings

    assert quota("alice")["default_repo_visibility"] == "public"
    carols = quota("carol")
    assert carols["default_repo_visibility"] == "private"
    assert (carols["private_repo_limit"], carols["private_repo_available"]) == (1, 0)
    assert hub("GET", "/v2/users/alice/registry-settings", by="carol").status_code == 403


# Access tokens


def test_an_access_token_shows_its_secret_once(hub: HubClient) -> None:
    made = hub.access_token("alice", "repo:read", token_label="laptop")
    assert made["token"].startswith("dckr_pat_")
    assert (made["token_label"], made["scopes"], made["is_active"]) == (
        "laptop", ["repo:read"], True,
    )  # fmt: skip
    assert made["last_used"] is None
    url = f"/v2/access-tokens/{made['uuid']}"
    read = hub("GET", url, by="alice").json()
    assert read == {**made, "token": ""}
    listed = hub("GET", "/v2/access-tokens?page_size=100", by="alice").json()
    assert made["uuid"] in {token["uuid"] for token in listed["results"]}
    assert listed["active_count"] >= 1
    assert hub("GET", url, by="carol").status_code == 404
    assert hub("GET", url).status_code == 401


def test_an_access_token_can_be_renamed_switched_off_and_removed(hub: HubClient) -> None:
    made = hub.access_token("alice", "repo:read")
    url, account = f"/v2/access-tokens/{made['uuid']}", {"identifier": "alice"}
    changed = hub("PATCH", url, by="alice", json={"token_label": "desk", "is_active": False})
    assert (changed.json()["token_label"], changed.json()["is_active"]) == ("desk", False)

    def login() -> int:
        body = {**account, "secret": made["token"]}
        return hub("POST", "/v2/auth/token", json=body).status_code

    assert login() == 401
    hub("PATCH", url, by="alice", json={"is_active": True})
    assert login() == 200
    assert hub("GET", url, by="alice").json()["last_used"] is not None
    assert hub("DELETE", url, by="alice").status_code == 204
    assert hub("GET", url, by="alice").status_code == 404
    assert hub("DELETE", url, by="alice").status_code == 404


def test_an_access_token_runs_out(hub: HubClient) -> None:
    past = hub.access_token("alice", "repo:read", expires_at="2020-01-01T00:00:00Z")
    future = hub.access_token("alice", "repo:read", expires_at="2099-01-01T00:00:00Z")
    assert future["expires_at"] == "2099-01-01T00:00:00Z"
    for token, status in ((past, 401), (future, 200)):
        body = {"identifier": "alice", "secret": token["token"]}
        assert hub("POST", "/v2/auth/token", json=body).status_code == status


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token_label", ""),
        ("token_label", "x" * 101),
        ("scopes", []),
        ("scopes", ["repo:everything"]),
        ("scopes", "repo:read"),
        ("expires_at", "tomorrow"),
    ],
)
def test_a_wrong_wish_for_a_token_is_told_by_field(
    hub: HubClient, field: str, value: object
) -> None:
    body = {"token_label": "t", "scopes": ["repo:read"], field: value}
    answer = hub("POST", "/v2/access-tokens", by="alice", json=body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_a_weak_token_manages_no_tokens(hub: HubClient) -> None:
    weak = hub.access_token("alice", "repo:write")["token"]
    answer = hub("GET", "/v2/access-tokens", by="alice", secret=weak)
    assert (answer.status_code, answer.json()["message"]) == (
        403, "access denied: insufficient scope",
    )  # fmt: skip


# Limits


def test_every_answer_tells_the_limit_of_calls(new_hub: HubClient) -> None:
    anonymous = new_hub("GET", "/v2/categories/")
    assert anonymous.headers["X-RateLimit-Limit"] == "180"
    before = int(anonymous.headers["X-RateLimit-Remaining"])
    assert 0 <= int(anonymous.headers["X-RateLimit-Reset"]) - time.time() <= 60
    missing = new_hub("GET", "/v2/users/nobody-at-all/")
    assert missing.status_code == 404
    # One less, unless a new minute has begun.
    assert int(missing.headers["X-RateLimit-Remaining"]) in {before - 1, 179}
    signed_in = new_hub("GET", "/v2/user/", by="alice")
    assert int(signed_in.headers["X-RateLimit-Limit"]) > 180


def test_a_call_too_many_can_be_had(hub: HubClient, sandbox: SandboxServer) -> None:
    sandbox.fault(r"GET /v2/categories", retry_after=7, times=1)
    limited = hub("GET", "/v2/categories/")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert hub("GET", "/v2/categories/").status_code == 200


def pull_limit(hub: HubClient, by: tuple[str, str] | None, method: str = "HEAD") -> str:
    answer = hub.registry(method, "manifests/latest", PULL_PREVIEW, by)
    assert answer.status_code == 200
    headers = answer.headers
    return f"{headers.get('ratelimit-limit')} {headers.get('ratelimit-remaining')}"


def test_pulls_are_limited_by_who_pulls(new_sandbox: Callable[..., SandboxServer]) -> None:
    server = new_sandbox()
    _, bobs = server.parts.accounts.add_token("bob", "t", ["repo:read"])
    resource = {"type": "TYPE_REPO", "path": "*/*/public", "scopes": ["scope-image-pull"]}
    _, acmes = server.parts.accounts.add_token("acme", "t", [resource], kind="oat")
    with HubClient(server.url) as hub:
        assert pull_limit(hub, None) == "100;w=21600 100;w=21600"
        assert pull_limit(hub, ("alice", PASSWORD)) == "200;w=21600 200;w=21600"
        assert pull_limit(hub, ("bob", bobs)) == "None None"
        assert pull_limit(hub, ("acme", acmes)) == "None None"
        pull_limit(hub, None, "GET")
        pull_limit(hub, None, "GET")
        assert pull_limit(hub, None) == "100;w=21600 98;w=21600"
        assert pull_limit(hub, ("alice", PASSWORD)) == "200;w=21600 200;w=21600"


def test_a_used_up_pull_limit_refuses_only_where_it_is_enforced(
    new_sandbox: Callable[..., SandboxServer],
) -> None:
    with HubClient(new_sandbox(enforce_pull_limit=True).url) as hub:
        for _ in range(100):
            pull_limit(hub, None, "GET")
        refused = hub.registry("GET", "manifests/latest", PULL_PREVIEW)
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
        assert int(refused.headers["Retry-After"]) > 0
        assert pull_limit(hub, None) == "100;w=21600 0;w=21600"
        assert pull_limit(hub, ("alice", PASSWORD), "GET").startswith("200;w=21600")
