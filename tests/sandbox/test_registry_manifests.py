"""The sandbox's registry: pushing, fetching and deleting manifests (OCI distribution 1.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.sandbox_registry import (
    CONFIG,
    EMPTY,
    INDEX,
    LAYER,
    MANIFEST,
    Document,
    RegistryServer,
    descriptor,
    digest_of,
    encoded,
    errors,
    image,
    index,
)

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
FOREIGN = {
    "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "digest": digest_of(b"kept elsewhere"),
    "size": 14,
    "urls": ["https://example.com/layer"],
}
ABSENT = descriptor(b"never pushed", MANIFEST)


def kinds(registry: RegistryServer, repository: str) -> dict[str, Document]:
    """Every kind of manifest that must be taken; the blobs they need are pushed."""
    plain = registry.image(repository)
    registry.push_blob(repository, b"{}")
    child = descriptor(encoded(plain), MANIFEST, platform={"os": "linux", "architecture": "arm64"})
    empty = descriptor(b"{}", EMPTY)
    docker = plain | {"mediaType": DOCKER_MANIFEST}
    return {
        "image": plain,
        "image of docker": docker,
        "no layers": plain | {"layers": []},
        "foreign layer": plain | {"layers": [*plain["layers"], FOREIGN]},
        "custom fields": plain | {"org.example.custom": {"any": ["thing"]}},
        "data field": plain | {"config": empty | {"data": "e30="}, "artifactType": "x/y"},
        "artifact": plain | {"artifactType": "x/y", "config": empty, "layers": [empty]},
        "artifact with a missing subject": plain | {"artifactType": "x/y", "subject": ABSENT},
        "index": index([child]),
        "list of docker": index([child], mediaType=DOCKER_LIST),
        "empty index": index([]),
        "sparse index": index([ABSENT]),
        "nested index": index([descriptor(encoded(index([child])), INDEX)]),
        "index with a subject": index([], subject=child, artifactType="x/y"),
    }


KINDS = [
    "image",
    "image of docker",
    "no layers",
    "foreign layer",
    "custom fields",
    "data field",
    "artifact",
    "artifact with a missing subject",
    "index",
    "list of docker",
    "empty index",
    "sparse index",
    "nested index",
    "index with a subject",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", ["tag", "sha256", "sha512"])
def test_what_is_pushed_is_fetched_byte_for_byte(
    registry: RegistryServer, repository: str, kind: str, by: str
) -> None:
    document = kinds(registry, repository)[kind]
    # Spaces and order are the client's own business.
    content = json.dumps(document, indent=3, sort_keys=False).encode()
    digest = digest_of(content, "sha256" if by == "tag" else by)
    reference = "v1" if by == "tag" else digest

    pushed = registry.push(repository, reference, content)
    assert pushed.status_code == 201, pushed.text
    assert pushed.headers["Docker-Content-Digest"] == digest
    assert pushed.headers["Location"] == f"/v2/{repository}/manifests/{reference}"
    assert pushed.headers.get("OCI-Subject") == document.get("subject", {}).get("digest")

    for method in ("GET", "HEAD"):
        for name in (reference, digest):
            answer = registry.client.request(method, f"/v2/{repository}/manifests/{name}")
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == document["mediaType"]
            assert answer.headers["Content-Length"] == str(len(content))
            assert answer.headers["Docker-Content-Digest"] == digest
            assert answer.content == (content if method == "GET" else b"")


def refused(registry: RegistryServer, repository: str) -> dict[str, tuple[Any, str]]:
    """Documents that are none, and the code they are refused with."""
    plain = registry.image(repository)
    config = plain["config"]
    invalid = "MANIFEST_INVALID"
    return {
        "no JSON": (b'{"schemaVersion": 2,', invalid),
        "nesting": (b'{"a":' + b"[" * 100_000, invalid),
        "no object": (b"[]", invalid),
        "schema 1": (plain | {"schemaVersion": 1}, invalid),
        "no schema": ({key: plain[key] for key in plain if key != "schemaVersion"}, invalid),
        "no config": ({key: plain[key] for key in plain if key != "config"}, invalid),
        "no layers": ({key: plain[key] for key in plain if key != "layers"}, invalid),
        "layers no list": (plain | {"layers": {}}, invalid),
        "both at once": (plain | {"manifests": []}, invalid),
        "malformed digest": (plain | {"config": config | {"digest": "sha256:x"}}, invalid),
        "no size": (plain | {"config": {**config, "size": None}}, invalid),
        "negative size": (plain | {"config": config | {"size": -1}}, invalid),
        "wrong size": (plain | {"config": config | {"size": 1}}, invalid),
        "endless size": (plain | {"layers": [FOREIGN | {"size": 2**70}]}, invalid),
        "unknown config": (plain | {"config": descriptor(b"?", CONFIG)}, "MANIFEST_BLOB_UNKNOWN"),
        "unknown layer": (plain | {"layers": [descriptor(b"?", LAYER)]}, "MANIFEST_BLOB_UNKNOWN"),
    }


REFUSED = [
    "no JSON",
    "nesting",
    "no object",
    "schema 1",
    "no schema",
    "no config",
    "no layers",
    "layers no list",
    "both at once",
    "malformed digest",
    "no size",
    "negative size",
    "wrong size",
    "endless size",
    "unknown config",
    "unknown layer",
]


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_manifest_is_refused(
    registry: RegistryServer, repository: str, what: str
) -> None:
    document, code = refused(registry, repository)[what]
    content = document if isinstance(document, bytes) else encoded(document)

    answer = registry.client.put(
        f"/v2/{repository}/manifests/v1", content=content, headers={"Content-Type": MANIFEST}
    )

    assert (answer.status_code, errors(answer)) == (400, [code])
    assert registry.fetch(repository, "v1").status_code == 404


@pytest.mark.parametrize(
    ("content_type", "own", "status"),
    [
        (MANIFEST, MANIFEST, 201),
        (f"{MANIFEST}; charset=utf-8", MANIFEST, 201),
        (MANIFEST, None, 201),
        ("", MANIFEST, 201),
        ("", None, 400),
        (DOCKER_MANIFEST, MANIFEST, 400),
        (INDEX, MANIFEST, 400),
        (MANIFEST, "application/x-other", 400),
        ("application/json", MANIFEST, 400),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", None, 400),
    ],
)
def test_type_and_content_type_must_agree(
    registry: RegistryServer, repository: str, content_type: str, own: str | None, status: int
) -> None:
    document = registry.image(repository) | {"mediaType": own}
    if own is None:
        del document["mediaType"]
    headers = {"Content-Type": content_type} if content_type else {}

    answer = registry.client.put(
        f"/v2/{repository}/manifests/v1", content=encoded(document), headers=headers
    )

    assert answer.status_code == status, answer.text
    if status == 201:
        assert registry.fetch(repository, "v1").headers["Content-Type"] == MANIFEST


def test_a_digest_that_does_not_match_is_refused(registry: RegistryServer, repository: str) -> None:
    answer = registry.push(repository, digest_of(b"other"), registry.image(repository))

    assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("sha256:abc", "DIGEST_INVALID"),
        ("md5:" + "a" * 32, "DIGEST_INVALID"),
        (".hidden", "MANIFEST_INVALID"),
        ("t" * 129, "MANIFEST_INVALID"),
    ],
)
def test_a_malformed_reference_is_refused(
    registry: RegistryServer, repository: str, reference: str, code: str
) -> None:
    answer = registry.push(repository, reference, registry.image(repository))

    assert (answer.status_code, errors(answer)) == (400, [code])
    assert registry.fetch(repository, reference).status_code == 404


def test_four_mebibytes_are_taken(registry: RegistryServer, repository: str) -> None:
    notes = {f"note-{number}": "A" * 10_000 for number in range(419)}
    content = encoded(registry.image(repository, annotations=notes))
    assert len(content) > 4 << 20

    assert registry.push(repository, "big", content).status_code == 201
    assert registry.fetch(repository, "big").content == content


def test_more_than_eight_mebibytes_are_not(registry: RegistryServer, repository: str) -> None:
    document = registry.image(repository, annotations={"note": "A" * (8 << 20)})

    answer = registry.push(repository, "big", document)

    assert (answer.status_code, errors(answer)) == (413, ["MANIFEST_INVALID"])


def test_a_manifest_in_another_repository_is_not_seen(
    registry: RegistryServer, repository: str
) -> None:
    digest = registry.push_image(repository)

    answer = registry.fetch(f"{repository}/other", digest)
    assert (answer.status_code, errors(answer)) == (404, ["NAME_UNKNOWN"])
    answer = registry.fetch(repository, "other")
    assert (answer.status_code, errors(answer)) == (404, ["MANIFEST_UNKNOWN"])


def test_not_again_what_the_client_has(registry: RegistryServer, repository: str) -> None:
    registry.push_image(repository, "v1")
    etag = registry.fetch(repository, "v1").headers["ETag"]
    path = f"/v2/{repository}/manifests/v1"

    answer = registry.client.get(path, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    registry.push_image(repository, "v1", annotations={"changed": "yes"})
    assert registry.client.get(path, headers={"If-None-Match": etag}).status_code == 200


class TestTags:
    def test_a_tag_moves(self, registry: RegistryServer, repository: str) -> None:
        old = registry.push_image(repository, "v1")
        new = registry.push_image(repository, "v1", annotations={"changed": "yes"})

        assert registry.fetch(repository, "v1").headers["Docker-Content-Digest"] == new
        assert registry.fetch(repository, old).status_code == 200

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    def test_several_with_one_push(
        self, registry: RegistryServer, repository: str, algorithm: str
    ) -> None:
        content = encoded(registry.image(repository))
        digest = digest_of(content, algorithm)
        wanted = [f"1.{minor}" for minor in range(12)]

        answer = registry.push(repository, digest, content, params={"tag": wanted})

        assert answer.status_code == 201
        assert answer.headers["OCI-Tag"].split(", ") == wanted
        for tag in wanted:
            assert registry.fetch(repository, tag).headers["Docker-Content-Digest"] == digest

    def test_all_or_none_of_them(self, registry: RegistryServer, repository: str) -> None:
        content = encoded(registry.image(repository))

        answer = registry.push(
            repository, digest_of(content), content, params={"tag": ["good", "b/d"]}
        )

        assert (answer.status_code, errors(answer)) == (400, ["MANIFEST_INVALID"])
        assert registry.fetch(repository, "good").status_code == 404

    def test_no_more_tags_with_a_push_by_tag(
        self, registry: RegistryServer, repository: str
    ) -> None:
        document = registry.image(repository)

        answer = registry.push(repository, "v1", document, params={"tag": "v2"})

        assert answer.status_code == 201
        assert "OCI-Tag" not in answer.headers
        assert registry.fetch(repository, "v2").status_code == 404


class TestDeleting:
    def test_a_tag_alone(self, registry: RegistryServer, repository: str) -> None:
        digest = registry.push_image(repository, "v1")
        registry.push_image(repository, "v2")

        assert registry.client.delete(f"/v2/{repository}/manifests/v1").status_code == 202

        assert registry.fetch(repository, "v1").status_code == 404
        assert registry.fetch(repository, "v2").headers["Docker-Content-Digest"] == digest
        assert registry.fetch(repository, digest).status_code == 200

    def test_a_digest_with_every_tag_of_it(self, registry: RegistryServer, repository: str) -> None:
        digest = registry.push_image(repository, "v1")
        registry.push_image(repository, "v2")
        other = registry.push_image(repository, "v3", annotations={"other": "yes"})

        assert registry.client.delete(f"/v2/{repository}/manifests/{digest}").status_code == 202

        for reference in ("v1", "v2", digest):
            assert registry.fetch(repository, reference).status_code == 404
        assert registry.fetch(repository, "v3").headers["Docker-Content-Digest"] == other
        listed = registry.client.get(f"/v2/{repository}/tags/list").json()["tags"]
        assert listed == ["v3"]

    @pytest.mark.parametrize("reference", ["v9", digest_of(b"nothing")])
    def test_what_is_not_there(
        self, registry: RegistryServer, repository: str, reference: str
    ) -> None:
        registry.push_image(repository)

        answer = registry.client.delete(f"/v2/{repository}/manifests/{reference}")
        assert (answer.status_code, errors(answer)) == (404, ["MANIFEST_UNKNOWN"])
        answer = registry.client.delete(f"/v2/{repository}/other/manifests/{reference}")
        assert (answer.status_code, errors(answer)) == (404, ["NAME_UNKNOWN"])


def test_an_image_needs_its_blobs_in_its_own_repository(
    registry: RegistryServer, repository: str
) -> None:
    document = registry.image(f"{repository}/other")

    answer = registry.push(repository, "v1", document)

    assert (answer.status_code, errors(answer)) == (400, ["MANIFEST_BLOB_UNKNOWN"])


def test_a_config_that_is_no_json_is_still_a_blob(
    registry: RegistryServer, repository: str
) -> None:
    registry.push_blob(repository, b"not JSON")
    registry.push_blob(repository, b"layer")

    assert registry.push(repository, "v1", image(b"not JSON", [b"layer"])).status_code == 201
