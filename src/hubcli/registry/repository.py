"""One repository: its manifests and tags; blobs and referrers have modules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from hubcli import oci
from hubcli.auth.challenge import repository_scope
from hubcli.errors import IntegrityFailure, NotFound
from hubcli.http.client import Stream, with_query
from hubcli.http.response import LARGEST_BODY, Response
from hubcli.oci import Descriptor, Manifest
from hubcli.reference import Reference, is_tag
from hubcli.registry import pages
from hubcli.registry.calls import ANY_ERROR, Call

if TYPE_CHECKING:
    from hubcli.registry.blobs import Blobs
    from hubcli.registry.client import Registry

# A compressed answer would have another Content-Length than the manifest has bytes.
_READ = {"Accept": ", ".join(oci.MANIFEST_TYPES), "Accept-Encoding": "identity"}
_VAGUE = frozenset({"", "application/json", oci.OCTET_STREAM, "text/plain", "text/html"})
"""Media types that do not say what a manifest is."""


class Repository:
    """The client of one repository; `scopes` are what each of its requests asks for."""

    def __init__(self, registry: Registry, path: str, actions: tuple[str, ...]) -> None:
        self.registry = registry
        self.path = path
        self.scopes: tuple[str, ...] = (str(repository_scope(path, *actions)),)

    def __str__(self) -> str:
        return f"{self.registry.host}/{self.path}"

    @cached_property
    def blobs(self) -> Blobs:
        from hubcli.registry.blobs import Blobs

        return Blobs(self)

    def send(self, call: Call, *, most: int = LARGEST_BODY) -> Response:
        """`Registry.send`; a target without a leading `/` follows `/v2/<path>/`."""
        return self.registry.send(self.completed(call), most=most)

    def stream(self, call: Call) -> AbstractContextManager[Stream]:
        """`Registry.stream`; a target without a leading `/` follows `/v2/<path>/`."""
        return self.registry.stream(self.completed(call))

    def completed(self, call: Call) -> Call:
        """`call` as `Registry` takes it: with the whole path, the scopes and the repository."""
        target = call.target
        if not target.startswith(("/", "http://", "https://")):
            target = f"/v2/{self.path}/{target}"
        scopes = (*self.scopes, *call.scopes)
        return replace(call, target=target, scopes=scopes, repository=self.path)

    def manifest(self, identifier: str | None) -> Manifest:
        """The manifest or index at a tag or digest, verified (`GET /v2/<name>/manifests/…`).

        Without an identifier that of `latest`, as everywhere in registries.
        NotFound where there is none; IntegrityFailure where the bytes are not what the digest or
        the `Docker-Content-Digest` header promises; Unavailable beyond `oci.LARGEST_MANIFEST`.
        """
        identifier = identifier or "latest"
        call = Call("GET", f"manifests/{identifier}", _READ)
        try:
            answer = self.send(call, most=oci.LARGEST_MANIFEST)
        except NotFound as error:
            if error.code == "MANIFEST_UNKNOWN" and is_tag(identifier):
                error.hint = f"hubcli tag ls {Reference(self.registry.host, self.path).name}"
            raise
        return _manifest(answer, identifier)

    def resolve(self, identifier: str | None) -> Descriptor:
        """What a tag or digest stands for (`HEAD /v2/<name>/manifests/…`).

        Where the answer says too little, or is an error, the manifest itself is fetched: it has
        what is missing, or the reason.
        """
        return self.find(identifier) or self.manifest(identifier).descriptor

    def find(self, identifier: str | None) -> Descriptor | None:
        """What `resolve` tells, or None where there is nothing, without asking for the reason."""
        identifier = identifier or "latest"
        call = Call("HEAD", f"manifests/{identifier}", _READ, accepted=ANY_ERROR)
        answer = self.send(call)
        if answer.status == 404:
            return None
        descriptor = _described(answer, identifier) if answer.ok else None
        if descriptor is not None:
            return descriptor
        try:
            return self.manifest(identifier).descriptor
        except NotFound:
            return None  # what was in the way of the first question was not in that of the second

    def put_manifest(self, identifier: str, manifest: Manifest) -> None:
        """Store a manifest under a tag or its digest, bytes as they are (`PUT …/manifests/…`).

        Where the registry has no referrers API, a manifest with a subject is also entered in the
        subject's fallback index (distribution-spec, "Pushing Manifests with Subject").
        """
        answer = self.send(
            Call(
                "PUT",
                f"manifests/{identifier}",
                {"Content-Type": manifest.media_type},
                body=manifest.content,
            )
        )
        stored = answer.headers.get("docker-content-digest", "")
        if oci.is_digest(stored):
            oci.verify(manifest.content, stored)
        if manifest.subject is not None and "oci-subject" not in answer.headers:
            from hubcli.registry import referrers

            referrers.enter(self, manifest)

    def delete(self, identifier: str) -> None:
        """Delete a manifest by digest, with all its tags, or one tag (`DELETE …/manifests/…`).

        Not every registry takes a tag, or deletes at all: Unsupported, or whatever it says.
        """
        self.send(Call("DELETE", f"manifests/{identifier}"))

    def tags(self) -> Iterator[list[str]]:
        """The tags, page by page in the registry's order (`GET /v2/<name>/tags/list`).

        What is no tag, or came before, is left out.
        """
        first = with_query("tags/list", {"n": pages.PAGE_SIZE})
        answers = self.registry.pages(self.completed(Call("GET", first)))
        return pages.distinct(list(filter(is_tag, pages.names(a, "tags"))) for a in answers)

    def referrers(self, digest: str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        """The manifests whose subject is `digest`; only those of `artifact_type` if given."""
        from hubcli.registry import referrers

        return referrers.of(self, digest, artifact_type)

    def listed_referrers(
        self, digest: str, artifact_type: str | None = None
    ) -> tuple[str, Iterator[Descriptor]]:
        """The same, and where they are listed: `referrers.API` or `referrers.FALLBACK`."""
        from hubcli.registry import referrers

        return referrers.listed(self, digest, artifact_type)


def _manifest(answer: Response, identifier: str) -> Manifest:
    """The manifest in an answer, once its bytes are what was promised."""
    promised = answer.headers.get("docker-content-digest", "").strip()
    wanted = identifier if ":" in identifier else None
    for digest in {wanted, promised or None} - {None}:
        oci.verify(answer.content, str(digest))
    return oci.parse_manifest(
        answer.content, answer.headers.get("content-type"), wanted or promised or None
    )


def _described(answer: Response, identifier: str) -> Descriptor | None:
    """The descriptor in an answer to HEAD, None where it is not all there."""
    digest = answer.headers.get("docker-content-digest", "").strip()
    length = answer.headers.get("content-length", "")
    if not oci.is_digest(digest) or not length.isdecimal() or answer.media_type in _VAGUE:
        return None
    if ":" in identifier and digest != identifier:
        if digest.partition(":")[0] == identifier.partition(":")[0]:
            raise IntegrityFailure(f"{identifier} was asked for, the registry has {digest}")
        return None
    return Descriptor(answer.media_type, digest, int(length))
