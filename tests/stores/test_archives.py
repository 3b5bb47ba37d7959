"""Archives of images: OCI's and docker's, plain, compressed and streamed, good and hostile."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hubcli.errors import IntegrityFailure, NotFound, Unsupported, UsageError
from hubcli.oci import Descriptor
from hubcli.stores import ONLY, Source, archive
from hubcli.stores.spelling import ARCHIVE, DOCKER_ARCHIVE, OCI_ARCHIVE
from support.images import Image

LAYER = gzip.compress(b"layer" * 1000, mtime=0)


def tarred(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as writer:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            writer.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def oci_files(image: Image) -> dict[str, bytes]:
    return {
        str(path.relative_to(image.layout)): path.read_bytes()
        for path in sorted(image.layout.rglob("*"))
        if path.is_file()
    }


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def docker_files(layer: bytes = b"plain tar", **changes: Any) -> dict[str, bytes]:
    """As `docker save` writes them, with one layer; `changes` go into manifest.json's entry."""
    plain = gzip.decompress(layer) if layer[:2] == b"\x1f\x8b" else layer
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [sha256(plain)]},
        }
    ).encode()
    entry = {"Config": "c.json", "RepoTags": ["app:v1"], "Layers": ["l/layer.tar"], **changes}
    return {
        "manifest.json": json.dumps([entry]).encode(),
        "c.json": config,
        "l/layer.tar": layer,
    }


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    """`opened(content, kind)`: the images of an archive with that content."""
    with ExitStack() as stack:

        def open_archive(content: bytes, kind: str = ARCHIVE) -> Source:
            path = tmp_path / "x.tar"
            path.write_bytes(content)
            return stack.enter_context(archive.opened(path, kind, "x.tar"))

        yield open_archive


def blob(store: Source, descriptor: Descriptor) -> bytes:
    with store.blobs.open(descriptor) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize("kind", [ARCHIVE, OCI_ARCHIVE])
@pytest.mark.parametrize("compressed", [False, True])
def test_an_oci_archive(opened: Any, image: Image, kind: str, compressed: bool) -> None:
    content = tarred(oci_files(image))
    store = opened(gzip.compress(content) if compressed else content, kind)
    assert store.resolve("v1").digest == image.digest
    child = store.manifest(image.platforms["linux/amd64"]["digest"])
    for layer in child.layers:
        assert blob(store, layer) == image.read(layer.digest)


def test_an_archive_on_a_stream_that_cannot_be_sought(image: Image) -> None:
    class Pipe(io.BytesIO):
        def seek(self, *_: Any) -> int:
            raise io.UnsupportedOperation("seek")

    with archive.opened(Pipe(tarred(oci_files(image))), ARCHIVE, "stdin") as store:
        assert store.resolve(ONLY).digest == image.digest


def test_what_docker_saves(opened: Any) -> None:
    store = opened(tarred(docker_files()))
    for name in ("app:v1", "docker.io/library/app:v1", ONLY):
        manifest = store.manifest(name)
        assert manifest.media_type == "application/vnd.docker.distribution.manifest.v2+json"
        (layer,) = manifest.layers
        assert layer.media_type == "application/vnd.docker.image.rootfs.diff.tar"
        assert layer.digest == sha256(b"plain tar")
        assert blob(store, layer) == b"plain tar"
        assert store.blobs.read(manifest.config) == docker_files()["c.json"]
        assert store.blobs.has(layer)
    assert store.manifest(manifest.digest) == store.manifest(ONLY)


def test_compressed_layers_in_dockers_archive_keep_their_form(opened: Any) -> None:
    (layer,) = opened(tarred(docker_files(LAYER))).manifest(ONLY).layers
    assert layer.digest == sha256(LAYER)
    assert layer.media_type.endswith(".diff.tar.gzip")


