"""Referrers by the API and by the fallback index (distribution-spec 1.1)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hubcli import oci
from hubcli.errors import Conflict, NotFound, Unavailable, Untrusted
from hubcli.oci import Manifest
from hubcli.registry import Registry, Repository, referrers
from support.docker_registry import DockerRegistry
from support.images import INDEX, MANIFEST, Image
from support.repositories import Source, repository_at
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, Script, ScriptedServer, Seen
from support.skopeo import Skopeo

Connect = Callable[..., Registry]
Scripted = Callable[[Script], ScriptedServer]
SUBJECT = f"sha256:{'5' * 64}"
SBOM, SIGNATURE = "application/spdx+json", "application/x.signature"


def artifact(subject: oci.Descriptor, type_: str, **more: Any) -> Manifest:
    """A manifest of `type_` that refers to `subject`; its config is its only blob."""
    empty = oci.Descriptor(oci.OCI_EMPTY, oci.digest_of(b"{}"), 2)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": type_,
        "config": empty.to_json(),
        "layers": [],
        "subject": subject.to_json(),
    } | more
    return oci.parse_manifest(json.dumps(document).encode(), MANIFEST)


def push(client: Repository, manifest: Manifest) -> None:
    assert manifest.config is not None
    client.blobs.upload(manifest.config, Source(b"{}"))
    client.put_manifest(manifest.digest, manifest)


def entry(number: int, artifact_type: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "mediaType": MANIFEST,
        "digest": f"sha256:{number:064x}",
        "size": 10,
    }
    return found | ({"artifactType": artifact_type} if artifact_type else {})


def index(*entries: dict[str, Any], **headers: str) -> Answer:
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(200, json.dumps(document).encode(), {"Content-Type": INDEX} | named)


@pytest.fixture
def legacy(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> Iterator[Repository]:
    """A repository with `image` as v1, on a registry without the API."""
    host = docker_registry().host
    skopeo.copy(image.source, f"docker://{host}/{repository}:v1")
    with repository_at(host, repository) as client:
        yield client


def test_the_api_lists_what_was_pushed(
    connect: Connect, modern_registry: RegistryServer, repository: str
) -> None:
    modern_registry.push_image(repository, "v1")
    client = connect(modern_registry.host).repository(repository)
    subject = client.resolve("v1")
    sbom, signature = artifact(subject, SBOM), artifact(subject, SIGNATURE)
    for one in (sbom, signature):
        push(client, one)
    assert {one.digest for one in client.referrers(subject.digest)} == {
        sbom.digest,
        signature.digest,
    }
    (only,) = client.referrers(subject.digest, SBOM)
    assert (only.digest, only.artifact_type) == (sbom.digest, SBOM)
    assert list(client.referrers(SUBJECT)) == []
    with pytest.raises(NotFound):
        client.manifest(referrers.fallback_tag(subject.digest))


def test_without_the_api_an_index_is_kept_under_a_tag(legacy: Repository) -> None:
    subject = legacy.resolve("v1")
    assert list(legacy.referrers(subject.digest)) == []
    sbom = artifact(subject, SBOM, annotations={"made": "today"})
    signature = artifact(subject, SIGNATURE)
    for one in (sbom, signature, sbom):
        push(legacy, one)
    tag = f"sha256-{subject.digest.removeprefix('sha256:')}"
    kept = legacy.manifest(tag)
    assert kept.media_type == INDEX
    assert [entry.digest for entry in kept.manifests] == [sbom.digest, signature.digest]
    assert dict(kept.manifests[0].annotations) == {"made": "today"}
    assert kept.manifests[0].artifact_type == SBOM
    assert [one.digest for one in legacy.referrers(subject.digest, SIGNATURE)] == [signature.digest]


def test_a_deleted_referrer_leaves_the_index(legacy: Repository) -> None:
    subject = legacy.resolve("v1")
    sbom, signature = artifact(subject, SBOM), artifact(subject, SIGNATURE)
    for one in (sbom, signature):
        push(legacy, one)
    referrers.leave(legacy, sbom)
    assert [one.digest for one in legacy.referrers(subject.digest)] == [signature.digest]


def test_referrers_pushed_at_once_are_all_listed(legacy: Repository) -> None:
    subject = legacy.resolve("v1")
    pushed = [artifact(subject, f"application/x.{number}") for number in range(6)]
    threads = [threading.Thread(target=push, args=(legacy, one)) for one in pushed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.digest for one in legacy.referrers(subject.digest)} == {
        one.digest for one in pushed
    }


def test_an_entry_that_another_client_wrote_away_is_written_again(
    legacy: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = legacy.resolve("v1")
    rivals = [artifact(subject, f"application/x.rival{number}") for number in range(2)]
    for one in rivals:
        push(legacy, one)
    mine, tag = artifact(subject, SBOM), referrers.fallback_tag(subject.digest)
    theirs = [legacy.manifest(tag).document["manifests"], []]
    put = legacy.put_manifest

    def contested(identifier: str, manifest: Manifest) -> None:
        put(identifier, manifest)
        if identifier == tag and theirs:
            lost = {"schemaVersion": 2, "mediaType": INDEX, "manifests": theirs.pop(0)}
            put(tag, oci.parse_manifest(json.dumps(lost).encode(), INDEX))

    monkeypatch.setattr(legacy, "put_manifest", contested)
    push(legacy, mine)
    assert [one.digest for one in legacy.referrers(subject.digest)] == [mine.digest]
    assert theirs == []


def test_a_list_that_is_rewritten_all_the_time_is_given_up(
    legacy: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = legacy.resolve("v1")
    tag, put = referrers.fallback_tag(subject.digest), legacy.put_manifest

    def contested(identifier: str, manifest: Manifest) -> None:
        put(identifier, manifest)
        if identifier == tag:
            empty = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
            put(tag, oci.parse_manifest(json.dumps(empty).encode(), INDEX))

    monkeypatch.setattr(legacy, "put_manifest", contested)
    with pytest.raises(Conflict, match="all the time"):
        push(legacy, artifact(subject, SBOM))


def test_a_manifest_is_deleted_with_its_entry(legacy: Repository) -> None:
    subject = legacy.resolve("v1")
    sbom, signature = artifact(subject, SBOM), artifact(subject, SIGNATURE)
    for one in (sbom, signature):
        push(legacy, one)
    referrers.delete(legacy, sbom.digest)
    with pytest.raises(NotFound):
        legacy.manifest(sbom.digest)
    assert [one.digest for one in legacy.referrers(subject.digest)] == [signature.digest]


def test_which_way_referrers_are_listed(
    legacy: Repository, connect: Connect, modern_registry: RegistryServer, repository: str
) -> None:
    assert legacy.listed_referrers(SUBJECT)[0] == referrers.FALLBACK
    modern_registry.push_image(repository, "v1")
    modern = connect(modern_registry.host).repository(repository)
    assert modern.listed_referrers(SUBJECT)[0] == referrers.API


def annotated(image: Manifest) -> Manifest:
    """Another index of the same platforms."""
    document = {**image.document, "annotations": {"made": "again"}}
    return oci.parse_manifest(json.dumps(document).encode(), image.media_type)


def docker_list(image: Manifest) -> Manifest:
    """The same image as Docker's list."""
    document = {**image.document, "mediaType": oci.DOCKER_LIST}
    return oci.parse_manifest(json.dumps(document).encode(), oci.DOCKER_LIST)


