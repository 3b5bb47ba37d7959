"""Programs the tests need and Python packages do not bring: found on PATH, else in `.tools/`.

`.tools/` is filled by `support.fetch` with Debian's own packages, unpacked without root.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from support import fetch

IGNORE_SYSTEM_TOOLS = "HUBCLI_TEST_IGNORE_SYSTEM_TOOLS"


@dataclass(frozen=True)
class Program:
    """An executable, with the variables it needs where it does not stand in its own place."""

    path: Path
    environ: dict[str, str]


def must_not_skip() -> bool:
    """True in CI, where a check that cannot be made is a failure."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def skip(reason: str) -> NoReturn:
    """Skip the test, or fail it in CI; `reason` says what is missing and why."""
    if must_not_skip():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@cache
def find(name: str) -> Program | str:
    """The program, or why it cannot be had."""
    if not os.environ.get(IGNORE_SYSTEM_TOOLS):
        on_path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if on_path is not None:
            return Program(Path(on_path), {})
    try:
        root = fetch.ensure()
    except fetch.CannotFetch as error:
        return str(error)
    executable = fetch.executable(root, name)
    if executable is None:
        return f"{root} holds no program of that name"
    return Program(executable, fetch.environ(root))


def require_tool(name: str) -> Program:
    """The program; without it the test is skipped (in CI: fails) and says why."""
    found = find(name)
    if isinstance(found, str):
        skip(f"{name} is not available: {found}")
    return found
