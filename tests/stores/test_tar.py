"""Tar archives as trees: read in place, and nothing believed that is not there."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from hubcli.errors import IntegrityFailure, NotFound
from hubcli.stores import tar
from hubcli.stores.tar import Tar


def archive(
    *members: tuple[str | tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT
) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as writer:
        for named, data in members:
            member = tarfile.TarInfo(named) if isinstance(named, str) else named
            if member.isreg():
                member.size = len(data)
            writer.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def link(name: str, target: str, type: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = type, target
    return member


def opened(content: bytes) -> Tar:
    return Tar(io.BytesIO(content), "x.tar")


def read(tree: Tar, name: str, offset: int = 0) -> bytes:
    with tree.open(name, offset) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_files_are_read_in_place(format: int) -> None:
    long = "d" * 90 + "/" + "f" * 90
    tree = opened(archive(("a", b"1"), (f"./{long}", b"22" * 700), format=format))
    assert (tree.size("a"), tree.size(long)) == (1, 1400)
    assert read(tree, long) == b"22" * 700
    assert read(tree, long, 1399) == b"2"


def test_names_that_only_extensions_can_hold() -> None:
    name = "ü" * 300
    for format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        assert read(opened(archive((name, b"x"), format=format)), name) == b"x"


@pytest.mark.parametrize("record", [b"5011 size=" + b"9" * 5000 + b"\n", b"9" * 5000 + b" a=b\n"])
def test_numbers_that_are_too_long_say_nothing(record: bytes) -> None:
    extension = tarfile.TarInfo("pax")
    extension.type, extension.size = tarfile.XHDTYPE, len(record)
    block = extension.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-len(record) % 512)
    assert opened(block + archive(("a", b"xy"))).size("a") == 2


def test_links_inside_the_archive_are_followed() -> None:
    tree = opened(
        archive(
            ("one/layer.tar", b"x"),
            (link("two/layer.tar", "../one/layer.tar"), b""),
            (link("three", "two/layer.tar", tarfile.LNKTYPE), b""),
        )
    )
    assert read(tree, "two/layer.tar") == b"x"
    assert read(tree, "three") == b"x"


@pytest.mark.parametrize(
    "member",
    [
        link("a", "/etc/passwd"),
        link("a", "../../etc/passwd"),
        link("a", "a"),
        link("a", "b"),
        link("a", "/etc/passwd", tarfile.LNKTYPE),
    ],
    ids=["absolute", "outside", "itself", "nowhere", "hard"],
)
def test_links_that_lead_elsewhere_lead_nowhere(member: tarfile.TarInfo) -> None:
    tree = opened(archive((member, b"")))
    assert tree.size("a") is None
    with pytest.raises(NotFound):
        read(tree, "a")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", ".", ".."])
def test_names_outside_are_nobodys(name: str) -> None:
    tree = opened(archive((name, b"x"), ("a/../b", b"y")))
    assert tree.names == ("b",)


def test_devices_and_directories_are_no_files() -> None:
    device, directory = tarfile.TarInfo("device"), tarfile.TarInfo("directory")
    device.type, directory.type = tarfile.CHRTYPE, tarfile.DIRTYPE
    assert opened(archive((device, b""), (directory, b""), ("f", b"x"))).names == ("f",)


def header(name: str = "a", **changes: bytes) -> bytearray:
    """A header block, fields replaced by their place in it, the checksum right."""
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT)[:512])
    for field, value in changes.items():
        start = {"size": 124, "type": 156}[field]
        block[start : start + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return block


@pytest.mark.parametrize(
    "content",
    [
        archive(("a", b"x" * 5000))[:4000],
        bytes(header(size=b"\x80" + b"\xff" * 11)),
        bytes(header(size=b"\xff" * 12)),
        bytes(header(size=b"nonsense\0\0\0\0")),
        bytes(header(size=b"77777777777\0")),
        bytes(header()[:300]) + b"?" * 212,
        b"?" * 2048,
        bytes(header(size=b"00077777777\0", type=b"x")) + bytes(16 << 20),
    ],
    ids=[
        "cut off",
        "huge",
        "negative",
        "no number",
        "longer than the file",
        "wrong checksum",
        "garbage",
        "huge extension",
    ],
)
def test_damage_is_an_integrity_failure(content: bytes) -> None:
    with pytest.raises(IntegrityFailure, match=r"x\.tar is no readable tar archive"):
        opened(content)


def test_a_pax_size_counts() -> None:
    """Files of 8 GiB and more say their size there; a lie about it is found out."""
    record = b"18 size=99999999999\n"
    record = b"%d size=99999999999\n" % (len(record))
    extension = bytes(header(size=b"%011o\0" % len(record), type=b"x"))
    content = extension + record.ljust(512, b"\0") + bytes(header()) + bytes(1024)
    with pytest.raises(IntegrityFailure, match="cut off"):
        opened(content)


def test_the_number_of_members_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "MOST_MEMBERS", 10)
    with pytest.raises(IntegrityFailure, match="more than 10 members"):
        opened(archive(*((f"f{number}", b"") for number in range(11))))


def test_what_is_written_is_read_by_others(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1" * 600)
    (tmp_path / "two").write_bytes(b"")
    sink = io.BytesIO()
    with tar.writing(sink) as add:
        add("blobs/sha256/" + "a" * 64, tmp_path / "one")
        add("n" * 120, tmp_path / "two")
    with tarfile.open(fileobj=io.BytesIO(sink.getvalue())) as reader:
        members = reader.getmembers()
    # Directories before what is in them, and all of it ours: skopeo needs both to unpack it.
    assert [member.name for member in members if member.isdir()] == ["blobs", "blobs/sha256"]
    assert [member.isdir() for member in members] == [True, True, False, False]
    assert {(member.uid, member.gid) for member in members} == {(os.getuid(), os.getgid())}
    sizes = {member.name: member.size for member in members if member.isfile()}
    assert sizes == {"blobs/sha256/" + "a" * 64: 600, "n" * 120: 0}
    assert read(opened(sink.getvalue()), "blobs/sha256/" + "a" * 64) == b"1" * 600
