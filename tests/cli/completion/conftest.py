"""The scripts as hubcli prints them, and a hubcli that only notes what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hubcli.cli.completion.commands import script
from support.completion import FakeHubcli, fake_hubcli


@pytest.fixture
def fake(tmp_path: Path) -> FakeHubcli:
    """First on the PATH of the shells under test."""
    return fake_hubcli(tmp_path / "fake")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`written("bash")`: a file with the script for that shell."""
    directory = tmp_path_factory.mktemp("completions")

    def write(shell: str) -> Path:
        file = directory / f"hubcli.{shell}"
        if not file.exists():
            file.write_text(script(shell))
        return file

    return write
