"""The table of stand-ins: one row for each row of `hubcli.providers.rows`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from support.providers.ghcr import GitHub
from support.providers.plain import Distribution, Zot
from support.providers.quay import QuayRegistry
from support.providers.standin import Running

STAND_INS: Mapping[str, Callable[[Path], AbstractContextManager[Running]]] = {
    "ghcr": lambda _: GitHub().running(),
    "quay": lambda _: QuayRegistry().running(),
    "zot": lambda _: Zot().running(),
    "distribution": lambda _: Distribution().running(),
}
"""What serves a registry by the name of its row, given a directory of its own."""
