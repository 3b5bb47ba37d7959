"""OCI layout directories: what is in them, and that they are valid at every moment."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hubcli import oci
from hubcli.errors import Conflict, ConnectionBroken, IntegrityFailure, NotFound, UsageError
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import ONLY
from hubcli.stores import partial as partials
from hubcli.stores.layout import LayoutDirectory
from support.images import Image, Layout
from support.repositories import Source, content, described

DATA = content(300_000)
BLOB = described(DATA)


@pytest.fixture
def layout(tmp_path: Path) -> LayoutDirectory:
    return LayoutDirectory(tmp_path / "new")


def manifest(number: int) -> Manifest:
    document = {"schemaVersion": 2, "manifests": [], "annotations": {"number": str(number)}}
    return oci.parse_manifest(json.dumps(document).encode(), oci.OCI_INDEX)


def index(layout: LayoutDirectory) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((layout.directory / "index.json").read_bytes())[
        "manifests"
    ]
    return found


def stored(layout: LayoutDirectory, blob: Descriptor = BLOB) -> bytes:
    with layout.blobs.open(blob) as chunks:
        return b"".join(chunks)


def partial(layout: LayoutDirectory, blob: Descriptor = BLOB) -> Path:
    return layout.directory / ".partial" / f"{blob.digest.replace(':', '-')}.partial"


class Broken(Source):
    """Breaks off after so many bytes."""

    def __init__(self, data: bytes, after: int) -> None:
        super().__init__(data)
        self.after = after

    @contextmanager
    def __call__(self, offset: int) -> Iterator[Iterator[bytes]]:
        self.opened.append(offset)

        def chunks() -> Iterator[bytes]:
            yield self.data[offset : self.after]
            raise ConnectionBroken("it broke")

        yield chunks()


def test_images_are_found_by_tag_and_by_digest(image: Image) -> None:
    layout = LayoutDirectory(image.layout)
    amd64 = image.platforms["linux/amd64"]["digest"]
    assert layout.resolve("v1").digest == image.digest
    assert layout.resolve(image.digest).media_type == image.media_type
    assert layout.resolve(ONLY).digest == image.digest
    assert layout.manifest("v1").content == image.read(image.digest)
    assert layout.resolve(amd64).digest == amd64, "also those that only an index names"


def test_what_is_not_there_is_said_with_what_is(oci_layout: Layout) -> None:
    oci_layout.image("v1")
    oci_layout.image("v2", layers=[{"a": b"b"}])
    layout = LayoutDirectory(oci_layout.directory)
    with pytest.raises(NotFound, match="it has v1, v2"):
        layout.resolve("v3")
    with pytest.raises(UsageError, match="say which one: v1, v2"):
        layout.resolve(ONLY)
    with pytest.raises(NotFound):
        layout.resolve("sha256:" + "0" * 64)


def test_a_directory_that_is_no_layout(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no OCI layout"):
        LayoutDirectory(tmp_path).resolve("v1")
    with pytest.raises(NotFound, match="no directory"):
        LayoutDirectory(tmp_path / "none").resolve("v1")


def test_a_changed_manifest_is_found_out(image: Image) -> None:
    path = image.layout / "blobs" / image.digest.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"amd64", b"arm64"))
    with pytest.raises(IntegrityFailure):
        LayoutDirectory(image.layout).manifest("v1")


def test_a_blob_is_put_in_place_whole(layout: LayoutDirectory) -> None:
    assert layout.blobs.upload(BLOB, Source(DATA)) == "copied"
    assert stored(layout) == DATA
    assert not partial(layout).exists()
    assert layout.blobs.has(BLOB)


@pytest.mark.parametrize("wrong", [DATA[:-1] + b"?", DATA[:-1], DATA + b"?"])
def test_wrong_content_leaves_nothing(layout: LayoutDirectory, wrong: bytes) -> None:
    with pytest.raises(IntegrityFailure):
        layout.blobs.upload(BLOB, Source(wrong))
    assert not layout.blobs.has(BLOB)
    assert [path for path in layout.directory.rglob("*") if BLOB.digest[7:] in path.name] == []


def test_a_part_that_was_kept_is_gone_on_with(layout: LayoutDirectory) -> None:
    with pytest.raises(ConnectionBroken):
        layout.blobs.upload(BLOB, Broken(DATA, after=200_000))
    assert partial(layout).read_bytes() == DATA[:200_000]
    assert not layout.blobs.has(BLOB)
    source = Source(DATA)
    assert layout.blobs.upload(BLOB, source) == "resumed"
    assert source.opened == [200_000]
    assert stored(layout) == DATA


def test_a_part_that_was_already_whole_needs_no_source(layout: LayoutDirectory) -> None:
    layout.prepare()
    partial(layout).parent.mkdir()
    partial(layout).write_bytes(DATA)
    source = Source(DATA)
    assert layout.blobs.upload(BLOB, source) == "resumed"
    assert source.opened == []


@pytest.mark.parametrize("kept", [b"?" * 1000, DATA + b"?"], ids=["wrong", "too long"])
def test_a_part_that_is_wrong_is_fetched_again(layout: LayoutDirectory, kept: bytes) -> None:
    layout.prepare()
    partial(layout).parent.mkdir()
    partial(layout).write_bytes(kept)
    source = Source(DATA)
    assert layout.blobs.upload(BLOB, source) == "copied"
    assert source.opened[-1] == 0
    assert stored(layout) == DATA


def test_nothing_of_an_upload_that_never_began_stays(layout: LayoutDirectory) -> None:
    with pytest.raises(ConnectionBroken):
        layout.blobs.upload(BLOB, Broken(DATA, after=0))
    assert not partial(layout).exists()


def test_the_same_blob_twice_at_once_is_written_once(
    layout: LayoutDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads stand for processes here: a lock belongs to an open file, whoever opened it."""
    begun, go_on = threading.Event(), threading.Event()

    def waiting(seconds: float) -> None:
        go_on.set()
        time.sleep(seconds)

    monkeypatch.setattr(partials, "time", SimpleNamespace(sleep=waiting))

    class Slow(Source):
        @contextmanager
        def __call__(self, offset: int) -> Iterator[Iterator[bytes]]:
            with super().__call__(offset) as chunks:

                def slowly() -> Iterator[bytes]:
                    for chunk in chunks:
                        yield chunk
                        begun.set()
                        assert go_on.wait(10)

                yield slowly()

    first, second = Slow(DATA), Source(DATA)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(layout.blobs.upload, BLOB, first)
        assert begun.wait(10)
        other = pool.submit(LayoutDirectory(layout.directory).blobs.upload, BLOB, second)
        assert (one.result(10), other.result(10)) == ("copied", "skipped")
    assert second.opened == []


