"""Watches every request on its way out: no secret of one registry goes to another.

hubcli's own go by its transport, or through a proxy by httpx; those of the clouds' packages by
urllib3.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import unquote

import httpx
from urllib3 import HTTPConnectionPool

from hubcli.http.direct import Direct
from support.providers.standin import Running

_SECRET_HEADERS = ("authorization", "cookie", "private-token", "job-token", "x-jfrog-art-api")


class Watch:
    """Knows whose each secret is, and to whom each header with a secret has gone.

    What a registry has been sent in a header of that kind, a token that it has made say, is its
    secret from then on.
    """

    def __init__(self) -> None:
        self.seen = 0
        self.seen_of_packages = 0
        self.leaks: list[str] = []
        self._owners: dict[str, str] = {}
        self._secrets: dict[str, str] = {}

    def guard(self, registries: Iterable[Running]) -> None:
        """From now on, the secrets of these are theirs alone."""
        for registry in registries:
            self._owners |= dict.fromkeys(registry.origins, registry.host)
            self._secrets |= dict.fromkeys(registry.secrets, registry.host)

    @contextmanager
    def installed(self) -> Iterator[Watch]:
        send, urlopen = httpx.Client.send, HTTPConnectionPool.urlopen
        handle = Direct.handle_request

        def look(request: httpx.Request) -> None:
            body = request.content if hasattr(request, "_content") else b""
            origin = request.url.netloc.decode()
            self._look_at(f"{request.method} {request.url}", origin, request.headers, body)

        def watched(client: httpx.Client, request: httpx.Request, **settings: Any) -> Any:
            look(request)
            return send(client, request, **settings)

        def straight(transport: Direct, request: httpx.Request) -> httpx.Response:
            look(request)
            return handle(transport, request)

        def watched_too(
            pool: HTTPConnectionPool, method: str, url: str, *rest: Any, **more: Any
        ) -> Any:
            body, headers = [*rest, None, None][:2]
            body, headers = more.get("body", body), more.get("headers", headers)
            origin = f"{pool.host}:{pool.port}"
            self.seen_of_packages += 1
            self._look_at(f"{method} {origin}{url}", origin, headers or {}, body)
            return urlopen(pool, method, url, *rest, **more)

        with (
            mock.patch.object(httpx.Client, "send", watched),
            mock.patch.object(Direct, "handle_request", straight),
            mock.patch.object(HTTPConnectionPool, "urlopen", watched_too),
        ):
            yield self

    def _look_at(
        self, request: str, origin: str, headers: Mapping[str, str | bytes], body: object
    ) -> None:
        self.seen += 1
        owner = self._owners.get(origin, origin)
        told = {name.lower(): _text(value) for name, value in headers.items()}
        for text in (unquote(request), *_decoded(told.values()), unquote(_text(body))):
            for secret, whose in self._secrets.items():
                if secret in text and whose != owner:
                    self.leaks.append(f"{request} has a secret of {whose}")
        for name in _SECRET_HEADERS:
            value = told.get(name)
            if value:
                self._secrets.setdefault(value.partition(" ")[2] or value, owner)


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def _decoded(values: Iterable[str]) -> Iterator[str]:
    """Headers as they are, and what is coded in them."""
    for value in values:
        yield value
        _, _, encoded = value.partition(" ")
        try:
            yield base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
