"""GitHub's packages API, and ghcr.io: DELETE is 405 there, referrers are 404.

The contract is in our own words, after GitHub's documentation of "Packages" (REST, 2022-11-28) and
the fields that go-github decodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from support.openapi import Document
from support.providers import contracts
from support.providers.standin import (
    Handler,
    Manifest,
    StandIn,
    linked,
    refusing,
    stamp,
    without_subjects,
)

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TIME = {"type": "string", "format": "date-time"}
_PACKAGES = ("/orgs/{owner}", "/users/{owner}")


class GitHub(StandIn):
    row = "ghcr"
    host = "ghcr.io"
    apart = True

    def __init__(self) -> None:
        super().__init__()
        self.people.any_username = True
        self.created = datetime.now(UTC)
        self.deleted: list[tuple[str, Manifest, bytes]] = []

    def identity(self) -> Mapping[str, str]:
        return {"GITHUB_TOKEN": self.secret, "GITHUB_ACTOR": "octocat"}

    def wire(self, app: ASGIApp) -> ASGIApp:
        unsupported = JSONResponse(
            {"errors": [{"code": "UNSUPPORTED", "message": "The operation is unsupported."}]}, 405
        )
        nothing = PlainTextResponse("404 page not found", 404)
        answers = {("DELETE", "/"): unsupported, ("GET", "/referrers/"): nothing}
        return refusing(answers, without_subjects(app))

    def too_many(self) -> Response:
        reset = int(datetime.now(UTC).timestamp()) + 1800
        return JSONResponse(
            {"message": "API rate limit exceeded", "documentation_url": "https://docs.github.com"},
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)},
        )

    def contract(self) -> Document:
        return contracts.of(_CONTRACT, parameters={"package": "(?:(?!/versions).)+"})

    def routes(self) -> Sequence[Route]:
        of_owner = [
            Route(f"{owner}/packages{path}", self._guarded(handler), methods=[method])
            for owner in _PACKAGES
            for method, path, handler in (
                ("GET", "", self._list),
                ("GET", "/container/{package:path}/versions", self._versions),
                ("DELETE", "/container/{package:path}/versions/{id:int}", self._delete_version),
                ("POST", "/container/{package:path}/versions/{id:int}/restore", self._restore),
                ("GET", "/container/{package:path}", self._package),
                ("DELETE", "/container/{package:path}", self._delete),
            )
        ]
        own = Route("/user/packages", self._guarded(self._list), methods=["GET"])
        return [Route("/users/{owner}", self._guarded(self._who)), own, *of_owner]

    def _guarded(self, handler: Any) -> Handler:
        def answer(request: Request) -> Response:
            if not self.is_signed_in(request, "bearer"):
                return JSONResponse({"message": "Bad credentials"}, 401)
            answered: Response = handler(request)
            return answered

        return answer

    def _who(self, request: Request) -> Response:
        name = request.path_params["owner"]
        kind = "Organization" if name == self.namespace else "User"
        return JSONResponse({"login": name, "id": 7, "type": kind})

    def _list(self, request: Request) -> Response:
        owner = request.path_params.get("owner", self.namespace)
        names = [name for name in self.repositories() if name.startswith(f"{owner}/")]
        return linked(request, [self._described(name) for name in names])

    def _package(self, request: Request) -> Response:
        name = self._name(request)
        return _missing() if name is None else JSONResponse(self._described(name))

    def _delete(self, request: Request) -> Response:
        name = self._name(request)
        if name is None:
            return _missing()
        self.forget(name)
        return Response(status_code=204)

    def _versions(self, request: Request) -> Response:
        name = self._name(request)
        if name is None:
            return _missing()
        if request.query_params.get("state") == "deleted":
            found = [manifest for of, manifest, _ in self.deleted if of == name]
        else:
            found = self.manifests(name)
        return linked(request, [_version(manifest) for manifest in found])

    def _delete_version(self, request: Request) -> Response:
        name = self._name(request)
        for manifest in self.manifests(name or ""):
            if name and manifest.number == request.path_params["id"]:
                stored = self.storage.manifests.get(name, manifest.digest)
                assert stored is not None
                self.deleted.insert(0, (name, manifest, stored.content))
                self.storage.manifests.delete(name, manifest.digest)
                return Response(status_code=204)
        return _missing()

    def _restore(self, request: Request) -> Response:
        from hubcli import oci

        name = self._name(request)
        for entry in self.deleted:
            of, manifest, content = entry
            if of == name and manifest.number == request.path_params["id"]:
                parsed = oci.parse_manifest(content, manifest.media_type)
                self.storage.manifests.put(name, parsed, tags=manifest.tags)
                self.deleted.remove(entry)
                return Response(status_code=204)
        return _missing()

    def _name(self, request: Request) -> str | None:
        name = f"{request.path_params['owner']}/{request.path_params['package']}"
        return name if name in self.repositories() else None

    def _described(self, name: str) -> dict[str, Any]:
        owner, _, package = name.partition("/")
        return {
            "id": 1,
            "name": package,
            "package_type": "container",
            "owner": {"login": owner, "id": 7, "type": "Organization"},
            "version_count": len(self.manifests(name)),
            "visibility": "private",
            "url": f"https://api.github.com/orgs/{owner}/packages/container/{package}",
            "created_at": stamp(self.created),
            "updated_at": stamp(self.created),
            "html_url": f"https://github.com/orgs/{owner}/packages/container/package/{package}",
        }


def _version(manifest: Manifest) -> dict[str, Any]:
    return {
        "id": manifest.number,
        "name": manifest.digest,
        "url": f"https://api.github.com/versions/{manifest.number}",
        "created_at": stamp(manifest.pushed),
        "updated_at": stamp(manifest.pushed),
        "metadata": {"package_type": "container", "container": {"tags": list(manifest.tags)}},
    }


def _missing() -> Response:
    return JSONResponse({"message": "Package not found."}, 404)


def _answers(status: int, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"responses": {str(status): {"description": "", **content}}}


def _query(*names: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "in": "query", "schema": _TEXT} for name in names]}


_OWNER = {
    "type": "object",
    "required": ["login", "id", "type"],
    "properties": {"login": _TEXT, "id": _NUMBER, "type": {"enum": ["User", "Organization"]}},
}
_PACKAGE = {
    "type": "object",
    "required": [
        *("id", "name", "package_type", "url", "html_url", "version_count", "visibility"),
        *("created_at", "updated_at"),
    ],
    "properties": {
        "id": _NUMBER,
        "name": _TEXT,
        "package_type": {"enum": ["container"]},
        "owner": _OWNER,
        "version_count": _NUMBER,
        "visibility": {"enum": ["private", "public", "internal"]},
        "created_at": _TIME,
        "updated_at": _TIME,
    },
}
_VERSION = {
    "type": "object",
    "required": ["id", "name", "url", "created_at", "updated_at"],
    "properties": {
        "id": _NUMBER,
        "name": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "created_at": _TIME,
        "updated_at": _TIME,
        "metadata": {
            "type": "object",
            "required": ["package_type"],
            "properties": {
                "container": {
                    "type": "object",
                    "required": ["tags"],
                    "properties": {"tags": {"type": "array", "items": _TEXT}},
                }
            },
        },
    },
}
_LIST = {"get": {**_query("package_type", "visibility", "page", "per_page"),
                 **_answers(200, {"type": "array", "items": _PACKAGE})}}  # fmt: skip
_CONTRACT: dict[str, Any] = {
    "paths": {
        "/users/{owner}": {"get": _answers(200, _OWNER)},
        "/user/packages": _LIST,
        **{f"{owner}/packages": _LIST for owner in _PACKAGES},
        **{
            f"{owner}/packages/container/{{package}}": {
                "get": _answers(200, _PACKAGE),
                "delete": _answers(204),
            }
            for owner in _PACKAGES
        },
        **{
            f"{owner}/packages/container/{{package}}/versions": {
                "get": {
                    **_query("page", "per_page", "state"),
                    **_answers(200, {"type": "array", "items": _VERSION}),
                }
            }
            for owner in _PACKAGES
        },
        **{
            f"{owner}/packages/container/{{package}}/versions/{{id}}": {"delete": _answers(204)}
            for owner in _PACKAGES
        },
        **{
            f"{owner}/packages/container/{{package}}/versions/{{id}}/restore": {
                "post": _answers(204)
            }
            for owner in _PACKAGES
        },
    }
}
