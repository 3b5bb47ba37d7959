"""Two registries, each of one test module: where images come from, and where they go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.sandbox_registry import RegistryServer, registry_server


@pytest.fixture(scope="module")
def here() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


@pytest.fixture(scope="module")
def there() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server
