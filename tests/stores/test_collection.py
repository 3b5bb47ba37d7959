"""Archives with images of many repositories: written side by side, found again, read in part."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hubcli import oci
from hubcli.errors import HubcliError, IntegrityFailure, NotFound
from hubcli.oci import Manifest
from hubcli.stores import Chunks, archive
from hubcli.stores.collection import Collection, Part, repositories
from hubcli.stores.layout import Layout, LayoutDirectory
from hubcli.stores.spelling import OCI_ARCHIVE
from support.repositories import content, described

SHARED, ONE, TWO = content(300_000), content(200_000, 1), content(100_000, 2)


class Source:
    """Opens blobs, and counts how often; what is `broken` ends in the middle."""

    def __init__(self, broken: bytes = b"") -> None:
        self.opened: list[bytes] = []
        self._broken = broken

    @contextmanager
    def open(self, data: bytes, offset: int) -> Iterator[Iterator[bytes]]:
        self.opened.append(data)
        yield self._chunks(data, offset)

    def _chunks(self, data: bytes, offset: int) -> Iterator[bytes]:
        if data == self._broken:
            yield data[offset : len(data) // 2]
            raise NotFound("gone")
        yield data[offset:]


def image(*blobs: bytes) -> Manifest:
    layers = [described(data).to_json() for data in blobs]
    document = {"schemaVersion": 2, "mediaType": oci.OCI_MANIFEST, "layers": layers}
    return oci.parse_manifest(json.dumps(document).encode(), oci.OCI_MANIFEST)


def put(collection: Collection, name: str, source: Source, *blobs: bytes) -> list[str]:
    """Write an image under a name, as a transfer does; what became of its blobs."""
    repository, _, tag = name.rpartition(":")
    part, root = collection.part(repository), image(*blobs)
    part.expect(root, [*map(described, blobs), root.descriptor])

    def opened(data: bytes, at: int) -> Chunks:
        return source.open(data, at)

    outcomes = [
        part.blobs.upload(described(data), lambda at, data=data: opened(data, at))  # type: ignore[misc]
        for data in blobs
    ]
    part.put_image(tag, root)
    return list(outcomes)


def written(path: Path, source: Source, **images: list[bytes]) -> dict[str, list[str]]:
    with archive.collected(path) as collection:
        return {
            name: put(collection, f"r.example/{name}:v1", source, *blobs)
            for name, blobs in images.items()
        }


def whole(path: Path) -> list[str]:
    """The images in an archive, all of whose files are what their names say."""
    with tarfile.open(path) as found:
        for member in found.getmembers():
            if member.isfile() and member.name.startswith("blobs/"):
                file = found.extractfile(member)
                assert file is not None
                assert oci.digest_of(file.read()) == "sha256:" + member.name.rpartition("/")[2]
    with archive.opened(path, OCI_ARCHIVE, "it") as store:
        assert isinstance(store, Layout)
        for one in store.images():
            assert all(store.blobs.has(blob) for blob in store.manifest(one.digest).layers)
        return sorted(filter(None, store.names()))


def test_blobs_are_there_once_under_whole_names(tmp_path: Path) -> None:
    source = Source()
    done = written(tmp_path / "a.tar", source, one=[SHARED, ONE], two=[SHARED, TWO])
    assert done == {"one": ["copied", "copied"], "two": ["skipped", "copied"]}
    assert whole(tmp_path / "a.tar") == ["r.example/one:v1", "r.example/two:v1"]
    with archive.opened(tmp_path / "a.tar", OCI_ARCHIVE, "it") as store:
        assert isinstance(store, Layout)
        assert repositories(store) == {"r.example/one": ["v1"], "r.example/two": ["v1"]}
        part = Part(store, "r.example/two")
        assert part.tags() == ["v1"]
        assert part.resolve("v1").digest == image(SHARED, TWO).digest
        assert part.manifest("v1").layers == image(SHARED, TWO).layers
        with pytest.raises(NotFound, match=r"has no r\.example/two:v2"):
            part.resolve("v2")


def test_the_next_run_finds_what_there_is_in_whatever_order(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with pytest.raises(NotFound):
        written(path, Source(broken=TWO), one=[SHARED, ONE], two=[TWO])
    source = Source()
    done = written(path, source, two=[TWO], one=[ONE, SHARED])
    assert done == {"two": ["resumed"], "one": ["skipped", "skipped"]}
    assert source.opened == [TWO]
    assert whole(path) == ["r.example/one:v1", "r.example/two:v1"]
    assert [one.name for one in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.parametrize("broken", [ONE, SHARED, TWO], ids=["first", "middle", "last"])
def test_what_nobody_wants_any_more_is_closed_up(tmp_path: Path, broken: bytes) -> None:
    """Not even a hole is left of an image that was begun, and is not in the list any more."""
    path = tmp_path / "a.tar"
    images = {"one": [ONE], "shared": [SHARED], "two": [TWO]}
    gone = next(name for name, blobs in images.items() if broken in blobs)
    with suppress(NotFound), archive.collected(path) as collection:
        for name, blobs in images.items():
            if name != gone:
                put(collection, f"r.example/{name}:v1", Source(), *blobs)
            else:
                collection.part("x").expect(image(broken), [described(broken)])
        put(collection, "r.example/gone:v1", Source(broken=broken), broken)
    assert not path.exists()
    del images[gone]
    done = written(path, Source(), **images)
    assert [*done.values()] == [["skipped"], ["skipped"]]
    assert whole(path) == sorted(f"r.example/{name}:v1" for name in images)
    assert path.stat().st_size < sum(len(data) for (data,) in images.values()) + 10_000


def test_what_was_there_before_is_taken_from_there(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    written(path, Source(), one=[SHARED, ONE], two=[SHARED, TWO])
    source = Source()
    with archive.collected(path) as collection:
        assert collection.part("r.example/one").resolve("v1").digest == image(SHARED, ONE).digest
        assert put(collection, "r.example/new:v1", source, SHARED) == ["skipped"]
    assert source.opened == []
    assert whole(path) == ["r.example/new:v1", "r.example/one:v1"]


def test_others_can_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    written(path, Source(), one=[ONE], two=[TWO])
    with archive.collected(path, keep_others=True) as collection:
        put(collection, "r.example/one:v1", Source(), SHARED)
    assert whole(path) == ["r.example/one:v1", "r.example/two:v1"]
    with archive.opened(path, OCI_ARCHIVE, "it") as store:
        assert store.resolve("r.example/one:v1").digest == image(SHARED).digest


def test_nothing_is_written_where_all_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    written(path, Source(), one=[ONE])
    before = path.stat().st_mtime_ns, path.stat().st_ino
    with archive.collected(path) as collection:
        collection.part("r.example/one").resolve("v1")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_looking_alone_leaves_what_an_interrupted_run_left(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with pytest.raises(NotFound):
        written(path, Source(broken=ONE), two=[TWO], one=[ONE])
    left = (tmp_path / "a.tar.partial").read_bytes()
    with archive.collected(path, keep_others=None) as collection, pytest.raises(NotFound):
        collection.part("r.example/two").resolve("v1")
    assert (tmp_path / "a.tar.partial").read_bytes() == left


def test_a_wrong_blob_takes_nothing_else_away(tmp_path: Path) -> None:
    class Wrong(Source):
        def _chunks(self, data: bytes, offset: int) -> Iterator[bytes]:
            yield bytes(len(data)) if data == ONE else data[offset:]

    path = tmp_path / "a.tar"
    with pytest.raises(IntegrityFailure):
        written(path, Wrong(), two=[TWO], one=[ONE])
    source = Source()
    assert written(path, source, two=[TWO], one=[ONE])["two"] == ["skipped"]
    assert source.opened == [ONE]
    assert whole(path) == ["r.example/one:v1", "r.example/two:v1"]


def test_on_a_stream_they_follow_each_other(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with archive.streamed_collection(sink) as collection:
        put(collection, "r.example/one:v1", Source(), SHARED, ONE)
        assert put(collection, "r.example/two:v1", Source(), SHARED) == ["skipped"]
    (tmp_path / "a.tar").write_bytes(sink.getvalue())
    assert whole(tmp_path / "a.tar") == ["r.example/one:v1", "r.example/two:v1"]


@pytest.mark.parametrize(
    ("annotations", "name"),
    [
        ({"org.opencontainers.image.ref.name": "v1"}, None),
        ({"org.opencontainers.image.ref.name": "quay.io/org/app:v1"}, "quay.io/org/app:v1"),
        (
            # As docker 25 and containerd write it.
            {
                "io.containerd.image.name": "docker.io/library/alpine:3",
                "org.opencontainers.image.ref.name": "3",
            },
            "docker.io/library/alpine:3",
        ),
        ({"org.opencontainers.image.ref.name": "alpine:3"}, "docker.io/library/alpine:3"),
        ({"org.opencontainers.image.ref.name": "../../x:y z"}, None),
    ],
)
def test_names_as_others_write_them(
    tmp_path: Path, annotations: dict[str, str], name: str | None
) -> None:
    root = image()
    blobs = tmp_path / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (blobs / root.digest.partition(":")[2]).write_bytes(root.content)
    entry = {**root.descriptor.to_json(), "annotations": annotations}
    index = {"schemaVersion": 2, "manifests": [entry]}
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (tmp_path / "index.json").write_text(json.dumps(index))
    found = LayoutDirectory(tmp_path)
    repository, _, tag = (name or "").rpartition(":")
    assert repositories(found) == ({repository: [tag]} if name else {})
    if name:
        assert found.resolve(name).digest == root.digest


def test_many_images_take_little_time(tmp_path: Path) -> None:
    """Ten thousand names of one image: looking for a name is no walk through all of them."""
    path, root = tmp_path / "a.tar", image()
    with archive.collected(path) as collection:
        part = collection.part("r.example/app")
        for number in range(10_000):
            part.put_image(f"v{number}", root)
    with archive.opened(path, OCI_ARCHIVE, "it") as store:
        assert isinstance(store, Layout)
        part_again = Part(store, "r.example/app")
        assert {part_again.resolve(f"v{number}").digest for number in range(10_000)} == {
            root.digest
        }
        assert list(part_again.referrers(root.digest)) == []


def test_what_was_cut_off_says_so(tmp_path: Path) -> None:
    """Also between two files, where nothing else shows it."""
    path = tmp_path / "a.tar"
    written(path, Source(), one=[ONE], two=[TWO])
    with tarfile.open(path) as found:
        ends = [one.offset for one in found.getmembers()]
    content = path.read_bytes()
    for end in (*ends[1:], ends[-1] + 700):
        path.write_bytes(content[:end])
        with (
            pytest.raises(HubcliError, match="cut off") as caught,
            archive.opened(path, OCI_ARCHIVE, "it") as store,
        ):
            store.resolve("r.example/one:v1")
        assert caught.value.code == "INTEGRITY"
