"""Which names of files are taken from somebody else."""

from __future__ import annotations

import pytest

from hubcli.artifacts.filenames import check_distinct, safe_parts
from hubcli.errors import IntegrityFailure


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.txt", ("a.txt",)),
        ("./dir/./a b.txt", ("dir", "a b.txt")),
        ("..a/b..c", ("..a", "b..c")),
        ("ünï", ("ünï",)),
        (".hidden", (".hidden",)),
        ("console/com10", ("console", "com10")),
    ],
)
def test_names_that_are_taken(name: str, parts: tuple[str, ...]) -> None:
    assert safe_parts(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "/etc/passwd", "//host/share", "../a", "a/../../b", "a/..", "a//b", "a/"),
        *("C:\\a", "C:a", "a\\..\\b", "..\\a", "a:stream", "NUL", "dir/con.txt", "LPT1", "com¹.x"),
        *("aux .txt", "a.", "a ", "a\0b", "a\nb", "a\x7f", "a*", "a?", 'a"', "a<", "a|"),
        *("x" * 256, "é" * 128, "/".join(["x" * 200] * 25), "\ud800"),
    ],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(IntegrityFailure, match="refused"):
        safe_parts(name)


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("a", "A"),
        ("\u00e9", "e\u0301"),
        ("straße", "STRASSE"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("A/b/c", "a/B"),
    ],
)
def test_names_that_exclude_each_other(names: tuple[str, str]) -> None:
    with pytest.raises(IntegrityFailure, match="exclude each other"):
        check_distinct(names)


def test_names_beside_each_other() -> None:
    check_distinct(["a/b", "a/c", "ab", "b/a"])
