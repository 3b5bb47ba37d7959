"""Challenges as registries really send them, and the algebra of scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli.auth import challenge
from hubcli.auth.challenge import Challenge, Scope, parse_challenges, repository_scope

DOCKER = (
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
    'scope="repository:samalba/my-app:pull,push"'
)
FORGEJO = 'Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",Basic realm="https://codeberg.org/v2",service="container_registry",scope="*"'  # noqa: E501


def test_docker_hub() -> None:
    (found,) = parse_challenges([DOCKER])
    assert found.scheme == "bearer"
    assert found.realm == "https://auth.docker.io/token"
    assert found.service == "registry.docker.io"
    assert found.scopes == (repository_scope("samalba/my-app", "pull", "push"),)


def test_two_challenges_in_one_header() -> None:
    bearer, basic = parse_challenges([FORGEJO])
    assert (bearer.scheme, bearer.realm) == ("bearer", "https://codeberg.org/v2/token")
    assert (basic.scheme, basic.realm) == ("basic", "https://codeberg.org/v2")


def test_two_headers() -> None:
    found = parse_challenges(['Basic realm="Artifactory Realm"', 'Bearer realm="https://x/token"'])
    assert [one.scheme for one in found] == ["basic", "bearer"]


def test_several_scopes_in_one_parameter() -> None:
    # distribution 2.8.2 asks so for a cross-repository mount
    (found,) = parse_challenges(
        ['Bearer realm="http://r/t",scope="repository:x:pull,push repository:y:pull"']
    )
    assert [str(scope) for scope in found.scopes] == [
        "repository:x:pull,push",
        "repository:y:pull",
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic", [Challenge("basic")]),
        ("", []),
        (" , ,", []),
        ("Negotiate abc==, Basic", [Challenge("negotiate"), Challenge("basic")]),
        ('BEARER Realm = "a" , Service= b', [Challenge("bearer", {"realm": "a", "service": "b"})]),
        (r'Basic realm="quo\"ted, still"', [Challenge("basic", {"realm": 'quo"ted, still'})]),
        ('Bearer realm="never closed', [Challenge("bearer", {"realm": "never closed"})]),
        ('Bearer realm="first",realm="second"', [Challenge("bearer", {"realm": "first"})]),
        ("@@@, Basic realm=x", [Challenge("basic", {"realm": "x"})]),
    ],
)  # fmt: skip
def test_grammar(header: str, expected: list[Challenge]) -> None:
    assert list(parse_challenges([header])) == expected


def test_what_is_missing_is_none() -> None:
    # Google's registries send a realm only
    (found,) = parse_challenges(['Bearer realm="https://us-docker.pkg.dev/v2/token"'])
    assert (found.service, found.scopes, found.error) == (None, (), None)


def test_errors_are_told() -> None:
    (found,) = parse_challenges([DOCKER + ',error="insufficient_scope"'])
    assert found.error == "insufficient_scope"


@given(st.text(max_size=300))
def test_any_header_is_read_without_failing(header: str) -> None:
    parse_challenges([header])


@given(st.text('Bearer ,="\\x', max_size=60))
def test_any_mixture_of_its_characters_is_read(header: str) -> None:
    parse_challenges([header])


def test_scopes_are_parsed_and_merged() -> None:
    found = challenge.parse_scopes(
        [
            "repository:host:5000/a/b:push,pull",
            "repository(plugin):c:pull",
            "registry:catalog:*",
            "repository:c:push",
            "junk",
            "(plugin):d:pull",
            "repository::pull",
        ]
    )
    assert [str(scope) for scope in found] == [
        "repository:host:5000/a/b:pull,push",
        "repository:c:pull,push",
        "registry:catalog:*",
    ]


def test_covering() -> None:
    held = [Scope("repository", "a", ("pull", "push")), Scope("repository", "b", ("*",))]
    assert challenge.covered([repository_scope("a", "pull")], held)
    assert challenge.covered([repository_scope("b", "pull", "delete")], held)
    assert not challenge.covered([repository_scope("a", "delete")], held)
    assert not challenge.covered([repository_scope("c", "pull")], held)
    assert challenge.covered([], [])
