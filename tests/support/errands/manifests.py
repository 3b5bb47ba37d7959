"""`manifest`, `index` and `blob`: the parts that images consist of."""

from __future__ import annotations

import json
from typing import Any

from hubcli import oci
from support.errands.world import NOT_THERE, Errand, Errands, World, reading, with_tags

_BLOB = b"a blob that no manifest names"


def _manifest(world: World) -> str:
    return world.file("manifest.json", world.content("v1"))


def _with_digests(world: World) -> None:
    world.notes.update(with_tags(world))


def _with_layer(world: World) -> None:
    with_tags(world)
    layer = json.loads(world.content("v1"))["layers"][0]
    world.notes["layer"] = layer["digest"]


def _layer(world: World) -> str:
    return f"{world.repository}@{world.notes['layer']}"


def _has(world: World, digest: str) -> bool:
    return world.sandbox.parts.storage.blobs.size(world.repository, digest) is not None


def _with_index(world: World) -> None:
    """An index of two images as `all`, besides v1."""
    with_tags(world)
    world.arrange("push", world.layout(), f"{world.repository}:all")


def _entries(world: World, tag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(world.content(tag) or b"{}").get("manifests", [])
    return found


def _architectures(world: World, tag: str) -> list[str]:
    return sorted(entry["platform"]["architecture"] for entry in _entries(world, tag))


ERRANDS: Errands = {
    "manifest get": reading("manifest", "get", "library/hello-world"),
    "manifest put": Errand(
        lambda w: ("manifest", "put", f"{w.repository}:v3", _manifest(w)),
        with_tags,
        lambda w: w.digest("v3") == w.digest("v1"),
    ),
    "manifest rm": Errand(
        lambda w: ("manifest", "rm", f"{w.repository}@{w.notes['v1']}", "--yes"),
        _with_digests,
        lambda w: w.tags() == ["v2"],
        again=NOT_THERE,
    ),
    "index create": Errand(
        lambda w: ("index", "create", f"{w.repository}:both", w.layout()),
        with_tags,
        lambda w: _architectures(w, "both") == ["amd64", "arm64"],
    ),
    "index add": Errand(
        lambda w: ("index", "add", f"{w.repository}:all", f"{w.repository}:v1"),
        _with_index,
        lambda w: w.digest("v1") in [entry["digest"] for entry in _entries(w, "all")],
    ),
    "index rm": Errand(
        lambda w: ("index", "rm", f"{w.repository}:all", "linux/arm64"),
        _with_index,
        lambda w: _architectures(w, "all") == ["amd64"],
        again=NOT_THERE,
    ),
    "blob get": Errand(
        lambda w: ("blob", "get", _layer(w), "-o", "layer"),
        _with_layer,
        lambda w: w.has_file("layer"),
    ),
    "blob head": Errand(lambda w: ("blob", "head", _layer(w)), _with_layer),
    "blob put": Errand(
        lambda w: ("blob", "put", w.repository, w.file("blob", _BLOB)),
        with_tags,
        lambda w: _has(w, oci.digest_of(_BLOB)),
    ),
    "blob rm": Errand(
        lambda w: ("blob", "rm", _layer(w), "--yes"),
        _with_layer,
        lambda w: not _has(w, w.notes["layer"]),
        again=NOT_THERE,
    ),
}
