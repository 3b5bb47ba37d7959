"""What there is: API support, repositories, tags, referrers; page by page."""

from __future__ import annotations

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hubcli import oci
from hubcli.sandbox.access import PULL, Access
from hubcli.sandbox.content.manifests import Referrer
from hubcli.sandbox.registry import replies
from hubcli.sandbox.registry.guard import Guard, to_pull
from hubcli.sandbox.registry.names import digest_of, repository_of
from hubcli.sandbox.registry.replies import RegistryError
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.tokens import CATALOG

LONGEST_PAGE = 1000
"""Entries of a page at most; whoever asks for more gets these and a Link."""

_EVERYTHING = 2**31


class ListingEndpoints:
    """`/v2/`, `_catalog`, `tags/list` and `referrers` (distribution-spec "Content Discovery")."""

    def __init__(self, storage: Storage, access: Access, guard: Guard) -> None:
        self._storage = storage
        self._access = access
        self._guard = guard

    def support(self, request: Request) -> Response:
        self._guard.grant(request)
        return JSONResponse({})

    def catalog(self, request: Request) -> Response:
        """Only what the subject may pull (distribution's API; not in distribution-spec)."""
        subject = self._guard.grant(request, CATALOG).subject
        limit, after = _page(request)
        visible = (
            name
            for name in self._storage.repositories.names(after)
            if self._access.allowed(subject, name, frozenset({PULL}))
        )
        found = list(islice(visible, limit + 1))
        return JSONResponse({"repositories": found[:limit]}, headers=_link(request, found, limit))

    def tags(self, request: Request) -> Response:
        """All of them, unless the client asks for pages."""
        repository = repository_of(request)
        self._guard.grant(request, to_pull(repository))
        if repository not in self._storage.repositories:
            raise replies.name_unknown(repository)
        limit, after = _page(request, default=_EVERYTHING)
        found = self._storage.tags.names(repository, after=after, limit=limit + 1)
        body = {"name": repository, "tags": found[:limit]}
        return JSONResponse(body, headers=_link(request, found, limit))

    def referrers(self, request: Request) -> Response:
        """Never 404, not even for a repository or digest that nobody knows."""
        repository, digest = repository_of(request), digest_of(request)
        self._guard.grant(request, to_pull(repository))
        artifact_type = request.query_params.get("artifactType")
        limit, after = _page(request)
        found = self._storage.manifests.referrers(
            repository, digest, artifact_type=artifact_type, after=after, limit=limit + 1
        )
        headers = _link(request, [entry.digest for entry in found], limit)
        if artifact_type is not None:
            headers["OCI-Filters-Applied"] = "artifactType"
        body = {
            "schemaVersion": 2,
            "mediaType": oci.OCI_INDEX,
            "manifests": [_descriptor(entry) for entry in found[:limit]],
        }
        return JSONResponse(body, headers=headers, media_type=oci.OCI_INDEX)


def _descriptor(referrer: Referrer) -> dict[str, Any]:
    return oci.Descriptor(
        referrer.media_type,
        referrer.digest,
        referrer.size,
        annotations=referrer.annotations,
        artifact_type=referrer.artifact_type,
    ).to_json()


def _page(request: Request, *, default: int = LONGEST_PAGE) -> tuple[int, str]:
    """What `n` and `last` ask for: entries at most, and the entry to go on behind."""
    text = request.query_params.get("n")
    after = request.query_params.get("last", "")
    if text is None:
        return default, after
    if not (text.isascii() and text.isdigit()):
        raise RegistryError(
            400, "PAGINATION_NUMBER_INVALID", "n is no number of entries", detail={"n": text}
        )
    return min(int(text[:10]), LONGEST_PAGE), after


def _link(request: Request, found: list[str], limit: int) -> dict[str, str]:
    """The header for the next page, where more was `found` than the page holds."""
    if limit == 0 or len(found) <= limit:
        return {}
    parameters = {"n": str(limit), "last": found[limit - 1]}
    query = urlencode(dict(request.query_params) | parameters)
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
