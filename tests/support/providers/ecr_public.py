"""Amazon ECR Public by script: it is checked by botocore's model of it."""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from support.openapi import Exchange
from support.providers.ecr import IDENTITY, USERNAME, Model
from support.providers.standin import Manifest, StandIn

ALIAS = "a1b2c3d4"
_TARGET = "SpencerFrontendService."
_ACCOUNT = "123456789012"


class PublicGallery(StandIn):
    """The registry of one account, under ALIAS; strangers may pull from it."""

    row = "ecr-public"
    host = "public.ecr.aws"
    namespace = ALIAS
    username = USERNAME
    apart = True
    api_identity = True
    tells_when = False

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, tuple[float, dict[str, Any]]] = {}
        self._model = Model("ecr-public")

    def identity(self) -> Mapping[str, str]:
        return IDENTITY

    def wire(self, app: ASGIApp) -> ASGIApp:
        """What was not made by the API is not there; nothing is deleted here."""

        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"].removeprefix("/v2/")
            name = "/".join(path.split("/")[:2]).removeprefix(f"{ALIAS}/")
            if scope["path"] not in {"/v2/", "/token"} and name not in self.made:
                await _error(404, {"errors": [{"code": "NAME_UNKNOWN"}]})(scope, receive, send)
            elif scope["method"] in {"DELETE", "PATCH"}:
                await _error(405, {"errors": [{"code": "UNSUPPORTED"}]})(scope, receive, send)
            else:
                await app(scope, receive, send)

        return wired

    def calls(self, exchanges: Sequence[Exchange]) -> list[str]:
        return self._model.calls

    def departures(self, exchanges: Sequence[Exchange]) -> list[str]:
        return self._model.departures

    def too_many(self) -> Response:
        return _error(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})

    def routes(self) -> Sequence[Route]:
        return [Route("/", self._call, methods=["POST"])]

    async def _call(self, request: Request) -> Response:
        body = await request.json()
        return await run_in_threadpool(self._answer, request, body)

    def _answer(self, request: Request, body: dict[str, Any]) -> Response:
        operation = request.headers["x-amz-target"].removeprefix(_TARGET)
        if IDENTITY["AWS_ACCESS_KEY_ID"] not in request.headers.get("authorization", ""):
            return _failed("UnrecognizedClientException", "The security token is invalid")
        try:
            answer = getattr(self, f"_{operation}")(body)
        except _Failure as failure:
            self._model.check(operation, body, failure=failure.code)
            return _failed(failure.code, str(failure))
        self._model.check(operation, body, answer)
        return _error(200, answer)

    # Operations, by the names that the API has for them

    def _GetAuthorizationToken(self, _: dict[str, Any]) -> dict[str, Any]:
        token = b64encode(f"{USERNAME}:{self.secret}".encode()).decode()
        return {
            "authorizationData": {"authorizationToken": token, "expiresAt": time.time() + 43_200}
        }

    def _DescribeRegistries(self, _: dict[str, Any]) -> dict[str, Any]:
        alias = {
            "name": ALIAS,
            "status": "ACTIVE",
            "primaryRegistryAlias": True,
            "defaultRegistryAlias": True,
        }
        registry = {
            "registryId": _ACCOUNT,
            "registryArn": f"arn:aws:ecr-public::{_ACCOUNT}:registry/{_ACCOUNT}",
            "registryUri": f"{self.host}/{ALIAS}",
            "verified": False,
            "aliases": [alias],
        }
        return {"registries": [registry]}

    def _DescribeRepositories(self, asked: dict[str, Any]) -> dict[str, Any]:
        names = asked.get("repositoryNames") or list(self.made)
        names, following = self._page(names, asked)
        found = {"repositories": [self._described(self._known(name)) for name in names]}
        return found | following

    def _CreateRepository(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["repositoryName"]
        if name in self.made:
            raise _Failure("RepositoryAlreadyExistsException", f"{name} already exists")
        self.made[name] = (time.time(), asked.get("catalogData", {}))
        return {"repository": self._described(name), "catalogData": self.made[name][1]}

    def _DeleteRepository(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = self._known(asked["repositoryName"])
        described = self._described(name)
        del self.made[name]
        self.forget(f"{ALIAS}/{name}")
        return {"repository": described}

    def _GetRepositoryCatalogData(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"catalogData": self.made[self._known(asked["repositoryName"])][1]}

    def _PutRepositoryCatalogData(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = self._known(asked["repositoryName"])
        self.made[name] = (self.made[name][0], asked["catalogData"])
        return {"catalogData": asked["catalogData"]}

    def _DescribeImageTags(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = self._known(asked["repositoryName"])
        tagged = [
            (tag, manifest)
            for manifest in self.manifests(f"{ALIAS}/{name}")
            for tag in manifest.tags
        ]
        found, following = self._page(tagged, asked)
        return {"imageTagDetails": [_tag(tag, manifest) for tag, manifest in found]} | following

    def _DescribeImages(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = self._known(asked["repositoryName"])
        found, following = self._page(self.manifests(f"{ALIAS}/{name}"), asked)
        images = [
            {**_image(manifest), **({"imageTags": [*manifest.tags]} if manifest.tags else {})}
            for manifest in found
        ]
        return {"imageDetails": images} | following

    def _BatchDeleteImage(self, asked: dict[str, Any]) -> dict[str, Any]:
        repository = f"{ALIAS}/{self._known(asked['repositoryName'])}"
        done, failures = [], []
        for image in asked["imageIds"]:
            if "imageDigest" in image:
                found = self.storage.manifests.delete(repository, image["imageDigest"])
            else:
                found = self.storage.tags.delete(repository, image["imageTag"])
            if found:
                done.append(image)
            else:
                failures.append(
                    {
                        "imageId": image,
                        "failureCode": "ImageNotFound",
                        "failureReason": "Requested image not found",
                    }
                )
        return {"imageIds": done, "failures": failures}

    def _page(
        self, items: Sequence[Any], asked: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        first, size = int(asked.get("nextToken", 0)), asked.get("maxResults", 100)
        rest = {"nextToken": str(first + size)} if first + size < len(items) else {}
        return list(items[first : first + size]), rest

    def _known(self, name: str) -> str:
        if name not in self.made:
            raise _Failure("RepositoryNotFoundException", f"The repository {name} does not exist")
        return name

    def _described(self, name: str) -> dict[str, Any]:
        return {
            "repositoryArn": f"arn:aws:ecr-public::{_ACCOUNT}:repository/{name}",
            "registryId": _ACCOUNT,
            "repositoryName": name,
            "repositoryUri": f"{self.host}/{ALIAS}/{name}",
            "createdAt": self.made[name][0],
        }


class _Failure(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _tag(name: str, manifest: Manifest) -> dict[str, Any]:
    return {
        "imageTag": name,
        "createdAt": manifest.pushed.timestamp(),
        "imageDetail": _image(manifest),
    }


def _image(manifest: Manifest) -> dict[str, Any]:
    return {
        "imageDigest": manifest.digest,
        "imageSizeInBytes": manifest.size,
        "imagePushedAt": manifest.pushed.timestamp(),
        "imageManifestMediaType": manifest.media_type,
    }


def _failed(code: str, message: str) -> Response:
    return _error(400, {"__type": code, "message": message})


def _error(status: int, document: object) -> Response:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-RequestId": secrets.token_hex(8),
    }
    return Response(json.dumps(document), status, headers)
