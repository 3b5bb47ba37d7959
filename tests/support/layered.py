"""Images of layers that tests write member by member, hostile ones included."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.images import CONFIG, LAYER, MANIFEST, Layout


def member(name: str, content: bytes | None = None, **attributes: object) -> tuple[object, bytes]:
    """A file with content, else what `type` says (a directory); more as in TarInfo."""
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    info.mode = 0o755 if content is None else 0o644
    for key, value in attributes.items():
        setattr(info, key, value)
    info.size = len(content or b"")
    return info, content or b""


def symlink(name: str, target: str) -> tuple[object, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str) -> tuple[object, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def tar_of(*members: tuple[object, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            assert isinstance(info, tarfile.TarInfo)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@dataclass(frozen=True)
class LayeredImage:
    """`source` as hubcli spells it; the digests of its layers."""

    directory: Path
    source: str
    digest: str
    layers: tuple[str, ...]

    def blob(self, digest: str) -> Path:
        return self.directory / "blobs" / digest.replace(":", "/")


def image_of(
    directory: Path,
    tars: Sequence[bytes],
    *,
    config: dict[str, object] | None = None,
    packed: Sequence[bytes] | None = None,
    diff_ids: Sequence[str] | None = None,
    tag: str = "v1",
) -> LayeredImage:
    """An image of uncompressed tars; `packed` and `diff_ids` take the place of the right ones."""
    layout = Layout(directory)
    blobs = packed or [gzip.compress(one, mtime=0) for one in tars]
    layers = [layout.blob(LAYER, blob) for blob in blobs]
    told = diff_ids or [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in tars]
    about = {
        "architecture": "amd64",
        "os": "linux",
        "config": config or {},
        "rootfs": {"type": "layers", "diff_ids": list(told)},
        "history": [{"created_by": f"step {number}"} for number, _ in enumerate(tars)],
    }
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.blob(CONFIG, json.dumps(about).encode()),
        "layers": layers,
    }
    top = layout.blob(MANIFEST, json.dumps(document).encode())
    layout.tag(tag, top)
    digests = tuple(layer["digest"] for layer in layers)
    return LayeredImage(directory, f"oci:{directory}:{tag}", top["digest"], digests)
