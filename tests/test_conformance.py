"""The table of distribution-spec's rules names tests that are there, and that are run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from support.conformance import CLIENT, SERVER, Rule

PROJECT = Path(__file__).parents[1]


@cache
def named_in(path: str) -> dict[str, str]:
    """The tests of a file by their names, with the decorators that they have."""
    found = {}
    for node in ast.walk(ast.parse((PROJECT / path).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found[node.name] = " ".join(map(ast.unparse, node.decorator_list))
    return found


@pytest.mark.parametrize("rule", [*CLIENT, *SERVER], ids=lambda rule: rule.text[:50])
def test_each_rule_is_held_by_tests_that_run(rule: Rule) -> None:
    assert rule.level in {"MUST", "SHOULD"}
    assert rule.tests
    for test in rule.tests:
        path, _, name = test.partition("::")
        decorators = named_in(path).get(name)
        assert decorators is not None, f"{test} is not there"
        assert "skip" not in decorators
        assert "xfail" not in decorators


def test_rules_are_told_apart() -> None:
    assert len({(rule.heading, rule.text) for rule in CLIENT}) == len(CLIENT) >= 30
