"""The databases of installed packages."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import pytest

from hubcli.errors import IntegrityFailure
from hubcli.layers import layers_of, read_tree
from hubcli.layers.packages import Installed, installed
from hubcli.stores.layout import LayoutDirectory
from support.layered import image_of, member, tar_of


def installed_with(directory: Path, **files: bytes) -> Installed:
    image = image_of(directory, [tar_of(*(member(name, data) for name, data in files.items()))])
    store = LayoutDirectory(directory)
    layers = layers_of(store, store.manifest(image.digest))
    return installed(read_tree(store.blobs, layers), store.blobs, layers)


def rpm_header(**values: object) -> bytes:
    """As rpm stores it: counts, entries (tag, type, offset, count), data."""
    tags = {"name": 1000, "version": 1001, "release": 1002, "epoch": 1003, "arch": 1022}
    data, entries = b"", b""
    for key, value in values.items():
        kind = 4 if isinstance(value, int) else 6
        entries += struct.pack(">iiiI", tags[key], kind, len(data), 1)
        data += struct.pack(">I", value) if isinstance(value, int) else str(value).encode() + b"\0"
    return struct.pack(">II", len(values), len(data)) + entries + data


def rpm_database(path: Path, *blobs: bytes) -> bytes:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    database.commit()
    database.close()
    return path.read_bytes()


def test_dpkg(tmp_path: Path) -> None:
    status = (
        b"Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\n\n"
        b"Package: b\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
        b"Package: c\nStatus: install ok not-installed\nArchitecture: amd64\nVersion: 1\n"
    )
    found = installed_with(tmp_path, **{"var/lib/dpkg/status": status})
    assert found == ({("a", "amd64"): "1:2-3"}, [])


def test_distroless(tmp_path: Path) -> None:
    part = b"Package: base\nArchitecture: all\nVersion: 13\n"
    directory = "var/lib/dpkg/status.d"
    files = {f"{directory}/base": part, f"{directory}/base.md5sums": b"Package: x\nVersion: 1\n"}
    assert installed_with(tmp_path, **files).versions == {("base", "all"): "13"}


def test_apk(tmp_path: Path) -> None:
    content = b"C:Q1x\nP:musl\nV:1.2-r4\nA:x86_64\nF:lib\n\nP:zlib\nV:1.3\nA:x86_64\n"
    found = installed_with(tmp_path, **{"lib/apk/db/installed": content})
    assert found.versions == {("musl", "x86_64"): "1.2-r4", ("zlib", "x86_64"): "1.3"}


def test_rpm(tmp_path: Path) -> None:
    content = rpm_database(
        tmp_path / "x.sqlite",
        rpm_header(name="bash", version="5.2", release="1.el9", epoch=1, arch="x86_64"),
        rpm_header(name="zlib", version="1.3", release="2", arch="x86_64"),
    )
    found = installed_with(tmp_path / "image", **{"var/lib/rpm/rpmdb.sqlite": content})
    assert found.versions == {("bash", "x86_64"): "1:5.2-1.el9", ("zlib", "x86_64"): "1.3-2"}


@pytest.mark.parametrize("blob", [struct.pack(">II", 1 << 30, 8), b"\xff" * 64])
def test_damaged_headers_of_rpm(tmp_path: Path, blob: bytes) -> None:
    content = rpm_database(tmp_path / "x.sqlite", blob)
    with pytest.raises(IntegrityFailure, match="damaged header"):
        installed_with(tmp_path / "image", **{"var/lib/rpm/rpmdb.sqlite": content})


def test_no_sqlite_at_all(tmp_path: Path) -> None:
    with pytest.raises(IntegrityFailure, match="the database of rpm is damaged"):
        installed_with(tmp_path, **{"var/lib/rpm/rpmdb.sqlite": b"x" * 4096})


def test_older_databases_of_rpm_are_named(tmp_path: Path) -> None:
    found = installed_with(tmp_path, **{"var/lib/rpm/Packages": b"x"})
    assert found == ({}, ["/var/lib/rpm/Packages"])
