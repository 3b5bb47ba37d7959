"""A Hub API that lists repositories from a list that may change, lie about itself, or never end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hubcli.http.client import Client
from hubcli.hub import Hub
from support.scripted import Answer, Script, ScriptedServer, Seen


class Anonymous:
    """An authorizer without any credential."""

    def header(self, scopes: tuple[str, ...]) -> str | None:
        return None

    def challenged(
        self, scopes: tuple[str, ...], challenges: tuple[str, ...], sent: str | None
    ) -> str | None:
        return None


@contextmanager
def hub_api(
    script: Script, *, concurrency: int = 4, notify: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[Hub, ScriptedServer]]:
    """hubcli's client of a Hub API that answers as `script` says, and the server behind it."""
    with ScriptedServer(script) as server:
        http = Client(sleep=lambda _: None)
        try:
            yield Hub(http, server.url, Anonymous(), concurrency=concurrency, notify=notify), server
        finally:
            http.close()


def answered(body: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    return Answer(
        status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    )


def asked(seen: Seen) -> dict[str, str]:
    """The query parameters of a request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(seen.path).query).items()}


def repositories(count: int) -> list[dict[str, Any]]:
    """Rows as Hub lists them: r00000, r00001 …"""
    return [{"name": f"r{number:05}", "namespace": "ns"} for number in range(count)]


HONEST = object()
"""The count of a shelf that says how many rows it has."""


class Shelf:
    """Pages of `rows`, as Hub serves them; a page past the end is a 404.

    `largest` clamps the page size. `count` is what is told in the place of the number of rows,
    None leaves it out. `links` False leaves the next links out.
    """

    def __init__(
        self,
        rows: Sequence[dict[str, Any]],
        *,
        count: object = HONEST,
        largest: int = 100,
        links: bool = True,
    ) -> None:
        self.rows = list(rows)
        self.count = count
        self.largest = largest
        self.links = links

    def __call__(self, seen: Seen) -> Answer:
        query = asked(seen)
        page = int(query.get("page", "1"))
        size = min(int(query.get("page_size", "10")), self.largest)
        start = (page - 1) * size
        if page > 1 and start >= len(self.rows):
            return answered({"message": "404: Page Not Found"}, 404)
        body: dict[str, Any] = {"results": self.rows[start : start + size]}
        if self.count is not None:
            body["count"] = len(self.rows) if self.count is HONEST else self.count
        more = self.links and start + size < len(self.rows)
        body["next"] = (
            f"http://{seen.headers['host']}{urlsplit(seen.path).path}"
            f"?page={page + 1}&page_size={size}"
            if more
            else None
        )
        return answered(body)
