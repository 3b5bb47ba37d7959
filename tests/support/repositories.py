"""Clients of repositories for tests, below the command line, and content for them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hubcli.auth.credentials import Keychain
from hubcli.auth.tokens import RegistryAuthorizer, TokenCache
from hubcli.config import Endpoint
from hubcli.http.client import Client
from hubcli.http.transport import Limits, Transports
from hubcli.oci import OCTET_STREAM, Descriptor
from hubcli.registry import Registry, Repository
from hubcli.registry.blobs import Blobs


@contextmanager
def repository_at(
    host: str,
    path: str,
    *actions: str,
    sleep: Callable[[float], None] = lambda _: None,
    patience: float = 60.0,
) -> Iterator[Repository]:
    """An anonymous client over plain http, which does not wait between tries.

    `patience` is how many seconds it waits for a byte to move.
    """
    http = Client(transports=Transports(Limits(read=patience, write=patience)), sleep=sleep)
    endpoint = Endpoint(host, f"http://{host}")
    authorizer = RegistryAuthorizer(
        http, endpoint, Keychain((), warn=lambda _: None), TokenCache(None)
    )
    try:
        repository = Registry(http, endpoint, authorizer).repository(
            path, *(actions or ("pull", "push"))
        )
        vars(repository)["blobs"] = Blobs(repository, sleep=sleep)
        yield repository
    finally:
        http.close()


def content(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def described(data: bytes, algorithm: str = "sha256") -> Descriptor:
    digest = hashlib.new(algorithm, data).hexdigest()
    return Descriptor(OCTET_STREAM, f"{algorithm}:{digest}", len(data))


class Source:
    """Content to upload, and at which offsets it was opened."""

    def __init__(self, data: bytes, *, chunk: int = 64 << 10) -> None:
        self.data = data
        self.chunk = chunk
        self.opened: list[int] = []

    @contextmanager
    def __call__(self, offset: int) -> Iterator[Iterator[bytes]]:
        self.opened.append(offset)
        yield (self.data[at : at + self.chunk] for at in range(offset, len(self.data), self.chunk))
