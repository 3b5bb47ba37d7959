"""Webhooks and collaborators in the sandbox's Hub API, and pushes that webhooks hear of."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hubcli.sandbox import deliveries, seed
from support.hub_client import HubClient
from support.sandbox import SandboxServer
from support.scripted import Answer, ScriptedServer, Seen

ACME = "/v2/repositories/acme/api/webhook_pipeline/"
TWIN = "/v2/namespaces/acme/repositories/api/webhook_pipeline"


@pytest.fixture
def server(new_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    return new_sandbox()


@pytest.fixture
def own(server: SandboxServer) -> Iterator[HubClient]:
    """A client of `server`, where a test may change what is there; `hub` is everybody's."""
    with HubClient(server.url) as client:
        yield client


@pytest.fixture
def listener() -> Iterator[tuple[str, queue.Queue[Seen]]]:
    """A server that answers 202 to everything, and what it was sent."""
    seen: queue.Queue[Seen] = queue.Queue()

    def accept(request: Seen) -> Answer:
        seen.put(request)
        return Answer(202)

    with ScriptedServer(accept) as scripted:
        yield scripted.url, seen


def pipeline(name: str, url: str = "http://127.0.0.1:9/hook") -> dict[str, Any]:
    return {
        "name": name,
        "expect_final_callback": False,
        "webhooks": [{"name": name, "hook_url": url}],
        "registry": "registry-1.docker.io",
    }


def push(server: SandboxServer, path: str, tag: str, by: str = "alice") -> None:
    """Put a manifest through the registry, its blobs being there."""
    image = seed.small(f"{path}:{tag}")
    for blob in image.blobs:
        server.parts.storage.blobs.put(path, blob)
    with HubClient(server.url) as client:
        token = client._client.get(
            "/token",
            params={"service": "registry.docker.io", "scope": f"repository:{path}:pull,push"},
            auth=(by, seed.PASSWORD),
        ).json()["token"]
        answer = client._client.put(
            f"/v2/{path}/manifests/{tag}",
            content=image.manifest.content,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": image.manifest.media_type,
            },
        )
    assert answer.status_code == 201, answer.text


def test_a_webhook_is_made_listed_and_removed(own: HubClient) -> None:
    made = own("POST", ACME, by="alice", json=pipeline("To Production!"))
    assert made.status_code == 201
    assert made.json()["slug"] == "to-production"
    listed = own("GET", ACME, by="alice").json()
    assert listed["count"] == 1
    assert listed["results"][0]["webhooks"][0]["hook_url"] == "http://127.0.0.1:9/hook"
    assert own("GET", f"{ACME}to-production/history/", by="alice").json()["results"] == []
    assert own("DELETE", f"{ACME}to-production/", by="alice").status_code == 204
    assert own("DELETE", f"{ACME}to-production/", by="alice").status_code == 404


def test_a_name_is_taken_once_and_a_slug_never_shared(own: HubClient) -> None:
    assert own("POST", ACME, by="alice", json=pipeline("a b")).json()["slug"] == "a-b"
    assert own("POST", ACME, by="alice", json=pipeline("a-b")).json()["slug"] == "a-b-2"
    again = own("POST", ACME, by="alice", json=pipeline("a b"))
    assert again.status_code == 400
    assert "already exists" in again.json()["name"][0]


@pytest.mark.parametrize(
    "url", ["", "ftp://x/", "https://", "https://x/" + "y" * 246, "http://x:99999/", "http://x/\t"]
)
def test_what_is_no_url_is_refused(hub: HubClient, url: str) -> None:
    answer = hub("POST", ACME, by="alice", json=pipeline("x", url))
    assert answer.status_code == 400
    assert "hook_url" in answer.json()


def test_webhooks_are_the_business_of_administrators(own: HubClient, server: SandboxServer) -> None:
    _, weak = server.parts.accounts.add_token("alice", "ci", ["repo:write"])
    assert own("GET", ACME).status_code == 401
    assert own("GET", ACME, by="erin").status_code == 403
    refused = own("GET", ACME, by="alice", secret=weak)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "access denied: insufficient scope",
    )
    assert own("GET", ACME, by="frank").status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("scope-webhook-read", {"GET"}),
        ("scope-webhook-edit", {"GET", "POST"}),
        ("scope-webhook-admin", {"GET", "POST", "DELETE"}),
        ("scope-repository-admin", set()),
    ],
)
def test_a_token_of_an_organization_needs_the_scope(
    own: HubClient, server: SandboxServer, scope: str, allowed: set[str]
) -> None:
    resource = {"type": "TYPE_REPO", "path": "acme/api", "scopes": [scope]}
    _, secret = server.parts.accounts.add_token("acme", "ci", [resource], kind="oat")
    own("POST", ACME, by="alice", json=pipeline("old"))
    legacy = own("GET", ACME, by="acme", secret=secret)
    assert legacy.status_code == 403
    assert "organization access token is not allowed" in legacy.json()["message"]
    answers = {
        "GET": own("GET", TWIN, by="acme", secret=secret),
        "POST": own("POST", TWIN, by="acme", secret=secret, json=pipeline("new")),
        "DELETE": own("DELETE", f"{TWIN}/old", by="acme", secret=secret),
    }
    assert {method for method, answer in answers.items() if answer.is_success} == allowed
    assert {answer.status_code for answer in answers.values() if not answer.is_success} <= {403}