@pytest.mark.parametrize("kind", ["an image", "an image for two platforms", "Docker's list"])
def test_a_tag_that_holds_something_else_is_left_alone(legacy: Repository, kind: str) -> None:
    subject, image = legacy.resolve("v1"), legacy.manifest("v1")
    if kind == "an image":
        other = legacy.manifest(image.manifests[0].digest)
    else:
        other = annotated(image) if kind != "Docker's list" else docker_list(image)
    legacy.put_manifest(referrers.fallback_tag(subject.digest), other)
    assert list(legacy.referrers(subject.digest)) == []
    sbom = artifact(subject, SBOM)
    with pytest.raises(Conflict, match="something else"):
        push(legacy, sbom)
    referrers.leave(legacy, sbom)
    assert legacy.resolve(referrers.fallback_tag(subject.digest)).digest == other.digest


def test_a_tag_that_is_the_subject_itself_is_as_good_as_none(legacy: Repository) -> None:
    """GitLab's registry answers so where there is no such tag."""
    subject, image = legacy.resolve("v1"), legacy.manifest("v1")
    tag = referrers.fallback_tag(subject.digest)
    legacy.put_manifest(tag, image)
    assert list(legacy.referrers(subject.digest)) == []
    sbom = artifact(subject, SBOM)
    push(legacy, sbom)
    assert [found.digest for found in legacy.referrers(subject.digest)] == [sbom.digest]
    assert legacy.resolve("v1").digest == subject.digest


