"""`referrer ls`, `get`, `attach`, on registries with and without the referrers API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubcli import oci
from support.attested import attested, encoded
from support.docker_registry import DockerRegistry
from support.images import INDEX, MANIFEST, Image, Layout
from support.running import InProcess, Result
from support.sandbox_registry import RegistryServer, registry_server
from support.skopeo import Skopeo

SPDX, AUDIT = "application/spdx+json", "application/vnd.acme.audit"
SIGNATURE = "application/vnd.dev.cosign.simplesigning.v1+json"
WITH_API, WITHOUT = "referrers api", "referrers tag"


@pytest.fixture(scope="module")
def modern() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


@pytest.fixture(params=[WITH_API, WITHOUT])
def way(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def host(way: str, modern: RegistryServer, docker_registry: Callable[..., DockerRegistry]) -> str:
    return modern.host if way == WITH_API else docker_registry().host


@pytest.fixture
def name(host: str, repository: str, skopeo: Skopeo, oci_layout: Layout) -> str:
    """A repository with an attested image for two platforms as v1."""
    skopeo.copy(attested(oci_layout).source, f"docker://{host}/{repository}:v1")
    return f"{host}/{repository}"


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    path = tmp_path / "bill.json"
    path.write_text('{"spdxVersion":"SPDX-2.3"}')
    return path


def one(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = result.json()
    return found


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = result.json()
    return found


def attach(cli: InProcess, name: str, *more: str, type_: str = SPDX) -> dict[str, Any]:
    return one(cli("referrer", "attach", name, *more, "--type", type_, "--format", "json"))


def test_what_is_attached_is_an_artifact_with_a_subject(
    cli: InProcess, name: str, bill: Path, skopeo: Skopeo, way: str
) -> None:
    row = attach(cli, f"{name}:v1", "bill.json:text/spdx", "--annotation", "made=today")
    raw = skopeo.raw(f"{name}@{row['digest']}")
    assert oci.digest_of(raw) == row["digest"]
    top = skopeo.raw(f"{name}:v1")
    assert json.loads(raw) == {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": SPDX,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": oci.digest_of(b"{}"),
            "size": 2,
            "data": "e30=",
        },
        "layers": [
            {
                "mediaType": "text/spdx",
                "digest": oci.digest_of(bill.read_bytes()),
                "size": bill.stat().st_size,
                "annotations": {"org.opencontainers.image.title": "bill.json"},
            }
        ],
        "subject": {"mediaType": INDEX, "digest": oci.digest_of(top), "size": len(top)},
        "annotations": {"made": "today"},
    }
    listed = rows(cli("referrer", "ls", f"{name}:v1", "--type", SPDX, "--format", "json"))
    assert listed == [
        {
            "digest": row["digest"],
            "artifact_type": SPDX,
            "media_type": MANIFEST,
            "size": len(raw),
            "source": way,
            "created": None,
            "annotations": {"made": "today"},
            "subject": oci.digest_of(top),
            "platform": None,
            "tag": None,
            "reference": f"{name}@{row['digest']}",
            "dry_run": None,
        }
    ]


def test_without_the_api_a_list_is_kept_that_others_read(
    cli: InProcess, name: str, bill: Path, skopeo: Skopeo, way: str
) -> None:
    first, second = attach(cli, f"{name}:v1", bill.name), attach(cli, f"{name}:v1", bill.name)
    assert first["digest"] == second["digest"]
    audit = attach(cli, f"{name}:v1", "--annotation", "by=me", type_=AUDIT)
    tag = first["subject"].replace(":", "-")
    if way == WITH_API:
        assert tag not in skopeo.tags(name)
        return
    kept = json.loads(skopeo.raw(f"{name}:{tag}"))
    assert kept["mediaType"] == INDEX
    assert [(one["digest"], one["artifactType"]) for one in kept["manifests"]] == [
        (first["digest"], SPDX),
        (audit["digest"], AUDIT),
    ]
    assert kept["manifests"][1]["annotations"] == {"by": "me"}


def test_all_that_is_attached_is_listed(
    cli: InProcess, name: str, bill: Path, skopeo: Skopeo, way: str, oci_layout: Layout
) -> None:
    top = json.loads(skopeo.raw(f"{name}:v1"))
    digest = oci.digest_of(skopeo.raw(f"{name}:v1"))
    attach(cli, f"{name}:v1", bill.name)
    signed = cosign(oci_layout, skopeo, name, digest, "sig", SIGNATURE)
    listed = rows(cli("referrer", "ls", f"{name}:v1", "--format", "json"))
    assert [row["source"] for row in listed] == ["buildkit", "buildkit", way, "cosign tag"]
    assert [row["subject"] for row in listed[:2]] == [one["digest"] for one in top["manifests"][:2]]
    assert [row["platform"] for row in listed[:2]] == ["linux/amd64", "linux/arm64/v8"]
    assert listed[3]["digest"] == signed
    assert (listed[3]["artifact_type"], listed[3]["tag"]) == (
        SIGNATURE,
        f"{digest.replace(':', '-')}.sig",
    )
    of_arm = rows(
        cli("referrer", "ls", f"{name}:v1", "--platform", "linux/arm64", "--format", "json")
    )
    assert [row["digest"] for row in of_arm] == [top["manifests"][3]["digest"]]


def cosign(
    layout: Layout, skopeo: Skopeo, name: str, digest: str, suffix: str, media_type: str,
    content: bytes = b"{}",
) -> str:  # fmt: skip
    """Put something under one of cosign's tags, as cosign does; its digest."""
    config = layout.blob("application/vnd.oci.image.config.v1+json", b'{"rootfs":{}}')
    blob = layout.blob(media_type, content)
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [blob]}
    written = layout.blob(MANIFEST, encoded(document))
    layout.tag(suffix, written)
    tag = f"{digest.replace(':', '-')}.{suffix}"
    skopeo.copy(f"oci:{layout.directory}:{suffix}", f"docker://{name}:{tag}")
    return str(written["digest"])


