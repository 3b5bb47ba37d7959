"""GitLab's API v4 and its registry: one group with one project, in which repositories appear.

The contract is in our own words, after GitLab's documentation of "Container registry API",
"Projects API" and "REST API authentication", and the entities that its server exposes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hubcli.sandbox.tokens import TokenMint
from support.openapi import Document
from support.providers import contracts
from support.providers.standin import Handler, StandIn, linked, stamp, without_subjects

GROUP = "acme"
PROJECT = f"{GROUP}/tools"
NUMBER = 9
_BASE = "/api/v4"
_FALLBACK = re.compile(r"/v2/(.+)/manifests/sha256-([0-9a-f]{64})")
_TEXT = {"type": "string"}
_WORDS = {"type": ["string", "null"]}
_COUNT = {"type": "integer"}
_TIME = {"type": "string", "format": "date-time"}


class GitLab(StandIn):
    row = "gitlab"
    host = "registry.gitlab.com"
    namespace = PROJECT
    apart = True
    token_path = "/jwt/auth"

    def __init__(self) -> None:
        super().__init__()
        self.people.any_username = True
        self.mint = TokenMint(b"a secret of the stand-in's", "container_registry")
        self.created = datetime.now(UTC)
        self.visibility = "public"
        self.level = "enabled"
        self.going: set[str] = set()
        self.protected: set[str] = set()
        self.numbers: dict[str, int] = {}

    def identity(self) -> Mapping[str, str]:
        return {"GITLAB_TOKEN": self.secret}

    def contract(self) -> Document:
        return contracts.of(
            _CONTRACT, parameters={"project": "(?:(?!/registry).)+", "group": "(?:(?!/registry).)+"}
        )

    def wire(self, app: ASGIApp) -> ASGIApp:
        """No referrers; a tag for them that is not there is answered with their subject."""

        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            found = _FALLBACK.fullmatch(scope.get("path", ""))
            if found and scope["method"] in {"GET", "HEAD"}:
                repository, digest = found[1], f"sha256:{found[2]}"
                missing = self.storage.tags.get(repository, f"sha256-{found[2]}") is None
                if missing and self.storage.manifests.get(repository, digest) is not None:
                    path = f"/v2/{repository}/manifests/{digest}"
                    scope = {**scope, "path": path, "raw_path": path.encode()}
            if scope["type"] == "http" and "/referrers/" in scope["path"]:
                await Response("404 page not found", 404)(scope, receive, send)
                return

            await without_subjects(app)(scope, receive, send)

        return wired

    def routes(self) -> Sequence[Route]:
        of_project = f"{_BASE}/projects/{{project:path}}"
        registry = f"{of_project}/registry/repositories"
        rows: Sequence[tuple[str, str, Callable[..., Any]]] = (
            ("GET", f"{_BASE}/projects", self._projects),
            ("GET", f"{_BASE}/users/{{user}}/projects", self._projects),
            ("GET", f"{_BASE}/groups/{{group:path}}/registry/repositories", self._of_group),
            ("GET", registry, self._of_project),
            ("DELETE", f"{registry}/{{number:int}}", self._delete),
            ("DELETE", f"{registry}/{{number:int}}/tags/{{tag}}", self._delete_tag),
            ("GET", f"{_BASE}/registry/repositories/{{number:int}}", self._repository),
            ("GET", of_project, self._project),
            ("PUT", of_project, self._update),
        )
        return [
            Route(path, self._guarded(handler), methods=[method]) for method, path, handler in rows
        ]

    def _guarded(self, handler: Callable[..., Any]) -> Handler:
        async def answer(request: Request) -> Response:
            if not self.is_known(request):
                return _message(401, "401 Unauthorized")
            given = [await request.json()] if request.method == "PUT" else []
            project = request.path_params.get("project", PROJECT)
            if project not in {PROJECT, str(NUMBER)}:
                return _message(404, "404 Project Not Found")
            answered: Response = handler(request, *given)
            return answered

        return answer

    def is_known(self, request: Request) -> bool:
        """Whether there is a good token, in one of the three headers that it may be in."""
        named = (request.headers.get(name) for name in ("private-token", "job-token"))
        return self.secret in named or self.is_signed_in(request, "bearer")

    # Projects

    def _described(self) -> dict[str, Any]:
        return {
            "id": NUMBER,
            "path_with_namespace": PROJECT,
            "description": "What we work with",
            "created_at": stamp(self.created),
            "visibility": self.visibility,
            "container_registry_access_level": self.level,
            "web_url": f"https://gitlab.com/{PROJECT}",
        }

    def _projects(self, request: Request) -> Response:
        if request.path_params.get("user", "alice") != "alice":
            return _message(404, "404 User Not Found")
        return linked(request, [self._described()])

    def _project(self, request: Request) -> Response:
        return JSONResponse(self._described())

    def _update(self, request: Request, wish: dict[str, Any]) -> Response:
        self.level = wish["container_registry_access_level"]
        return JSONResponse(self._described())

    # Repositories

    def _entry(self, path: str) -> dict[str, Any]:
        name = path.removeprefix(PROJECT).removeprefix("/")
        return {
            "id": self.numbers.setdefault(path, len(self.numbers) + 1),
            "name": name,
            "path": path,
            "project_id": NUMBER,
            "location": f"{self.host}/{path}",
            "created_at": stamp(self.created),
            "cleanup_policy_started_at": None,
            "status": "delete_scheduled" if path in self.going else None,
        }

    def _entries(self) -> list[dict[str, Any]]:
        return [self._entry(path) for path in self.repositories() if f"{path}/".startswith(PROJECT)]

    def _of_group(self, request: Request) -> Response:
        if request.path_params["group"] != GROUP:
            return _message(404, "404 Group Not Found")
        return linked(request, self._entries())

    def _of_project(self, request: Request) -> Response:
        return linked(request, self._entries())

    def _numbered(self, request: Request) -> str | None:
        wanted = request.path_params["number"]
        found = (entry["path"] for entry in self._entries() if entry["id"] == wanted)
        return next(found, None)

    def _repository(self, request: Request) -> Response:
        path = self._numbered(request)
        if path is None:
            return _message(404, "404 Not found")
        entry = self._entry(path)
        if request.query_params.get("size") == "true":
            entry["size"] = sum(manifest.size for manifest in self.manifests(path))
        return JSONResponse(entry)

    def _delete(self, request: Request) -> Response:
        """A worker does it later: until then it stays on the list."""
        path = self._numbered(request)
        if path is None:
            return _message(404, "404 Not found")
        self.going.add(path)
        return JSONResponse(202, 202)

    def _delete_tag(self, request: Request) -> Response:
        path, tag = self._numbered(request), request.path_params["tag"]
        if path is None or self.storage.tags.get(path, tag) is None:
            return _message(404, "404 Tag Not Found")
        if tag in self.protected:
            return _message(403, "403 Forbidden - tag is protected")
        self.storage.tags.delete(path, tag)
        return JSONResponse(200)


def _message(status: int, text: str) -> Response:
    return JSONResponse({"message": text}, status)


def _answers(status: int, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "responses": {
            str(status): {"description": "", "content": {"application/json": {"schema": schema}}}
        }
    }


def _query(**schemas: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for a list, or for a thing, beside the pages of lists."""
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": schema} for name, schema in schemas.items()
        ]
    }


