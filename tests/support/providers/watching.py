"""Watches every request on its way out: no secret of one registry goes to another."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import unquote

import httpx

from support.providers.standin import Running

_SECRET_HEADERS = ("authorization", "cookie", "private-token", "job-token", "x-jfrog-art-api")


class Watch:
    """Knows whose each secret is, and to whom each header with a secret has gone.

    What a registry has been sent in a header of that kind, a token that it has made say, is its
    secret from then on.
    """

    def __init__(self) -> None:
        self.seen = 0
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
        send = httpx.Client.send

        def watched(client: httpx.Client, request: httpx.Request, **settings: Any) -> Any:
            self._look_at(request)
            return send(client, request, **settings)

        with mock.patch.object(httpx.Client, "send", watched):
            yield self

    def _look_at(self, request: httpx.Request) -> None:
        self.seen += 1
        origin = request.url.netloc.decode()
        owner = self._owners.get(origin, origin)
        for text in _texts(request):
            for secret, whose in self._secrets.items():
                if secret in text and whose != owner:
                    self.leaks.append(f"{request.method} {request.url} has a secret of {whose}")
        for name in _SECRET_HEADERS:
            value = request.headers.get(name)
            if value:
                self._secrets.setdefault(value.partition(" ")[2] or value, owner)


def _texts(request: httpx.Request) -> Iterator[str]:
    """Everything in a request that somebody could read, codings undone."""
    yield unquote(str(request.url))
    for value in request.headers.values():
        yield value
        _, _, encoded = value.partition(" ")
        try:
            yield base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    try:
        yield unquote(request.content.decode())
    except (httpx.RequestNotRead, UnicodeDecodeError):
        return