def test_nothing_is_attached(cli: InProcess, name: str, image: Image, skopeo: Skopeo) -> None:
    skopeo.copy(image.source, f"docker://{name}:plain")
    result = cli("referrer", "ls", f"{name}:plain")
    assert (result.exit_code, result.stdout) == (0, "")
    assert cli("referrer", "get", f"{name}:plain").exit_code == 3
    assert cli("referrer", "ls", f"{name}:absent").exit_code == 3


def test_what_is_attached_is_found_where_the_image_is_gone(
    cli: InProcess, name: str, bill: Path
) -> None:
    found = attach(cli, f"{name}:v1", bill.name)
    gone = f"{name}@{found['subject']}"
    assert cli("manifest", "rm", gone, "--yes").exit_code == 0
    assert cli("referrer", "ls", gone, "-q").lines() == [found["digest"]]
    assert cli("sbom", gone).stdout_bytes == bill.read_bytes()
    absent = cli("referrer", "ls", f"{name}@sha256:{'0' * 64}")
    assert (absent.exit_code, "MANIFEST_UNKNOWN" in absent.stderr) == (3, True)


def test_an_image_under_the_tag_meant_for_a_list(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str,
    skopeo: Skopeo, image: Image, bill: Path,
) -> None:  # fmt: skip
    name = f"{docker_registry().host}/{repository}"
    tag = image.digest.replace(":", "-")
    skopeo.copy(image.source, f"docker://{name}:v1")
    only = Layout(image.layout.parent / "other").image("x")
    skopeo.copy(only.source, f"docker://{name}:{tag}")
    assert cli("referrer", "ls", f"{name}:v1").stdout == ""
    refused = cli("referrer", "attach", f"{name}:v1", bill.name, "--type", SPDX)
    assert (refused.exit_code, "something else" in refused.stderr) == (1, True)
    assert oci.digest_of(skopeo.raw(f"{name}:{tag}")) == only.digest


def test_attach_to_one_platform(cli: InProcess, name: str, bill: Path, skopeo: Skopeo) -> None:
    arm = json.loads(skopeo.raw(f"{name}:v1"))["manifests"][1]["digest"]
    row = attach(cli, f"{name}:v1", bill.name, "--platform", "linux/arm64")
    assert row["subject"] == arm
    listed = cli("referrer", "ls", f"{name}@{arm}", "-q")
    assert listed.lines() == [row["digest"]]


