"""What hubcli imports before it does anything: nothing that was not asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest

from hubcli.cli.app import COMMANDS

HEAVY = {"httpx", "rich", "keyring", "pydantic", "starlette", "asyncio", "tomllib", "jmespath"}
COMMAND_MODULES = {entry.module for entry in COMMANDS.values()}
_IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


def imported_by(*argv: str, env: Mapping[str, str] | None = None) -> tuple[set[str], str]:
    """The modules that `hubcli ARGV` imports, and what it prints on stdout."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hubcli", *argv],
        env={**plain, "PYTHONPATH": "", **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(_IMPORTED.findall(done.stderr)), done.stdout


def commands(modules: set[str]) -> set[str]:
    """The command modules among them."""
    prefix = "hubcli.cli."
    found = {name.removeprefix(prefix) for name in modules if name.startswith(prefix)}
    return found & COMMAND_MODULES


def test_the_version_costs_no_command_line() -> None:
    modules, printed = imported_by("--version")
    assert printed.startswith("hubcli ")
    assert "typer" not in modules
    assert {name for name in modules if name.startswith("hubcli")} == {"hubcli"}


@pytest.mark.parametrize(
    ("argv", "asked_for"),
    [
        (["--help"], set()),
        ([], set()),
        (["no-such-command"], set()),
        (["--no-such-option"], set()),
        (["tag", "--help"], {"tag"}),
        (["tag", "ls", "--help"], {"tag"}),
        (["tag", "ls"], {"tag"}),
        (["login", "--no-such-option"], {"signin"}),
        (["search", "x", "--format", "no-such-format"], {"search"}),
    ],
    ids=" ".join,
)
def test_help_and_usage_errors_import_only_what_was_asked_for(
    argv: list[str], asked_for: set[str]
) -> None:
    modules, _ = imported_by(*argv)
    assert {name.split(".")[0] for name in modules} & HEAVY == set()
    assert commands(modules) <= asked_for
    assert "hubcli.session" not in modules
