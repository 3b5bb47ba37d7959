"""`sbom` and `provenance`, wherever the documents are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.attested import (
    SLSA_PREDICATE,
    SPDX_PREDICATE,
    STATEMENT,
    attested,
    bundle,
    encoded,
    envelope,
    spdx,
    statement,
)
from support.docker_registry import DockerRegistry
from support.images import CONFIG, MANIFEST, Image, Layout
from support.real_images import RealImages
from support.running import InProcess, Result
from support.sandbox_registry import RegistryServer, registry_server
from support.skopeo import Skopeo

SPDX, CYCLONEDX = "application/spdx+json", "application/vnd.cyclonedx+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
BOM = {
    "bomFormat": "CycloneDX",
    "metadata": {"component": {"name": "app"}},
    "components": [{"name": "musl"}],
}
AMD64 = ("--platform", "linux/amd64")


@pytest.fixture(scope="module")
def modern() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


@pytest.fixture
def plain(oci_layout: Layout) -> Image:
    """An image in a layout, to which nothing is attached."""
    return oci_layout.image("plain")


def attach(cli: InProcess, source: str, path: Path, type_: str, media_type: str = "") -> str:
    file = f"{path}:{media_type}" if media_type else str(path)
    result = cli("referrer", "attach", source, file, "--type", type_, "-q")
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


def written(directory: Path, name: str, document: object) -> Path:
    path = directory / name
    path.write_bytes(document if isinstance(document, bytes) else encoded(document))
    return path


def listed(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = result.json()
    return found


# BuildKit


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64/v8"])
def test_the_sbom_of_a_platform(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    skopeo: Skopeo, oci_layout: Layout, platform: str,
) -> None:  # fmt: skip
    name = f"{docker_registry().host}/{repository}:v1"
    skopeo.copy(attested(oci_layout).source, f"docker://{name}")
    result = cli("sbom", name, "--platform", platform)
    assert (result.exit_code, result.json(), result.stderr) == (0, spdx(platform), "")
    whole = cli("sbom", name, "--platform", platform, "--statement").json()
    assert (whole["predicateType"], whole["predicate"]) == (SPDX_PREDICATE, spdx(platform))
    assert cli("provenance", name, "--platform", platform).json() == {"builder": {"id": "me"}}
    stated = cli("provenance", name, "--platform", platform, "--raw").json()
    assert stated["predicateType"] == SLSA_PREDICATE


def test_into_a_file(cli: InProcess, oci_layout: Layout, tmp_path: Path) -> None:
    image = attested(oci_layout)
    result = cli("sbom", image.source, *AMD64, "-o", "out.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads((tmp_path / "out.json").read_bytes()) == spdx("linux/amd64")


def test_a_summary_on_a_terminal(cli: InProcess, oci_layout: Layout) -> None:
    image = attested(oci_layout)
    shown = cli("sbom", image.source, *AMD64, "--format", "json", terminal=True)
    row = json.loads(shown.stdout[shown.stdout.index("{") :])
    assert (row["format"], row["name"], row["packages"]) == ("spdx", "linux/amd64", 2)
    assert (row["source"], row["created"]) == ("buildkit", "2024-05-06T07:08:09Z")
    assert "a pipe, or a file" in shown.stderr
    assert "SPDX-2.3" in cli("sbom", image.source, *AMD64, "--statement", terminal=True).stdout


def test_a_statement_about_another_image(cli: InProcess, oci_layout: Layout) -> None:
    image = attested(oci_layout, about=f"sha256:{'0' * 64}")
    result = cli("sbom", image.source, *AMD64)
    assert result.exit_code == 0
    assert "about another image" in result.stderr


def test_a_statement_that_says_nothing(cli: InProcess, real_image: RealImages) -> None:
    source = real_image("attested").source
    result = cli("sbom", source)
    assert result.exit_code == 3
    assert "buildkit (1)" in result.stderr


# Referrers, cosign


@pytest.mark.parametrize(
    ("document", "type_", "media_type"),
    [
        (spdx("x"), SPDX, SPDX),
        (spdx("x"), "application/vnd.acme.bill", "application/octet-stream"),
        (gzip.compress(encoded(spdx("x")), mtime=0), SPDX, "application/gzip"),
        (envelope(statement(SPDX_PREDICATE, spdx("x"))), "application/vnd.in-toto+json", DSSE),
        (bundle(statement(SPDX_PREDICATE, spdx("x"))), BUNDLE, BUNDLE),
        (statement(SPDX_PREDICATE, spdx("x")), STATEMENT, STATEMENT),
    ],
)
def test_an_sbom_that_refers_to_the_image(
    cli: InProcess, modern: RegistryServer, repository: str, skopeo: Skopeo, plain: Image,
    tmp_path: Path, document: object, type_: str, media_type: str,
) -> None:  # fmt: skip
    name = f"{modern.host}/{repository}:v1"
    skopeo.copy(plain.source, f"docker://{name}")
    attach(cli, name, written(tmp_path, "it", document), type_, media_type)
    assert cli("sbom", name).json() == spdx("x")
    assert cli("provenance", name).exit_code == 3


def test_several_are_named_and_can_be_chosen(cli: InProcess, plain: Image, tmp_path: Path) -> None:
    first = attach(cli, plain.source, written(tmp_path, "a.spdx.json", spdx("x")), SPDX)
    second = attach(cli, plain.source, written(tmp_path, "b.cdx.json", BOM), CYCLONEDX)
    result = cli("sbom", plain.source)
    assert result.json() == spdx("x")
    assert CYCLONEDX in result.stderr
    for wanted in ("cyclonedx", CYCLONEDX, second):
        assert cli("sbom", plain.source, "--type", wanted).json() == BOM
    rows = listed(cli("sbom", plain.source, "--list", "--format", "json"))
    assert [(row["attachment"], row["format"], row["packages"], row["name"]) for row in rows] == [
        (first, "spdx", 2, "x"),
        (second, "cyclonedx", 1, "app"),
    ]
    none = cli("sbom", plain.source, "--type", "syft")
    assert (none.exit_code, "called syft" in none.stderr) == (3, True)


def test_a_document_is_printed_as_it_is(cli: InProcess, plain: Image, tmp_path: Path) -> None:
    content = b'{ "spdxVersion" : "SPDX-2.3",\n "x": 1.0e2 }'
    attach(cli, plain.source, written(tmp_path, "it", content), SPDX)
    assert cli("sbom", plain.source).stdout_bytes == content


@pytest.mark.parametrize(
    ("suffix", "media_type", "document"),
    [
        ("sbom", "text/spdx+json", spdx("x")),
        ("att", DSSE, envelope(statement(SPDX_PREDICATE, spdx("x")))),
    ],
)
def test_under_the_tags_of_cosign(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    skopeo: Skopeo, oci_layout: Layout, plain: Image,
    suffix: str, media_type: str, document: object,
) -> None:  # fmt: skip
    name = f"{docker_registry().host}/{repository}"
    skopeo.copy(plain.source, f"docker://{name}:v1")
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": oci_layout.blob(CONFIG, b'{"rootfs":{}}'),
        "layers": [oci_layout.blob(media_type, encoded(document))],
    }
    oci_layout.tag(suffix, oci_layout.blob(MANIFEST, encoded(manifest)))
    tag = f"{plain.digest.replace(':', '-')}.{suffix}"
    skopeo.copy(f"oci:{oci_layout.directory}:{suffix}", f"docker://{name}:{tag}")
    assert cli("sbom", f"{name}:v1").json() == spdx("x")
    (row,) = listed(cli("sbom", f"{name}:v1", "--list", "--format", "json"))
    assert row["source"] == "cosign tag"


# What is not there, or not what it should be


def test_none_says_where_it_looked(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    skopeo: Skopeo, plain: Image,
) -> None:  # fmt: skip
    name = f"{docker_registry().host}/{repository}:v1"
    skopeo.copy(plain.source, f"docker://{name}")
    for command in ("sbom", "provenance"):
        for more in ((), ("--list",)):
            result = cli(command, name, *more)
            assert (result.exit_code, result.stdout) == (3, "")
            assert "referrers tag (0), cosign tag (0)" in result.stderr


def test_a_list_that_names_strangers_is_not_believed(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    skopeo: Skopeo, oci_layout: Layout, plain: Image, tmp_path: Path,
) -> None:  # fmt: skip
    name = f"{docker_registry().host}/{repository}"
    other = oci_layout.image("other", layers=[{"other": b"other"}])
    for image in (plain, other):
        skopeo.copy(image.source, f"docker://{name}:{image.tag}")
    attach(cli, f"{name}:other", written(tmp_path, "it", spdx("x")), SPDX)
    of_other, of_plain = (one.digest.replace(":", "-") for one in (other, plain))
    assert cli("copy", f"{name}:{of_other}", f"{name}:{of_plain}").exit_code == 0
    assert cli("referrer", "ls", f"{name}:plain").stdout != ""
    assert cli("sbom", f"{name}:other").exit_code == 0
    assert cli("sbom", f"{name}:plain").exit_code == 3


def test_a_list_that_names_what_is_gone(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    plain: Image, tmp_path: Path,
) -> None:  # fmt: skip
    """Whoever deletes a referrer should rewrite the list; not everybody does."""
    registry = docker_registry()
    name = f"{registry.host}/{repository}"
    assert cli("push", plain.source, f"{name}:v1", "-q").exit_code == 0
    gone, left = (
        attach(cli, f"{name}:v1", written(tmp_path, f"{number}.json", spdx(number)), SPDX)
        for number in ("one", "two")
    )
    url = f"{registry.url}/v2/{repository}/manifests/{gone}"
    assert httpx.delete(url).status_code == 202
    assert cli("referrer", "ls", f"{name}:v1", "-q").lines() == [gone, left]
    assert cli("sbom", f"{name}:v1").json()["name"] == "two"


@pytest.mark.parametrize(
    ("content", "exit_code"),
    [(b"{", 7), (gzip.compress(encoded(spdx("x")), mtime=0)[:-9], 7), (encoded(envelope({})), 3)],
)
def test_a_broken_document_is_no_document(
    cli: InProcess, plain: Image, tmp_path: Path, content: bytes, exit_code: int
) -> None:
    attach(cli, plain.source, written(tmp_path, "it", content), SPDX, SPDX)
    result = cli("sbom", plain.source)
    assert (result.exit_code, result.stdout) == (exit_code, "")


def test_a_bomb_is_refused(cli: InProcess, plain: Image, tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * (129 << 20), 9)
    attach(cli, plain.source, written(tmp_path, "it", bomb), SPDX, SPDX)
    result = cli("sbom", plain.source)
    assert (result.exit_code, "unpacks to more" in result.stderr) == (7, True)


def test_other_bytes_than_were_promised(
    cli: InProcess, plain: Image, oci_layout: Layout, tmp_path: Path
) -> None:
    path = written(tmp_path, "it", spdx("x"))
    attach(cli, plain.source, path, SPDX)
    changed = encoded(spdx("y"))
    for blob in (oci_layout.directory / "blobs" / "sha256").iterdir():
        if blob.read_bytes() == path.read_bytes():
            blob.write_bytes(changed)
    result = cli("sbom", plain.source)
    assert (result.exit_code, result.stdout) == (7, "")


def test_what_is_no_document_is_not_read(cli: InProcess, plain: Image, tmp_path: Path) -> None:
    attach(cli, plain.source, written(tmp_path, "it", b"{"), "application/vnd.acme.other")
    assert cli("sbom", plain.source).exit_code == 3


def test_formats_go_with_the_list(cli: InProcess, oci_layout: Layout) -> None:
    source = attested(oci_layout).source
    for option in (("--format", "json"), ("--fields", "digest"), ("--query", "digest")):
        assert cli("sbom", source, *option).exit_code == 2
