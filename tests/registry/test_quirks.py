"""What is known of a registry beforehand is not tried."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from hubcli.errors import Unsupported
from hubcli.registry import Repository
from hubcli.registry.quirks import Quirks
from hubcli.registry.untag import Untagger
from support.docker_registry import DockerRegistry
from support.images import Image
from support.repositories import Source, content, described, repository_at
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, Script, ScriptedServer, Seen
from support.skopeo import Skopeo

Scripted = Callable[[Script], ScriptedServer]


def quirky(repository: Repository, quirks: Quirks) -> Repository:
    repository.registry.quirks = quirks
    return repository


def test_a_catalog_that_tells_too_little_is_not_asked_for(scripted: Scripted) -> None:
    server = scripted(lambda _: Answer(200, b'{"repositories": []}'))
    with repository_at(f"127.0.0.1:{server.port}", "a/b") as client:
        client.registry.quirks = Quirks(catalog=False)
        with pytest.raises(Unsupported, match="has no catalog of its repositories"):
            next(client.registry.catalog())
    assert server.seen == []


def test_a_blob_goes_in_one_put_whatever_chunks_are_wanted(
    modern_registry: RegistryServer, repository: str
) -> None:
    data = content(300_000)
    with repository_at(modern_registry.host, repository, "pull", "push") as client:
        quirky(client, Quirks(chunks=False))
        assert client.blobs.upload(described(data), Source(data), chunk_size=1000) == "copied"
        assert client.blobs.read(described(data)) == data


def test_an_upload_that_broke_starts_anew_and_believes_no_range(scripted: Scripted) -> None:
    """ECR's `Range` stands still, or says what is not there."""
    puts: list[int] = []

    def script(seen: Seen) -> Answer:
        where = {"Location": f"/v2/a/b/blobs/uploads/{len(puts)}", "Range": "0-9999"}
        if seen.method == "POST":
            return Answer(202, b"", where)
        if seen.method == "PUT":
            puts.append(len(seen.body))
            return Answer(503 if len(puts) == 1 else 201, b"", where)
        return Answer(404)

    server = scripted(script)
    data = content(20_000)
    with repository_at(f"127.0.0.1:{server.port}", "a/b", "pull", "push") as client:
        quirky(client, Quirks(chunks=False))
        assert client.blobs.upload(described(data), Source(data)) == "copied"
    assert puts == [20_000, 20_000]
    assert not any(re.search(r"GET .*/uploads/", f"{s.method} {s.path}") for s in server.seen)


def test_referrers_are_looked_for_by_their_tag_alone(scripted: Scripted) -> None:
    server = scripted(lambda _: Answer(404))
    digest = "sha256:" + "a" * 64
    with repository_at(f"127.0.0.1:{server.port}", "a/b") as client:
        quirky(client, Quirks(referrers=False))
        assert list(client.referrers(digest)) == []
    assert {seen.path for seen in server.seen} == {f"/v2/a/b/manifests/sha256-{'a' * 64}"}


def test_what_deletes_nothing_is_not_asked_to(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> None:
    registry = docker_registry()
    name = f"{registry.host}/{repository}"
    skopeo.copy(image.source, f"docker://{name}:v1")
    with repository_at(registry.host, repository, "*") as client:
        quirky(client, Quirks(deletes_tags=False, deletes_manifests=False))
        with pytest.raises(Unsupported, match="deletes neither tags nor manifests"):
            Untagger(client).remove("v1", image.digest)
    assert [one for one in registry.requests(repository) if one.method == "DELETE"] == []


def test_another_way_to_delete_manifests_is_taken(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> None:
    """Siblings stand: what is deleted is a placeholder that has been pushed over the tag."""
    registry = docker_registry()
    name = f"{registry.host}/{repository}"
    for tag in ("v1", "v2"):
        skopeo.copy(image.source, f"docker://{name}:{tag}")
    deleted: list[str] = []
    with repository_at(registry.host, repository, "*") as client:
        quirky(client, Quirks(deletes_tags=False, deletes_manifests=False))

        def delete(digest: str) -> None:
            deleted.append(digest)
            client.delete(digest)

        assert Untagger(client, delete=delete).remove("v1", image.digest) == "placeholder"
        assert Untagger(client, delete=delete).remove("v2", image.digest) == "manifest"
    assert len(deleted) == 2
    assert deleted[0] != image.digest
    assert deleted[1] == image.digest
