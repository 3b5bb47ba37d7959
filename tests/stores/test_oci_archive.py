"""OCI archives as they are written: in a file, each blob in its place, or on a stream."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubcli import oci
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.oci import Descriptor, Manifest
from hubcli.stores import ONLY, archive
from hubcli.stores.layout import Layout
from hubcli.stores.oci_archive import GrowingArchive
from hubcli.stores.spelling import OCI_ARCHIVE
from support.repositories import content

SMALL, LARGE = content(10_000), content((2 << 20) + 17)
ENDS_IN_ZEROS = content(3 << 20) + bytes(1 << 20)


def described(data: bytes) -> Descriptor:
    return Descriptor(oci.OCTET_STREAM, oci.digest_of(data), len(data))


BLOBS = {described(data).digest: data for data in (SMALL, LARGE, ENDS_IN_ZEROS)}


class Source:
    """Opens `BLOBS`, and notes from where; of `broken` ones the latter half does not come."""

    def __init__(self, broken: str = "", wrong: str = "") -> None:
        self.opened: list[tuple[str, int]] = []
        self._broken = broken
        self._wrong = wrong

    def of(self, digest: str) -> Callable[[int], object]:
        @contextmanager
        def opened(offset: int) -> Iterator[Iterator[bytes]]:
            self.opened.append((digest, offset))
            yield self._chunks(digest, offset)

        return opened

    def _chunks(self, digest: str, offset: int) -> Iterator[bytes]:
        data = BLOBS[digest]
        if digest == self._wrong:
            data = data[:-1] + b"x"
        end = len(data) // 2 if digest == self._broken else len(data)
        for at in range(offset, end, 100_000):
            yield data[at : min(at + 100_000, end)]
        if digest == self._broken:
            raise NotFound("gone")


def image() -> Manifest:
    layers = [described(data).to_json() for data in BLOBS.values()]
    document = {"schemaVersion": 2, "mediaType": oci.OCI_MANIFEST, "layers": layers}
    return oci.parse_manifest(json.dumps(document).encode(), oci.OCI_MANIFEST)


def fill(store: archive.Written, source: Source) -> dict[str, str]:
    """Write the image into an archive; what became of its blobs."""
    root = image()
    if hasattr(store, "expect"):
        store.expect(root, (*map(described, BLOBS.values()), root.descriptor))
    with ThreadPoolExecutor(3) as pool:
        done = {
            digest: pool.submit(store.blobs.upload, described(data), source.of(digest))  # type: ignore[arg-type]
            for digest, data in BLOBS.items()
        }
    outcomes = {digest: one.result() for digest, one in done.items()}
    store.put_image("v1", root)
    return dict(outcomes)


def is_whole(file: Path) -> bool:
    """Whether tarfile and our own reader find the image and all of its blobs."""
    with tarfile.open(file) as found:
        for digest, data in BLOBS.items():
            member = found.extractfile("blobs/" + digest.replace(":", "/"))
            assert member is not None
            assert hashlib.sha256(member.read()).hexdigest() == described(data).digest[7:]
    with archive.opened(file, OCI_ARCHIVE, "it") as store:
        return store.resolve("v1").digest == image().digest


def written(path: Path, source: Source) -> dict[str, str]:
    with archive.created(path, OCI_ARCHIVE, "v1") as store:
        return fill(store, source)


def test_every_blob_has_its_place(tmp_path: Path) -> None:
    """Whatever comes first: the same image gives the same bytes."""
    assert set(written(tmp_path / "a.tar", Source()).values()) == {"copied"}
    assert is_whole(tmp_path / "a.tar")
    written(tmp_path / "b.tar", Source())
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "b.tar"]


@pytest.mark.parametrize("broken", [LARGE, ENDS_IN_ZEROS], ids=["random", "zeros"])
@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_what_an_interrupted_run_left_is_gone_on_with(
    tmp_path: Path, name: str, broken: bytes
) -> None:
    digest = described(broken).digest
    with pytest.raises(NotFound):
        written(tmp_path / name, Source(broken=digest))
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.partial"]
    source = Source()
    outcomes = written(tmp_path / name, source)
    assert outcomes[digest] == "resumed"
    assert (digest, len(broken) // 2) in source.opened
    # Zeros at the end of a blob cannot be told from what is not written yet.
    assert all(at > 0 for _, at in source.opened)
    assert (described(SMALL).digest, 0) not in source.opened
    assert is_whole(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_part_that_is_wrong_is_fetched_again(tmp_path: Path) -> None:
    digest = described(LARGE).digest
    with pytest.raises(NotFound):
        written(tmp_path / "a.tar", Source(broken=digest))
    partial = tmp_path / "a.tar.partial"
    damaged = partial.read_bytes().replace(LARGE[1000:2000], b"?" * 1000)
    partial.write_bytes(damaged)
    source = Source()
    assert written(tmp_path / "a.tar", source)[digest] == "copied"
    assert [at for name, at in source.opened if name == digest] == [len(LARGE) // 2, 0]
    assert is_whole(tmp_path / "a.tar")


@pytest.mark.parametrize("left", [b"something else" * 1000, b""])
def test_what_is_of_no_use_goes_away(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a.tar.partial").write_bytes(left)
    assert set(written(tmp_path / "a.tar", Source()).values()) == {"copied"}
    assert is_whole(tmp_path / "a.tar")


def test_a_directory_of_another_kind_of_archive_goes_away(tmp_path: Path) -> None:
    (tmp_path / "a.tar.partial" / "blobs").mkdir(parents=True)
    written(tmp_path / "a.tar", Source())
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.parametrize("wrong", [SMALL, LARGE], ids=["small", "large"])
def test_wrong_content_leaves_nothing(tmp_path: Path, wrong: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(b"what was there")
    with pytest.raises(IntegrityFailure):
        written(tmp_path / "a.tar", Source(wrong=described(wrong).digest))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]
    assert (tmp_path / "a.tar").read_bytes() == b"what was there"


def test_nothing_is_kept_of_nothing(tmp_path: Path) -> None:
    def expecting() -> None:
        with archive.created(tmp_path / "a.tar", OCI_ARCHIVE, "v1") as store:
            assert isinstance(store, GrowingArchive)
            store.expect(image(), [described(LARGE)])
            raise NotFound("gone")

    with pytest.raises(NotFound):
        expecting()
    assert list(tmp_path.iterdir()) == []


def test_blobs_follow_each_other_on_a_stream(tmp_path: Path) -> None:
    """No file is made for it; what is written is what arrives."""
    sink = io.BytesIO()
    with archive.streamed(sink, OCI_ARCHIVE, "v1") as store:
        fill(store, Source())
    (tmp_path / "a.tar").write_bytes(sink.getvalue())
    assert is_whole(tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as found:
        names = found.getnames()
    assert (names[0], names[-1]) == ("oci-layout", "index.json")
    assert len(names) == len(set(names))


@pytest.mark.parametrize("wrong", [SMALL, LARGE], ids=["small", "large"])
def test_a_stream_with_wrong_content_never_becomes_an_archive(wrong: bytes) -> None:
    sink = io.BytesIO()
    with (
        pytest.raises(IntegrityFailure),
        archive.streamed(sink, OCI_ARCHIVE, "v1") as store,
    ):
        fill(store, Source(wrong=described(wrong).digest))
    assert b"index.json" not in sink.getvalue()


def test_what_refers_to_an_image_is_in_the_archive_with_it(tmp_path: Path) -> None:
    """Who names no image means the one that is none of those."""
    subject = image()
    document = {**subject.document, "subject": subject.descriptor.to_json(), "artifactType": "a/b"}
    signature = oci.parse_manifest(json.dumps(document).encode(), oci.OCI_MANIFEST)
    with archive.created(tmp_path / "a.tar", OCI_ARCHIVE, "v1") as store:
        fill(store, Source())
        store.put_image(ONLY, signature)
    with archive.opened(tmp_path / "a.tar", OCI_ARCHIVE, "it") as found:
        assert found.resolve(ONLY).digest == subject.digest
        assert isinstance(found, Layout)
        assert [one.digest for one in found.referrers(subject.digest)] == [signature.digest]
