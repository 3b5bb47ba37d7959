"""How images and local stores are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcli import reference
from hubcli.errors import UsageError
from hubcli.stores import ONLY, spelling
from hubcli.stores.spelling import Local

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oci:dir", Local("oci", "dir")),
        ("oci:dir:v1", Local("oci", "dir", "v1")),
        ("oci:./a/b.c:v1.2", Local("oci", "./a/b.c", "v1.2")),
        ("oci:dir:docker.io/library/x:1", Local("oci", "dir", "docker.io/library/x:1")),
        (f"oci:dir@{DIGEST}", Local("oci", "dir", None, DIGEST)),
        ("ocidir://dir:v1", Local("oci", "dir", "v1")),
        ("ocidir:///abs/dir", Local("oci", "/abs/dir")),
        ("oci-archive:a.tar", Local("oci-archive", "a.tar")),
        ("oci-archive:a.tar:v1", Local("oci-archive", "a.tar", "v1")),
        ("docker-archive:a.tar:x:1", Local("docker-archive", "a.tar", "x:1")),
        ("docker-archive:a.tar:h:5/x:1", Local("docker-archive", "a.tar", "h:5/x:1")),
        ("docker-daemon:alpine:3", Local("docker-daemon", "alpine:3")),
        ("-", Local("archive", "-")),
        ("./dir:v1", Local("oci", "./dir", "v1")),
        ("/tmp/x.tar", Local("archive", "/tmp/x.tar")),
        ("../x.TGZ", Local("archive", "../x.TGZ")),
    ],
)
def test_local_stores(text: str, expected: Local) -> None:
    assert spelling.parse(text) == expected
    assert spelling.parse_local(text) == expected


@pytest.mark.parametrize("text", ["alpine", "alpine.tar", "h:5/oci", "oci", "docker-archive/x"])
def test_everything_else_is_a_reference(text: str) -> None:
    assert spelling.parse(text) == reference.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.tar", Local("archive", "x.tar")),
        ("x.tar.gz", Local("archive", "x.tar.gz")),
        ("x.tgz", Local("archive", "x.tgz")),
        ("x", Local("oci", "x")),
        ("x:v1", Local("oci", "x", "v1")),
    ],
)
def test_where_a_path_is_expected_it_needs_no_prefix(text: str, expected: Local) -> None:
    assert spelling.parse_local(text) == expected


def test_a_file_is_an_archive_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(b"")
    assert spelling.parse_local(f"{tmp_path}/saved").kind == spelling.ARCHIVE


@pytest.mark.parametrize("text", ["oci:", "oci::v1", "oci:dir:a b", "", "oci:dir@sha256:abc"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        spelling.parse_local(text)


@pytest.mark.parametrize("text", ["oci:dir:v1", f"oci:dir@{DIGEST}", "docker-archive:a.tar:x:1"])
def test_it_is_shown_as_it_is_spelled(text: str) -> None:
    assert str(spelling.parse(text)) == text


def test_the_identifier_is_the_digest_or_the_name_or_nothing() -> None:
    assert Local("oci", "d", "v1", DIGEST).identifier == DIGEST
    assert Local("oci", "d", "v1").identifier == "v1"
    assert Local("oci", "d").identifier == ONLY
