"""Small images made on the spot: layers, configs, manifests, an index, an attestation.

All bytes are the same at every start, so that digests can be relied on.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubcli import oci

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
IN_TOTO = "application/vnd.in-toto+json"
CREATED = "2026-11-01T09:00:00Z"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest or index with the blobs and manifests that it needs, children first."""

    manifest: oci.Manifest
    blobs: tuple[bytes, ...] = ()
    children: tuple[Image, ...] = ()


def image(
    files: Mapping[str, bytes],
    platform: oci.Platform,
    *,
    command: Iterable[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Image:
    """An image of one layer that holds `files`, all of them executable."""
    archive = _archive(files)
    layer = gzip.compress(archive, mtime=0)
    settings: dict[str, Any] = {"Env": [_PATH], "Cmd": list(command), "WorkingDir": "/"}
    if labels:
        settings["Labels"] = dict(labels)
    config = _json(
        {
            "created": CREATED,
            **_platform_members(platform),
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [oci.digest_of(archive)]},
            "history": [
                {"created": CREATED, "created_by": f"COPY {' '.join(files)} / # buildkit"},
                {"created": CREATED, "created_by": "CMD", "empty_layer": True},
            ],
        }
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": _descriptor(oci.OCI_CONFIG, config),
        "layers": [_descriptor(LAYER, layer)],
    }
    return Image(_manifest(manifest, oci.OCI_MANIFEST), (config, layer))


def attestation(subject: Image) -> Image:
    """What BuildKit puts beside an image in an index: its provenance, as an in-toto statement."""
    statement = _json(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [
                {
                    "name": "pkg:docker/hello-world@latest",
                    "digest": {"sha256": subject.manifest.digest.removeprefix("sha256:")},
                }
            ],
            "predicate": {"builder": {"id": ""}, "buildType": "hubcli sandbox", "materials": []},
        }
    )
    config = _json(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [oci.digest_of(statement)]},
        }
    )
    layer = _descriptor(IN_TOTO, statement)
    layer["annotations"] = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": _descriptor(oci.OCI_CONFIG, config),
        "layers": [layer],
    }
    return Image(_manifest(manifest, oci.OCI_MANIFEST), (config, statement))


def index(images: Mapping[oci.Platform, Image], attested: Iterable[Image] = ()) -> Image:
    """An index of images, then of the attestations of those in `attested`."""
    entries = []
    for platform, each in images.items():
        entry = each.manifest.descriptor.to_json()
        entries.append(entry | {"platform": _platform_members(platform)})
    children = list(images.values())
    for subject in attested:
        beside = attestation(subject)
        entry = beside.manifest.descriptor.to_json()
        entry["annotations"] = {
            "vnd.docker.reference.digest": subject.manifest.digest,
            "vnd.docker.reference.type": "attestation-manifest",
        }
        entries.append(entry | {"platform": {"architecture": "unknown", "os": "unknown"}})
        children.append(beside)
    document = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": entries}
    return Image(_manifest(document, oci.OCI_INDEX), children=tuple(children))


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _manifest(document: Mapping[str, Any], media_type: str) -> oci.Manifest:
    return oci.parse_manifest(_json(document), media_type)


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return oci.Descriptor(media_type, oci.digest_of(content), len(content)).to_json()


def _platform_members(platform: oci.Platform) -> dict[str, str]:
    members = {"architecture": platform.architecture, "os": platform.os}
    return members | ({"variant": platform.variant} if platform.variant else {})


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
