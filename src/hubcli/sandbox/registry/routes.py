"""The registry's paths, put together."""

from __future__ import annotations

from starlette.routing import Route

from hubcli.sandbox.access import Access
from hubcli.sandbox.registry.blobs import BlobEndpoints
from hubcli.sandbox.registry.guard import TOKEN_PATH, Guard
from hubcli.sandbox.registry.listings import ListingEndpoints
from hubcli.sandbox.registry.manifests import ManifestEndpoints
from hubcli.sandbox.registry.resources import Resource, at
from hubcli.sandbox.registry.token_server import TokenEndpoints
from hubcli.sandbox.registry.uploads import UploadEndpoints
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.tokens import TokenMint
from hubcli.sandbox.uploads import Uploads


def registry_routes(storage: Storage, access: Access, mint: TokenMint | None) -> list[Route]:
    """The registry below `/v2/`, and its token server at `/token`.

    Without a mint nobody is asked for a token, and everybody is anonymous. Paths that begin with
    one of RESERVED are left to others.
    """
    guard = Guard(mint)
    listings = ListingEndpoints(storage, access, guard)
    manifests = ManifestEndpoints(storage, access, guard)
    blobs = BlobEndpoints(storage, guard)
    uploads = UploadEndpoints(storage, Uploads(storage), access, guard)
    support, start = Resource(get=listings.support), Resource(post=uploads.start)
    routes = [
        at("/v2", support),
        at("/v2/", support),
        at("/v2/_catalog", Resource(get=listings.catalog)),
        at("/v2/{name:repository}/tags/list", Resource(get=listings.tags)),
        at("/v2/{name:repository}/referrers/{digest}", Resource(get=listings.referrers)),
        at(
            "/v2/{name:repository}/manifests/{reference}",
            Resource(get=manifests.get, put=manifests.put, delete=manifests.delete),
        ),
        # Before the blobs: a session's location looks like a blob of a repository "…/blobs".
        at("/v2/{name:repository}/blobs/uploads", start),
        at("/v2/{name:repository}/blobs/uploads/", start),
        at(
            "/v2/{name:repository}/blobs/uploads/{upload}",
            Resource(
                get=uploads.status, patch=uploads.append, put=uploads.close, delete=uploads.cancel
            ),
        ),
        at(
            "/v2/{name:repository}/blobs/{digest}",
            Resource(get=blobs.get, delete=blobs.delete),
        ),
    ]
    if mint is not None:
        tokens = TokenEndpoints(access, mint)
        routes.append(at(TOKEN_PATH, Resource(get=tokens.get, post=tokens.post)))
    return routes
