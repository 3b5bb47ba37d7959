"""Blobs pushed: in one request or many, or mounted from another repository."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hubcli.sandbox.access import PULL, Access
from hubcli.sandbox.content.files import ALGORITHMS, CANONICAL, algorithm_of
from hubcli.sandbox.registry import ranges, replies
from hubcli.sandbox.registry.guard import Guard, to_pull, to_push
from hubcli.sandbox.registry.names import checked_digest, is_repository, repository_of
from hubcli.sandbox.registry.ranges import Span
from hubcli.sandbox.registry.replies import RegistryError
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.tokens import Grant
from hubcli.sandbox.uploads import DigestMismatch, Upload, Uploads

_BLOCK = 256 << 10


class UploadEndpoints:
    """`/v2/<name>/blobs/uploads/` and the locations it hands out (distribution-spec "Push")."""

    def __init__(self, storage: Storage, uploads: Uploads, access: Access, guard: Guard) -> None:
        self._storage = storage
        self._uploads = uploads
        self._access = access
        self._guard = guard

    async def start(self, request: Request) -> Response:
        """Mount a blob, take a whole one, or begin a session (end-11, end-4b, end-4a)."""
        repository = repository_of(request)
        grant = self._guard.grant(request, to_push(repository))
        mount, digest = (request.query_params.get(name) for name in ("mount", "digest"))
        if mount is not None and await run_in_threadpool(
            self._mount, request, grant, repository, checked_digest(mount)
        ):
            return _created(repository, mount)
        algorithm = request.query_params.get("digest-algorithm", CANONICAL)
        if digest is not None:
            algorithm = algorithm_of(checked_digest(digest))
        if algorithm not in ALGORITHMS:
            raise replies.digest_invalid("the algorithm is not supported", algorithm)
        upload = await run_in_threadpool(self._uploads.start, repository, algorithm)
        if digest is None:
            return _accepted(upload)
        return await self._take_whole(request, upload, digest)

    def _mount(self, request: Request, grant: Grant, repository: str, digest: str) -> bool:
        """Whether the blob is in `repository` now; if not, the client has to upload it."""
        source = request.query_params.get("from")
        if source is None:
            return self._mount_from_anywhere(grant.subject, repository, digest)
        if not is_repository(source) or not self._may_pull(grant.subject, source):
            return False
        if not grant.covers(to_pull(source)):
            # It has the right, only not in this token: it is told to ask for both.
            wanted = (to_push(repository), to_pull(source))
            raise self._guard.challenge(request, *wanted, error="insufficient_scope")
        return self._storage.blobs.mount(repository, source, digest)

    def _mount_from_anywhere(self, subject: str | None, repository: str, digest: str) -> bool:
        return any(
            self._storage.blobs.mount(repository, holder, digest)
            for holder in self._storage.blobs.holders(digest)
            if self._may_pull(subject, holder)
        )

    def _may_pull(self, subject: str | None, repository: str) -> bool:
        return PULL in self._access.allowed(subject, repository, frozenset({PULL}))

    async def _take_whole(self, request: Request, upload: Upload, digest: str) -> Response:
        try:
            await _receive(request, upload)
        except ClientDisconnect:
            # Nobody was told where this session is.
            await run_in_threadpool(self._uploads.cancel, upload)
            raise
        return await run_in_threadpool(self._finish, upload, digest)

    async def append(self, request: Request) -> Response:
        """Take a chunk, or a stream of unknown length (end-5)."""
        upload = await self._found(request)
        async with upload.lock:
            await self._receive_chunk(request, upload)
        return _accepted(upload)

    async def close(self, request: Request) -> Response:
        """Take the last chunk, if there is one, and make a blob of it all (end-6)."""
        upload = await self._found(request)
        digest = request.query_params.get("digest")
        if digest is None:
            raise replies.digest_invalid("the digest parameter is missing", "")
        checked_digest(digest)
        async with upload.lock:
            await self._receive_chunk(request, upload)
            return await run_in_threadpool(self._finish, upload, digest)

    async def _receive_chunk(self, request: Request, upload: Upload) -> None:
        """Receive the body at the place that its Content-Range says."""
        before = upload.received
        span = _announced(request, upload)
        await _receive(request, upload)
        if span is not None and upload.received - before != span.size:
            await run_in_threadpool(upload.rewind, before)
            raise replies.size_invalid(f"the chunk is not of the {span.size} bytes announced")

    def _finish(self, upload: Upload, digest: str) -> Response:
        try:
            self._uploads.finish(upload, digest)
        except DigestMismatch as error:
            raise replies.digest_invalid(str(error), digest) from error
        return _created(upload.repository, digest)

    async def status(self, request: Request) -> Response:
        """How far it got (end-13)."""
        upload = await self._found(request)
        return Response(status_code=204, headers=_progress(upload))

    async def cancel(self, request: Request) -> Response:
        """Forget it (end-14)."""
        upload = await self._found(request)
        await run_in_threadpool(self._uploads.cancel, upload)
        return Response(status_code=204)

    async def _found(self, request: Request) -> Upload:
        repository = repository_of(request)
        self._guard.grant(request, to_push(repository))
        id = request.path_params["upload"]
        upload = await run_in_threadpool(self._uploads.find, repository, id)
        if upload is None:
            raise replies.upload_unknown(id)
        return upload


def _announced(request: Request, upload: Upload) -> Span | None:
    """The span that a chunk says it is; 416 unless it begins where the last one ended."""
    header = request.headers.get("content-range")
    if header is None:
        return None
    span = ranges.chunk(header)
    if span is None:
        raise RegistryError(400, "BLOB_UPLOAD_INVALID", "the Content-Range is malformed")
    if span.first != upload.received:
        raise RegistryError(
            416,
            "BLOB_UPLOAD_INVALID",
            f"the next chunk begins at {upload.received}",
            headers=_progress(upload),
        )
    length = request.headers.get("content-length")
    if length is not None and int(length) != span.size:
        raise replies.size_invalid("Content-Range and Content-Length disagree")
    return span


async def _receive(request: Request, upload: Upload) -> None:
    async for block in _blocks(request):
        await run_in_threadpool(upload.append, block)


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a worker thread's time.

    What came before a connection broke is yielded too: the client may go on from there.
    """
    gathered = bytearray()
    try:
        async for piece in request.stream():
            gathered += piece
            if len(gathered) >= _BLOCK:
                yield bytes(gathered)
                gathered.clear()
    except ClientDisconnect:
        if gathered:
            yield bytes(gathered)
        raise
    if gathered:
        yield bytes(gathered)


def _progress(upload: Upload) -> dict[str, str]:
    return {
        "Location": f"/v2/{upload.repository}/blobs/uploads/{upload.id}",
        # "0-0" for nothing at all too, as registries have always answered.
        "Range": f"0-{max(upload.received - 1, 0)}",
        "Docker-Upload-UUID": upload.id,
    }


def _accepted(upload: Upload) -> Response:
    return Response(status_code=202, headers=_progress(upload))


def _created(repository: str, digest: str) -> Response:
    headers = {
        "Location": f"/v2/{repository}/blobs/{digest}",
        "Docker-Content-Digest": digest,
    }
    return Response(status_code=201, headers=headers)
