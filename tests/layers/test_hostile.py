"""Layers that somebody wrote to do harm."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import Path

import pytest

from hubcli.errors import IntegrityFailure
from hubcli.layers import Limits, Tree, flattened, layers_of, read_tree
from hubcli.layers.names import shown
from hubcli.stores.layout import LayoutDirectory
from support.layered import hardlink, image_of, member, symlink, tar_of

GZIP_OF_ZEROS = 64 << 20


def tree_of(
    directory: Path, *tars: bytes, limits: Limits | None = None, packed: list[bytes] | None = None
) -> Tree:
    image = image_of(directory, tars, packed=packed)
    store = LayoutDirectory(directory)
    return read_tree(store.blobs, layers_of(store, store.manifest(image.digest)), limits)


def names(tree: Tree) -> list[str]:
    return [shown(path) for path, node in tree.walk() if path]


@pytest.mark.parametrize("name", ["/a/b", "../../a/b", "a/../../a/b", "./a//b", "a/x/../b"])
def test_names_stay_inside(tmp_path: Path, name: str) -> None:
    assert names(tree_of(tmp_path, tar_of(member(name, b"x")))) == ["/a", "/a/b"]


@pytest.mark.parametrize("target", ["/out", "../../out", "/../out"])
def test_a_file_behind_a_link_is_inside(tmp_path: Path, target: str) -> None:
    tree = tree_of(tmp_path, tar_of(symlink("link", target), member("link/f", b"x")))
    assert names(tree) == ["/link", "/out", "/out/f"]


def test_links_that_go_round_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IntegrityFailure, match="too many symbolic links"):
        tree_of(tmp_path, tar_of(symlink("a", "b"), symlink("b", "a"), member("a/f", b"")))


@pytest.mark.parametrize("target", ["../../etc/passwd", "/etc/passwd", "missing"])
def test_a_hard_link_leads_nowhere_outside(tmp_path: Path, target: str) -> None:
    with pytest.raises(IntegrityFailure, match="hard link to what is not there"):
        tree_of(tmp_path, tar_of(hardlink("f", target)))


def test_a_hard_link_out_of_the_root_is_one_inside(tmp_path: Path) -> None:
    tar = tar_of(member("etc/passwd", b"x"), hardlink("f", "../../etc/passwd"))
    tree = tree_of(tmp_path, tar)
    one, other = tree.find(("f",)), tree.find(("etc", "passwd"))
    assert one is not None
    assert other is not None
    assert one.inode is other.inode


def test_whiteouts_spare_their_own_layer_wherever_they_stand(tmp_path: Path) -> None:
    below = tar_of(member("d"), member("d/old", b""), member("e", b""))
    above = tar_of(
        member("d/new", b""),
        member("e", b""),
        member("d/.wh..wh..opq", b""),
        member(".wh.e", b""),
        member(".wh.d", b""),
    )
    assert names(tree_of(tmp_path, below, above)) == ["/d", "/d/new", "/e"]


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh..."])
def test_a_whiteout_of_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(IntegrityFailure, match="whiteout of nothing"):
        tree_of(tmp_path, tar_of(member(name, b"")))


def test_more_files_than_allowed_are_refused(tmp_path: Path) -> None:
    tar = tar_of(*(member(f"f{number}", b"") for number in range(11)))
    assert len(names(tree_of(tmp_path / "a", tar, limits=Limits(entries=11)))) == 11
    with pytest.raises(IntegrityFailure, match="more than 10 files"):
        tree_of(tmp_path / "b", tar, limits=Limits(entries=10))
    deep = tar_of(member("/".join("x" * 20), b""))
    with pytest.raises(IntegrityFailure, match="more than 10 files"):
        tree_of(tmp_path / "c", deep, limits=Limits(entries=10))


def zstd_bomb() -> bytes:
    """Frames of one RLE block of 128 KiB of zeros each (RFC 8878, 3.1.1.2)."""
    size = 1 << 17
    block = (size << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"\0"
    return (b"\x28\xb5\x2f\xfd\xa0" + size.to_bytes(4, "little") + block) * 512


@pytest.mark.parametrize("packed", [gzip.compress(bytes(GZIP_OF_ZEROS), mtime=0), zstd_bomb()])
def test_bombs_are_stopped(tmp_path: Path, packed: bytes) -> None:
    limits = Limits(unpacked=GZIP_OF_ZEROS // 2)
    with pytest.raises(IntegrityFailure, match="unpacks to more than"):
        tree_of(tmp_path, b"", packed=[packed], limits=limits)


def test_a_hole_counts_as_what_it_unpacks_to(tmp_path: Path) -> None:
    info, _ = member("f", b"")
    assert isinstance(info, tarfile.TarInfo)
    info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 50)}
    with pytest.raises(IntegrityFailure, match="unpacks to more than"):
        tree_of(tmp_path, tar_of((info, b"")))


@pytest.mark.parametrize("cut", [5, 100, 600, 1100])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_layer_that_is_cut_off_is_refused(tmp_path: Path, cut: int, compressed: bool) -> None:
    tar = tar_of(member("f", bytes(range(256)) * 8))
    packed = zlib.compress(tar, 0, 31)[:cut] if compressed else tar[:cut]
    with pytest.raises(IntegrityFailure):
        tree_of(tmp_path, tar, packed=[packed])


def test_a_wrong_diff_id_is_found_before_anything_is_written(tmp_path: Path) -> None:
    image = image_of(tmp_path, [tar_of(member("f", b"x"))], diff_ids=[f"sha256:{'0' * 64}"])
    store, sink = LayoutDirectory(tmp_path), io.BytesIO()
    with pytest.raises(IntegrityFailure, match="was promised"):
        flattened(store, store.manifest(image.digest), sink)
    assert sink.getvalue() == b""


def test_devices_pipes_and_bytes_that_are_no_text_pass_as_they_are(tmp_path: Path) -> None:
    tar = tar_of(
        member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("pipe", type=tarfile.FIFOTYPE),
        member("\udcff\n\x1b", b"x"),
    )
    image = image_of(tmp_path, [tar])
    store, sink = LayoutDirectory(tmp_path), io.BytesIO()
    flattened(store, store.manifest(image.digest), sink)
    sink.seek(0)
    with tarfile.open(fileobj=sink) as archive:
        found = {one.name: one.type for one in archive}
    assert found == {
        "null": tarfile.CHRTYPE,
        "pipe": tarfile.FIFOTYPE,
        "\udcff\n\x1b": tarfile.REGTYPE,
    }