def test_dry_run_changes_nothing(cli: InProcess, name: str, bill: Path) -> None:
    row = attach(cli, f"{name}:v1", bill.name, "--dry-run")
    assert row["dry_run"] is True
    assert cli("referrer", "ls", f"{name}:v1", "--type", SPDX).stdout == ""
    assert attach(cli, f"{name}:v1", bill.name)["digest"] == row["digest"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bill.json", "--type", "nonsense"), "--type takes a type"),
        (("bill.json",), "--type takes a type"),
        (("--type", SPDX), "name files"),
        (("absent", "--type", SPDX), "absent"),
        ((".", "--type", SPDX), "directory"),
        (("bill.json", "./bill.json", "--type", SPDX), "exclude each other"),
    ],
)
def test_what_attach_refuses(
    cli: InProcess, oci_layout: Layout, image: Image, bill: Path, words: tuple[str, ...], told: str
) -> None:
    assert bill.exists()
    result = cli("referrer", "attach", image.source, *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_get_prints_and_writes(cli: InProcess, name: str, bill: Path, tmp_path: Path) -> None:
    row = attach(cli, f"{name}:v1", bill.name)
    for wanted in (SPDX, row["digest"]):
        result = cli("referrer", "get", f"{name}:v1", "--type", wanted)
        assert result.stdout_bytes == bill.read_bytes()
    assert cli("referrer", "get", f"{name}:v1", "--type", SPDX, "-o", "copy").exit_code == 0
    assert cli("referrer", "get", f"{name}:v1", "--type", SPDX, "-o", "out/").exit_code == 0
    assert (tmp_path / "copy").read_bytes() == bill.read_bytes()
    assert (tmp_path / "out" / "bill.json").read_bytes() == bill.read_bytes()


def test_get_wants_one_thing(cli: InProcess, name: str, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "second").write_bytes(b"2")
    attach(cli, f"{name}:v1", bill.name, "second", type_=AUDIT)
    several = cli("referrer", "get", f"{name}:v1", "--type", AUDIT)
    assert (several.exit_code, "2 files" in several.stderr) == (2, True)
    assert cli("referrer", "get", f"{name}:v1", "--type", AUDIT, "-o", "out/").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bill.json", "second"]
    unclear = cli("referrer", "get", f"{name}:v1")
    assert (unclear.exit_code, "name one" in unclear.stderr) == (2, True)
    absent = cli("referrer", "get", f"{name}:v1", "--type", "application/none")
    assert (absent.exit_code, "application/none" in absent.stderr) == (3, True)
    assert cli("referrer", "get", f"{name}:v1", "--type", AUDIT, terminal=True).exit_code == 2


def test_get_a_statement_by_its_predicate(cli: InProcess, name: str) -> None:
    result = cli(
        "referrer", "get", f"{name}:v1", "--platform", "linux/amd64",
        "--type", "https://slsa.dev/provenance/v0.2",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert result.json()["predicate"] == {"builder": {"id": "me"}}


def test_a_layout(cli: InProcess, image: Image, bill: Path) -> None:
    row = attach(cli, image.source, bill.name)
    (listed,) = rows(cli("referrer", "ls", image.source, "--format", "json"))
    assert (listed["digest"], listed["source"]) == (row["digest"], "listed")
    assert cli("referrer", "get", image.source).stdout_bytes == bill.read_bytes()


def test_copy_takes_along_what_is_attached(
    cli: InProcess, modern: RegistryServer, docker_registry: Callable[..., DockerRegistry],
    repository: str, oci_layout: Layout, skopeo: Skopeo, bill: Path,
) -> None:  # fmt: skip
    source, target = f"{modern.host}/{repository}", f"{docker_registry().host}/{repository}"
    image = attested(oci_layout)
    skopeo.copy(image.source, f"docker://{source}:v1")
    attach(cli, f"{source}:v1", bill.name)
    attach(cli, f"{source}:v1", bill.name, "--platform", "linux/arm64", type_=AUDIT)
    cosign(oci_layout, skopeo, source, image.digest, "sig", SIGNATURE)
    copied = one(
        cli("copy", f"{source}:v1", f"{target}:v1", "--referrers", "--digest-tags",
            "--format", "json")
    )  # fmt: skip
    assert copied["attached"] == 3

    def attached_to(name: str, *more: str) -> list[str]:
        return cli("referrer", "ls", f"{name}:v1", "-q", *more).lines()

    assert len(attached_to(source)) == 4
    assert attached_to(target) == attached_to(source)
    arm = ("--platform", "linux/arm64")
    assert len(attached_to(source, *arm)) == 2
    assert attached_to(target, *arm) == attached_to(source, *arm)
    kept = json.loads(skopeo.raw(f"{target}:{image.digest.replace(':', '-')}"))
    assert [entry["artifactType"] for entry in kept["manifests"]] == [SPDX]


def test_hostile_text_is_shown_as_what_it_is(cli: InProcess, image: Image, bill: Path) -> None:
    attach(cli, image.source, bill.name, "--annotation", "x=\x1b[31mred")
    shown = cli("referrer", "ls", image.source, "--fields", "annotations", terminal=True)
    assert "\x1b[31m" not in shown.stdout.replace("\x1b[0m", "")
    assert "x1b[31mred" in shown.stdout or "u001b[31mred" in shown.stdout
