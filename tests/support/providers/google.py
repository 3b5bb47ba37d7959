"""Google's registry: its `tags/list` says more, its challenge less, and a tagged digest stays.

In our own words, `/v2/` after google/go-containerregistry, and beside it the API, `google_api`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from support.openapi import Document
from support.providers import contracts
from support.providers.google_api import ArtifactRegistry
from support.providers.google_contract import CONTRACT, PARAMETERS
from support.providers.standin import Running, StandIn
from support.scripted import Answer, ScriptedServer, Seen


@cache
def private_key() -> str:
    """In PEM; making one takes its time."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


class Google(StandIn):
    row = "google"
    host = "europe-docker.pkg.dev"
    namespace = "acme/images"
    username = "oauth2accesstoken"
    apart = True

    def __init__(self, directory: Path, host: str = host) -> None:
        super().__init__()
        self.host = host
        self.people.any_username = True
        self.key_file = directory / "service-account.json"
        self.granted = 0
        self.api = ArtifactRegistry(self)

    def routes(self) -> Sequence[Route]:
        return self.api.routes()

    def contract(self) -> Document:
        return contracts.of(CONTRACT, parameters=PARAMETERS)

    @contextmanager
    def running(self) -> Iterator[Running]:
        """With the server beside it at which a service account's key gets a token."""
        with ScriptedServer(self._granted) as tokens:
            account = {
                "type": "service_account",
                "project_id": "acme",
                "client_email": "robot@acme.iam.gserviceaccount.com",
                "private_key": private_key(),
                "token_uri": f"{tokens.url}/token",
            }
            self.key_file.write_text(json.dumps(account))
            with super().running() as running:
                yield running

    def identity(self) -> Mapping[str, str]:
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(self.key_file)}

    def _granted(self, seen: Seen) -> Answer:
        assert b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" in seen.body
        self.granted += 1
        grant = {"access_token": self.secret, "expires_in": 3600, "token_type": "Bearer"}
        return Answer(200, json.dumps(grant).encode(), {"Content-Type": "application/json"})

    def wire(self, app: ASGIApp) -> ASGIApp:
        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            path = str(scope.get("path", ""))
            name = path.removeprefix("/v2/").partition("/blobs/uploads/")[0]
            if scope.get("method") == "POST" and not self.api.has_place_for(name):
                error = {"code": "NAME_UNKNOWN", "message": f"Repository of {name} not found"}
                await JSONResponse({"errors": [error]}, 404)(scope, receive, send)
                return
            if path == "/v2/token":
                scope = {**scope, "path": "/token", "raw_path": b"/token"}
            if path.endswith("/tags/list"):
                name = path.removeprefix("/v2/").removesuffix("/tags/list")
                await self._list(name, app, scope, receive, send)
                return
            digest = path.rpartition("/manifests/")[2]
            if scope.get("method") == "DELETE" and self._is_tagged(path, digest):
                error = {"code": "GOOGLE_MANIFEST_DANGLING_TAG", "message": "Manifest is tagged."}
                await JSONResponse({"errors": [error]}, 400)(scope, receive, send)
                return
            await app(scope, receive, _challenging(send))

        return wired

    def _is_tagged(self, path: str, digest: str) -> bool:
        name = path.removeprefix("/v2/").partition("/manifests/")[0]
        return any(one.digest == digest and one.tags for one in self.manifests(name))

    async def _list(
        self, name: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """What the registry says of who may ask; what it has is told in Google's words."""
        said: list[Message] = []

        async def keeping(message: Message) -> None:
            said.append(message)

        await app(scope, receive, _challenging(keeping))
        known = self._listing(name)
        if said[0]["status"] in {200, 404} and (known["manifest"] or known["child"]):
            await JSONResponse(known)(scope, receive, send)
            return
        for message in said:
            await send(message)

    def _listing(self, name: str) -> dict[str, Any]:
        below = [one.removeprefix(f"{name}/") for one in self.repositories()
                 if one.startswith(f"{name}/")]  # fmt: skip
        manifests = self.manifests(name)
        return {
            "name": name,
            "child": sorted({one.partition("/")[0] for one in below}),
            "tags": sorted(tag for one in manifests for tag in one.tags),
            "manifest": {
                one.digest: {
                    "imageSizeBytes": str(one.size),
                    "layerId": "",
                    "mediaType": one.media_type,
                    "tag": list(one.tags),
                    "timeCreatedMs": "0",
                    "timeUploadedMs": str(int(one.pushed.timestamp() * 1000)),
                }
                for one in manifests
            },
        }


def _challenging(send: Send) -> Send:
    """The challenge names another realm, and no service."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (
                    name,
                    value.replace(b'/token"', b'/v2/token"').replace(
                        b'service="registry.docker.io",', b""
                    ),
                )
                for name, value in message["headers"]
            ]
        await send(message)

    return sending
