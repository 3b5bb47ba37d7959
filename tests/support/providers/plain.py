"""Registries without an API of their own: zot, and distribution, which deletes manifests only.

What they are asked is the registry protocol itself, and that is what they are compared with.
"""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from support.openapi import Document
from support.providers import contracts
from support.providers.oci_contract import CONTRACT, PARAMETERS
from support.providers.standin import StandIn


class Plain(StandIn):
    records_wire = True

    def contract(self) -> Document:
        return contracts.of(CONTRACT, parameters=PARAMETERS)


class Zot(Plain):
    row = "zot"
    host = "zot.example"


class Distribution(Plain):
    """2.8: a tag is no digest to be deleted (400), and there are no referrers."""

    row = "distribution"
    host = "registry.example"

    def wire(self, app: ASGIApp) -> ASGIApp:
        refused = JSONResponse(
            {"errors": [{"code": "DIGEST_INVALID", "message": "provided digest did not match"}]},
            400,
        )

        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            last = scope["path"].rpartition("/")[2]
            is_tag = "/manifests/" in scope["path"] and ":" not in last
            by_tag = scope["type"] == "http" and scope["method"] == "DELETE" and is_tag
            await (refused if by_tag else app)(scope, receive, send)

        return wired
