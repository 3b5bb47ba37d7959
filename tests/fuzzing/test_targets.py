"""The targets of `make fuzz`, under a few inputs each: the same ones in every run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fuzzing.targets import TARGETS, Target
from hypothesis import given, settings
from hypothesis import strategies as st

PROJECT = Path(__file__).parents[2]


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Words one after the other, and seeds of which a part was replaced by some."""
    words = st.lists(st.sampled_from(target.words) | st.binary(max_size=4), max_size=12).map(
        b"".join
    )

    def spoilt(seed: bytes) -> st.SearchStrategy[bytes]:
        place = st.integers(0, len(seed))
        return st.tuples(place, place, words).map(
            lambda cut: seed[: min(cut[:2])] + cut[2] + seed[max(cut[:2]) :]
        )

    return words | st.sampled_from(target.seeds).flatmap(spoilt)


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_what_may_happen_happens(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.check(seed)

    @given(inputs(target))
    @settings(max_examples=40)
    def check(data: bytes) -> None:
        target.check(data)

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_inputs_that_are_understood(name: str) -> None:
    """Nearly all of what is made of them would be refused at once, were they no inputs."""
    target = TARGETS[name]
    assert len(set(target.seeds)) == len(target.seeds) >= 3
    assert all(target.words)


def test_an_unknown_target_is_named() -> None:
    command = [sys.executable, "-m", "fuzzing", "nothing"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no such target: nothing; there are references, " in done.stderr
