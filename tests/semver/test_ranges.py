"""Ranges of semantic versions."""

from __future__ import annotations

import pytest

from hubcli import semver
from hubcli.errors import UsageError

PRECEDENCE = [  # semver.org 2.0.0, section 11
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
]


def test_precedence_is_that_of_the_specification() -> None:
    versions = [semver.parse(text) for text in PRECEDENCE]
    assert None not in versions
    assert sorted(versions) == versions  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("tag", "numbers"),
    [
        ("1.2.3", (1, 2, 3)),
        ("v1.2.3", (1, 2, 3)),
        ("1.2", (1, 2, 0)),
        ("v1", (1, 0, 0)),
        ("1.2.3-rc.1", (1, 2, 3)),
        ("1.2.3_build.5", (1, 2, 3)),
        ("v1.2.3-alpine", (1, 2, 3)),
        ("release-1.2.3", (1, 2, 3)),
        ("20.04", (20, 4, 0)),
        ("1.2.3.4", (1, 2, 3, 4)),
        ("1.2.0.0", (1, 2, 0)),
        ("latest", None),
        ("alpine3.20", None),
        ("1.2.x", None),
        ("20240101", None),
        ("7e3f1a2", None),
        ("", None),
        ("version1", None),
    ],
)
def test_what_a_tag_names(tag: str, numbers: tuple[int, ...] | None) -> None:
    found = semver.parse(tag)
    assert (None if found is None else found.numbers) == numbers


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (
            ">=1.2 <2",
            "1.2 1.2.0 v1.9.9 1.99.0 1.3.0-alpine v1.3-slim_2 1.9.0.7",
            "1.1.9 2 2.0.0 v2.1 latest 1.3.0-rc.1 1.3.0-rc1-alpine 2-alpine 20240101",
        ),
        (">= 1.2, < 2", "1.2 1.9", "2.0.0 1.1"),
        ("1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"),
        ("=1.2.3", "1.2.3 v1.2.3", "1.2.4"),
        ("1.x", "1.0.0 1.9.9", "2.0.0 0.9.0"),
        ("*", "0.0.1 9.9.9", "latest 1.0.0-rc.1"),
        (">1.2", "1.3.0", "1.2.9"),
        (">1.2.3", "1.2.4", "1.2.3"),
        ("<=1.2", "1.2.9 1.0.0", "1.3.0"),
        ("<1.2", "1.1.9", "1.2.0"),
        ("!=1.2 >=1", "1.1.0 1.3.0", "1.2.5"),
        ("!=1.2.3", "1.2.4", "1.2.3"),
        ("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"),
        ("^0.2.3", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0", "0.9.9", "1.0.0"),
        ("~1.2.3", "1.2.9", "1.3.0 1.2.2"),
        ("~1", "1.9.9", "2.0.0"),
        ("1.2 || >=3", "1.2.5 3.0.0", "2.0.0"),
        (">=1.2.3-rc.1", "1.2.3-rc.2 1.2.3 1.3.0", "1.2.3-beta 1.3.0-rc.1"),
        ("<2.0.0", "1.9.9", "2.0.0-rc.1 2.0.0"),
        ("^1.2", "1.2.0", "2.0.0-rc.1"),
        (">=1.3.0-0 <2", "1.3.0-dev 1.3.0-rc.1 1.3.0 1.4.0", "1.2.9 1.4.0-rc.1"),
        (">=1.3.0-rc1", "1.3.0-rc2-alpine 1.3.0-rc.10", "1.3.0-beta9"),
        ("1.2 - 1.4", "1.2.0 1.4.9", "1.5.0 1.1.9"),
        ("~>1.2", "1.2.9", "1.3.0"),
        (">=20.04", "20.04 22.10", "18.04"),
    ],
)
def test_what_is_in_a_range(text: str, inside: str, outside: str) -> None:
    accepts = semver.parse_range(text)
    assert [tag for tag in inside.split() if not accepts(tag)] == []
    assert [tag for tag in outside.split() if accepts(tag)] == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "||", "1.2 ||", "latest", ">>1", "1.2.3.4", ">=", "1.-2", "x" * 600, "1" * 400),
        *("1.2.3-alpine", "1.2 -", "- 1.2", "٣"),
    ],
)
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        semver.parse_range(text)


@pytest.mark.parametrize(
    ("tag", "prefix", "numbers", "stage", "variant"),
    [
        ("v1.2.3-alpine", "v", (1, 2, 3), "", "alpine"),
        ("1.2.3", "", (1, 2, 3), "", ""),
        ("3.13.0rc1-slim-bookworm", "", (3, 13, 0), "rc1", "slim-bookworm"),
        ("9.0.0-preview.3.24172.9-alpine3.20", "", (9, 0, 0), "preview.3.24172.9", "alpine3.20"),
        ("26-ea-5-jdk-slim", "", (26,), "ea-5", "jdk-slim"),
        ("1.0.0-alpha.beta", "", (1, 0, 0), "alpha.beta", ""),
        ("8.0.0-RC1-fpm", "", (8, 0, 0), "RC1", "fpm"),
        ("1.25.3-debian-12-r5", "", (1, 25, 3), "", "debian-12-r5"),
        ("release-v2.0_1", "release-v", (2, 0), "", "1"),
    ],
)
def test_a_tag_is_taken_apart_in_one_way(
    tag: str, prefix: str, numbers: tuple[int, ...], stage: str, variant: str
) -> None:
    found = semver.read(tag)
    assert found is not None
    assert (found.prefix, found.numbers, found.stage, found.variant) == (
        prefix, numbers, stage, variant,
    )  # fmt: skip
    assert semver.variant_of(tag) == variant


@pytest.mark.parametrize(
    ("tag", "variant"),
    [("latest", ""), ("latest-alpine", "alpine"), ("stable-slim", "slim"), ("pr-7", "")],
)
def test_tags_that_roll_have_variants_too(tag: str, variant: str) -> None:
    assert semver.variant_of(tag) == variant
