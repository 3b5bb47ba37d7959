"""What hubcli imports before it does anything: nothing that was not asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from hubcli.cli.app import COMMANDS
from support.sandbox import SandboxServer

HEAVY = {"httpx", "rich", "keyring", "pydantic", "starlette", "asyncio", "tomllib", "jmespath"}
COMMAND_MODULES = {entry.module for entry in COMMANDS.values()}
# Asks sys.modules, not -X importtime, which does not see importlib.import_module.
_PROGRAM = """
import atexit, sys
atexit.register(lambda: sys.stderr.write(chr(10) + " ".join(sys.modules)))
from hubcli.__main__ import main
main()
"""


def imported_by(*argv: str, env: Mapping[str, str] | None = None) -> tuple[set[str], str]:
    """The modules that `hubcli ARGV` imports, and what it prints on stdout."""
    environ = os.environ if env is None else env
    plain = {name: value for name, value in environ.items() if not name.startswith("COV")}
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
        (["search", "x", "--fields", "no-such-field"], {"search"}),
        (["search", "x", "--fields", "help"], {"search"}),
        (["search", "x", "--format", "{{.no_such_field}}"], {"search"}),
        (["help"], {"help"}),
        (["help", "formats"], {"help"}),
        (["config", "path"], {"config"}),
        (["cp", "--help"], {"transfer.commands"}),
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


def test_a_completion_script_costs_all_commands_and_nothing_they_need() -> None:
    modules, printed = imported_by("completion", "bash")
    assert printed.startswith("# bash completion for hubcli.")
    assert {name.split(".")[0] for name in modules} & HEAVY == set()
    assert commands(modules) == COMMAND_MODULES


def test_names_from_the_cache_cost_no_client(
    sandbox: SandboxServer, environ: dict[str, str]
) -> None:
    asked, first = imported_by("__complete", "repository", "--", "alice/", env=environ)
    cached, again = imported_by("__complete", "repository", "--", "alice/", env=environ)
    assert "alice/webapp" in first.splitlines()
    assert again == first
    assert "httpx" in asked
    assert {name.split(".")[0] for name in cached} & HEAVY == set()
    assert commands(cached) == {"completion.commands"}
