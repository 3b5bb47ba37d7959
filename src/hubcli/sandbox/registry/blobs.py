"""Blobs: fetched whole or in part, looked for, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from hubcli.oci import OCTET_STREAM
from hubcli.sandbox.registry import ranges, replies
from hubcli.sandbox.registry.guard import Guard, to_delete, to_pull
from hubcli.sandbox.registry.names import digest_of, repository_of
from hubcli.sandbox.registry.ranges import Span
from hubcli.sandbox.registry.replies import RegistryError
from hubcli.sandbox.storage import Storage

_BLOCK = 256 << 10


class BlobEndpoints:
    """`/v2/<name>/blobs/<digest>` (distribution-spec end-2 and end-10)."""

    def __init__(self, storage: Storage, guard: Guard) -> None:
        self._storage = storage
        self._guard = guard

    def get(self, request: Request) -> Response:
        repository, digest = repository_of(request), digest_of(request)
        self._guard.grant(request, to_pull(repository))
        size = self._size(repository, digest)
        etag = f'"{digest}"'
        headers = {"Docker-Content-Digest": digest, "ETag": etag, "Accept-Ranges": "bytes"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        span = _span(request, size)
        if span is None:
            whole = Span(0, size - 1)
            return _part(self._storage.blobs.path(digest), whole, 200, headers, request)
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
        return _part(self._storage.blobs.path(digest), span, 206, headers, request)

    def delete(self, request: Request) -> Response:
        repository, digest = repository_of(request), digest_of(request)
        self._guard.grant(request, to_delete(repository))
        self._size(repository, digest)
        self._storage.blobs.delete(repository, digest)
        return Response(status_code=202, headers={"Docker-Content-Digest": digest})

    def _size(self, repository: str, digest: str) -> int:
        size = self._storage.blobs.size(repository, digest)
        if size is not None:
            return size
        if repository not in self._storage.repositories:
            raise replies.name_unknown(repository)
        raise replies.blob_unknown(digest)


def _span(request: Request, size: int) -> Span | None:
    if request.method == "HEAD":
        return None
    try:
        return ranges.requested(request.headers.get("range"), size)
    except ranges.Unsatisfiable as error:
        raise RegistryError(
            416,
            "SIZE_INVALID",
            f"the blob has {size} bytes",
            headers={"Content-Range": f"bytes */{size}"},
        ) from error


def _part(
    path: Path, span: Span, status: int, headers: dict[str, str], request: Request
) -> Response:
    headers = headers | {"Content-Length": str(span.size), "Content-Type": OCTET_STREAM}
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    try:
        # Opened here, so that a blob deleted from now on is still sent to its end.
        file = path.open("rb")
    except FileNotFoundError as error:
        raise replies.blob_unknown(headers["Docker-Content-Digest"]) from error
    return _FilePart(file, span, status, headers)


class _FilePart(StreamingResponse):
    """A part of a file, which is closed however the sending ends."""

    def __init__(self, file: BinaryIO, span: Span, status: int, headers: dict[str, str]) -> None:
        super().__init__(_blocks(file, span), status, headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _blocks(file: BinaryIO, span: Span) -> Iterator[bytes]:
    file.seek(span.first)
    left = span.size
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        left -= len(block)
        yield block
