"""Small images as OCI image layouts (image-spec v1.1), the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CREATED = "2024-05-06T07:08:09Z"

Descriptor = dict[str, Any]
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Image:
    """What a layout's tag points to, and its parts by platform."""

    layout: Path
    tag: str
    digest: str
    size: int
    """Bytes of the manifest or index itself."""
    media_type: str
    platforms: Mapping[str, Descriptor]
    layers: tuple[Descriptor, ...]

    @property
    def source(self) -> str:
        """As skopeo (and hubcli) spell it."""
        return f"oci:{self.layout}:{self.tag}"

    def read(self, digest: str) -> bytes:
        return (self.layout / "blobs" / digest.replace(":", "/")).read_bytes()


class Layout:
    """Writes images into an OCI layout directory, several if need be."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self._tagged: list[Descriptor] = []

    def image(
        self,
        tag: str = "latest",
        *,
        platforms: Sequence[str] = ("linux/amd64",),
        layers: Sequence[Files] = ({"hello.txt": b"hello\n"},),
        config: Mapping[str, object] | None = None,
        annotations: Mapping[str, str] | None = None,
        index: bool | None = None,
    ) -> Image:
        """Add an image; of several platforms (or with `index`) it is an index of manifests.

        Every platform has the given layers and one of its own, so that digests differ.
        """
        manifests: dict[str, Descriptor] = {}
        written: list[Descriptor] = []
        for platform in platforms:
            own = [*layers, {"platform": platform.encode()}] if len(platforms) > 1 else layers
            found, descriptor = self._manifest(platform, own, config or {}, annotations)
            manifests[platform] = descriptor
            written += [layer for layer in found if layer not in written]
        if index if index is not None else len(platforms) > 1:
            top = self._index(manifests, annotations)
        else:
            (top,) = manifests.values()
        self.tag(tag, top)
        return Image(
            self.directory,
            tag,
            top["digest"],
            top["size"],
            top["mediaType"],
            manifests,
            tuple(written),
        )

    def blob(self, media_type: str, data: bytes) -> Descriptor:
        """Write a blob; its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        (self.directory / "blobs" / "sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def _manifest(
        self,
        platform: str,
        layers: Sequence[Files],
        config: Mapping[str, object],
        annotations: Mapping[str, str] | None,
    ) -> tuple[list[Descriptor], Descriptor]:
        tars = [tar(files) for files in layers]
        descriptors = [self.blob(LAYER, gzip.compress(data, mtime=0)) for data in tars]
        system, architecture, *variant = platform.split("/")
        about: dict[str, object] = {
            "created": CREATED,
            "architecture": architecture,
            "os": system,
            **({"variant": variant[0]} if variant else {}),
            "config": dict(config),
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in tars],
            },
            "history": [{"created": CREATED, "created_by": "COPY . /"} for _ in tars],
        }
        manifest: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(CONFIG, _json(about)),
            "layers": descriptors,
        }
        if annotations:
            manifest["annotations"] = dict(annotations)
        return descriptors, self.blob(MANIFEST, _json(manifest))

    def _index(
        self, manifests: Mapping[str, Descriptor], annotations: Mapping[str, str] | None
    ) -> Descriptor:
        entries = []
        for platform, descriptor in manifests.items():
            system, architecture, *variant = platform.split("/")
            where = {"os": system, "architecture": architecture}
            if variant:
                where["variant"] = variant[0]
            entries.append({**descriptor, "platform": where})
        index: dict[str, object] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        if annotations:
            index["annotations"] = dict(annotations)
        return self.blob(INDEX, _json(index))

    def tag(self, tag: str, top: Descriptor) -> None:
        """List a manifest or index whose blob is there; a tag moves."""
        named = {**top, "annotations": {"org.opencontainers.image.ref.name": tag}}
        self._tagged = [one for one in self._tagged if one["annotations"] != named["annotations"]]
        self._tagged.append(named)
        (self.directory / "index.json").write_bytes(
            _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": self._tagged})
        )


def tar(files: Files) -> bytes:
    """A tar of regular files, of nobody's and no time."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
