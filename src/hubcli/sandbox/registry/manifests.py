"""Manifests: fetched, pushed and deleted, by tag or by digest."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hubcli import oci
from hubcli.sandbox.access import Access
from hubcli.sandbox.content.manifests import StoredManifest
from hubcli.sandbox.registry import names, replies
from hubcli.sandbox.registry.checking import checked_manifest, needed_blobs
from hubcli.sandbox.registry.guard import Guard, to_delete, to_pull, to_push
from hubcli.sandbox.registry.names import repository_of
from hubcli.sandbox.registry.replies import RegistryError
from hubcli.sandbox.storage import Storage

LARGEST_MANIFEST = 8 << 20
"""Bytes of a manifest that are accepted; distribution-spec wants 4 MiB at least."""


class ManifestEndpoints:
    """`/v2/<name>/manifests/<tag-or-digest>` (distribution-spec end-3, end-7, end-9)."""

    def __init__(self, storage: Storage, access: Access, guard: Guard) -> None:
        self._storage = storage
        self._access = access
        self._guard = guard

    def get(self, request: Request) -> Response:
        """Answers with what is stored, whatever the client says it accepts."""
        repository, reference = repository_of(request), request.path_params["reference"]
        subject = self._guard.grant(request, to_pull(repository)).subject
        address = request.client.host if request.client else ""
        stored = self._stored(repository, reference)
        etag = f'"{stored.digest}"'
        headers = {"Docker-Content-Digest": stored.digest, "ETag": etag}
        unchanged = request.headers.get("if-none-match") == etag
        if request.method == "GET" and not unchanged:
            with self._storage.database.transaction():
                self._access.pulled(subject, address, repository, reference)
                self._storage.manifests.pulled(repository, reference)
        headers |= self._limit(subject, address)
        if unchanged:
            return Response(status_code=304, headers=headers)
        headers["Content-Type"] = stored.media_type
        return Response(stored.content, headers=headers)

    def _stored(self, repository: str, reference: str) -> StoredManifest:
        stored = self._storage.manifests.get(repository, reference)
        if stored is not None:
            return stored
        if repository not in self._storage.repositories:
            raise replies.name_unknown(repository)
        raise replies.manifest_unknown(reference)

    def _limit(self, subject: str | None, address: str) -> dict[str, str]:
        limit = self._access.pull_limit(subject, address)
        if limit is None:
            return {}
        window = f"w={limit.window_seconds}"
        return {
            "ratelimit-limit": f"{limit.limit};{window}",
            "ratelimit-remaining": f"{limit.remaining};{window}",
            "docker-ratelimit-source": limit.source,
        }

    async def put(self, request: Request) -> Response:
        repository, reference = repository_of(request), request.path_params["reference"]
        subject = self._guard.grant(request, to_push(repository)).subject
        content = await _body(request)
        content_type = request.headers.get("content-type", "")
        tags = request.query_params.getlist("tag")

        def store() -> Response:
            manifest = checked_manifest(content, content_type, reference)
            return self._store(subject, repository, reference, manifest, tags)

        return await run_in_threadpool(store)

    def _store(
        self,
        subject: str | None,
        repository: str,
        reference: str,
        manifest: oci.Manifest,
        parameters: list[str],
    ) -> Response:
        by_digest = reference == manifest.digest
        tags = list(dict.fromkeys(parameters)) if by_digest else [reference]
        if not all(names.is_tag(tag) for tag in tags):
            raise replies.manifest_invalid("a tag parameter is no tag")
        with self._storage.database.transaction():
            self._check_blobs(repository, manifest)
            for pushed in tags or [reference]:
                self._access.pushed(subject, repository, pushed)
            self._storage.manifests.put(repository, manifest, tags=tags, pushed_by=subject)
        headers = {
            "Location": f"/v2/{repository}/manifests/{reference}",
            "Docker-Content-Digest": manifest.digest,
        }
        if manifest.subject is not None:
            headers["OCI-Subject"] = manifest.subject.digest
        if by_digest and tags:
            headers["OCI-Tag"] = ", ".join(tags)
        return Response(status_code=201, headers=headers)

    def _check_blobs(self, repository: str, manifest: oci.Manifest) -> None:
        for blob in needed_blobs(manifest):
            size = self._storage.blobs.size(repository, blob.digest)
            if size is None:
                raise RegistryError(
                    400,
                    "MANIFEST_BLOB_UNKNOWN",
                    "manifest references a manifest or blob unknown to registry",
                    detail={"digest": blob.digest},
                )
            if size != blob.size:
                raise replies.manifest_invalid(f"{blob.digest} has {size} bytes, not {blob.size}")

    def delete(self, request: Request) -> Response:
        """A tag alone, or a digest with every tag of it."""
        repository, reference = repository_of(request), request.path_params["reference"]
        subject = self._guard.grant(request, to_delete(repository)).subject
        with self._storage.database.transaction():
            stored = self._stored(repository, reference)
            self._access.deleting(subject, repository, reference)
            if reference == stored.digest:
                for tag in self._storage.tags.names_of(repository, stored.digest):
                    self._access.deleting(subject, repository, tag)
                self._storage.manifests.delete(repository, stored.digest)
            else:
                self._storage.tags.delete(repository, reference)
        return Response(status_code=202)


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_MANIFEST:
            raise replies.manifest_invalid(
                f"a manifest may have {LARGEST_MANIFEST} bytes", status=413
            )
    return bytes(content)
