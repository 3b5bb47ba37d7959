"""The sandbox's registry and token server, as skopeo sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubcli.sandbox.access import OpenAccess
from hubcli.sandbox.tokens import TokenMint
from support.images import Image
from support.sandbox_registry import RegistryServer, digest_of, registry_server
from support.skopeo import Skopeo, SkopeoFailed


class Alices(OpenAccess):
    """One account, and nothing for anybody else."""

    def authenticate(self, username: str, secret: str) -> str | None:
        return username if (username, secret) == ("alice", "wonderland") else None

    def allowed(
        self, subject: str | None, repository: str, actions: frozenset[str]
    ) -> frozenset[str]:
        return actions if subject == "alice" else frozenset()


@pytest.fixture(params=["open", "token"])
def signed_in(
    request: pytest.FixtureRequest, skopeo: Skopeo, tmp_path: Path
) -> Iterator[tuple[RegistryServer, list[str]]]:
    """A registry, and the options that skopeo needs for it."""
    if request.param == "open":
        with registry_server() as registry:
            yield registry, []
        return
    with registry_server(access=Alices(), mint=TokenMint(b"secret")) as registry:
        authfile = str(tmp_path / "auth.json")
        login = ["--username", "alice", "--password-stdin", "--authfile", authfile]
        skopeo("login", "--tls-verify=false", *login, registry.host, input="wonderland")
        yield registry, ["--authfile", authfile]


def test_a_round_trip_keeps_every_digest(
    skopeo: Skopeo, signed_in: tuple[RegistryServer, list[str]], image: Image, tmp_path: Path
) -> None:
    registry, options = signed_in
    one, two = f"{registry.host}/alice/one", f"{registry.host}/alice/two"

    skopeo.copy(image.source, f"docker://{one}:v1", *options)
    skopeo.copy(f"docker://{one}:v1", f"docker://{two}:v1", *options)
    skopeo.copy(f"docker://{two}:v1", f"oci:{tmp_path / 'back'}:v1", *options)

    for repository in (one, two):
        assert digest_of(skopeo.raw(f"{repository}:v1", *options)) == image.digest
        assert skopeo.tags(repository, *options) == ["v1"]
    for digest in (image.digest, *(layer["digest"] for layer in image.layers)):
        copied = tmp_path / "back" / "blobs" / digest.replace(":", "/")
        assert copied.read_bytes() == image.read(digest)
    inspected = skopeo.inspect(f"{two}@{image.digest}", *options)
    assert inspected["Digest"] == image.digest


def test_blobs_are_mounted_not_sent_again(
    skopeo: Skopeo, signed_in: tuple[RegistryServer, list[str]], image: Image
) -> None:
    registry, options = signed_in
    skopeo.copy(image.source, f"docker://{registry.host}/alice/one:v1", *options)
    registry.client.delete("/_sandbox/requests")

    skopeo.copy(
        f"docker://{registry.host}/alice/one:v1",
        f"docker://{registry.host}/alice/two:v1",
        *options,
    )

    asked = registry.client.get("/_sandbox/requests").json()
    mounted = [entry for entry in asked if "mount=" in entry["query"] and entry["status"] == 201]
    assert len(mounted) == len(image.layers)
    # It never mounts a config.
    sent = [entry for entry in asked if entry["method"] == "PATCH"]
    assert len(sent) == len(image.platforms)


def test_a_deleted_image_is_gone(
    skopeo: Skopeo, signed_in: tuple[RegistryServer, list[str]], image: Image
) -> None:
    registry, options = signed_in
    reference = f"docker://{registry.host}/alice/one:v1"
    skopeo.copy(image.source, reference, *options)

    skopeo("delete", "--tls-verify=false", *options, reference)

    with pytest.raises(SkopeoFailed, match="manifest unknown"):
        skopeo("inspect", "--raw", "--tls-verify=false", *options, reference)
    assert skopeo.tags(f"{registry.host}/alice/one", *options) == []


def test_docker_manifests_too(
    skopeo: Skopeo, signed_in: tuple[RegistryServer, list[str]], image: Image
) -> None:
    registry, options = signed_in
    reference = f"docker://{registry.host}/alice/docker:v1"

    skopeo(
        "copy",
        "--all",
        "--quiet",
        "--format",
        "v2s2",
        "--dest-tls-verify=false",
        *options,
        image.source,
        reference,
    )

    tag = registry.storage.tags.get("alice/docker", "v1")
    assert tag is not None
    assert tag.media_type == "application/vnd.docker.distribution.manifest.list.v2+json"
    assert [str(found.platform) for found in tag.images] == ["linux/amd64", "linux/arm64/v8"]


def test_whoever_may_not_is_refused(skopeo: Skopeo, image: Image) -> None:
    with registry_server(access=Alices(), mint=TokenMint(b"secret")) as registry:
        wrong = "alice:wrong"
        for options in ([], ["--dest-creds", wrong]):
            with pytest.raises(SkopeoFailed, match=r"unauthorized|denied|invalid username"):
                skopeo.copy(image.source, f"docker://{registry.host}/alice/one:v1", *options)
        assert registry.storage.repositories.names() == []
