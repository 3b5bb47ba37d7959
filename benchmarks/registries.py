"""What is measured against: distribution with its files on disk, and hubcli's own sandbox.

distribution is the program that BENCH_REGISTRY names, else docker-registry from PATH, else the one
that the tests fetch.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from benchmarks.peers import HUBCLI
from support import programs
from support.processes import serving


@dataclass(frozen=True)
class Registry:
    """A running registry, its host as 127.0.0.1:PORT, and where its files are."""

    host: str
    storage: Path

    def forget(self) -> None:
        """Empty it."""
        shutil.rmtree(self.storage / "docker", ignore_errors=True)
        os.sync()


@contextmanager
def registry(directory: Path) -> Iterator[Registry]:
    program, environ = _program()
    storage = directory / "storage"
    storage.mkdir(parents=True)
    configuration = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(storage)},
            "delete": {"enabled": True},
        },
        "http": {"addr": "127.0.0.1:0", "secret": "of no worth"},
    }
    (directory / "config.yml").write_text(json.dumps(configuration))
    with serving(
        [program, "serve", directory / "config.yml"],
        ready=r"listening on (127\.0\.0\.1:\d+)",
        directory=directory,
        environ={**os.environ, "OTEL_TRACES_EXPORTER": "none", **environ},
    ) as server:
        yield Registry(server.ready[1], storage)


@contextmanager
def sandbox(directory: Path) -> Iterator[str]:
    """HOST:PORT of a registry that wants tokens, and of a Docker Hub; both as the demo has them."""
    with serving(
        [*HUBCLI, "sandbox", "up"],
        ready=r"HUBCLI_HUB_URL=http://(127\.0\.0\.1:\d+)",
        directory=directory,
        environ={**os.environ, **private(directory)},
    ) as server:
        yield server.ready[1]


def private(directory: Path) -> dict[str, str]:
    """Variables of a user with an empty home, and no keyring."""
    home = directory / "home"
    home.mkdir(parents=True, exist_ok=True)
    within = {f"XDG_{what}_HOME": str(home / what) for what in ("CACHE", "CONFIG", "DATA", "STATE")}
    return {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), **within}


def forget_runs(directory: Path) -> None:
    """Forget what earlier runs in that home have learned: tokens, and what a registry is."""
    shutil.rmtree(directory / "home" / "CACHE", ignore_errors=True)


def _program() -> tuple[str, dict[str, str]]:
    named = os.environ.get("BENCH_REGISTRY")
    if named:
        return named, {}
    found = programs.find("docker-registry")
    if isinstance(found, str):
        raise SystemExit(f"there is no docker-registry: {found}")
    return str(found.path), found.environ
