"""What distribution-spec 1.1 asks for, and which tests hold it: docs/conformance.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_INTRODUCTION = """\
# Conformance

Generated from `tests/support/conformance.py` by `make completions`; do not edit.

Of [distribution-spec 1.1](https://github.com/opencontainers/distribution-spec), in words of our
own; `tests/test_conformance.py` holds that each test is there.

## The sandbox as a registry

The specification's own conformance suite (`conformance/` of its repository, at 967efdc of July
2026) passes against `hubcli sandbox`, as an account that signs in, with every API and every kind of
content that is on by default, and, switched on, cancelled uploads, digest headers and tags with a
push by digest. Not passed, on purpose: content that is switched off by default, images whose blobs
are missing (*sparse*), which Docker Hub refuses as well. The suite is a program in Go and no part
of this project; where there is one, `HUBCLI_CONFORMANCE=/path/to/it make test` runs it, too
(`tests/sandbox/test_conformance.py`).

What it asks for is also held by tests of our own:

"""
_CLIENT = """
## hubcli as a client

"""


def page() -> str:
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from support.conformance import CLIENT, SERVER

    return f"{_INTRODUCTION}{_table(SERVER)}{_CLIENT}{_table(CLIENT)}"


def _table(rules: Iterable[Any]) -> str:
    return "".join(f"{line}\n" for line in _lines(rules))


def _lines(rules: Iterable[Any]) -> Iterator[str]:
    yield from ("| section | | rule | tests |", "|---|---|---|---|")
    for rule in rules:
        tests = ", ".join(f"`{test.rpartition('/')[2]}`" for test in rule.tests)
        yield f"| {rule.heading} | {rule.level} | {rule.text} | {tests} |"
