"""The registries that the scenario runs over, and hubcli as their user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.providers.rows import STAND_INS
from support.providers.standin import Running
from support.providers.watching import Watch


@pytest.fixture
def serve(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., tuple[Running, ...]]]:
    """`serve("ghcr", "quay")`: those registries, all of them in hubcli's configuration."""
    with ExitStack() as stack:

        def start(*names: str) -> tuple[Running, ...]:
            found = tuple(stack.enter_context(STAND_INS[name](tmp_path)) for name in names)
            config = tmp_path / "config.toml"
            config.write_text("\n".join(one.config for one in found))
            environ["HUBCLI_CONFIG"] = str(config)
            environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
            return found

        yield start


@pytest.fixture(params=STAND_INS)
def registry(request: pytest.FixtureRequest, serve: Callable[..., tuple[Running, ...]]) -> Running:
    """One registry of the table."""
    (running,) = serve(request.param)
    return running


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    """Sees every request of hubcli's in this process; see `watching`."""
    with Watch().installed() as watch:
        yield watch
