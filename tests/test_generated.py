"""Files that are generated from the command tree are what it would generate now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hubcli.cli.completion.commands import SHELLS, script

PROJECT = Path(__file__).parents[1]
HINT = "run `make completions`"


@pytest.mark.parametrize("shell", SHELLS)
def test_completions_are_up_to_date(shell: str) -> None:
    committed = (PROJECT / "completions" / SHELLS[shell]).read_text()
    assert committed == f"{script(shell).rstrip()}\n", HINT


def test_the_pages_of_commands_and_operations_are_up_to_date() -> None:
    command = [sys.executable, str(PROJECT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
