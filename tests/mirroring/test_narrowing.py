"""Indexes that are kept between runs: a hint, which nothing depends on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli import oci
from hubcli.errors import NotFound
from hubcli.mirroring.narrowing import Indexes, narrowed
from hubcli.oci import Manifest, parse_platform
from support.images import INDEX, Layout


@pytest.fixture
def index(oci_layout: Layout) -> Manifest:
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64", "linux/s390x"])
    return oci.parse_manifest(image.read(image.digest), INDEX, image.digest)


def reading(index: Manifest) -> tuple[list[str], Callable[[], Manifest]]:
    """How often it was read, and what reads it."""
    read: list[str] = []

    def found() -> Manifest:
        read.append(index.digest)
        return index

    return read, found


def test_an_index_is_read_once_and_kept_by_its_digest(index: Manifest, tmp_path: Path) -> None:
    read, found = reading(index)
    for _ in range(2):
        indexes = Indexes(tmp_path / "indexes")
        for _ in range(2):
            assert indexes.get(found, index.digest, INDEX).content == index.content
    assert len(read) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_what_is_kept_is_checked(index: Manifest, tmp_path: Path, content: bytes) -> None:
    read, found = reading(index)
    directory = tmp_path / "indexes"
    Indexes(directory).get(found, index.digest, INDEX)
    (kept,) = directory.iterdir()
    kept.write_bytes(content)
    assert Indexes(directory).get(found, index.digest, INDEX).content == index.content
    assert len(read) == 2


def test_a_directory_that_cannot_be_written_is_done_without(
    index: Manifest, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    _, found = reading(index)
    assert Indexes(tmp_path / "file").get(found, index.digest, INDEX) == index
    assert Indexes(None).get(found, index.digest, INDEX) == index


def test_what_nobody_has_used_for_a_month_goes(index: Manifest, tmp_path: Path) -> None:
    directory = tmp_path / "indexes"
    _, found = reading(index)
    Indexes(directory).get(found, index.digest, INDEX)
    (kept,) = directory.iterdir()
    used = kept.stat().st_mtime
    Indexes(directory).tidy(used + 29 * 86_400)
    assert kept.exists()
    Indexes(directory).tidy(used + 31 * 86_400)
    assert not kept.exists()
    Indexes(tmp_path / "none").tidy(used)


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/amd64 linux/arm64", "linux/amd64 linux/arm64"),
        ("linux/amd64 linux/ppc64le", "linux/amd64"),
    ],
)
def test_what_there_is_of_the_platforms_wanted(index: Manifest, wanted: str, there: str) -> None:
    found = narrowed(index, [parse_platform(text) for text in wanted.split()])
    assert " ".join(map(str, found.platforms)) == there
    assert len(found.children) == len(there.split())
    assert (found.digest in found.children) is (len(there.split()) == 1)


def test_all_platforms_leave_an_index_as_it_is(index: Manifest) -> None:
    found = narrowed(index, [parse_platform(f"linux/{a}") for a in ("amd64", "arm64", "s390x")])
    assert found.digest == index.digest


def test_none_of_the_platforms_wanted(index: Manifest) -> None:
    with pytest.raises(NotFound, match=r"no image for linux/ppc64le; there is linux/amd64"):
        narrowed(index, [parse_platform("linux/ppc64le"), parse_platform("windows/amd64")])
