"""Artifacts as files: what is in the way, what is hostile, what was interrupted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hubcli.artifacts.filenames import TITLE
from hubcli.artifacts.unpacking import Planned, fetch, plan
from hubcli.errors import Conflict, ConnectionBroken, IntegrityFailure
from hubcli.oci import OCI_EMPTY, OCTET_STREAM, Descriptor

UNPACK = "io.deis.oras.content.unpack"


class Events:
    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None: ...
    def advance(self, key: str, count: int) -> None: ...
    def finish(self, key: str, outcome: str) -> None: ...


class Blobs:
    """Contents by digest; breaks off after `cut` bytes, and remembers the offsets asked for."""

    def __init__(self, *contents: bytes, cut: int | None = None) -> None:
        self.contents = {layer(one).digest: one for one in contents}
        self.cut = cut
        self.offsets: list[int] = []

    @contextmanager
    def open(self, descriptor: Descriptor, offset: int = 0) -> Iterator[Iterator[bytes]]:
        self.offsets.append(offset)
        yield self._chunks(self.contents[descriptor.digest][offset:])

    def _chunks(self, content: bytes) -> Iterator[bytes]:
        yield content[: self.cut]
        if self.cut is not None:
            raise ConnectionBroken("the connection broke")


class Store:
    def __init__(self, *contents: bytes, cut: int | None = None) -> None:
        self.blobs: Any = Blobs(*contents, cut=cut)


def layer(content: bytes, title: str | None = None, **more: str) -> Descriptor:
    annotations = {} if title is None else {TITLE: title}
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Descriptor(OCTET_STREAM, digest, len(content), annotations=annotations | more)


def unpack(store: Any, planned: list[Planned]) -> dict[str, int]:
    return dict(fetch(store, planned, Events())[0])


def files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def test_files_get_their_names(tmp_path: Path) -> None:
    target = tmp_path / "new" / "out"
    layers = [layer(b"1", "a"), layer(b"2", "d/b"), layer(b"1", "d/e/a"), layer(b"3"), layer(b"3")]
    assert unpack(Store(b"1", b"2", b"3"), plan(layers, target)) == {"copied": 4}
    unnamed = layer(b"3").digest.replace(":", "-")
    assert files(target) == {"a": b"1", "d/b": b"2", "d/e/a": b"1", unnamed: b"3"}


def test_the_blob_that_stands_for_nothing_becomes_no_file(tmp_path: Path) -> None:
    assert plan([Descriptor(OCI_EMPTY, layer(b"{}").digest, 2)], tmp_path) == []


@pytest.mark.parametrize(
    ("title", "media_type", "name"),
    [
        ("dir", "application/vnd.oci.image.layer.v1.tar+gzip", "dir.tar.gz"),
        ("dir/", "application/vnd.oci.image.layer.v1.tar", "dir.tar"),
        ("dir.tar", "application/vnd.oci.image.layer.v1.tar", "dir.tar"),
    ],
)
def test_a_directory_that_oras_packed_is_a_tar(
    tmp_path: Path, title: str, media_type: str, name: str
) -> None:
    packed = layer(b"tar", title, **{UNPACK: "true"})
    packed = Descriptor(media_type, packed.digest, packed.size, annotations=packed.annotations)
    (planned,) = plan([packed], tmp_path)
    assert planned.target == tmp_path / name


@pytest.mark.parametrize("title", ["../x", "/tmp/x", "a/../../x", "C:\\x", "NUL", "", "a\\b"])
def test_nothing_is_written_where_one_name_is_bad(tmp_path: Path, title: str) -> None:
    with pytest.raises(IntegrityFailure, match="refused"):
        plan([layer(b"1", "good"), layer(b"2", title)], tmp_path / "out")
    assert files(tmp_path) == {}


def test_two_files_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(IntegrityFailure, match="exclude each other"):
        plan([layer(b"1", "a"), layer(b"2", "A")], tmp_path)


def test_what_is_there_stays_without_force(tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes(b"1")
    assert unpack(Store(), plan([layer(b"1", "same")], tmp_path)) == {"skipped": 1}
    (tmp_path / "mine").write_bytes(b"M")
    with pytest.raises(Conflict, match="another file"):
        plan([layer(b"1", "new"), layer(b"2", "mine")], tmp_path)
    assert files(tmp_path) == {"same": b"1", "mine": b"M"}
    forced = plan([layer(b"2", "mine")], tmp_path, force=True)
    assert unpack(Store(b"2"), forced) == {"copied": 1}
    assert files(tmp_path) == {"same": b"1", "mine": b"2"}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("title", ["link", "away/x", "inside/x", "pipe", "dir", "file/x"])
def test_nothing_is_written_through_links_or_over_what_is_no_file(
    tmp_path: Path, title: str, force: bool
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    for directory in (out / "dir", elsewhere):
        directory.mkdir(parents=True)
    (elsewhere / "secret").write_bytes(b"S")
    (out / "file").write_bytes(b"F")
    (out / "link").symlink_to(elsewhere / "secret")
    (out / "away").symlink_to(elsewhere)
    (out / "inside").symlink_to(out / "dir")
    os.mkfifo(out / "pipe")
    with pytest.raises(Conflict):
        plan([layer(b"1", title)], out, force=force)
    assert files(elsewhere) == {"secret": b"S"}


def test_the_destination_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    assert unpack(Store(b"1"), plan([layer(b"1", "a")], tmp_path / "out")) == {"copied": 1}
    assert files(tmp_path / "real") == {"a": b"1"}


def test_an_interrupted_file_goes_on(tmp_path: Path) -> None:
    content = bytes(range(200))
    layers = [layer(content, "a")]
    with pytest.raises(ConnectionBroken):
        unpack(Store(content, cut=150), plan(layers, tmp_path))
    assert not (tmp_path / "a").exists()
    store = Store(content)
    assert unpack(store, plan(layers, tmp_path)) == {"resumed": 1}
    assert store.blobs.offsets == [150]
    assert files(tmp_path) == {"a": content}


def test_wrong_bytes_leave_nothing(tmp_path: Path) -> None:
    store = Store(b"right")
    store.blobs.contents = {layer(b"right").digest: b"wrong"}
    with pytest.raises(IntegrityFailure):
        unpack(store, plan([layer(b"right", "a")], tmp_path))
    assert files(tmp_path) == {}


def test_a_file_cannot_take_the_place_where_another_grows(tmp_path: Path) -> None:
    (one,) = plan([layer(b"1", "a")], tmp_path)
    with pytest.raises(IntegrityFailure, match="taken"):
        plan([layer(b"1", "a"), layer(b"2", one.beside.name)], tmp_path)
    (tmp_path / one.beside.name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match="no regular file"):
        plan([layer(b"1", "a")], tmp_path)


def test_a_long_name_has_room_to_grow(tmp_path: Path) -> None:
    name = "é" * 127
    assert unpack(Store(b"1"), plan([layer(b"1", name)], tmp_path)) == {"copied": 1}
    assert files(tmp_path) == {name: b"1"}
