"""Archives as `docker save` writes and `docker load` reads them: `manifest.json` and its files.

Read as a Docker schema 2 image. A layer that is a plain tar has its diff id for a digest, so that
nothing has to be read in advance; compressed ones are hashed first. For a registry plain layers are
compressed, the same way every time, since that is how images are expected there.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubcli import jsonreading, oci, reference
from hubcli.errors import IntegrityFailure, NotFound, Unsupported, UsageError
from hubcli.files import naming
from hubcli.oci import Descriptor, Manifest, Verifier
from hubcli.stores import ONLY, Chunks, tree
from hubcli.stores.tar import Add
from hubcli.stores.tree import CHUNK, Tree

MANIFESTS = "manifest.json"

_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One image of `manifest.json`: the names of its files, and what it is called."""

    config: str
    layers: tuple[str, ...]
    names: tuple[str, ...]


class _Files:
    """The blobs of the images that have been looked at: by digest, in which tree they are."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[Tree, str]] = {}

    def add(self, digest: str, files: Tree, name: str) -> None:
        self._places[digest] = (files, name)

    def has(self, descriptor: Descriptor) -> bool:
        files, name = self._places.get(descriptor.digest, (None, ""))
        return files is not None and files.size(name) == descriptor.size

    def open(self, descriptor: Descriptor, offset: int = 0) -> Chunks:
        files, name = self._place(descriptor)
        return files.open(name, offset)

    def read(self, descriptor: Descriptor) -> bytes:
        content = tree.read(*self._place(descriptor), oci.LARGEST_MANIFEST)
        oci.verify(content, descriptor.digest, descriptor.size)
        return content

    def _place(self, descriptor: Descriptor) -> tuple[Tree, str]:
        if descriptor.digest not in self._places:
            raise NotFound(f"there is no {descriptor.digest} in the archive")
        return self._places[descriptor.digest]


class DockerArchive:
    """The images of an archive, by `NAME:TAG`.

    With a directory `scratch` plain layers are compressed into it.
    """

    def __init__(self, files: Tree, shown: str, scratch: Path | None = None) -> None:
        self._files = files
        self._shown = shown
        self._scratch = scratch
        self._made: dict[str, Manifest] = {}
        self.blobs = _Files()

    def resolve(self, identifier: str) -> Descriptor:
        return self.manifest(identifier).descriptor

    def manifest(self, identifier: str) -> Manifest:
        """A manifest made for an image: docker's archives have none themselves."""
        if identifier in self._made:
            return self._made[identifier]
        made = self._manifest(self._find(identifier))
        self._made[made.digest] = made
        return made

    def tags(self) -> list[str]:
        """The names of its images."""
        return [name for entry in self._entries() for name in entry.names]

    def names(self) -> list[str | None]:
        """What its images are called, in full; None for each that has no name."""
        return [
            name and whole_name(name)
            for entry in self._entries()
            for name in entry.names or (None,)
        ]

    def is_plain(self) -> bool:
        """Whether a layer in it is not compressed: it is of docker's own, classic store then."""
        names = {name for entry in self._entries() for name in entry.layers}
        return any(self._files.size(name) and not self._compression(name) for name in names)

    def _find(self, identifier: str) -> _Entry:
        entries = self._entries()
        if identifier == ONLY and len(entries) == 1:
            return entries[0]
        names = ", ".join(name for entry in entries for name in entry.names) or "no names"
        if identifier == ONLY:
            raise UsageError(f"{self._shown} holds {len(entries)} images, say which one: {names}")
        wanted = whole_name(identifier)
        for entry in entries:
            if wanted in map(whole_name, entry.names):
                return entry
        raise NotFound(f"{self._shown} has no {identifier}; it has {names}")

    def _entries(self) -> list[_Entry]:
        try:
            content = tree.read(self._files, MANIFESTS, oci.LARGEST_MANIFEST)
        except NotFound:
            raise Unsupported(
                f"{self._shown} has no {MANIFESTS}: it is no archive of docker 1.10 or later"
            ) from None
        try:
            document = jsonreading.read(content, exact=True)
        except ValueError:
            document = None
        if not isinstance(document, list):
            raise IntegrityFailure(f"the {MANIFESTS} of {self._shown} is no JSON list")
        return [_entry(one, self._shown) for one in document]

    def _manifest(self, entry: _Entry) -> Manifest:
        content = tree.read(self._files, entry.config, oci.LARGEST_MANIFEST)
        diff_ids = _diff_ids(oci.parse_object(content, "the image's configuration"))
        if len(diff_ids) != len(entry.layers):
            raise IntegrityFailure(
                f"{self._shown} has {len(entry.layers)} layers where the configuration names "
                f"{len(diff_ids)}"
            )
        config = Descriptor(oci.DOCKER_CONFIG, oci.digest_of(content), len(content))
        self.blobs.add(config.digest, self._files, entry.config)
        names = dict(zip(diff_ids, entry.layers, strict=True))
        known = {diff_id: self._layer(name, diff_id) for diff_id, name in names.items()}
        layers = [known[diff_id] for diff_id in diff_ids]
        document = {
            "schemaVersion": 2,
            "mediaType": oci.DOCKER_MANIFEST,
            "config": config.to_json(),
            "layers": [layer.to_json() for layer in layers],
        }
        return oci.parse_manifest(
            json.dumps(document, separators=(",", ":")).encode(), oci.DOCKER_MANIFEST
        )

    def _layer(self, name: str, diff_id: str) -> Descriptor:
        size = self._files.size(name)
        if size is None:
            raise IntegrityFailure(f"{self._shown} lacks the layer {name}")
        compression = self._compression(name)
        if compression is None and self._scratch is not None:
            return self._compressed(name, diff_id, self._scratch)
        digest = diff_id if compression is None else self._digest(name)
        self.blobs.add(digest, self._files, name)
        suffix = f".{compression}" if compression else ""
        return Descriptor(f"{_LAYER}{suffix}", digest, size)

    def _compressed(self, name: str, diff_id: str, scratch: Path) -> Descriptor:
        file = f"{_hex(diff_id)}.tar.gz"
        with self._files.open(name) as chunks:
            digest, size = compress(chunks, diff_id, scratch / file)
        self.blobs.add(digest, tree.Directory(scratch), file)
        return Descriptor(f"{_LAYER}.gzip", digest, size)

    def _compression(self, name: str) -> str | None:
        with self._files.open(name) as chunks:
            return _compression_of(next(chunks, b""))

    def _digest(self, name: str) -> str:
        seen = hashlib.sha256()
        with self._files.open(name) as chunks:
            for chunk in chunks:
                seen.update(chunk)
        return f"sha256:{seen.hexdigest()}"


