"""The sandbox's registry: API support, tags, referrers, the catalog; names and methods."""

from __future__ import annotations

import re
from itertools import chain

import httpx
import pytest

from hubcli.sandbox.registry import RESERVED
from support.sandbox_registry import (
    CONFIG,
    EMPTY,
    INDEX,
    MANIFEST,
    RegistryServer,
    descriptor,
    digest_of,
    encoded,
    errors,
    index,
)

SUBJECT = descriptor(b"whatever is referred to", MANIFEST)


def next_page(answer: httpx.Response) -> str | None:
    """The target of the Link header, which must be relative."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    match = re.fullmatch(r'<(/v2/[^>]*)>; rel="next"', link)
    assert match, link
    return match[1]


def pages(registry: RegistryServer, path: str, member: str) -> list[list[str]]:
    found = []
    following: str | None = path
    while following:
        answer = registry.client.get(following)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()[member])
        following = next_page(answer)
    return found


@pytest.mark.parametrize("path", ["/v2/", "/v2"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_support(registry: RegistryServer, method: str, path: str) -> None:
    answer = registry.client.request(method, path)

    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


class TestTags:
    NAMES = ("a", "B", "1.10", "1.9", "_x", "A", "z")
    IN_ORDER = ["1.10", "1.9", "A", "B", "_x", "a", "z"]

    @pytest.fixture
    def tagged(self, registry: RegistryServer, repository: str) -> str:
        content = encoded(registry.image(repository))
        registry.push(repository, digest_of(content), content, params={"tag": self.NAMES})
        return f"/v2/{repository}/tags/list"

    def test_all_in_ascii_order(
        self, registry: RegistryServer, repository: str, tagged: str
    ) -> None:
        answer = registry.client.get(tagged)

        assert answer.json() == {"name": repository, "tags": self.IN_ORDER}
        assert "Link" not in answer.headers

    @pytest.mark.parametrize(
        ("query", "listed"),
        [
            ("n=0", []),
            ("n=7", IN_ORDER),
            ("n=100", IN_ORDER),
            ("n=99999999999999999999", IN_ORDER),
            ("last=B", ["_x", "a", "z"]),
            ("last=zz", []),
            ("last=C&n=100", ["_x", "a", "z"]),
        ],
    )
    def test_a_part_that_is_the_last(
        self, registry: RegistryServer, tagged: str, query: str, listed: list[str]
    ) -> None:
        answer = registry.client.get(f"{tagged}?{query}")

        assert answer.json()["tags"] == listed
        assert "Link" not in answer.headers

    @pytest.mark.parametrize(("size", "count"), [(1, 7), (2, 4), (6, 2)])
    def test_page_by_page(
        self, registry: RegistryServer, tagged: str, size: int, count: int
    ) -> None:
        found = pages(registry, f"{tagged}?n={size}", "tags")

        assert len(found) == count
        assert list(chain(*found)) == self.IN_ORDER

    def test_never_more_than_a_thousand_to_a_page(self, new_registry: RegistryServer) -> None:
        digest = new_registry.push_image("many/tags")
        storage = new_registry.storage
        storage.tags.point(
            "many/tags", {f"t{number:04}": (digest, storage.now()) for number in range(2500)}
        )

        found = pages(new_registry, "/v2/many/tags/tags/list?n=2000", "tags")
        everything = new_registry.client.get("/v2/many/tags/tags/list")

        assert [len(page) for page in found] == [1000, 1000, 501]
        assert everything.json()["tags"] == list(chain(*found))
        assert len(everything.json()["tags"]) == 2501

    @pytest.mark.parametrize("number", ["-1", "ten", "", "1.5", "²"])
    def test_no_number_is_refused(self, registry: RegistryServer, tagged: str, number: str) -> None:
        answer = registry.client.get(tagged, params={"n": number})

        assert (answer.status_code, errors(answer)) == (400, ["PAGINATION_NUMBER_INVALID"])

    def test_none_are_left(self, registry: RegistryServer, repository: str, tagged: str) -> None:
        for tag in self.NAMES:
            registry.client.delete(f"/v2/{repository}/manifests/{tag}")

        assert registry.client.get(tagged).json() == {"name": repository, "tags": []}

    def test_no_such_repository(self, registry: RegistryServer) -> None:
        answer = registry.client.get("/v2/nobody/knows/tags/list")

        assert (answer.status_code, errors(answer)) == (404, ["NAME_UNKNOWN"])


class TestReferrers:
    def test_image_artifact_and_index(self, registry: RegistryServer, repository: str) -> None:
        registry.push_blob(repository, b"{}")
        notes = {"org.example.note": "ä"}
        config = descriptor(b"{}", EMPTY)
        plain = registry.image(repository, subject=SUBJECT)
        artifact = plain | {"config": config, "artifactType": "a/sbom", "annotations": notes}
        bare_index = index([], subject=SUBJECT)
        typed_index = index([], subject=SUBJECT, artifactType="a/sbom")
        for document in (plain, artifact, bare_index, typed_index):
            answer = registry.push(repository, digest_of(encoded(document)), document)
            assert answer.headers["OCI-Subject"] == SUBJECT["digest"]

        answer = registry.client.get(f"/v2/{repository}/referrers/{SUBJECT['digest']}")

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == INDEX
        assert "OCI-Filters-Applied" not in answer.headers
        listed = answer.json()
        assert (listed["schemaVersion"], listed["mediaType"]) == (2, INDEX)
        expected = [
            descriptor(encoded(plain), MANIFEST, artifactType=CONFIG),
            descriptor(encoded(artifact), MANIFEST, artifactType="a/sbom", annotations=notes),
            descriptor(encoded(bare_index), INDEX),
            descriptor(encoded(typed_index), INDEX, artifactType="a/sbom"),
        ]
        assert sorted(listed["manifests"], key=by_digest) == sorted(expected, key=by_digest)

        filtered = registry.client.get(
            f"/v2/{repository}/referrers/{SUBJECT['digest']}", params={"artifactType": "a/sbom"}
        )
        assert filtered.headers["OCI-Filters-Applied"] == "artifactType"
        assert {entry["digest"] for entry in filtered.json()["manifests"]} == {
            digest_of(encoded(artifact)),
            digest_of(encoded(typed_index)),
        }

    @pytest.mark.parametrize("pushed", [True, False], ids=["a repository", "no repository"])
    def test_none_is_an_empty_index(
        self, registry: RegistryServer, repository: str, pushed: bool
    ) -> None:
        if pushed:
            registry.push_image(repository)

        answer = registry.client.get(f"/v2/{repository}/referrers/{SUBJECT['digest']}")

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, INDEX)
        assert answer.json() == {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}

    def test_a_deleted_one_is_gone_at_once(self, registry: RegistryServer, repository: str) -> None:
        document = registry.image(repository, subject=SUBJECT)
        digest = digest_of(encoded(document))
        registry.push(repository, digest, document)

        registry.client.delete(f"/v2/{repository}/manifests/{digest}")

        answer = registry.client.get(f"/v2/{repository}/referrers/{SUBJECT['digest']}")
        assert answer.json()["manifests"] == []

    def test_page_by_page(self, registry: RegistryServer, repository: str) -> None:
        pushed = set()
        for number in range(5):
            document = index(
                [], subject=SUBJECT, artifactType="a/b", annotations={"n": f"{number}"}
            )
            pushed.add(digest_of(encoded(document)))
            registry.push(repository, digest_of(encoded(document)), document)
        registry.push(repository, "other", index([], subject=SUBJECT, artifactType="c/d"))

        path = f"/v2/{repository}/referrers/{SUBJECT['digest']}?artifactType=a%2Fb&n=2"
        found = pages(registry, path, "manifests")

        assert [len(page) for page in found] == [2, 2, 1]
        assert {entry["digest"] for page in found for entry in page} == pushed  # type: ignore[index]  # descriptors

    @pytest.mark.parametrize("digest", ["sha256:abc", "latest", "md5:" + "a" * 32])
    def test_a_malformed_digest(
        self, registry: RegistryServer, repository: str, digest: str
    ) -> None:
        answer = registry.client.get(f"/v2/{repository}/referrers/{digest}")

        assert (answer.status_code, errors(answer)) == (400, ["DIGEST_INVALID"])


def by_digest(entry: dict[str, str]) -> str:
    return entry["digest"]


class TestCatalog:
    def test_page_by_page(self, new_registry: RegistryServer) -> None:
        names = ["a/b", "a/b/c/d", "a/c", "single", "z"]
        for name in reversed(names):
            new_registry.push_blob(name, b"content")

        assert new_registry.client.get("/v2/_catalog").json() == {"repositories": names}
        assert pages(new_registry, "/v2/_catalog?n=2", "repositories") == [
            ["a/b", "a/b/c/d"],
            ["a/c", "single"],
            ["z"],
        ]
        behind = new_registry.client.get("/v2/_catalog?last=a/c")
        assert behind.json() == {"repositories": ["single", "z"]}


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "one",
            "a/b/c/d/e/f",
            "a.b_c__d-e---f/g",
            "manifests/blobs",
            "a/tags/list",
            "v2/v2",
            "blobs/uploads",
            "x/referrers/y",
            "repositories-of/mine",
            "n" * 255,
        ],
    )
    def test_any_depth_and_any_word(self, registry: RegistryServer, name: str) -> None:
        digest = registry.push_image(name, "v1")

        assert registry.fetch(name, "v1").headers["Docker-Content-Digest"] == digest
        assert registry.client.get(f"/v2/{name}/tags/list").json() == {"name": name, "tags": ["v1"]}

    @pytest.mark.parametrize(
        "name", ["Upper/case", "a//b", "a/-b", "a/b-", "a..b", "a___b", "ä", "n" * 256]
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "tags/list"),
            ("GET", "manifests/latest"),
            ("PUT", "manifests/latest"),
            ("GET", f"blobs/{digest_of(b'')}"),
            ("POST", "blobs/uploads/"),
            ("GET", f"referrers/{digest_of(b'')}"),
        ],
    )
    def test_no_name(self, registry: RegistryServer, name: str, method: str, path: str) -> None:
        answer = registry.client.request(method, f"/v2/{name}/{path}")

        assert (answer.status_code, errors(answer)) == (400, ["NAME_INVALID"])

    @pytest.mark.parametrize("first", sorted(RESERVED))
    @pytest.mark.parametrize("rest", ["x/y/tags/list", "x/manifests/latest", "login", ""])
    def test_what_is_the_hubs_is_left_to_it(
        self, registry: RegistryServer, first: str, rest: str
    ) -> None:
        answer = registry.client.get(f"/v2/{first}/{rest}")

        assert answer.status_code == 404
        assert "Docker-Distribution-Api-Version" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2/", "GET, HEAD"),
        ("DELETE", "/v2/_catalog", "GET, HEAD"),
        ("POST", "/v2/a/b/manifests/v1", "DELETE, GET, HEAD, PUT"),
        ("PUT", f"/v2/a/b/blobs/{digest_of(b'')}", "DELETE, GET, HEAD"),
        ("GET", "/v2/a/b/blobs/uploads/", "POST"),
        ("POST", "/v2/a/b/tags/list", "GET, HEAD"),
    ],
)
def test_other_methods(registry: RegistryServer, method: str, path: str, allowed: str) -> None:
    answer = registry.client.request(method, path)

    assert (answer.status_code, errors(answer)) == (405, ["UNSUPPORTED"])
    assert answer.headers["Allow"] == allowed
