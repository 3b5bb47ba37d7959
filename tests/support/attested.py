"""An image for two platforms as BuildKit writes it: an index with an attestation manifest each.

Each has an SPDX document and SLSA provenance, in in-toto statements about the image's digest.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from support.images import CONFIG, INDEX, MANIFEST, Descriptor, Image, Layout

SPDX_PREDICATE = "https://spdx.dev/Document"
SLSA_PREDICATE = "https://slsa.dev/provenance/v0.2"
STATEMENT = "application/vnd.in-toto+json"
EMPTY = "application/vnd.oci.empty.v1+json"


def encoded(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def spdx(name: str) -> dict[str, Any]:
    """A document with two packages."""
    return {
        "spdxVersion": "SPDX-2.3",
        "name": name,
        "creationInfo": {"created": "2024-05-06T07:08:09Z", "creators": ["Tool: test"]},
        "packages": [{"name": "musl"}, {"name": "busybox"}],
    }


def statement(predicate_type: str, predicate: object, *digests: str) -> dict[str, Any]:
    """An in-toto statement v0.1 about these digests."""
    subjects = [{"name": "image", "digest": dict([digest.split(":", 1)])} for digest in digests]
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def envelope(document: object, payload_type: str = STATEMENT) -> dict[str, Any]:
    """A DSSE envelope, signed by nobody."""
    payload = base64.b64encode(encoded(document)).decode()
    return {"payloadType": payload_type, "payload": payload, "signatures": [{"sig": "AAAA"}]}


def bundle(document: object) -> dict[str, Any]:
    """A Sigstore bundle around an envelope."""
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {},
        "dsseEnvelope": envelope(document),
    }


def attested(layout: Layout, tag: str = "v1", about: str | None = None) -> Image:
    """The image; its SBOMs are called by the platforms. `about` is what they are said to be of."""
    image = layout.image(tag, platforms=["linux/amd64", "linux/arm64/v8"])
    index = json.loads(image.read(image.digest))
    for platform, descriptor in image.platforms.items():
        subject = about or descriptor["digest"]
        layers = [
            _stated(layout, statement(SPDX_PREDICATE, spdx(platform), subject)),
            _stated(layout, statement(SLSA_PREDICATE, {"builder": {"id": "me"}}, subject)),
        ]
        index["manifests"].append(
            {
                **_attestation(layout, layers),
                "annotations": {
                    "vnd.docker.reference.digest": descriptor["digest"],
                    "vnd.docker.reference.type": "attestation-manifest",
                },
                "platform": {"os": "unknown", "architecture": "unknown"},
            }
        )
    top = layout.blob(INDEX, encoded(index))
    layout.tag(tag, top)
    return Image(
        image.layout, tag, top["digest"], top["size"], INDEX, image.platforms, image.layers
    )


def _stated(layout: Layout, document: Mapping[str, Any]) -> Descriptor:
    written = layout.blob(STATEMENT, encoded(document))
    return {**written, "annotations": {"in-toto.io/predicate-type": document["predicateType"]}}


def _attestation(layout: Layout, layers: list[Descriptor]) -> Descriptor:
    config = {
        "os": "unknown",
        "architecture": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.blob(CONFIG, encoded(config)),
        "layers": layers,
    }
    return layout.blob(MANIFEST, encoded(document))
