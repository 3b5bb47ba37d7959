"""Manifests: read and verified, resolved, written, deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from hubcli import oci
from hubcli.errors import Denied, HubcliError, IntegrityFailure, NotFound, Unavailable
from hubcli.registry import Registry
from support.docker_registry import DockerRegistry
from support.images import INDEX, MANIFEST, Image
from support.sandbox_registry import RegistryServer
from support.scripted import Answer, Script, ScriptedServer, Seen
from support.skopeo import Skopeo

Connect = Callable[..., Registry]
Scripted = Callable[[Script], ScriptedServer]

CONTENT = json.dumps(
    {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"a": "b"}}
).encode()
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
SHA512 = f"sha512:{hashlib.sha512(CONTENT).hexdigest()}"
OTHER = f"sha256:{'0' * 64}"


def manifest(content: bytes = CONTENT, /, **headers: str | None) -> Answer:
    named = {"Content-Type": INDEX, "Docker-Content-Digest": DIGEST} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return Answer(200, content, {name: value for name, value in named.items() if value})


@pytest.fixture
def pushed(
    docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image, repository: str
) -> str:
    """The host of a registry that holds `image` as `repository`:v1."""
    registry = docker_registry()
    skopeo.copy(image.source, f"docker://{registry.host}/{repository}:v1")
    return registry.host


def test_a_manifest_is_what_skopeo_reads(
    connect: Connect, pushed: str, skopeo: Skopeo, image: Image, repository: str
) -> None:
    client = connect(pushed).repository(repository)
    found = client.manifest("v1")
    assert found.content == skopeo.raw(f"{pushed}/{repository}:v1")
    assert (found.digest, found.media_type) == (image.digest, INDEX)
    assert [str(platform) for platform in found.platforms()] == ["linux/amd64", "linux/arm64/v8"]
    assert client.manifest(image.digest) == found
    only = image.platforms["linux/amd64"]["digest"]
    assert client.manifest(only).media_type == MANIFEST


def test_resolving_is_one_head(
    connect: Connect, scripted: Scripted, pushed: str, image: Image, repository: str
) -> None:
    found = connect(pushed).repository(repository).resolve("v1")
    assert found == oci.Descriptor(INDEX, image.digest, image.size)
    server = scripted(lambda _: manifest())
    resolved = connect(f"127.0.0.1:{server.port}").repository("a/b").resolve("v1")
    assert resolved == oci.Descriptor(INDEX, DIGEST, len(CONTENT))
    assert [(seen.method, seen.path) for seen in server.seen] == [("HEAD", "/v2/a/b/manifests/v1")]
    assert server.seen[0].headers["accept"] == ", ".join(oci.MANIFEST_TYPES)


@pytest.mark.parametrize(
    "headers",
    [
        {"Docker_Content_Digest": None},
        {"Docker_Content_Digest": "sha256:short"},
        {"Content_Type": "application/json"},
        {"Content_Type": None},
    ],
)
def test_a_head_that_says_too_little_is_followed_by_a_get(
    connect: Connect, scripted: Scripted, headers: dict[str, str | None]
) -> None:
    def script(seen: Seen) -> Answer:
        return manifest(**headers) if seen.method == "HEAD" else manifest()

    server = scripted(script)
    found = connect(f"127.0.0.1:{server.port}").repository("a/b").resolve("v1")
    assert found == oci.Descriptor(INDEX, DIGEST, len(CONTENT))
    assert [seen.method for seen in server.seen] == ["HEAD", "GET"]


def test_a_registry_without_head_is_read(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda seen: Answer(405) if seen.method == "HEAD" else manifest())
    found = connect(f"127.0.0.1:{server.port}").repository("a/b").resolve("v1")
    assert found.digest == DIGEST


@pytest.mark.parametrize("ask", ["resolve", "manifest"])
def test_what_is_not_there_is_not_found(
    connect: Connect, pushed: str, repository: str, ask: str
) -> None:
    client = connect(pushed).repository(repository)
    with pytest.raises(NotFound) as failure:
        getattr(client, ask)("v2")
    assert (failure.value.code, failure.value.reason) == ("MANIFEST_UNKNOWN", "not found")


def test_whether_a_tag_is_there_is_one_head(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda seen: manifest() if seen.path.endswith("/v1") else Answer(404))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert client.find("v1") == oci.Descriptor(INDEX, DIGEST, len(CONTENT))
    assert client.find("v2") is None
    assert [seen.method for seen in server.seen] == ["HEAD", "HEAD"]


def test_that_a_tag_may_not_be_seen_is_no_sign_of_its_absence(
    connect: Connect, scripted: Scripted
) -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": "not for you"}]}).encode()
    server = scripted(lambda seen: Answer(403, b"" if seen.method == "HEAD" else body))
    with pytest.raises(Denied) as failure:
        connect(f"127.0.0.1:{server.port}").repository("a/b").find("v1")
    assert failure.value.code == "DENIED"
    assert [seen.method for seen in server.seen] == ["HEAD", "GET"]


def test_the_reason_of_a_refused_head_is_asked_for(connect: Connect, scripted: Scripted) -> None:
    """Below `resolve`, which does it by itself: for blobs, say."""
    from hubcli.registry import Call

    body = json.dumps({"errors": [{"code": "BLOB_UNKNOWN"}]}).encode()
    server = scripted(lambda _: Answer(404, body))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    with pytest.raises(NotFound) as failure:
        client.send(Call("HEAD", "blobs/x"))
    assert failure.value.code == "BLOB_UNKNOWN"


@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        (OTHER, manifest(Docker_Content_Digest=OTHER)),
        (OTHER, manifest(Docker_Content_Digest=None)),
        ("v1", manifest(Docker_Content_Digest=OTHER)),
        ("v1", manifest(CONTENT + b" ")),
        ("v1", manifest(Docker_Content_Digest="md5:" + "0" * 32)),
        (DIGEST, manifest(Docker_Content_Digest=OTHER)),
        (SHA512, manifest(CONTENT + b" ", Docker_Content_Digest=None)),
        ("v1", manifest(b"<html>", Docker_Content_Digest=None)),
        ("v1", manifest(b"[]", Docker_Content_Digest=None)),
        ("v1", manifest(Content_Type=MANIFEST)),
    ],
)
def test_bytes_that_are_not_what_was_promised_are_refused(
    connect: Connect, scripted: Scripted, identifier: str, answer: Answer
) -> None:
    server = scripted(lambda _: answer)
    with pytest.raises(IntegrityFailure) as failure:
        connect(f"127.0.0.1:{server.port}").repository("a/b").manifest(identifier)
    assert failure.value.exit_code == 7


def test_a_digest_of_another_algorithm_is_verified_as_well(
    connect: Connect, scripted: Scripted
) -> None:
    server = scripted(lambda _: manifest())
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert client.manifest(SHA512).digest == SHA512
    assert client.resolve(SHA512).digest == SHA512


def test_a_head_that_promises_another_digest_is_refused(
    connect: Connect, scripted: Scripted
) -> None:
    server = scripted(lambda _: manifest())
    with pytest.raises(IntegrityFailure, match="was asked for"):
        connect(f"127.0.0.1:{server.port}").repository("a/b").resolve(OTHER)


def test_parameters_of_a_content_type_do_not_count(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda _: manifest(Content_Type=f"{INDEX.upper()}; charset=utf-8"))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    assert client.manifest("v1").media_type == INDEX
    assert client.resolve("v1").media_type == INDEX


def test_a_huge_manifest_is_not_read_to_its_end(connect: Connect, scripted: Scripted) -> None:
    server = scripted(lambda _: Answer(200, b" " * (oci.LARGEST_MANIFEST + (1 << 20))))
    with pytest.raises(Unavailable, match="longer than"):
        connect(f"127.0.0.1:{server.port}").repository("a/b").manifest("v1")
    assert len(server.seen) == 1


def test_a_manifest_is_stored_as_it_is(
    connect: Connect, pushed: str, skopeo: Skopeo, image: Image, repository: str
) -> None:
    client = connect(pushed).repository(repository, "pull", "push")
    found = client.manifest("v1")
    client.put_manifest("v2", found)
    client.put_manifest(found.digest, found)
    assert skopeo.raw(f"{pushed}/{repository}:v2") == image.read(image.digest)


def test_a_registry_that_stores_something_else_is_found_out(
    connect: Connect, scripted: Scripted
) -> None:
    server = scripted(lambda _: Answer(201, b"", {"Docker-Content-Digest": OTHER}))
    client = connect(f"127.0.0.1:{server.port}").repository("a/b")
    with pytest.raises(IntegrityFailure):
        client.put_manifest("v1", oci.parse_manifest(CONTENT, INDEX))
    (seen,) = server.seen
    assert (seen.headers["content-type"], seen.body) == (INDEX, CONTENT)


def test_deleting_a_digest_takes_its_tags_along(
    connect: Connect, pushed: str, image: Image, repository: str
) -> None:
    client = connect(pushed).repository(repository, "*")
    client.delete(image.digest)
    assert list(client.tags()) == []
    with pytest.raises(NotFound):
        client.delete(image.digest)


def test_distribution_2_deletes_no_tags(connect: Connect, pushed: str, repository: str) -> None:
    with pytest.raises(HubcliError, match="DIGEST_INVALID"):
        connect(pushed).repository(repository).delete("v1")


def test_a_modern_registry_deletes_a_tag(
    connect: Connect, modern_registry: RegistryServer, repository: str
) -> None:
    digest = modern_registry.push_image(repository, "v1")
    client = connect(modern_registry.host).repository(repository)
    client.delete("v1")
    with pytest.raises(NotFound):
        client.resolve("v1")
    assert client.resolve(digest).digest == digest


@pytest.mark.parametrize(
    ("absent", "status", "expected"),
    [(True, 401, "NAME_UNKNOWN"), (True, 403, "NAME_UNKNOWN"), (False, 401, "UNAUTHORIZED")],
)
def test_a_refusal_is_looked_behind_where_somebody_knows_more(
    connect: Connect, scripted: Scripted, absent: bool, status: int, expected: str
) -> None:
    asked: list[str] = []

    def knows(path: str) -> bool:
        asked.append(path)
        return absent

    server = scripted(lambda _: Answer(status))
    client = connect(f"127.0.0.1:{server.port}", absent=knows).repository("a/b")
    with pytest.raises(HubcliError) as failure:
        client.manifest("v1")
    assert (failure.value.code, asked) == (expected, ["a/b"])