def test_a_new_layout_is_valid_before_it_has_an_image(layout: LayoutDirectory) -> None:
    layout.blobs.upload(BLOB, Source(DATA))
    assert json.loads((layout.directory / "oci-layout").read_bytes()) == {
        "imageLayoutVersion": "1.0.0"
    }
    assert index(layout) == []


def test_a_tag_moves(layout: LayoutDirectory) -> None:
    layout.put_manifest("v1", manifest(1))
    layout.put_manifest("v2", manifest(1))
    layout.put_manifest("v1", manifest(2))
    named = {
        entry["annotations"]["org.opencontainers.image.ref.name"]: entry["digest"]
        for entry in index(layout)
    }
    assert named == {"v1": manifest(2).digest, "v2": manifest(1).digest}
    assert len(index(layout)) == 2


def test_an_image_without_a_name_is_listed_once(layout: LayoutDirectory) -> None:
    for number in (1, 1, 2):
        layout.put_image(ONLY, manifest(number))
    assert [entry["digest"] for entry in index(layout)] == [
        manifest(1).digest,
        manifest(2).digest,
    ]
    assert "annotations" not in index(layout)[0]


def test_a_child_is_written_but_not_listed(layout: LayoutDirectory) -> None:
    layout.put_manifest(manifest(1).digest, manifest(1))
    assert index(layout) == []
    assert layout.manifest(manifest(1).digest).content == manifest(1).content


def test_what_others_wrote_into_the_index_stays(image: Image) -> None:
    path = image.layout / "index.json"
    document = json.loads(path.read_bytes())
    document["annotations"] = {"made": "elsewhere"}
    document["manifests"][0]["annotations"]["io.example"] = "kept"
    path.write_text(json.dumps(document))
    LayoutDirectory(image.layout).put_manifest("v2", manifest(1))
    after = json.loads(path.read_bytes())
    assert after["annotations"] == {"made": "elsewhere"}
    assert after["manifests"][0] == document["manifests"][0]


def test_many_writers_lose_nothing(layout: LayoutDirectory) -> None:
    def put(number: int) -> None:
        LayoutDirectory(layout.directory).put_manifest(f"v{number}", manifest(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(40)))
    assert sorted(layout.tags()) == sorted(f"v{number}" for number in range(40))
    left = sorted(path.name for path in layout.directory.iterdir())
    assert left == ["blobs", "index.json", "oci-layout"], "no lock is left"


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("chapter 1")
    with pytest.raises(Conflict):
        LayoutDirectory(tmp_path).blobs.upload(BLOB, Source(DATA))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("digest", ["sha256:../../x", "../x:" + "a" * 64, "md5:" + "a" * 32])
def test_what_is_no_digest_is_no_path(layout: LayoutDirectory, digest: str) -> None:
    with pytest.raises(IntegrityFailure):
        layout.blobs.has(Descriptor("x", digest, 1))
