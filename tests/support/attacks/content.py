"""Manifests and blobs that are not what was promised."""

from __future__ import annotations

import threading
from typing import Any

from support.attacks.attack import (
    IMAGE,
    INDEX_TYPE,
    MANIFEST_TYPE,
    REGISTRY,
    Ask,
    Attack,
    Pieces,
    Script,
    answer,
    as_json,
    digest_of,
    manifest,
)

_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_NOTHING = digest_of(b"nothing")
_CONFIG = as_json({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": []}})
_GET = ("manifest", "get", IMAGE)
_PULL = ("pull", IMAGE, "oci:out/image")
_BLOB = b"the blob that was promised"


def _descriptor(content: bytes, media_type: str, **other: object) -> dict[str, Any]:
    told = {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
    return {**told, **other}


def _image(**members: object) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(_CONFIG, _CONFIG_TYPE),
        "layers": [],
        **members,
    }


def _served(document: object, **headers: str) -> Script:
    """The document as a manifest, and the same bytes as every blob."""

    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        if "/blobs/" in ask.path:
            return answer(_CONFIG, 200, {"Content-Type": "application/octet-stream"})
        return manifest(document, **headers)

    return script


_TWICE = b'{"schemaVersion":2,"layers":[],"layers":[{}],"config":%s}' % as_json(
    _descriptor(_CONFIG, _CONFIG_TYPE)
)
_WITH_LAYER = _image(layers=[_descriptor(_BLOB, _LAYER_TYPE)])
_MANY_LAYERS = [
    {"mediaType": _LAYER_TYPE, "digest": f"sha256:{number:064x}", "size": 10}
    for number in range(10_000)
]

ATTACKS = (
    Attack(
        "digest-of-another-manifest",
        "sends a manifest under the digest of another",
        "does not take it",
        _GET,
        _served(_image(), **{"Docker-Content-Digest": _NOTHING}),
        exit_code=7,
        says="was promised",
    ),
    Attack(
        "another-manifest-than-asked-for",
        "sends another manifest than the digest that was asked for",
        "does not take it",
        ("manifest", "get", f"{REGISTRY}/a/b@{_NOTHING}"),
        _served(_image()),
        exit_code=7,
        says="was promised",
    ),
    Attack(
        "another-digest-on-head",
        "names another digest than the one that was asked for",
        "does not take it",
        ("digest", f"{REGISTRY}/a/b@{_NOTHING}"),
        _served(_image()),
        exit_code=7,
        says="was asked for",
    ),
    Attack(
        "duplicate-keys",
        "writes a member of a manifest twice, so that readers differ on what it says",
        "refuses the manifest",
        _GET,
        _served(_TWICE),
        exit_code=7,
        says="ambiguous: it has 'layers' twice",
    ),
    Attack(
        "index-and-image",
        "sends a manifest that is an index to one reader and an image to another",
        "refuses it",
        _GET,
        _served(_image(mediaType=None, manifests=[]), **{"Content-Type": "application/json"}),
        exit_code=7,
        says="both an index and an image",
    ),
    Attack(
        "another-content-type",
        "calls an image an index",
        "believes neither",
        _GET,
        _served(_image(), **{"Content-Type": INDEX_TYPE}),
        exit_code=7,
        says="calls itself",
    ),
    Attack(
        "no-manifest",
        "sends a document that is no manifest",
        "says so",
        _GET,
        _served({"hello": "world"}, **{"Content-Type": "text/plain"}),
        exit_code=7,
        says="is no manifest",
    ),
    Attack(
        "schema-1",
        "sends a manifest of Docker's schema 1, whose digest covers its signatures",
        "refuses it",
        _GET,
        _served({"schemaVersion": 1}, **{"Content-Type": "application/json"}),
        exit_code=7,
        says="schema 1",
    ),
    Attack(
        "digest-that-cannot-be-verified",
        "names a layer by MD5",
        "refuses the manifest",
        _PULL,
        _served(
            _image(layers=[{"mediaType": _LAYER_TYPE, "digest": "md5:" + "0" * 32, "size": 1}])
        ),
        exit_code=7,
        says="a digest that can be verified",
    ),
    Attack(
        "path-for-a-digest",
        "names a layer by a path",
        "refuses the manifest, and writes nothing",
        _PULL,
        _served(_image(layers=[{"mediaType": "x", "digest": "sha256:../../../evil", "size": 1}])),
        exit_code=7,
        says="a digest that can be verified",
    ),
    Attack(
        "size-below-zero",
        "says that a layer has less than no bytes",
        "refuses the manifest",
        _PULL,
        _served(_image(layers=[{"mediaType": "x", "digest": _NOTHING, "size": -1}])),
        exit_code=7,
        says="has no size",
    ),
    Attack(
        "size-beyond-64-bits",
        "says that a layer has more bytes than there are addresses",
        "refuses the manifest",
        _PULL,
        _served(_image(layers=[{"mediaType": "x", "digest": _NOTHING, "size": 1 << 63}])),
        exit_code=7,
        says="has no size",
    ),
    Attack(
        "another-blob",
        "sends other bytes than the digest of a layer promises",
        "leaves no image behind",
        _PULL,
        lambda ask, stopped: (
            manifest(_WITH_LAYER)
            if "/manifests/" in ask.path
            else answer(_CONFIG if digest_of(_CONFIG) in ask.path else _BLOB.upper())
        ),
        exit_code=7,
        says="was promised",
    ),
    Attack(
        "blob-longer-than-promised",
        "sends a layer that goes on after its end",
        "stops there",
        _PULL,
        lambda ask, stopped: (
            manifest(_WITH_LAYER)
            if "/manifests/" in ask.path
            else answer(_CONFIG if digest_of(_CONFIG) in ask.path else _BLOB + b"more")
        ),
        exit_code=7,
        says=f"has {len(_BLOB) + 4} bytes where {len(_BLOB)} were promised",
    ),
    Attack(
        "blob-in-drops",
        "breaks the connection after each byte of a layer",
        "counts a try that brings next to nothing as failed",
        _PULL,
        lambda ask, stopped: _a_byte_of(ask),
        says="broke",
    ),
    Attack(
        "config-too-long",
        "says that an image's configuration has a terabyte",
        "reads nothing of it",
        ("inspect", IMAGE),
        _served(_image(config={"mediaType": _CONFIG_TYPE, "digest": _NOTHING, "size": 1 << 40})),
        exit_code=7,
        says="the image's configuration has 1099511627776 bytes (INTEGRITY)",
    ),
    Attack(
        "layers-without-end",
        "names ten thousand layers, none of which it has",
        "ends with the first that is missing",
        _PULL,
        lambda ask, stopped: (
            manifest(_image(layers=_MANY_LAYERS)) if "/manifests/" in ask.path else answer(b"", 404)
        ),
        exit_code=3,
        says="(NOT_FOUND)",
    ),
    Attack(
        "index-of-itself",
        "nests indexes deeper than any image is",
        "stops",
        ("pull", "--all-platforms", IMAGE, "oci:out/image"),
        lambda ask, stopped: _nested(ask),
        exit_code=7,
        says="(INTEGRITY)",
    ),
)


def _a_byte_of(ask: Ask) -> Pieces:
    if "/manifests/" in ask.path:
        return manifest(_WITH_LAYER)
    if digest_of(_CONFIG) in ask.path:
        return answer(_CONFIG)
    start = int(ask.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
    headers = {"Content-Length": str(len(_BLOB) - start)}
    if start:
        headers["Content-Range"] = f"bytes {start}-{len(_BLOB) - 1}/{len(_BLOB)}"
    return answer(_BLOB[start : start + 1], 206 if start else 200, headers)


def _chain() -> dict[str, bytes]:
    """An index that holds an index that holds an index …, by their digests."""
    content, found = as_json(_image()), {}
    media_type = MANIFEST_TYPE
    for _ in range(500):
        found[digest_of(content)] = content
        entry = _descriptor(content, media_type)
        media_type = INDEX_TYPE
        content = as_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [entry]})
    return {**found, "v1": content}


_CHAIN: dict[str, bytes] = {}


def _nested(ask: Ask) -> Pieces:
    if not _CHAIN:
        _CHAIN.update(_chain())
    content = _CHAIN.get(ask.path.rpartition("/")[2])
    if content is None:
        return answer(_CONFIG)
    return manifest(content, INDEX_TYPE if b'"manifests"' in content else MANIFEST_TYPE)
