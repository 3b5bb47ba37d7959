"""Removing one tag: never a sibling, whatever the registry can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from hubcli.errors import Conflict, HubcliError, NotFound, Unsupported
from hubcli.oci import digest_of
from hubcli.registry import Repository
from hubcli.registry.needs import Needs
from hubcli.registry.quirks import NO_QUIRKS, Quirks
from hubcli.registry.untag import Untagger
from support.docker_registry import DockerRegistry
from support.images import CONFIG, INDEX, MANIFEST, Image, Layout
from support.repositories import repository_at
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, ScriptedServer, Seen
from support.skopeo import Skopeo

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Place:
    """A repository of a real registry that deletes manifests, not tags."""

    client: Repository
    name: str
    skopeo: Skopeo
    registry: DockerRegistry

    def push(self, image: Image, *tags: str, format: str | None = None) -> None:
        options = ("--format", format) if format else ()
        for tag in tags:
            if format:
                self.skopeo(
                    "copy", "--dest-tls-verify=false", *options, image.source,
                    f"docker://{self.name}:{tag}",
                )  # fmt: skip
            else:
                self.skopeo.copy(image.source, f"docker://{self.name}:{tag}")

    def remove(self, *tags: str) -> list[str]:
        untagger = Untagger(self.client)
        return [untagger.remove(tag, self.client.resolve(tag).digest) for tag in tags]

    @property
    def tags(self) -> set[str]:
        return set(self.skopeo.tags(self.name))


@pytest.fixture
def place(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, repository: str
) -> Iterator[Place]:
    registry = docker_registry()
    with repository_at(registry.host, repository, "*") as client:
        yield Place(client, f"{registry.host}/{repository}", skopeo, registry)


def test_a_tag_of_its_own_goes_with_its_manifest(place: Place, oci_layout: Layout) -> None:
    image, other = oci_layout.image("v1"), oci_layout.image("v2", config={"User": "x"})
    place.push(image, "v1")
    place.push(other, "v2")
    assert place.remove("v1") == ["manifest"]
    assert place.tags == {"v2"}
    with pytest.raises(NotFound):
        place.client.manifest(image.digest)
    assert place.skopeo.raw(f"{place.name}:v2") == other.read(other.digest)


def test_siblings_stand(place: Place, image: Image) -> None:
    place.push(image, "v1", "v1.2", "latest")
    assert place.remove("v1") == ["placeholder"]
    assert place.tags == {"v1.2", "latest"}
    for tag in ("v1.2", "latest"):
        assert place.skopeo.raw(f"{place.name}:{tag}") == image.read(image.digest)
    assert place.remove("latest", "v1.2") == ["placeholder", "manifest"]
    assert list(place.client.tags()) == []


def test_what_an_index_needs_stays(place: Place, image: Image) -> None:
    """`v1-amd64` is the image for amd64 inside the index `v1`."""
    place.push(image, "v1")
    inner = image.platforms["linux/amd64"]["digest"]
    place.client.put_manifest("v1-amd64", place.client.manifest(inner))
    assert place.remove("v1-amd64") == ["placeholder"]
    assert place.tags == {"v1"}
    assert place.client.manifest(inner).digest == inner


def test_docker_manifests_are_removed_as_well(place: Place, oci_layout: Layout) -> None:
    image = oci_layout.image("v1")
    place.push(image, "v1", "v2", format="v2s2")
    assert place.client.resolve("v1").media_type == DOCKER_MANIFEST
    assert place.remove("v1") == ["placeholder"]
    assert place.tags == {"v2"}


def test_a_tag_that_moved_is_left_alone(place: Place, oci_layout: Layout) -> None:
    old, new = oci_layout.image("old"), oci_layout.image("new", config={"User": "x"})
    place.push(old, "v1", "v2")
    place.push(new, "v1")
    with pytest.raises(Conflict, match="moved meanwhile"):
        Untagger(place.client).remove("v1", old.digest)
    assert place.tags == {"v1", "v2"}


def test_a_tag_pushed_a_moment_ago_is_a_sibling(place: Place, image: Image) -> None:
    place.push(image, "v1")
    needs = Needs(place.client)
    assert needs.tags_needing(image.digest, besides={"v1"}) == {}
    place.push(image, "v2")
    assert needs.tags_needing(image.digest, besides={"v1"}) == {"v2": image.digest}


def test_what_is_remembered_of_tags_gets_old(place: Place, oci_layout: Layout) -> None:
    first, second = oci_layout.image("a"), oci_layout.image("b", config={"User": "x"})
    place.push(first, "v1")
    place.push(second, "v2")
    now = [0.0]
    needs = Needs(place.client, clock=lambda: now[0])
    assert needs.tags_needing(first.digest, besides={"v1"}) == {}
    place.push(first, "v2")
    now[0] = 61.0
    assert needs.tags_needing(first.digest, besides={"v1"}) == {"v2": first.digest}


def test_where_asking_takes_long_the_answers_are_believed_longer(
    place: Place, oci_layout: Layout
) -> None:
    first, second = oci_layout.image("a"), oci_layout.image("b", config={"User": "x"})
    place.push(first, "v1")
    place.push(second, "v2")
    now = [0.0]

    def slow() -> float:
        now[0] += 5
        return now[0]

    needs = Needs(place.client, clock=slow)
    assert needs.tags_needing(first.digest, besides={"v1"}) == {}
    place.push(first, "v2")
    now[0] = 90.0
    assert needs.tags_needing(first.digest, besides={"v1"}) == {}
    now[0] = 200.0
    assert needs.tags_needing(first.digest, besides={"v1"}) == {"v2": first.digest}


def test_tags_that_go_together_take_their_manifest_along(place: Place, image: Image) -> None:
    place.push(image, "v1", "v1.2", "latest", "keep")
    untagger = Untagger(place.client)
    assert untagger.remove_together(["v1", "v1.2"], image.digest) == "placeholder"
    assert place.tags == {"latest", "keep"}
    assert place.skopeo.raw(f"{place.name}:keep") == image.read(image.digest)
    before = len(place.registry.requests(place.client.path))
    assert untagger.remove_together(["latest", "keep"], image.digest) == "manifest"
    assert list(place.client.tags()) == []
    asked = place.registry.requests(place.client.path)[before:]
    deleted = [one.path for one in asked if (one.method, one.status) == ("DELETE", 202)]
    assert deleted == [f"/v2/{place.client.path}/manifests/{image.digest}"]


def test_one_that_moved_stops_those_that_would_go_with_it(place: Place, oci_layout: Layout) -> None:
    old, new = oci_layout.image("old"), oci_layout.image("new", config={"User": "x"})
    place.push(old, "v1", "v2")
    place.push(new, "v2")
    with pytest.raises(Conflict, match="moved meanwhile"):
        Untagger(place.client).remove_together(["v1", "v2"], old.digest)
    assert place.skopeo.raw(f"{place.name}:v2") == new.read(new.digest)


def test_a_registry_that_deletes_nothing_is_not_touched(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> None:
    registry = docker_registry(delete=False)
    name = f"{registry.host}/{repository}"
    for tag in ("v1", "v2"):
        skopeo.copy(image.source, f"docker://{name}:{tag}")
    with repository_at(registry.host, repository, "*") as client:
        with pytest.raises(Unsupported, match="deletes neither tags nor manifests"):
            Untagger(client).remove("v1", image.digest)
        written = {"PUT", "POST", "PATCH"}
        own = [one for one in registry.requests(repository) if one.method in written]
        assert skopeo.tags(name) == ["v1", "v2"]
        assert client.resolve("v1").digest == image.digest
    pushed_by_skopeo = [one for one in own if one.path.endswith(("/v1", "/v2"))]
    assert len(pushed_by_skopeo) == 2


def test_a_modern_registry_is_asked_for_the_tag_alone(
    modern_registry: RegistryServer, repository: str
) -> None:
    digest = modern_registry.push_image(repository, "v1")
    document = modern_registry.fetch(repository, "v1").content
    for tag in ("v2", "v3"):
        modern_registry.push(repository, tag, document)
    with repository_at(modern_registry.host, repository, "*") as client:
        untagger = Untagger(client)
        assert [untagger.remove(tag, digest) for tag in ("v1", "v2")] == ["tag", "tag"]
        assert list(client.tags()) == [["v3"]]
        assert client.resolve("v3").digest == digest


# Registries that behave worse than any that can be had for a test.


def image_document(number: int) -> bytes:
    config = {"mediaType": CONFIG, "digest": f"sha256:{number:064x}", "size": 2}
    return json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
    ).encode()


@dataclass
class Fake:
    """A registry in memory; `takes_siblings` removes all tags of a manifest with one of them.

    `tag_delete` is the status for a deletion by tag, None to serve it.
    """

    tag_delete: int | None = None
    takes_siblings: bool = False
    failing: set[str] = field(default_factory=set)
    manifests: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    on_request: Callable[[Seen], None] = lambda _: None

    def add(self, tag: str, content: bytes) -> str:
        digest = digest_of(content)
        self.manifests[digest] = content
        self.tags[tag] = digest
        return digest

    def __call__(self, seen: Seen) -> Answer:
        self.on_request(seen)
        _, _, rest = seen.path.partition("/v2/a/b/")
        if f"{seen.method} {rest}" in self.failing:
            return Answer(500)
        kind, _, name = rest.partition("/")
        if kind == "tags":
            return Answer(200, json.dumps({"tags": list(self.tags)}).encode())
        if kind == "blobs":
            return self._blobs(seen)
        return self._manifests(seen, name)

    def _blobs(self, seen: Seen) -> Answer:
        if seen.method == "POST":
            return Answer(202, b"", {"Location": "/v2/a/b/blobs/uploads/1"})
        return Answer(404 if seen.method in {"HEAD", "GET"} else 201)

    def _manifests(self, seen: Seen, name: str) -> Answer:
        if seen.method == "PUT":
            return Answer(201, b"", {"Docker-Content-Digest": self.add(name, seen.body)})
        digest = self.tags.get(name, name)
        if digest not in self.manifests:
            return Answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        if seen.method == "DELETE":
            return self._delete(name, digest)
        content = self.manifests[digest]
        media_type = json.loads(content)["mediaType"]
        return Answer(200, content, {"Content-Type": media_type, "Docker-Content-Digest": digest})

    def _delete(self, name: str, digest: str) -> Answer:
        if name in self.tags:
            if self.tag_delete is not None:
                return Answer(self.tag_delete)
            if not self.takes_siblings:
                del self.tags[name]
                return Answer(202)
        del self.manifests[digest]
        self.tags = {tag: target for tag, target in self.tags.items() if target != digest}
        return Answer(202)


def removing(fake: Fake, *tags: str, warn: Callable[[str], None] = lambda _: None) -> list[Any]:
    with (
        ScriptedServer(fake) as server,
        repository_at(f"127.0.0.1:{server.port}", "a/b", "*") as client,
    ):
        untagger = Untagger(client, warn)
        return [untagger.remove(tag, fake.tags[tag]) for tag in tags]


def test_what_got_a_tag_meanwhile_is_not_removed_as_if_it_had_none() -> None:
    fake = Fake(tag_delete=405)
    digest = fake.add("v1", image_document(1))
    with (
        ScriptedServer(fake) as server,
        repository_at(f"127.0.0.1:{server.port}", "a/b", "*") as client,
    ):
        untagger = Untagger(client)
        assert untagger.remove_untagged(digest) is False
        assert digest in fake.manifests
        del fake.tags["v1"]
        assert untagger.remove_untagged(digest) is True
    assert fake.manifests == {}


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_every_refusal_of_a_tag_leads_to_the_other_way(status: int) -> None:
    fake = Fake(tag_delete=status)
    for tag in ("v1", "v2"):
        fake.add(tag, image_document(1))
    fake.add("v3", image_document(3))
    assert removing(fake, "v1", "v3") == ["placeholder", "manifest"]
    assert fake.tags == {"v2": digest_of(image_document(1))}
    assert list(fake.manifests) == [digest_of(image_document(1))]


def test_siblings_that_a_registry_took_are_put_back() -> None:
    """It takes the tag for the manifest: it is not asked so a second time."""
    fake, told = Fake(takes_siblings=True), list[str]()
    for tag in ("v1", "v2", "v3"):
        fake.add(tag, image_document(1))
    assert removing(fake, "v1", "v2", warn=told.append) == ["tag", "placeholder"]
    assert fake.tags == {"v3": digest_of(image_document(1))}
    assert [line.rpartition("/")[2] for line in told] == [
        "b:v2 as well; it was put back",
        "b:v3 as well; it was put back",
    ]


def test_a_tag_is_put_back_if_its_placeholder_cannot_be_deleted() -> None:
    fake = Fake(tag_delete=405)
    for tag in ("v1", "v2"):
        digest = fake.add(tag, image_document(1))

    def fail_late(seen: Seen) -> None:
        if seen.method == "PUT" and seen.path.endswith("/manifests/v1"):
            fake.failing.add(f"DELETE manifests/{digest_of(seen.body)}")

    fake.on_request = fail_late
    with pytest.raises(HubcliError, match="500"):
        removing(fake, "v1")
    assert fake.tags == {"v1": digest, "v2": digest}


@pytest.mark.parametrize("with_its_manifest", [False, True])
def test_siblings_that_somebody_else_removes_meanwhile_stay_away(with_its_manifest: bool) -> None:
    """Where their manifest is gone with them, though, it was the registry."""
    fake, told = Fake(tag_delete=405), list[str]()
    for tag in ("v1", "v2", "v3"):
        digest = fake.add(tag, image_document(1))

    def vanish(seen: Seen) -> None:
        if seen.method == "DELETE" and seen.path.rpartition("/")[2] in fake.manifests:
            if with_its_manifest:
                fake.tags.pop("v3")
                del fake.manifests[digest]
            fake.tags.pop("v2")

    fake.on_request = vanish
    assert removing(fake, "v1", warn=told.append) == ["placeholder"]
    left = {"v2": digest, "v3": digest} if with_its_manifest else {"v3": digest}
    assert (fake.tags, len(told)) == (left, 2 if with_its_manifest else 0)


def test_a_tag_that_is_gone_already_is_removed(oci_layout: Layout) -> None:
    """Somebody else deleted it between our look and our request."""
    fake = Fake(tag_delete=404)
    digest = fake.add("v1", image_document(1))

    def vanish(seen: Seen) -> None:
        if seen.method == "DELETE":
            fake.tags.pop("v1", None)
            fake.manifests.clear()

    fake.on_request = vanish
    assert removing(fake, "v1") == ["tag"]
    assert digest not in fake.manifests


def test_a_registry_that_only_claims_to_have_deleted_is_found_out() -> None:
    fake = Fake(tag_delete=405)
    fake.add("v1", image_document(1))
    digest = fake.tags["v1"]

    def restore(seen: Seen) -> None:
        fake.manifests[digest], fake.tags["v1"] = image_document(1), digest

    fake.on_request = restore
    with pytest.raises(HubcliError, match="still has it"):
        removing(fake, "v1")


def test_nested_indexes_are_looked_into() -> None:
    fake = Fake(tag_delete=405)
    inner = image_document(1)
    fake.add("inner", inner)
    content = inner
    for level in range(2):
        entry = {
            "mediaType": INDEX if level else MANIFEST,
            "digest": digest_of(content),
            "size": len(content),
        }
        content = json.dumps(
            {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        ).encode()
        fake.manifests[digest_of(content)] = content
    fake.add("outer", content)
    assert removing(fake, "inner") == ["placeholder"]
    assert digest_of(inner) in fake.manifests


@pytest.mark.parametrize(
    ("quirks", "scope"),
    [
        (NO_QUIRKS, "repository:a/b:*"),
        (Quirks(delete_actions=("pull", "push")), "repository:a/b:pull,push"),
    ],
)
def test_who_deletes_asks_for_what_the_registry_understands(quirks: Quirks, scope: str) -> None:
    with repository_at("127.0.0.1:9", "a/b") as client:
        client.registry.quirks = quirks
        assert client.registry.deleting_in("a/b").scopes == (scope,)
