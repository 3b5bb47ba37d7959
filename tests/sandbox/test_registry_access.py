"""What the sandbox's registry asks of its Hub: refusals, pulls that count, and limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubcli.sandbox.access import OpenAccess, PullLimit, Refusal
from support.sandbox_registry import (
    RegistryServer,
    digest_of,
    encoded,
    errors,
    registry_server,
)


class Strict(OpenAccess):
    """Keeps what `refused` names as it is, allows three pulls, and writes down what happens."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.seen: list[tuple[str, str]] = []
        self.addresses: set[str] = set()
        self.pulls = 0

    def pushed(self, subject: str | None, repository: str, reference: str) -> None:
        self._note("pushed", reference)

    def pulled(self, subject: str | None, address: str, repository: str, reference: str) -> None:
        self.addresses.add(address)
        if self.pulls == 3:
            raise Refusal("slow down", "TOOMANYREQUESTS", 429, {"Retry-After": "60"})
        self.pulls += 1
        self.seen.append(("pulled", reference))

    def deleting(self, subject: str | None, repository: str, reference: str) -> None:
        self._note("deleting", reference)

    def pull_limit(self, subject: str | None, address: str) -> PullLimit | None:
        return PullLimit(3, 3 - self.pulls, address)

    def _note(self, what: str, reference: str) -> None:
        if reference in self.refused:
            raise Refusal(f"{reference} is immutable")
        self.seen.append((what, reference))


@pytest.fixture
def access() -> Strict:
    return Strict()


@pytest.fixture
def registry(access: Strict) -> Iterator[RegistryServer]:
    with registry_server(access=access) as server:
        yield server


def test_a_refused_push_stores_nothing(registry: RegistryServer, access: Strict) -> None:
    old = registry.push_image("a/b", "v1")
    access.refused = {"v1"}

    document = registry.image("a/b", annotations={"new": "yes"})
    answer = registry.push("a/b", "v1", document)

    assert (answer.status_code, errors(answer)) == (403, ["DENIED"])
    assert answer.json()["errors"][0]["message"] == "v1 is immutable"
    assert registry.fetch("a/b", "v1").headers["Docker-Content-Digest"] == old
    assert registry.fetch("a/b", digest_of(encoded(document))).status_code == 404


def test_each_tag_of_a_push_is_asked_for(registry: RegistryServer, access: Strict) -> None:
    content = encoded(registry.image("a/b"))
    digest = digest_of(content)

    registry.push("a/b", digest, content)
    assert access.seen == [("pushed", digest)]
    registry.push("a/b", digest, content, params={"tag": ["v1", "v2"]})
    assert access.seen[1:] == [("pushed", "v1"), ("pushed", "v2")]

    access.refused = {"v4"}
    answer = registry.push("a/b", digest, content, params={"tag": ["v3", "v4"]})
    assert answer.status_code == 403
    assert registry.client.get("/v2/a/b/tags/list").json()["tags"] == ["v1", "v2"]


def test_a_push_that_is_invalid_is_not_reported(registry: RegistryServer, access: Strict) -> None:
    registry.push("a/b", "v1", b"{}")
    registry.push("a/b", "v1", registry.image("c/d"))

    assert access.seen == []


def test_a_refused_delete_deletes_nothing(registry: RegistryServer, access: Strict) -> None:
    digest = registry.push_image("a/b", "v1")
    registry.push_image("a/b", "v2")
    access.refused = {"v2"}

    for reference in ("v2", digest):
        answer = registry.client.delete(f"/v2/a/b/manifests/{reference}")
        assert (answer.status_code, errors(answer)) == (403, ["DENIED"])

    assert registry.client.get("/v2/a/b/tags/list").json()["tags"] == ["v1", "v2"]
    assert registry.client.delete("/v2/a/b/manifests/v1").status_code == 202


def test_a_get_is_a_pull_and_a_head_is_none(registry: RegistryServer, access: Strict) -> None:
    digest = registry.push_image("a/b", "v1")
    path = "/v2/a/b/manifests/v1"
    etag = {"If-None-Match": f'"{digest}"'}

    found = registry.client.head(path)
    assert found.headers["ratelimit-remaining"] == "3;w=21600"
    assert registry.client.get(path, headers=etag).status_code == 304
    assert access.pulls == 0

    fetched = registry.client.get(path)
    assert fetched.headers["ratelimit-limit"] == "3;w=21600"
    assert fetched.headers["ratelimit-remaining"] == "2;w=21600"
    assert fetched.headers["docker-ratelimit-source"] == "127.0.0.1"
    registry.fetch("a/b", digest)
    assert access.seen[1:] == [("pulled", "v1"), ("pulled", digest)]
    assert access.addresses == {"127.0.0.1"}


def test_after_the_last_pull_comes_a_429(registry: RegistryServer, access: Strict) -> None:
    registry.push_image("a/b", "v1")
    for _ in range(3):
        assert registry.fetch("a/b", "v1").status_code == 200

    answer = registry.fetch("a/b", "v1")

    assert (answer.status_code, errors(answer)) == (429, ["TOOMANYREQUESTS"])
    assert answer.headers["Retry-After"] == "60"
    assert registry.client.head("/v2/a/b/manifests/v1").status_code == 200


def test_pulls_are_written_down(registry: RegistryServer) -> None:
    storage = registry.storage
    digest = registry.push_image("a/b", "v1")
    registry.push_image("a/b", "v2")

    def pulled() -> list[bool]:
        return [tag.pulled_at is not None for tag in storage.tags.page("a/b")]

    registry.client.head("/v2/a/b/manifests/v1")
    assert pulled() == [False, False]
    registry.fetch("a/b", "v1")
    assert sorted(pulled()) == [False, True]
    registry.fetch("a/b", digest)
    assert pulled() == [True, True]
