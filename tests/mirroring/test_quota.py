"""Pulls that are left: looked at before each, counted while several are under way."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from hubcli.mirroring.quota import Action, Quota, QuotaReached
from hubcli.transfer import Image
from hubcli.transfer.threads import Stopped, Workers


class Registry:
    """Allows so many pulls, and says how many are left."""

    def __init__(self, left: int | None) -> None:
        self.left = left
        self.slept = 0.0
        self.more_after = 1e9
        self.store = mock.Mock()
        self.store.manifest = self._pulled
        self.told: list[str] = []

    def _pulled(self, identifier: str) -> str:
        if self.left is not None:
            self.left -= 1
        return identifier

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if self.left is not None and self.slept >= self.more_after:
            self.left += 100
            self.more_after = 1e9

    def quota(self, keep: int, action: Action) -> Quota:
        return Quota(keep, action, lambda _: self.left, self.told.append, sleep=self.sleep)

    def image(self) -> Image:
        return Image(self.store, "v1", "docker.io/a/b:v1", "docker.io", "a/b")


def pull(registry: Registry, quota: Quota, count: int, check: Any = lambda: None) -> None:
    image = quota.guarded(registry.image(), check)
    for _ in range(count):
        image.store.manifest("v1")


def test_so_many_are_left() -> None:
    registry = Registry(left=12)
    with pytest.raises(QuotaReached, match=r"docker\.io allows 10 more pulls; 10 are to be left"):
        pull(registry, registry.quota(10, "stop"), 5)
    assert registry.left == 10


def test_who_else_pulls_counts_too() -> None:
    registry = Registry(left=20)
    quota = registry.quota(10, "stop")
    pull(registry, quota, 3)
    registry.left = 10
    with pytest.raises(QuotaReached):
        pull(registry, quota, 1)
    assert registry.left == 10


def test_those_under_way_are_waited_for_and_counted_once() -> None:
    registry = Registry(left=12)
    quota = registry.quota(10, "stop")
    workers = Workers(1)
    first, second = (quota.guarded(registry.image(), workers.check) for _ in range(2))

    def meanwhile(identifier: str) -> str:
        """Its pull counts already, and its answer is still to come: it may be the last one."""
        registry.store.manifest = registry._pulled
        found = registry._pulled(identifier)
        quota.guarded(registry.image(), workers.check)
        workers._stop.set()
        with pytest.raises(Stopped):
            second.store.manifest(identifier)
        workers._stop.clear()
        return found

    registry.store.manifest = meanwhile
    first.store.manifest("v1")
    assert registry.left == 11
    second.store.manifest("v1")
    with pytest.raises(QuotaReached):
        second.store.manifest("v1")
    assert registry.left == 10


def test_where_no_limit_is_announced_nothing_is_held_up() -> None:
    registry = Registry(left=None)
    pull(registry, registry.quota(10, "stop"), 50)


def test_local_stores_have_none() -> None:
    image = Image(mock.Mock(), "v1", "oci:x:v1")
    assert Registry(0).quota(10, "stop").guarded(image, lambda: None) is image


def test_waiting_for_more() -> None:
    registry = Registry(left=10)
    registry.more_after = 150
    pull(registry, registry.quota(10, "wait"), 2)
    assert 180 <= registry.slept < 181, "looked at once a minute"
    assert registry.told == ["docker.io allows 10 more pulls; 10 are to be left; waiting for more"]


def test_waiting_ends_with_the_work() -> None:
    registry = Registry(left=10)
    workers = Workers(1)
    workers._stop.set()
    with pytest.raises(Stopped):
        pull(registry, registry.quota(10, "wait"), 1, workers.check)
