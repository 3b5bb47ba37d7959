"""Repositories in the sandbox's Hub API: who sees them, who changes them, how they are listed."""

from __future__ import annotations

import pytest

from hubcli.sandbox.seed import PASSWORD
from support.hub_client import HubClient
from support.sandbox import SandboxServer

ALICE = "/v2/namespaces/alice/repositories"


@pytest.fixture
def name(hub: HubClient, repository: str) -> str:
    """A new public repository of alice's."""
    made = repository.partition("/")[0]
    answer = hub("POST", ALICE, by="alice", json={"name": made})
    assert answer.status_code == 201, answer.text
    return made


@pytest.fixture
def private(hub: HubClient, repository: str) -> str:
    """A new private repository of alice's."""
    made = f"{repository.partition('/')[0]}-private"
    answer = hub("POST", ALICE, by="alice", json={"name": made, "is_private": True})
    assert answer.status_code == 201, answer.text
    return made


def test_a_new_repository_is_answered_whole(hub: HubClient, repository: str) -> None:
    body = {"name": repository.partition("/")[0], "description": "Mine", "is_private": True}
    answer = hub("POST", ALICE, by="alice", json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert made["name"] == body["name"]
    assert (made["namespace"], made["user"], made["hub_user"]) == ("alice", "alice", "alice")
    assert (made["is_private"], made["description"]) == (True, "Mine")
    assert made["permissions"] == {"read": True, "write": True, "admin": True}
    assert made["immutable_tags_settings"] == {"enabled": False, "rules": []}
    assert made["full_description"] is None
    read = hub("GET", f"{ALICE}/{body['name']}", by="alice")
    assert read.json() == made
    assert hub("GET", f"/v2/repositories/alice/{body['name']}/", by="alice").json() == made


def test_a_private_repository_is_not_there_for_strangers(
    hub: HubClient, sandbox: SandboxServer, private: str
) -> None:
    _, public_only = sandbox.parts.accounts.add_token("alice", "ci", ["repo:public_read"])
    _, reading = sandbox.parts.accounts.add_token("alice", "ci", ["repo:read"])
    url = f"{ALICE}/{private}"
    assert hub("GET", url).status_code == 404
    assert hub("GET", url, by="carol").status_code == 404
    assert hub("GET", url, by="alice", secret=public_only).status_code == 404
    assert hub("GET", url, by="alice", secret=reading).status_code == 200
    assert hub("HEAD", url).status_code == 404
    assert hub("HEAD", url, by="alice").status_code == 200
    assert hub("GET", f"{url}/tags").status_code == 404
    assert hub("DELETE", url, by="carol").status_code == 404


def test_a_list_holds_what_the_caller_may_see(hub: HubClient, private: str, name: str) -> None:
    def names(by: str | None = None) -> set[str]:
        answer = hub("GET", f"{ALICE}?page_size=100", by=by)
        return {repository["name"] for repository in answer.json()["results"]}

    assert {private, name} <= names(by="alice")
    assert names() & {private, name} == {name}
    assert names(by="carol") & {private, name} == {name}


def test_members_read_and_owners_change(hub: HubClient) -> None:
    url = "/v2/namespaces/acme/repositories/internal"
    assert hub("GET", url).status_code == 404
    read = hub("GET", url, by="carol").json()
    assert read["permissions"] == {"read": True, "write": False, "admin": False}
    assert hub("PATCH", url, by="carol", json={"description": "x"}).status_code == 403
    changed = hub("PATCH", url, by="alice", json={"description": "For Acme only"})
    assert changed.status_code == 200


def test_an_organization_token_lists_private_repositories_only_with_the_scope(
    hub: HubClient, sandbox: SandboxServer
) -> None:
    def listed(scopes: list[str]) -> set[str]:
        resource = {"type": "TYPE_ORG", "path": "acme", "scopes": scopes}
        _, secret = sandbox.parts.accounts.add_token("acme", "ci", [resource], kind="oat")
        answer = hub("GET", "/v2/namespaces/acme/repositories", by="acme", secret=secret)
        assert answer.status_code == 200
        return {repository["name"] for repository in answer.json()["results"]}

    assert "internal" not in listed(["scope-member-read"])
    assert {"api", "internal"} <= listed(["scope-repository-list"])


def test_creating_needs_the_right_place_and_credential(
    hub: HubClient, sandbox: SandboxServer, repository: str
) -> None:
    body = {"name": repository.partition("/")[0]}
    _, writing = sandbox.parts.accounts.add_token("alice", "ci", ["repo:write"])
    assert hub("POST", ALICE, json=body).status_code == 401
    assert hub("POST", ALICE, by="carol", json=body).status_code == 403
    weak = hub("POST", ALICE, by="alice", secret=writing, json=body)
    assert (weak.status_code, weak.json()["message"]) == (403, "access denied: insufficient scope")
    nowhere = hub("POST", "/v2/namespaces/no-such/repositories", by="alice", json=body)
    assert nowhere.status_code == 404
    assert hub("GET", f"{ALICE}/{body['name']}", by="alice").status_code == 404


@pytest.mark.parametrize("name", ["x", "Upper", "a b", "-lead", "trail-", "a..b", "a" * 256])
def test_a_bad_name_is_refused_by_field(hub: HubClient, name: str) -> None:
    answer = hub("POST", ALICE, by="alice", json={"name": name})
    assert answer.status_code == 400
    assert list(answer.json()) == ["name"]


def test_a_name_can_be_taken_once(hub: HubClient, name: str) -> None:
    text = "Repository with this Name and Namespace already exists."
    again = hub("POST", ALICE, by="alice", json={"name": name})
    assert (again.status_code, again.json()["message"]) == (400, text)
    legacy = hub("POST", "/v2/repositories/", by="alice", json={"namespace": "alice", "name": name})
    assert (legacy.status_code, legacy.json()) == (400, {"__all__": [text]})


def test_descriptions_are_measured_in_bytes(hub: HubClient, name: str) -> None:
    url = f"{ALICE}/{name}"

    def edit(**texts: str) -> int:
        return hub("PATCH", url, by="alice", json=texts).status_code

    assert edit(description="€" * 33 + "x") == 200
    assert edit(description="€" * 34) == 400
    assert edit(full_description="x" * 25_000) == 200
    assert edit(full_description="é" * 12_501) == 400
    read = hub("GET", url).json()
    assert read["description"] == "€" * 33 + "x"
    assert len(read["full_description"]) == 25_000
    assert read["last_modified"] is not None


def test_the_legacy_edit_takes_rules_with_commas(hub: HubClient, name: str) -> None:
    body = {"description": "d", "immutable_tags": True, "immutable_tags_rules": "v.*,release-.*"}
    answer = hub("PATCH", f"/v2/repositories/alice/{name}/", by="alice", json=body)
    assert answer.status_code == 200
    settings = answer.json()["immutable_tags_settings"]
    assert settings == {"enabled": True, "rules": ["v.*", "release-.*"]}


def test_an_empty_repository_cannot_be_set_active_again(hub: HubClient, name: str) -> None:
    url = f"{ALICE}/{name}"
    off = hub("PATCH", url, by="alice", json={"status": 0})
    assert (off.status_code, off.json()["status_description"]) == (200, "Inactive")
    on = hub("PATCH", url, by="alice", json={"status": 1})
    assert (on.status_code, list(on.json())) == (400, ["status"])
    assert hub("PATCH", url, by="alice", json={"status": "on"}).status_code == 400


@pytest.mark.parametrize("prefix", ["/v2/repositories/alice", ALICE])
def test_privacy_is_changed_by_a_route_of_its_own(hub: HubClient, name: str, prefix: str) -> None:
    url = f"{prefix}/{name}/privacy"
    assert hub("POST", url, json={"is_private": True}).status_code == 401
    assert hub("POST", url, by="alice", json={"is_private": True}).status_code == 200
    assert hub("GET", f"{ALICE}/{name}").status_code == 404
    assert hub("POST", url, by="alice", json={"is_private": False}).status_code == 200
    assert hub("GET", f"{ALICE}/{name}").status_code == 200


def test_an_edit_does_not_change_privacy(hub: HubClient, name: str) -> None:
    hub("PATCH", f"{ALICE}/{name}", by="alice", json={"is_private": True})
    assert hub("GET", f"{ALICE}/{name}").json()["is_private"] is False


def test_there_is_room_for_so_many_private_repositories(
    hub: HubClient, sandbox: SandboxServer
) -> None:
    sandbox.parts.accounts.add("frugal", password=PASSWORD, private_limit=1)
    url = "/v2/namespaces/frugal/repositories"
    first = hub("POST", url, by="frugal", json={"name": "first", "is_private": True})
    assert first.status_code == 201
    second = hub("POST", url, by="frugal", json={"name": "second", "is_private": True})
    assert second.status_code == 403
    assert "private repository limit" in second.json()["message"]
    assert hub("POST", url, by="frugal", json={"name": "third"}).status_code == 201
    hidden = hub("POST", f"{url}/third/privacy", by="frugal", json={"is_private": True})
    assert hidden.status_code == 403
    quota = hub("GET", "/v2/users/frugal/registry-settings", by="frugal").json()
    assert (quota["private_repo_used"], quota["private_repo_available"]) == (1, 0)


@pytest.mark.parametrize("prefix", ["/v2/repositories/alice", ALICE])
def test_a_deleted_repository_is_gone_with_its_content(
    hub: HubClient, sandbox: SandboxServer, repository: str, prefix: str
) -> None:
    name = repository.partition("/")[0]
    storage, path = sandbox.parts.storage, f"alice/{name}"
    hub("POST", ALICE, by="alice", json={"name": name})
    digest = storage.blobs.put(path, name.encode())
    assert hub("DELETE", f"{prefix}/{name}/").status_code == 401
    assert hub("DELETE", f"{prefix}/{name}/", by="carol").status_code == 403
    assert hub("DELETE", f"{prefix}/{name}/", by="alice").status_code == 202
    assert hub("GET", f"{ALICE}/{name}", by="alice").status_code == 404
    assert storage.blobs.size(path, digest) is None
    assert hub("DELETE", f"{prefix}/{name}/", by="alice").status_code == 404


def test_stars_are_given_once_and_taken_back(hub: HubClient, name: str) -> None:
    url, stars = f"{ALICE}/{name}", f"/v2/repositories/alice/{name}/stars/"
    assert hub("POST", stars, json={}).status_code == 401
    for _ in range(2):
        assert hub("POST", stars, by="carol", json={}).status_code == 200
    seen = hub("GET", url, by="carol").json()
    assert (seen["star_count"], seen["has_starred"]) == (1, True)
    assert hub("GET", url).json()["has_starred"] is False
    starred = hub("GET", "/v2/users/carol/repositories/starred?page_size=100").json()["results"]
    assert name in {repository["name"] for repository in starred}
    assert hub("DELETE", stars, by="carol").status_code == 204
    assert hub("DELETE", stars, by="carol").status_code == 404
    assert hub("GET", url, by="carol").json()["star_count"] == 0


def test_there_are_sixteen_categories_and_a_repository_has_up_to_three(
    hub: HubClient, name: str
) -> None:
    known = hub("GET", "/v2/categories/").json()
    assert len(known) == 16
    assert {"slug": "web-servers", "name": "Web servers"} in known
    url = f"/v2/repositories/alice/{name}/categories/"
    assert hub("PATCH", url, by="alice", json=known[:3]).status_code == 200
    assert hub("GET", f"{ALICE}/{name}").json()["categories"] == known[:3]
    assert hub("PATCH", url, by="alice", json=known[:4]).status_code == 400
    assert hub("PATCH", url, by="alice", json=[{"slug": "no-such"}]).status_code == 400
    assert hub("PATCH", url, by="alice", json={"slug": "security"}).status_code == 400
    assert hub("GET", f"{ALICE}/{name}").json()["categories"] == known[:3]


def test_immutable_tags_are_rules_that_can_be_tried(hub: HubClient) -> None:
    url = f"{ALICE}/webapp/immutabletags"
    tried = hub("POST", f"{url}/verify", by="alice", json={"regex": r"v1\.\d+\.0"})
    assert tried.json() == {"tags": ["v1.0.0", "v1.1.0", "v1.2.0"]}
    assert hub("POST", f"{url}/verify", by="alice", json={"regex": "("}).status_code == 400
    assert hub("POST", f"{url}/verify", by="carol", json={"regex": "v.*"}).status_code == 403
    body = {"immutable_tags": True, "immutable_tags_rules": ["("]}
    assert hub("PATCH", url, by="alice", json=body).status_code == 400
    body = {"immutable_tags": True}
    assert hub("PATCH", url, by="alice", json=body).status_code == 400


def test_pages_lead_to_one_another_on_the_host_that_was_asked(hub: HubClient) -> None:
    url = "/v2/namespaces/library/repositories?page_size=40&ordering=name"
    seen, following, count = [], f"{hub.url}{url}", 0
    while following:
        assert following.startswith(f"{hub.url}/v2/namespaces/library/repositories?")
        page = hub("GET", following).json()
        seen += [repository["name"] for repository in page["results"]]
        following, count = page["next"], page["count"]
    assert len(seen) == count > 80
    assert seen == sorted(seen)
    assert "page=1&" in hub("GET", f"{url}&page=2").json()["previous"]
    assert hub("GET", f"{url}&page=99").status_code == 404


def test_a_page_has_ten_entries_and_at_most_a_hundred(hub: HubClient) -> None:
    url = "/v2/namespaces/library/repositories"
    assert len(hub("GET", url).json()["results"]) == 10
    tags = "/v2/namespaces/bigorg/repositories/nightly/tags?page_size=1000"
    assert len(hub("GET", tags).json()["results"]) == 100
    for wrong in ("page=0", "page=-1", "page=x", "page_size=0"):
        assert hub("GET", f"{url}?{wrong}").status_code == 400


def test_an_empty_list_is_a_first_page(hub: HubClient) -> None:
    answer = hub("GET", f"{ALICE}?name=no-such-repository").json()
    assert answer == {"count": 0, "next": None, "previous": None, "results": []}
    assert hub("GET", "/v2/namespaces/no-such/repositories").status_code == 404


@pytest.mark.parametrize(
    ("ordering", "field", "descending"),
    [
        ("name", "name", False),
        ("-name", "name", True),
        ("pull_count", "pull_count", False),
        ("-pull_count", "pull_count", True),
        ("-last_updated", "last_updated", True),
    ],
)
def test_a_list_is_sorted_as_asked(
    hub: HubClient, ordering: str, field: str, descending: bool
) -> None:
    url = f"/v2/namespaces/library/repositories?page_size=100&ordering={ordering}"
    values = [repository[field] for repository in hub("GET", url).json()["results"]]
    assert values == sorted(values, reverse=descending)


def test_a_wrong_ordering_is_told_by_field(hub: HubClient) -> None:
    answer = hub("GET", "/v2/namespaces/library/repositories?ordering=size")
    assert answer.status_code == 400
    assert list(answer.json()) == ["fields", "text"]
    assert "Invalid ordering value" in answer.json()["fields"]["ordering"][0]


def test_legacy_lists_hold_the_same(hub: HubClient) -> None:
    new = hub("GET", f"{ALICE}?page_size=100", by="alice").json()
    old = hub("GET", "/v2/repositories/alice/?page_size=100", by="alice").json()
    assert old["results"] == new["results"]
    bare = hub("GET", "/v2/users/alice/repositories", by="alice").json()
    assert {one["name"] for one in bare} == {one["name"] for one in new["results"]}


def test_namespaces_are_those_one_may_push_to(new_hub: HubClient) -> None:
    url = "/v2/repositories/namespaces"
    mine = new_hub("GET", url, by="alice").json()
    assert mine == {"namespaces": ["alice", "acme", "megacorp", "openlab"]}
    assert new_hub("GET", url, by="carol").json() == {"namespaces": ["carol"]}
    assert new_hub("GET", url).status_code == 401


def test_an_archived_repository_is_read_only(hub: HubClient, sandbox: SandboxServer) -> None:
    number = sandbox.parts.repositories.create("alice/attic", "alice", archived=True)
    assert number
    assert hub("GET", f"{ALICE}/attic").status_code == 200
    edit = hub("PATCH", f"{ALICE}/attic", by="alice", json={"description": "x"})
    assert edit.status_code == 403
    assert "archived" in edit.json()["message"]


def test_a_body_too_large_is_refused(hub: HubClient) -> None:
    answer = hub("POST", ALICE, by="alice", content=b" " * ((1 << 20) + 1))
    assert answer.status_code == 413


def test_retired_routes_and_wrong_methods_are_told(hub: HubClient) -> None:
    retired = hub("GET", "/v2/namespaces/library/repositories/hello-world/images")
    assert (retired.status_code, retired.json()["message"]) == (404, "404: Page Not Found")
    wrong = hub("PUT", "/v2/categories/")
    assert (wrong.status_code, wrong.json()["message"]) == (405, "405: Method Not Allowed")
