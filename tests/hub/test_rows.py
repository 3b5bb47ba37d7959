"""Rows from what Hub sends, which is not always what its document says."""

from __future__ import annotations

from typing import Any

import pytest

from hubcli.hub.account import read_account
from hubcli.hub.patterns import literal_part
from hubcli.hub.repositories import read_repository
from hubcli.hub.searchrows import current, older, pull_count
from hubcli.hub.tags import read_tag

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OWN, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def image(os: str, architecture: str, variant: str | None = "", **members: Any) -> dict[str, Any]:
    return {
        "architecture": architecture,
        "features": "",
        "variant": variant,
        "digest": OTHER,
        "os": os,
        "os_features": "",
        "os_version": None,
        "size": 1000,
        "status": "active",
        "last_pulled": "2026-11-01T01:02:03.123456789Z",
        "last_pushed": None,
        **members,
    }


def tag(**members: Any) -> dict[str, Any]:
    return {
        "creator": 1,
        "id": 2,
        "images": [image("linux", "amd64"), image("linux", "arm64", "v8")],
        "last_updated": "2026-11-02T10:20:30.5Z",
        "last_updater": 1,
        "last_updater_username": "alice",
        "name": "v1.2",
        "repository": 3,
        "full_size": 123456,
        "v2": True,
        "tag_status": "active",
        "tag_last_pulled": "2026-11-03T00:00:00Z",
        "tag_last_pushed": "0001-01-01T00:00:00Z",
        "media_type": INDEX,
        "content_type": "image",
        "digest": OWN,
        **members,
    }


def test_a_tag_has_the_fields_of_the_contract() -> None:
    row = read_tag(tag(), "Acme/api")
    assert row is not None
    images = row.pop("images")
    assert row == {
        "name": "v1.2",
        "digest": OWN,
        "status": "active",
        "updated": "2026-11-02T10:20:30.500000Z",
        "pushed": None,
        "pulled": "2026-11-03T00:00:00Z",
        "size": 123456,
        "platforms": ["linux/amd64", "linux/arm64/v8"],
        "reference": "acme/api:v1.2",
        "repository": "acme/api",
        "media_type": INDEX,
        "type": "image",
    }
    assert isinstance(images, list)
    assert images[1] == {
        "platform": "linux/arm64/v8",
        "os": "linux",
        "architecture": "arm64",
        "variant": "v8",
        "os_version": None,
        "digest": OTHER,
        "size": 1000,
        "status": "active",
        "pushed": None,
        "pulled": "2026-11-01T01:02:03.123456Z",
    }


def test_attestations_are_no_platforms() -> None:
    row = read_tag(tag(images=[image("linux", "amd64"), image("unknown", "unknown")]), "a/b")
    assert row is not None
    assert row["platforms"] == ["linux/amd64"]
    assert isinstance(row["images"], list)
    assert len(row["images"]) == 1


@pytest.mark.parametrize("media_type", [MANIFEST, DOCKER_MANIFEST])
def test_a_tag_without_a_digest_has_that_of_its_only_image(media_type: str) -> None:
    row = read_tag(tag(digest=None, media_type=media_type, images=[image("linux", "s390x")]), "a/b")
    assert row is not None
    assert row["digest"] == OTHER


@pytest.mark.parametrize(
    ("media_type", "images"),
    [
        (INDEX, [image("linux", "amd64")]),
        (DOCKER_LIST, [image("linux", "amd64")]),
        (None, [image("linux", "amd64")]),
        (MANIFEST, [image("linux", "amd64"), image("linux", "arm64")]),
        (MANIFEST, [image("linux", "amd64", digest=None)]),
        (MANIFEST, []),
        (MANIFEST, None),
    ],
)
def test_a_digest_that_may_be_another_ones_is_unknown(
    media_type: str | None, images: list[dict[str, Any]] | None
) -> None:
    row = read_tag(tag(digest=None, media_type=media_type, images=images), "a/b")
    assert row is not None
    assert row["digest"] is None


def test_a_tag_as_the_document_has_it_is_read_too() -> None:
    described = {"name": "x", "status": "inactive", "images": image("windows", "amd64")}
    row = read_tag(described, "a/b")
    assert row is not None
    assert row["status"] == "inactive"
    assert row["platforms"] == ["windows/amd64"]


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [None], [[]], True, -1, 1.5])
def test_a_tag_with_junk_in_it_is_a_row_of_unknowns(junk: Any) -> None:
    row = read_tag({**dict.fromkeys(tag(), junk), "name": "x"}, "a/b")
    assert row is not None
    assert row["platforms"] == []
    assert row["pushed"] is None


def test_a_tag_without_a_name_is_none() -> None:
    assert read_tag(tag(name=None), "a/b") is None


def repository(**members: Any) -> dict[str, Any]:
    return {
        "user": "alice",
        "name": "api",
        "namespace": "acme",
        "repository_type": "image",
        "status": 1,
        "status_description": "Active",
        "description": "",
        "is_private": True,
        "star_count": 3,
        "pull_count": 4_000_000_000,
        "last_updated": "2026-11-02T10:20:30Z",
        "date_registered": "2015-05-19T21:13:35.937763Z",
        "permissions": {"read": True, "write": True, "admin": False},
        "categories": [{"name": "Web servers", "slug": "web-servers"}],
        "immutable_tags_settings": {"enabled": True, "rules": ["v.*"]},
        "storage_size": None,
        **members,
    }