def _compression_of(start: bytes) -> str | None:
    """What a layer is compressed with, by its first bytes; None for a plain tar."""
    return next((told for magic, told in _COMPRESSIONS.items() if start.startswith(magic)), None)


def _entry(document: Any, shown: str) -> _Entry:
    members = document if isinstance(document, dict) else {}
    config, layers = members.get("Config"), _strings(members.get("Layers"))
    names = _strings(members.get("RepoTags") or [])
    if isinstance(config, str) and layers is not None and names is not None:
        return _Entry(config, layers, names)
    raise IntegrityFailure(f"an image in the {MANIFESTS} of {shown} lacks its configuration")


def _strings(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None


def _diff_ids(config: dict[str, Any]) -> list[str]:
    rootfs = config.get("rootfs")
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(found, list) or not all(oci.is_digest(one) for one in found):
        raise IntegrityFailure("the image's configuration has no diff ids")
    return found


def whole_name(name: str) -> str:
    """A name in full, as far as it is a reference: with host, namespace and tag."""
    try:
        found = reference.parse(name)
    except UsageError:
        return name
    return str(found.tagged(found.tag or "latest"))


def check(root: Manifest) -> None:
    """Unsupported for what no archive of docker's can hold: an index, what is no image, layers
    that say they are of zstd, and layers that are not to be had."""
    if root.is_index:
        raise Unsupported("docker's archives hold one platform; say which one with --platform")
    if root.config is None or not root.is_image:
        raise Unsupported("docker's archives hold images, and this is none")
    for layer in root.layers:
        if layer.is_foreign:
            raise _only_named(layer)
        if layer.media_type.endswith("+zstd"):
            raise _of_zstd(layer.digest)


def write(directory: Path, root: Manifest, name: str, add: Add) -> None:
    """Write an image of the layout `directory` as `docker save` does, layers uncompressed.

    Unsupported as with `check`. IntegrityFailure where a layer is not what the configuration says.
    """
    check(root)
    assert root.config is not None
    config = _path(directory, root.config)
    diff_ids = _diff_ids(oci.parse_object(config.read_bytes(), "the image's configuration"))
    if len(diff_ids) != len(root.layers):
        raise IntegrityFailure("the image's configuration names another number of layers")
    entry = {
        "Config": f"{_hex(root.config.digest)}.json",
        # In full: podman would read a short name as one of its own, localhost/NAME.
        "RepoTags": [whole_name(name)] if name else None,
        "Layers": [f"{_hex(diff_id)}.tar" for diff_id in diff_ids],
    }
    manifests = directory / MANIFESTS
    manifests.write_text(json.dumps([entry], separators=(",", ":")), encoding="utf-8")
    add(MANIFESTS, manifests)
    add(f"{_hex(root.config.digest)}.json", config)
    for diff_id, layer in dict(zip(diff_ids, root.layers, strict=True)).items():
        path = _path(directory, layer)
        plain = _plain(path, diff_id)
        add(f"{_hex(diff_id)}.tar", plain)
        if plain != path:
            plain.unlink()  # one of them at a time is enough


def compress(chunks: Iterable[bytes], diff_id: str, target: Path) -> tuple[str, int]:
    """Compress a layer into a file, the same bytes for the same layer; their digest and size.

    IntegrityFailure where the layer is not what its diff id says.
    """
    verifier = Verifier(diff_id)
    with naming(target), target.open("w+b") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as sink:
            for chunk in chunks:
                verifier.update(chunk)
                sink.write(chunk)
        verifier.finish()
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"sha256:{digest}", size


def _plain(layer: Path, diff_id: str) -> Path:
    """A layer's tar, in a file beside it where it is compressed with gzip.

    Unsupported for zstd: docker's archives hold plain layers, and their readers may expect those.
    """
    with layer.open("rb") as raw:
        compression = _compression_of(raw.read(4))
    if compression == "zstd":
        raise _of_zstd(f"sha256:{layer.name}")
    if compression is None:
        if layer.name != _hex(diff_id):
            raise IntegrityFailure(f"the layer sha256:{layer.name} is not what its diff id says")
        return layer
    plain = layer.with_name(f"{layer.name}.tar")
    verifier = Verifier(diff_id)
    try:
        with naming(plain), gzip.open(layer, "rb") as stream, plain.open("wb") as file:
            while chunk := stream.read(CHUNK):
                verifier.update(chunk)
                file.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IntegrityFailure(f"the layer {layer.name} cannot be decompressed: {error}") from error
    verifier.finish()
    return plain


def _path(directory: Path, descriptor: Descriptor) -> Path:
    path = directory / "blobs" / descriptor.digest.replace(":", "/")
    if not path.exists():
        raise _only_named(descriptor)
    return path


def _only_named(layer: Descriptor) -> Unsupported:
    return Unsupported(f"the layer {layer.digest} is only named by URL")


def _of_zstd(digest: str) -> Unsupported:
    return Unsupported(
        f"the layer {digest} is compressed with zstd, which docker's archives cannot hold",
        hint="an OCI archive can: oci-archive:FILE",
    )


def _hex(digest: str) -> str:
    return digest.partition(":")[2]
