"""Manifests, indexes, descriptors and platforms, as image-spec defines them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli import oci
from hubcli.errors import IntegrityFailure, UsageError
from hubcli.oci import Descriptor, Platform

EMPTY = "sha256:" + hashlib.sha256(b"").hexdigest()


def descriptor(**members: Any) -> dict[str, Any]:
    return {"mediaType": oci.OCI_MANIFEST, "digest": EMPTY, "size": 0, **members}


def encoded(**members: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, **members}).encode()


def test_an_index_is_read() -> None:
    content = encoded(
        mediaType=oci.OCI_INDEX,
        manifests=[
            descriptor(platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
            descriptor(
                platform={"os": "unknown", "architecture": "unknown"},
                annotations={"vnd.docker.reference.type": "attestation-manifest"},
            ),
        ],
        annotations={"a": "b", "odd": 3},
    )
    index = oci.parse_manifest(content, f"{oci.OCI_INDEX}; charset=utf-8")
    assert index.is_index
    assert index.content == content
    assert index.digest == "sha256:" + hashlib.sha256(content).hexdigest()
    assert [str(platform) for platform in index.platforms()] == ["linux/arm64/v8"]
    assert [entry.is_attestation for entry in index.manifests] == [False, True]
    assert index.annotations == {"a": "b"}
    assert len(list(index.children())) == 2


def test_an_image_is_read() -> None:
    content = encoded(
        config=descriptor(mediaType=oci.OCI_CONFIG),
        layers=[descriptor(mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")],
        subject=descriptor(),
    )
    image = oci.parse_manifest(content, None)
    assert image.media_type == oci.OCI_MANIFEST
    assert image.is_image
    assert image.layers[0].is_foreign
    assert image.subject is not None
    # A subject is what the manifest is about, not what it consists of.
    assert list(image.children()) == [image.config, *image.layers]
    assert image.artifact_type == oci.OCI_CONFIG


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", None),
        (b"<html>", "text/html"),
        (b"[]", oci.OCI_INDEX),
        (b"{}", None),
        (b"[" * 100_000, oci.OCI_INDEX),
        (encoded(mediaType=oci.OCI_INDEX, manifests=[]), oci.OCI_MANIFEST),
        (encoded(manifests={}), oci.OCI_INDEX),
        (encoded(manifests=[3]), oci.OCI_INDEX),
        (encoded(manifests=[descriptor(digest="sha256:abc")]), oci.OCI_INDEX),
        (encoded(manifests=[descriptor(digest="md5:" + "a" * 32)]), oci.OCI_INDEX),
        (encoded(manifests=[descriptor(size=-1)]), oci.OCI_INDEX),
        (encoded(manifests=[descriptor(size=True)]), oci.OCI_INDEX),
        (encoded(manifests=[descriptor(size="1")]), oci.OCI_INDEX),
        (encoded(manifests=[descriptor(mediaType=None)]), oci.OCI_INDEX),
        (
            b'{"schemaVersion": 1, "fsLayers": []}',
            "application/vnd.docker.distribution.manifest.v1",
        ),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes, media_type: str | None) -> None:
    with pytest.raises(IntegrityFailure):
        oci.parse_manifest(content, media_type)


def test_embedded_data_and_urls() -> None:
    read = oci.parse_descriptor(descriptor(data="aGk=", urls=["https://x", 3], artifactType="a/b"))
    assert (read.data, read.urls, read.artifact_type) == (b"hi", ("https://x",), "a/b")
    assert oci.parse_descriptor(descriptor(data="!")).data is None


def test_a_descriptor_is_written_as_it_was_read() -> None:
    written = descriptor(
        platform={"architecture": "arm", "os": "linux", "variant": "v7", "os.version": "1"},
        annotations={"a": "b"},
        urls=["https://x"],
        data="aGk=",
        artifactType="a/b",
    )
    assert oci.parse_descriptor(written).to_json() == written


def test_a_verifier_takes_what_was_promised() -> None:
    oci.verify(b"abc", "sha256:" + hashlib.sha256(b"abc").hexdigest(), 3)
    oci.verify(b"abc", "sha512:" + hashlib.sha512(b"abc").hexdigest())


@pytest.mark.parametrize(
    ("content", "size"), [(b"abd", 3), (b"ab", 3), (b"abcd", 3), (b"", 3), (b"abd", None)]
)
def test_a_verifier_refuses_anything_else(content: bytes, size: int | None) -> None:
    with pytest.raises(IntegrityFailure):
        oci.verify(content, "sha256:" + hashlib.sha256(b"abc").hexdigest(), size)


def test_a_digest_that_cannot_be_verified_is_refused() -> None:
    with pytest.raises(IntegrityFailure):
        oci.Verifier("md5:" + "a" * 32)


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_chunks_are_the_same_as_the_whole(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    verifier = oci.Verifier(oci.digest_of(whole, "sha512"), len(whole))
    for chunk in chunks:
        verifier.update(chunk)
    verifier.finish()


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("amd64", Platform("linux", "amd64")),
        ("linux/aarch64", Platform("linux", "arm64")),
        ("Linux/ARM/v7", Platform("linux", "arm", "v7")),
        ("x86_64", Platform("linux", "amd64")),
    ],
)
def test_platforms(text: str, platform: Platform) -> None:
    assert oci.parse_platform(text) == platform


@pytest.mark.parametrize("text", ["", "linux/", "a/b/c/d", "linux/am d64", "/amd64"])
def test_platforms_refused(text: str) -> None:
    with pytest.raises(UsageError):
        oci.parse_platform(text)


def test_platforms_match_as_containerd_has_it() -> None:
    arm64 = Platform("linux", "arm64")
    assert Platform("linux", "arm64", "v8").matches(arm64)
    assert arm64.matches(Platform("linux", "arm64", "v8"))
    assert Platform("linux", "arm").matches(Platform("linux", "arm", "v7"))
    assert not Platform("linux", "arm", "v6").matches(Platform("linux", "arm", "v7"))
    assert not Platform("windows", "arm64").matches(arm64)


def test_this_machine_has_a_platform() -> None:
    assert oci.host().os in {"linux", "windows"}
    assert oci.parse_platform(str(oci.host())) == oci.host()


def test_kinds_of_descriptors() -> None:
    assert Descriptor(oci.DOCKER_LIST, EMPTY, 0).is_index
    assert Descriptor(oci.DOCKER_MANIFEST, EMPTY, 0).is_manifest
    assert not Descriptor(oci.OCI_CONFIG, EMPTY, 0).is_manifest