@pytest.mark.parametrize(
    ("digest", "tag"),
    [
        (SUBJECT, f"sha256-{'5' * 64}"),
        (f"sha512:{'a' * 128}", f"sha512-{'a' * 64}"),
        (f"multi+algo.x{'y' * 40}:{'b' * 40}", f"multi-algo.x{'y' * 20}-{'b' * 40}"),
    ],
)
def test_the_name_of_the_fallback_tag(digest: str, tag: str) -> None:
    assert referrers.fallback_tag(digest) == tag


@pytest.mark.parametrize("filtered", [True, False])
def test_a_registry_may_filter_or_not(connect: Connect, scripted: Scripted, filtered: bool) -> None:
    def script(seen: Seen) -> Answer:
        assert seen.path.endswith(f"/referrers/{SUBJECT}?artifactType=application%2Fspdx%2Bjson")
        if filtered:
            return index(entry(1), OCI_Filters_Applied="annotations, artifactType")
        return index(entry(1, SBOM), entry(2, SIGNATURE), entry(1, SBOM))

    server = scripted(script)
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert [one.digest for one in client.referrers(SUBJECT, SBOM)] == [entry(1)["digest"]]


def test_referrers_come_in_pages(connect: Connect, scripted: Scripted) -> None:
    def script(seen: Seen) -> Answer:
        if "page" in seen.path:
            return index(entry(2))
        return index(entry(1), Link=f'</v2/a/b/referrers/{SUBJECT}?page=2>; rel="next"')

    server = scripted(script)
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert [one.digest for one in client.referrers(SUBJECT)] == [
        entry(1)["digest"],
        entry(2)["digest"],
    ]


@pytest.mark.parametrize("second", [Answer(404), Answer(200, b"<html>"), Answer(200, b"{}")])
def test_a_list_that_breaks_off_is_no_short_list(
    connect: Connect, scripted: Scripted, second: Answer
) -> None:
    def script(seen: Seen) -> Answer:
        return second if "page" in seen.path else index(entry(1), Link='<?page=2>; rel="next"')

    client = connect(f"127.0.0.1:{scripted(script).port}").repository("a/b")
    with pytest.raises(Unavailable, match="breaks off"):
        list(client.referrers(SUBJECT))


@pytest.mark.parametrize(
    "no_api",
    [
        Answer(404, b"404 page not found\n", {"Content-Type": "text/plain"}),
        Answer(404, b"<html>"),
        Answer(400, b'{"errors":[{"code":"UNSUPPORTED"}]}'),
        Answer(405),
        Answer(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
    ],
)
def test_whatever_is_no_index_means_that_there_is_no_api(
    connect: Connect, scripted: Scripted, no_api: Answer
) -> None:
    def script(seen: Seen) -> Answer:
        return no_api if "/referrers/" in seen.path else index(entry(3))

    server = scripted(script)
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert [one.digest for one in client.referrers(SUBJECT)] == [entry(3)["digest"]]
    assert server.seen[-1].path == f"/v2/a/b/manifests/sha256-{'5' * 64}"


def test_a_link_that_leads_away_is_refused(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda _: index(entry(1), Link='<http://evil.example/>; rel="next"'))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    with pytest.raises(Untrusted):
        list(client.referrers(SUBJECT))