def test_a_layer_that_is_a_link_to_another_images(opened: Any) -> None:
    """Docker before 25 wrote a layer that two images share as a link."""
    stream = io.BytesIO(tarred({k: v for k, v in docker_files().items() if k != "l/layer.tar"}))
    with tarfile.open(fileobj=stream, mode="a") as writer:
        link = tarfile.TarInfo("l/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../other/layer.tar"
        writer.addfile(link)
        real = tarfile.TarInfo("other/layer.tar")
        real.size = 9
        writer.addfile(real, io.BytesIO(b"plain tar"))
    store = opened(stream.getvalue())
    assert blob(store, store.manifest(ONLY).layers[0]) == b"plain tar"


def test_plain_layers_can_be_compressed_always_the_same_way(tmp_path: Path) -> None:
    plain = b"plain tar" * 10_000
    path = tmp_path / "x.tar"
    path.write_bytes(tarred(docker_files(plain)))
    digests = set()
    for _ in range(2):
        with archive.opened(path, ARCHIVE, "x.tar", compress=True) as store:
            manifest = store.manifest(ONLY)
            (layer,) = manifest.layers
            content = blob(store, layer)
        assert gzip.decompress(content) == plain
        assert (sha256(content), len(content)) == (layer.digest, layer.size)
        assert layer.media_type.endswith(".diff.tar.gzip")
        digests.add(manifest.digest)
    assert len(digests) == 1


def test_a_layer_that_is_compressed_is_verified_by_its_diff_id(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tarred({**docker_files(), "l/layer.tar": b"other tar"}))
    with (
        archive.opened(path, ARCHIVE, "x.tar", compress=True) as store,
        pytest.raises(IntegrityFailure),
    ):
        store.manifest(ONLY)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("layer", [b"plain tar", LAYER], ids=["plain", "compressed"])
def test_an_archive_of_both_kinds(
    image: Image, tmp_path: Path, compress: bool, layer: bytes
) -> None:
    """As docker 25 and later save it: the OCI image is taken, but plain layers are compressed."""
    path = tmp_path / "x.tar"
    path.write_bytes(tarred({**oci_files(image), **docker_files(layer)}))
    with archive.opened(path, ARCHIVE, "x.tar", compress=compress) as store:
        is_oci = store.resolve(ONLY).digest == image.digest
    assert is_oci == (not compress or layer is LAYER)


def test_several_images_have_to_be_told_apart(opened: Any) -> None:
    entry = {"Config": "c.json", "Layers": ["l/layer.tar"]}
    files = docker_files()
    both = [{**entry, "RepoTags": ["a:1"]}, {**entry, "RepoTags": None}]
    store = opened(tarred({**files, "manifest.json": json.dumps(both).encode()}))
    with pytest.raises(UsageError, match="2 images"):
        store.resolve(ONLY)
    with pytest.raises(NotFound, match="it has a:1"):
        store.resolve("b:1")
    assert store.resolve("a:1")


@pytest.mark.parametrize(
    ("files", "failure"),
    [
        ({"x": b""}, UsageError),
        ({"manifest.json": b"nonsense"}, IntegrityFailure),
        ({"manifest.json": b"{}"}, IntegrityFailure),
        ({"manifest.json": b'[{"Config": 5}]'}, IntegrityFailure),
        ({"manifest.json": b"[" * 100_000}, IntegrityFailure),
        (docker_files(Layers=["../../etc/passwd"]), IntegrityFailure),
        (docker_files(Layers=["/etc/passwd"]), IntegrityFailure),
        (docker_files(Layers=[]), IntegrityFailure),
        (docker_files(Config="/etc/passwd"), NotFound),
        ({**docker_files(), "c.json": b"{}"}, IntegrityFailure),
        ({"index.json": b"{}", "oci-layout": b"{}"}, IntegrityFailure),
        ({"index.json": b'{"manifests": [{"digest": "../../x"}]}'}, IntegrityFailure),
    ],
)
def test_hostile_archives(opened: Any, files: dict[str, bytes], failure: type[Exception]) -> None:
    with pytest.raises(failure):
        opened(tarred(files)).manifest(ONLY)


def test_a_large_manifest_is_not_read(opened: Any) -> None:
    with pytest.raises(IntegrityFailure, match="longer than"):
        opened(tarred({"manifest.json": bytes(17 << 20)})).manifest(ONLY)


@pytest.mark.parametrize("kind", [ARCHIVE, OCI_ARCHIVE, DOCKER_ARCHIVE])
@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"?" * 2000, IntegrityFailure),
        (gzip.compress(b"x" * 2000, mtime=0)[:-10], IntegrityFailure),
        (b"\x1f\x8bnonsense", IntegrityFailure),
        (b"\xfd7zXZ\x00 rest", Unsupported),
    ],
    ids=["no tar", "cut gzip", "no gzip", "xz"],
)
def test_what_is_no_archive(
    opened: Any, content: bytes, failure: type[Exception], kind: str
) -> None:
    with pytest.raises(failure):
        opened(content, kind)


def test_a_bomb_is_defused(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_INFLATED", 1 << 20)
    with pytest.raises(IntegrityFailure, match="inflates to more than"):
        opened(gzip.compress(bytes(64 << 20)))


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with (
        pytest.raises(NotFound),
        archive.opened(tmp_path / "none.tar", ARCHIVE, "none.tar"),
    ):
        pass
