"""The registries that the scenario runs over, and hubcli as their user."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.providers.ecr import models_read_once, moto_server
from support.providers.rows import STAND_INS, Bench
from support.providers.standin import Running
from support.providers.watching import Watch


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of moto's server."""
    with moto_server(tmp_path_factory.mktemp("moto"), sys.executable) as url:
        yield url


@pytest.fixture
def serve(
    request: pytest.FixtureRequest, environ: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., tuple[Running, ...]]]:
    """`serve("ghcr", "quay")`: those registries, all of them in hubcli's configuration."""
    bench = Bench(tmp_path, lambda: str(request.getfixturevalue("moto")))
    # Nobody is on an instance of Amazon's here, and its address is no loopback's.
    environ["AWS_EC2_METADATA_DISABLED"] = "true"
    with ExitStack() as stack:

        def start(*names: str) -> tuple[Running, ...]:
            found = tuple(stack.enter_context(STAND_INS[name](bench)) for name in names)
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


@pytest.fixture(scope="session", autouse=True)
def quick_botocore() -> Iterator[None]:
    with models_read_once():
        yield


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    """Sees every request of hubcli's in this process; see `watching`."""
    with Watch().installed() as watch:
        yield watch


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once: how long one waits is for tests/http to say."""
    monkeypatch.setattr("hubcli.http.retry._FIRST_DELAY", 0.001)