def test_a_push_is_told_as_docker_documents_it(
    own: HubClient, server: SandboxServer, listener: tuple[str, queue.Queue[Seen]]
) -> None:
    url, seen = listener
    own("POST", ACME, by="alice", json=pipeline("deploy", f"{url}/hook?x=1"))
    push(server, "acme/api", "v3", by="erin")
    told = seen.get(timeout=20)
    assert (told.method, told.path) == ("POST", "/hook?x=1")
    assert told.headers["content-type"] == "application/json"
    body = json.loads(told.body)
    assert set(body) == {"callback_url", "push_data", "repository"}
    assert set(body["push_data"]) == {"pushed_at", "pusher", "tag"}
    assert (body["push_data"]["pusher"], body["push_data"]["tag"]) == ("erin", "v3")
    assert isinstance(body["push_data"]["pushed_at"], int)
    assert set(body["repository"]) == {
        *("comment_count", "date_created", "description", "dockerfile", "full_description"),
        *("is_official", "is_private", "is_trusted", "name", "namespace", "owner", "repo_name"),
        *("repo_url", "star_count", "status"),
    }
    assert body["repository"]["repo_name"] == "acme/api"


def finished(server: SandboxServer, slug: str, count: int) -> list[dict[str, Any]]:
    """The history of a webhook of acme/api, once it has that many entries."""
    server.parts.deliveries.close()
    with HubClient(server.url) as client:
        rows = client("GET", f"{ACME}{slug}/history/", by="alice").json()["results"]
    assert len(rows) == count
    return list(rows)


def test_the_history_says_how_it_went(
    own: HubClient, server: SandboxServer, listener: tuple[str, queue.Queue[Seen]]
) -> None:
    url, seen = listener
    own("POST", ACME, by="alice", json=pipeline("out", "http://192.0.2.7/hook"))
    own("POST", ACME, by="alice", json=pipeline("gone", "http://127.0.0.1:9/hook"))
    own("POST", ACME, by="alice", json=pipeline("here", url))
    own("POST", ACME, by="alice", json=pipeline("last", url))
    push(server, "acme/api", "v3")
    # One after the other: with the last on its way, those before it are written down.
    seen.get(timeout=20)
    seen.get(timeout=20)
    rows = {slug: finished(server, slug, 1)[0] for slug in ("out", "gone", "here")}
    assert rows["here"]["status_code"] == 202
    assert (rows["out"]["status_code"], rows["gone"]["status_code"]) == (None, None)
    assert "this machine only" in rows["out"]["error"]
    assert "refused" in rows["gone"]["error"]


def test_a_push_that_is_refused_is_told_to_nobody(own: HubClient, server: SandboxServer) -> None:
    own("POST", ACME, by="alice", json=pipeline("deploy"))

    def undone() -> None:
        with server.parts.storage.database.transaction():
            server.parts.access.pushed("alice", "acme/api", "v9")
            assert server.parts.webhooks.next_waiting() is not None
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert server.parts.webhooks.next_waiting() is None


def test_parts_of_an_index_are_not_told(own: HubClient, server: SandboxServer) -> None:
    own("POST", ACME, by="alice", json=pipeline("deploy"))
    server.parts.deliveries.close()
    server.parts.access.pushed("alice", "acme/api", "sha256:" + "0" * 64)
    assert server.parts.webhooks.next_waiting() is None
    server.parts.access.pushed("alice", "acme/api", "v1")
    waiting = server.parts.webhooks.next_waiting()
    assert waiting is not None
    assert waiting["tag"] == "v1"


def test_no_more_than_a_thousand_wait(own: HubClient, server: SandboxServer) -> None:
    own("POST", ACME, by="alice", json=pipeline("deploy"))
    server.parts.deliveries.close()
    with server.parts.storage.database.transaction():
        for number in range(1001):
            server.parts.access.pushed("alice", "acme/api", f"v{number}")
    newest = own("GET", f"{ACME}deploy/history/", by="alice").json()["results"]
    assert [(row["tag"], row["error"]) for row in newest] == [
        ("v1000", "too many deliveries are waiting")
    ]


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "[2001:db8::1]", "0.0.0.0", "127.1"])
def test_nothing_leaves_this_machine(host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        deliveries._post(f"http://{host}:9/", b"{}")


# Collaborators


NOTES = "/v2/repositories/alice/notes/collaborators/"


def test_a_collaborator_may_push_and_no_more(own: HubClient, server: SandboxServer) -> None:
    one = "/v2/namespaces/alice/repositories/notes"
    assert own("GET", one, by="carol").status_code == 404
    assert own("POST", NOTES, by="alice", json={"user": "carol"}).status_code == 201
    found = own("GET", one, by="carol").json()
    assert found["permissions"] == {"read": True, "write": True, "admin": False}
    assert found["collaborator_count"] == 1
    push(server, "alice/notes", "v1", by="carol")
    assert own("GET", NOTES, by="carol").status_code == 403
    assert own("GET", NOTES, by="alice").json()["results"] == [{"user": "carol"}]
    assert own("DELETE", f"{NOTES}carol/", by="alice").status_code == 204
    assert own("DELETE", f"{NOTES}carol/", by="alice").status_code == 404
    assert own("GET", one, by="carol").status_code == 404


@pytest.mark.parametrize("user", ["nobody-of-this-name", "acme", "alice", ""])
def test_who_cannot_be_a_collaborator_is_refused(hub: HubClient, user: str) -> None:
    assert hub("POST", NOTES, by="alice", json={"user": user}).status_code == 400


def test_organizations_have_teams_instead(hub: HubClient) -> None:
    answer = hub("GET", "/v2/repositories/acme/api/collaborators/", by="alice")
    assert (answer.status_code, "teams" in answer.text) == (400, True)


# Bodies


@pytest.mark.parametrize(
    "content", [b'{"description": "\\ud800"}', b'{"name": ["\\udc00"]}', b"[" * 100_000]
)
def test_what_is_no_text_is_a_bad_request(hub: HubClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    path = "/v2/namespaces/acme/repositories/api"
    answer = hub("PATCH", path, by="alice", content=content, headers=headers)
    assert answer.status_code == 400
