"""Hosts that allow no more for now: what is left there is not even asked for."""

from __future__ import annotations

import threading

from hubcli.errors import HubcliError, RateLimited
from hubcli.mirroring.ends import End
from hubcli.mirroring.item import Item
from hubcli.reference import Reference


class Stops:
    """The hosts that have said that it is enough; of any number of threads."""

    def __init__(self) -> None:
        self._hosts: set[str] = set()
        self._lock = threading.Lock()

    def at(self, item: Item) -> str | None:
        """The host of an image, at either end, that allows no more."""
        with self._lock:
            return next((host for host in _hosts(item) if host in self._hosts), None)

    def heed(self, item: Item, error: HubcliError) -> bool:
        """Take note of a failure that ends all work with a host; whether it is the first one."""
        if not isinstance(error, RateLimited):
            return True
        hosts = _hosts(item)
        told = error.reference or ""
        host = next((one for one in hosts if told.startswith(f"{one}/")), (*hosts, "")[0])
        with self._lock:
            is_first = host not in self._hosts
            self._hosts.add(host)
        return is_first


def _hosts(item: Item) -> list[str]:
    return [host for host in map(_host, (item.source, item.target)) if host is not None]


def _host(end: End) -> str | None:
    return end.host if isinstance(end, Reference) else None
