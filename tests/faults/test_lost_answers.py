"""A write is done, and its answer never comes: it is found out what came of it, or said that nobody
knows; nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.errands import ERRANDS, World
from support.running import Result

OUTLIVED = [
    *("repo create", "repo edit", "repo rm", "repo star", "repo unstar", "repo rm, elsewhere"),
    *("repo collaborator add", "repo collaborator rm", "tag rm", "tag rm, elsewhere"),
    *("manifest rm", "blob rm", "team create", "team edit", "team edit, its name", "team rm"),
    *("team member add", "team member rm", "team grant", "team grant, another", "team revoke"),
    *("org member role", "org member rm", "org invite cancel", "org settings"),
    *("webhook create", "webhook rm", "scim user create", "scim user edit"),
    *("token edit", "token deactivate", "token rm", "org token edit", "org token rm", "apply"),
]
"""Errands that end well all the same, without a word of it."""

TOLD = {
    "token create": "may be this one: its secret is lost",
    "org token create": "may be this one: its secret is lost",
    "org invite send": "it may have been done all the same",
    "org invite resend": "it may have been done all the same",
    "build trigger": "it may have been done all the same",
    "build trigger, by its address": "it may have been done all the same",
    "repo create, elsewhere": "it may have been done all the same",
}
"""Errands that cannot know, or cannot make it good, and what they say."""


def last_write_lost(
    world: Callable[..., World], name: str, write: tuple[str, ...] = ("POST", "PUT", "PATCH", "DEL")
) -> tuple[World, Result]:
    """The errand in a new world, the answer lost to the last request that begins like `write`, and
    what it said."""
    errand = ERRANDS[name]
    rehearsal, here = world(errand.place), world(errand.place)
    for one in (rehearsal, here):
        errand.prepare(one)
    rehearsed, argv = errand.argv(rehearsal), errand.argv(here)
    rehearsal.gateway.expect()
    rehearsal.run(*rehearsed, stdin=errand.input(rehearsal))
    lines = rehearsal.gateway.lines
    writes = [number for number, line in enumerate(lines) if line.startswith(write)]
    here.gateway.expect(writes[-1], "lost answer")
    done = here.run(*argv, stdin=errand.input(here))
    assert here.gateway.met
    return here, done


@pytest.mark.parametrize("name", OUTLIVED)
def test_what_can_be_found_out_is(world: Callable[..., World], name: str) -> None:
    here, done = last_write_lost(world, name)
    assert done.exit_code == 0, done.stderr
    assert "error:" not in done.stderr
    assert ERRANDS[name].done(here)


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_is_told(world: Callable[..., World], name: str) -> None:
    _, done = last_write_lost(world, name)
    assert done.exit_code == 6, done.stderr
    assert TOLD[name] in done.stderr


def test_a_rotation_leaves_no_token_behind_that_nobody_has(world: Callable[..., World]) -> None:
    here, done = last_write_lost(world, "token rotate", ("POST /v2/access-tokens",))
    assert done.exit_code == 6
    assert "a new token was made, its secret lost: it is removed again" in done.stderr
    here.gateway.expect()
    here.made_good(ERRANDS["token rotate"], done.stderr)
