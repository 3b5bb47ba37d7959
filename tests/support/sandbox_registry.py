"""The sandbox's registry alone, on a real socket, and content to push to it."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from hubcli.sandbox.access import Access, OpenAccess
from hubcli.sandbox.faults import FaultInjection
from hubcli.sandbox.registry import registry_routes
from hubcli.sandbox.requestlog import RequestLog
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.tokens import TokenMint

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"

Document = dict[str, Any]


@dataclass(frozen=True)
class RegistryServer:
    """A running registry: its storage, and a client for it that follows no redirects."""

    storage: Storage
    client: httpx.Client
    port: int

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def push_blob(self, repository: str, content: bytes, algorithm: str = "sha256") -> str:
        """Push a blob whole; its digest."""
        digest = digest_of(content, algorithm)
        answer = self.client.post(
            f"/v2/{repository}/blobs/uploads/", params={"digest": digest}, content=content
        )
        assert answer.status_code == 201, answer.text
        return digest

    def push(
        self, repository: str, reference: str, document: Document | bytes, **options: Any
    ) -> httpx.Response:
        """Push a manifest under a tag or digest; `Content-Type` is what it calls itself."""
        content = document if isinstance(document, bytes) else encoded(document)
        headers = {"Content-Type": json.loads(content).get("mediaType", MANIFEST)}
        headers |= options.pop("headers", {})
        url = f"/v2/{repository}/manifests/{reference}"
        return self.client.put(url, content=content, headers=headers, **options)

    def push_image(self, repository: str, tag: str = "latest", **members: Any) -> str:
        """Push a small image with its blobs; its digest."""
        document = self.image(repository, **members)
        answer = self.push(repository, tag, document)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Docker-Content-Digest"])

    def image(self, repository: str, **members: Any) -> Document:
        """An image whose blobs are pushed; `members` are added to the manifest, or replaced."""
        config = encoded({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers"}})
        layer = f"a layer of {repository}".encode()
        for content in (config, layer):
            self.push_blob(repository, content)
        return image(config, [layer], **members)

    def fetch(self, repository: str, reference: str) -> httpx.Response:
        return self.client.get(f"/v2/{repository}/manifests/{reference}")


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """Serve an ASGI application on a free port of loopback until the block ends."""
    # With its protocol said, or asyncio leaves Nagle's algorithm on: 40 ms for every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The socket listens already: a client that is too early just waits.
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive(), "the server did not end"


@contextmanager
def registry_server(
    directory: Path | None = None,
    access: Access | None = None,
    mint: TokenMint | None = None,
) -> Iterator[RegistryServer]:
    """The registry over `directory` (or memory), open unless there is an access and a mint."""
    storage = Storage(directory)
    app = Starlette(
        routes=registry_routes(storage, access or OpenAccess(), mint),
        middleware=[Middleware(RequestLog), Middleware(FaultInjection)],
    )
    try:
        with (
            serving(app) as port,
            # There is no TLS here, and httpx would read all the system's certificates for it.
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, verify=False) as client,
        ):
            yield RegistryServer(storage, client, port)
    finally:
        storage.close()


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def encoded(document: Document) -> bytes:
    return json.dumps(document).encode()


def descriptor(content: bytes, media_type: str, **members: Any) -> Document:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)} | members


def image(config: bytes, layers: Sequence[bytes], **members: Any) -> Document:
    """An image manifest over these blobs."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(config, CONFIG),
        "layers": [descriptor(layer, LAYER) for layer in layers],
    } | members


def index(manifests: Sequence[Document], **members: Any) -> Document:
    """An index of these descriptors."""
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)} | members


def errors(answer: httpx.Response) -> list[str]:
    """The codes in an errors body."""
    return [error["code"] for error in answer.json()["errors"]]
