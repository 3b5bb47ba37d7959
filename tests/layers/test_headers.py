"""Headers of tars, against what Python's own writer and reader make of them."""

from __future__ import annotations

import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli.layers.headers import Malformed, parse

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
TYPES = st.sampled_from(
    [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
     tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME]
)  # fmt: skip


def block(**attributes: object) -> bytes:
    info = tarfile.TarInfo("name")
    for name, value in attributes.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)[-512:]


def checked(content: bytearray, *, signed: bool = False) -> bytes:
    """A block with the right checksum."""
    content[148:156] = b" " * 8
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in content)
    content[148:156] = b"%06o\0 " % total
    return bytes(content)


@given(
    NAMES, TYPES, NAMES, st.integers(0, 1 << 60), st.integers(0, 0o7777),
    st.integers(0, 1 << 40), st.integers(-(1 << 40), 1 << 40), st.integers(0, 4095),
)  # fmt: skip
def test_what_tarfile_writes_is_read_as_it_reads_it(
    name: str, kind: bytes, link: str, size: int, mode: int, owner: int, mtime: int, device: int
) -> None:
    written = block(
        name=name, type=kind, linkname=link, size=size, mode=mode, uid=owner, gid=owner + 1,
        mtime=mtime, devmajor=device, devminor=device + 1,
    )  # fmt: skip
    told = tarfile.TarInfo.frombuf(written, "utf-8", "surrogateescape")
    found = parse(written)
    assert found.name.rstrip("/") == told.name.rstrip("/")
    assert (found.type, found.link, found.size) == (told.type, told.linkname, told.size)
    assert (found.mode, found.uid, found.gid, found.mtime) == (
        told.mode, told.uid, told.gid, told.mtime,
    )  # fmt: skip
    if kind in {tarfile.CHRTYPE, tarfile.BLKTYPE}:
        assert found.device == (told.devmajor, told.devminor)


def test_a_long_name_stands_in_two_fields() -> None:
    info = tarfile.TarInfo("d" * 120 + "/" + "n" * 90)
    assert parse(info.tobuf(tarfile.USTAR_FORMAT)).name == info.name


def test_star_keeps_times_behind_its_prefix() -> None:
    content = bytearray(tarfile.TarInfo("d" * 120 + "/n").tobuf(tarfile.USTAR_FORMAT))
    content[476:500] = b"14717777777 14717777777 "
    content[508:512] = b"tar\0"
    assert parse(checked(content)).name == "d" * 120 + "/n"


def test_gnu_keeps_times_where_others_have_a_prefix() -> None:
    content = bytearray(block(name="n"))
    content[345:369] = b"14717777777\00014717777777\0"
    assert parse(checked(content)).name == "n"


def test_v7_tells_a_directory_by_its_name() -> None:
    assert parse(block(name="dir/", type=tarfile.AREGTYPE)).type == tarfile.DIRTYPE


def test_a_checksum_of_signed_bytes() -> None:
    content = bytearray(block(name="näme"))
    assert parse(checked(content, signed=True)).name == "näme"


@pytest.mark.parametrize("at", [0, 100, 124, 148, 156, 257, 345])
def test_a_damaged_header(at: int) -> None:
    content = bytearray(block(name="n"))
    content[at] ^= 1
    with pytest.raises(Malformed):
        parse(bytes(content))


@pytest.mark.parametrize(
    "size", [b"12x45678901\0", b"-0000000001\0", b"\xff" * 12, b"99999999999\0"]
)
def test_a_number_that_is_none(size: bytes) -> None:
    content = bytearray(block(name="n"))
    content[124:136] = size
    with pytest.raises(Malformed):
        parse(checked(content))
