"""What tags point at, on registries that list names only."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from hubcli import oci
from hubcli.errors import Denied, IntegrityFailure
from hubcli.registry import Repository
from hubcli.registry.details import Details, Row
from support.docker_registry import DockerRegistry
from support.images import CONFIG, CREATED, INDEX, MANIFEST, Layout
from support.repositories import repository_at
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, ScriptedServer, Seen
from support.skopeo import Skopeo

ALL = ("digest", "media_type", "size", "platforms", "created", "type")


@pytest.fixture
def server(docker_registry: Callable[..., DockerRegistry]) -> DockerRegistry:
    return docker_registry()


@pytest.fixture
def client(server: DockerRegistry, repository: str) -> Iterator[Repository]:
    with repository_at(server.host, repository, "pull") as found:
        yield found


def counted(server: DockerRegistry, repository: str) -> Counter[str]:
    """Requests by method and kind: `GET manifests`."""
    return Counter(
        f"{one.method} {one.path.split(repository)[1].split('/')[1]}"
        for one in server.requests(repository)
    )


def test_an_image_and_an_index(
    client: Repository,
    server: DockerRegistry,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
) -> None:
    single = oci_layout.image("single")
    multi = oci_layout.image("multi", platforms=["linux/arm/v7", "windows/amd64"])
    for one in (single, multi):
        skopeo.copy(one.source, f"docker://{server.host}/{repository}:{one.tag}")
    found = dict(Details(client, ALL).of(["multi", "single", "gone"]))
    layer = single.layers[0]["size"]
    config = len(single.read(client.manifest("single").config.digest))  # type: ignore[union-attr]
    assert found["single"] == {
        "digest": single.digest,
        "media_type": MANIFEST,
        "size": layer + config,
        "platforms": ["linux/amd64"],
        "created": CREATED,
        "type": "image",
    }
    first = client.manifest(multi.platforms["linux/arm/v7"]["digest"])
    assert found["multi"] == {
        "digest": multi.digest,
        "media_type": INDEX,
        "size": first.content_size,
        "platforms": ["linux/arm/v7", "windows/amd64"],
        "created": CREATED,
        "type": "image",
    }
    assert found["gone"] is None


def test_a_digest_costs_one_head(
    client: Repository,
    server: DockerRegistry,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
) -> None:
    image = oci_layout.image("v1")
    skopeo.copy(image.source, f"docker://{server.host}/{repository}:v1")
    before = counted(server, repository)
    assert list(Details(client, ["digest"]).of(["v1"])) == [
        ("v1", {"digest": image.digest, "media_type": MANIFEST})
    ]
    assert counted(server, repository) - before == {"HEAD manifests": 1}


def test_only_what_a_row_lacks_is_looked_up(
    client: Repository,
    server: DockerRegistry,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
) -> None:
    image = oci_layout.image("v1")
    skopeo.copy(image.source, f"docker://{server.host}/{repository}:v1")
    before = counted(server, repository)
    whole = {"name": "whole", "digest": "sha256:told", "size": 7}
    rows: list[Row] = [
        whole,
        {"name": "v1", "digest": None, "size": 5, "pushed": None},
        {"name": "gone", "digest": None, "size": 5},
    ]
    found = list(Details(client, ["digest", "size"]).complete(rows))
    assert found[0] == whole
    assert [(row["digest"], row["size"], row["name"]) for row in found[1:]] == [
        (image.digest, 5, "v1")
    ]
    assert found[1]["pushed"] is None
    assert counted(server, repository) - before == {"GET manifests": 2}


def test_the_same_image_is_read_once(
    client: Repository,
    server: DockerRegistry,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
) -> None:
    """Twelve tags of one index: its first image and its configuration are read once."""
    image = oci_layout.image("v0", platforms=["linux/amd64", "linux/arm64"])
    skopeo.copy(image.source, f"docker://{server.host}/{repository}:v0")
    names = [f"v{number}" for number in range(12)]
    with repository_at(server.host, repository) as writer:
        for name in names:
            writer.put_manifest(name, writer.manifest("v0"))
    before = counted(server, repository)
    found = list(Details(client, ALL).of(names))
    assert [name for name, _ in found] == names
    assert {row["digest"] for _, row in found if row} == {image.digest}
    assert counted(server, repository) - before == {"GET manifests": 12 + 1, "GET blobs": 1}


def test_platforms_of_an_index_need_no_configuration(
    client: Repository,
    server: DockerRegistry,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
) -> None:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64"])
    skopeo.copy(image.source, f"docker://{server.host}/{repository}:v1")
    before = counted(server, repository)
    ((_, row),) = Details(client, ["platforms"]).of(["v1"])
    assert row is not None
    assert row["platforms"] == ["linux/amd64", "linux/arm64"]
    assert counted(server, repository) - before == {"GET manifests": 1}


def test_an_artifact_has_a_type_and_no_platform(
    modern_registry: RegistryServer, repository: str
) -> None:
    config = {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": modern_registry.push_blob(repository, b"{}"),
        "size": 2,
    }
    document = modern_registry.image(repository) | {
        "artifactType": "application/vnd.acme",
        "config": config,
        "annotations": {"org.opencontainers.image.created": CREATED},
    }
    assert modern_registry.push(repository, "v1", document).status_code == 201
    with repository_at(modern_registry.host, repository) as client:
        ((_, row),) = Details(client, ALL).of(["v1"])
    assert row is not None
    assert (row["type"], row["platforms"], row["created"]) == ("application/vnd.acme", [], CREATED)


def manifest_answer(content: bytes, media_type: str) -> Answer:
    return Answer(
        200,
        content,
        {"Content-Type": media_type, "Docker-Content-Digest": oci.digest_of(content)},
    )


def test_a_manifest_of_another_age_is_listed_with_what_is_known() -> None:
    schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    content = b'{"schemaVersion": 1}'
    with (
        ScriptedServer(lambda _: manifest_answer(content, schema1)) as server,
        repository_at(f"127.0.0.1:{server.port}", "a/b") as client,
    ):
        assert list(Details(client, ALL).of(["old"])) == [
            ("old", {"digest": oci.digest_of(content), "media_type": schema1})
        ]


def test_a_manifest_that_is_not_what_it_should_be_is_a_failure() -> None:
    broken = Answer(
        200, b"{}", {"Content-Type": MANIFEST, "Docker-Content-Digest": "sha256:" + "0" * 64}
    )
    with (
        ScriptedServer(lambda _: broken) as server,
        repository_at(f"127.0.0.1:{server.port}", "a/b") as client,
        pytest.raises(IntegrityFailure, match="was promised"),
    ):
        list(Details(client, ALL).of(["v1"]))


def test_an_index_may_lack_its_images_and_an_image_its_configuration() -> None:
    entry = {
        "mediaType": MANIFEST,
        "digest": "sha256:" + "1" * 64,
        "size": 7,
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
    config = {"mediaType": CONFIG, "digest": "sha256:" + "2" * 64, "size": 5}
    image = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
    ).encode()
    answers = {"sparse": manifest_answer(index, INDEX), "bare": manifest_answer(image, MANIFEST)}
    with (
        ScriptedServer(lambda seen: answers.get(seen.path.rpartition("/")[2], Answer(404))) as one,
        repository_at(f"127.0.0.1:{one.port}", "a/b") as client,
    ):
        found = dict(Details(client, ALL).of(["sparse", "bare"]))
    unknown = {"created": None, "type": "image"}
    assert found["sparse"] == {
        "digest": oci.digest_of(index),
        "media_type": INDEX,
        "size": None,
        "platforms": ["linux/amd64"],
        **unknown,
    }
    assert found["bare"] == {
        "digest": oci.digest_of(image),
        "media_type": MANIFEST,
        "size": 5,
        "platforms": [],
        **unknown,
    }


def test_a_failure_reaches_everybody_who_waits_for_the_same_image() -> None:
    config = {"mediaType": CONFIG, "digest": "sha256:" + "2" * 64, "size": 5}
    image = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
    ).encode()

    def script(seen: Seen) -> Answer:
        return Answer(403) if "/blobs/" in seen.path else manifest_answer(image, MANIFEST)

    with (
        ScriptedServer(script) as server,
        repository_at(f"127.0.0.1:{server.port}", "a/b") as client,
        pytest.raises(Denied),
    ):
        list(Details(client, ALL).of(["v1", "v2", "v3"]))


class Endless:
    """A repository in which every tag is an image of its own."""

    def __init__(self) -> None:
        self.asked = 0

    def manifest(self, name: str) -> oci.Manifest:
        self.asked += 1
        config = {"mediaType": CONFIG, "digest": f"sha256:{int(name):064x}", "size": 1}
        content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
        return oci.parse_manifest(json.dumps(content).encode(), MANIFEST)


def test_what_was_looked_up_is_not_kept() -> None:
    """Memory does not grow with the number of images, the last few aside."""
    held = []
    for count in (1_000, 5_000):
        repository = Endless()
        details = Details(repository, {"size"}, workers=4)  # type: ignore[arg-type]
        tracemalloc.start()
        for number, (_, row) in enumerate(details.of(str(number) for number in range(count))):
            assert row is not None
            if number == count - 1:
                held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert repository.asked == count
    # An image that is kept takes half a KiB: four thousand of them would be 2 MiB.
    assert held[1] - held[0] < 128 << 10