_FLAG = {"type": "boolean"}
_PAGES: Mapping[str, Any] = {
    "page": _COUNT,
    "per_page": {"type": "integer", "minimum": 1, "maximum": 100},
}
_REPOSITORY = {
    "type": "object",
    "required": [
        *("id", "name", "path", "project_id", "location", "created_at"),
        *("cleanup_policy_started_at", "status"),
    ],
    "properties": {
        "id": _COUNT,
        "name": _TEXT,
        "path": _TEXT,
        "project_id": _COUNT,
        "location": _TEXT,
        "created_at": _TIME,
        "cleanup_policy_started_at": _WORDS,
        "tags_count": _COUNT,
        "size": {"type": ["integer", "null"]},
        "status": {"enum": ["delete_scheduled", "delete_failed", "delete_ongoing", None]},
    },
}
_PROJECT = {
    "type": "object",
    "required": ["id", "path_with_namespace", "created_at"],
    "properties": {
        "id": _COUNT,
        "path_with_namespace": _TEXT,
        "description": _WORDS,
        "created_at": _TIME,
        "visibility": {"enum": ["public", "internal", "private"]},
        "container_registry_access_level": {"enum": ["enabled", "private", "disabled"]},
        "web_url": _TEXT,
    },
}
_SETTINGS = {
    "type": "object",
    "properties": {"container_registry_access_level": {"enum": ["enabled", "private", "disabled"]}},
}
_REPOSITORIES = {**_query(**_PAGES), **_answers(200, {"type": "array", "items": _REPOSITORY})}
_PROJECTS = {
    **_query(**_PAGES, simple=_FLAG, membership=_FLAG),
    **_answers(200, {"type": "array", "items": _PROJECT}),
}
_OF_PROJECT = f"{_BASE}/projects/{{project}}/registry/repositories"
_CONTRACT: dict[str, Any] = {
    "paths": {
        f"{_BASE}/projects": {"get": _PROJECTS},
        f"{_BASE}/users/{{user}}/projects": {"get": _PROJECTS},
        f"{_BASE}/projects/{{project}}": {
            "get": _answers(200, _PROJECT),
            "put": {
                "requestBody": {"content": {"application/json": {"schema": _SETTINGS}}},
                **_answers(200, _PROJECT),
            },
        },
        f"{_BASE}/groups/{{group}}/registry/repositories": {"get": _REPOSITORIES},
        _OF_PROJECT: {"get": _REPOSITORIES},
        f"{_OF_PROJECT}/{{number}}": {"delete": _answers(202, _COUNT)},
        f"{_OF_PROJECT}/{{number}}/tags/{{tag}}": {"delete": _answers(200, _COUNT)},
        f"{_BASE}/registry/repositories/{{number}}": {
            "get": {
                **_query(tags=_FLAG, tags_count=_FLAG, size=_FLAG),
                **_answers(200, _REPOSITORY),
            }
        },
    }
}
