"""OCI layouts to move about: layers of random bytes, the same ones in every run."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MIB = 1 << 20
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Fresh:
    """A place for a directory that is to be made anew."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def clear(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def layout(directory: Path, sizes: Sequence[int], *, seed: int, unit: int = MIB) -> Path:
    """A layout with one image `latest` of layers of so many MiB each, or of another `unit`."""
    (directory / "blobs" / "sha256").mkdir(parents=True)
    layers = [
        {"mediaType": _LAYER, **_put(directory, _random(size * unit, f"{seed}/{number}"))}
        for number, size in enumerate(sizes)
    ]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, **_put(directory, [_json(config)])},
        "layers": layers,
    }
    listed = {
        "mediaType": _MANIFEST,
        **_put(directory, [_json(manifest)]),
        "annotations": {"org.opencontainers.image.ref.name": "latest"},
    }
    (directory / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [listed]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return directory


def _random(size: int, seed: str) -> Iterator[bytes]:
    source = random.Random(seed)
    return (source.randbytes(min(MIB, size - done)) for done in range(0, size, MIB))


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _put(directory: Path, chunks: Iterator[bytes] | list[bytes]) -> dict[str, Any]:
    hashed, size = hashlib.sha256(), 0
    growing = directory / "growing"
    with growing.open("wb") as file:
        for chunk in chunks:
            hashed.update(chunk)
            size += file.write(chunk)
    growing.rename(directory / "blobs" / "sha256" / hashed.hexdigest())
    return {"digest": f"sha256:{hashed.hexdigest()}", "size": size}
