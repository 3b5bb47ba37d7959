"""What hubcli imports before it does anything: nothing that was not asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hubcli.cli.app import COMMANDS

HEAVY = {"httpx", "rich", "keyring", "pydantic", "starlette", "asyncio", "tomllib", "jmespath"}
COMMAND_MODULES = {entry.module for entry in COMMANDS.values()}
# Asks sys.modules, not -X importtime, which does not see importlib.import_module.
_PROGRAM = """
import atexit, sys
atexit.register(lambda: sys.stderr.write(chr(10) + " ".join(sys.modules)))
from hubcli.__main__ import main
main()
"""


def imported_by(*argv: str) -> tuple[set[str], str]:
    """The modules that `hubcli ARGV` imports, and what it prints on stdout."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *argv],
        env={**plain, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stderr.splitlines()[-1].split()), done.stdout


def commands(modules: set[str]) -> set[str]:
    """The command modules among them."""
    prefix = "hubcli.cli."
    found = {name.removeprefix(prefix) for name in modules if name.startswith(prefix)}
    return found & COMMAND_MODULES


def test_the_version_costs_no_command_line() -> None:
    modules, printed = imported_by("--version")
    assert printed.startswith("hubcli ")
    assert "typer" not in modules
    ours = {name for name in modules if name.startswith("hubcli")}
    assert ours == {"hubcli", "hubcli.__main__"}


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
    assert commands(modules) == asked_for
    assert "hubcli.session" not in modules