def test_a_repository_has_the_fields_of_the_contract() -> None:
    assert read_repository(repository(), "acme") == {
        "name": "acme/api",
        "visibility": "private",
        "description": None,
        "stars": 3,
        "pulls": 4_000_000_000,
        "updated": "2026-11-02T10:20:30Z",
        "namespace": "acme",
        "registry": "docker.io",
        "created": "2015-05-19T21:13:35.937763Z",
        "pushed": None,
        "size": None,
        "categories": ["web-servers"],
        "immutable_tags": ["v.*"],
        "archived": None,
        "permissions": ["read", "write"],
    }


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ({"enabled": False, "rules": ["v.*"]}, []),
        ({"enabled": True, "rules": []}, [".*"]),
        (None, None),
        ("yes", None),
    ],
)
def test_rules_for_tags_are_those_in_force(settings: object, rules: list[str] | None) -> None:
    row = read_repository(repository(immutable_tags_settings=settings), "acme")
    assert row is not None
    assert row["immutable_tags"] == rules


@pytest.mark.parametrize(
    ("shown", "pulls", "display"),
    [
        (7, 7, None),
        (0, 0, None),
        ("1B+", 1_000_000_000, "1B+"),
        ("500M+", 500_000_000, "500M+"),
        ("10K+", 10_000, "10K+"),
        ("9.2K", 9_200, "9.2K"),
        ("1.2345K", 1_234, "1.2345K"),
        ("321", 321, None),
        ("2k+", 2_000, "2k+"),
        ("1T+", 10**12, "1T+"),
        ("many", None, None),
        ("", None, None),
        ("-5", None, None),
        ("9" * 400, None, None),
        (None, None, None),
        (1.5, None, None),
        (True, None, None),
    ],
)
def test_pulls_are_a_number_or_at_least_one(
    shown: object, pulls: int | None, display: str | None
) -> None:
    assert pull_count(shown) == (pulls, display)


def test_a_search_result_has_the_fields_of_the_contract() -> None:
    result = {
        "id": "bitnami/nginx",
        "name": "bitnami/nginx",
        "slug": "bitnami-nginx",
        "type": "image",
        "publisher": {"id": "bitnami", "name": "Bitnami"},
        "created_at": "2016-01-02T03:04:05.6789Z",
        "updated_at": "2026-01-02T03:04:05Z",
        "short_description": "A web server",
        "badge": "verified_publisher",
        "star_count": 200,
        "pull_count": "100M+",
        "operating_systems": [{"name": "linux", "label": "Linux"}],
        "architectures": [{"name": "amd64", "label": "x86-64"}],
        "logo_url": None,
        "extension_reviewed": False,
        "categories": [{"slug": "web-servers", "name": "Web servers"}],
        "archived": False,
    }
    assert current(result) == {
        "name": "bitnami/nginx",
        "description": "A web server",
        "stars": 200,
        "pulls": 100_000_000,
        "pulls_display": "100M+",
        "official": False,
        "verified": True,
        "publisher": "Bitnami",
        "badge": "verified_publisher",
        "type": "image",
        "created": "2016-01-02T03:04:05.678900Z",
        "updated": "2026-01-02T03:04:05Z",
        "architectures": ["amd64"],
        "operating_systems": ["linux"],
        "categories": ["web-servers"],
        "archived": False,
    }


@pytest.mark.parametrize("badge", ["none", None])
def test_no_badge_is_unknown(badge: str | None) -> None:
    row = current({"id": "a/b", "badge": badge})
    assert row is not None
    assert (row["badge"], row["official"], row["verified"]) == (None, False, False)


def test_official_images_have_their_namespace_in_both_searches() -> None:
    newer = current({"id": "nginx", "badge": "official"})
    old = older({"repo_name": "nginx", "is_official": True, "pull_count": 12})
    assert newer is not None
    assert old is not None
    assert newer["name"] == old["name"] == "library/nginx"
    assert (old["pulls"], old["pulls_display"], old["verified"]) == (12, None, None)


@pytest.mark.parametrize("junk", [None, 7, [], {}, ""])
def test_results_without_a_name_are_none(junk: Any) -> None:
    assert current({"id": junk, "name": junk}) is None
    assert older({"repo_name": junk}) is None


def test_accounts_of_people_and_organizations_are_told_apart() -> None:
    person = read_account({"username": "alice", "id": "1", "type": "User", "email": "a@b"})
    organization = read_account({"orgname": "acme", "id": "2", "date_joined": "2020-01-01T00:00Z"})
    assert (person["name"], person["type"], person["email"]) == ("alice", "user", "a@b")
    assert (organization["name"], organization["type"]) == ("acme", "organization")
    assert organization["created"] == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("glob", "part"),
    [
        ("web-*", "web-"),
        ("*-web", "-web"),
        ("a*long-one*b", "long-one"),
        ("v[0-9].x", ".x"),
        ("[!v]abc", "abc"),
        ("[]v]1", "1"),
        ("[!]a]b", "b"),
        ("plain", "plain"),
        ("*", None),
        ("???", None),
        ("[ab", "ab"),
        ("", None),
    ],
)
def test_the_literal_part_of_a_pattern(glob: str, part: str | None) -> None:
    assert literal_part(glob) == part
