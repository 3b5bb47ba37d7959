"""Harbor's API v2.0 and its registry, after goharbor/harbor's swagger.yaml.

Projects have to be there before something is pushed; repositories appear. The registry is
distribution's behind Harbor's own token service: who comes with a header that is not good is told
`Basic`, and tags are not deleted.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubcli.sandbox.content.tags import TagRecord
from hubcli.sandbox.tokens import TokenMint
from support.openapi import Document
from support.openapi_corrections import Correction
from support.providers import contracts
from support.providers.standin import Handler, Manifest, StandIn

_BASE = "/api/v2.0"
_PROJECTS = f"{_BASE}/projects"
_PROJECT = f"{_PROJECTS}/{{project}}"
_REPOSITORY = f"{_PROJECT}/repositories/{{repository}}"
_NEVER = "0001-01-01T00:00:00.000Z"
_CORRECTIONS = (
    Correction(
        "components/schemas/ExtraAttrs/additionalProperties",
        True,
        "they are what an image's configuration has: texts, most of them",
    ),
)


@dataclass
class Project:
    """A project; `metadata` is as Harbor has it, in text."""

    number: int
    name: str
    metadata: dict[str, str]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    storage_limit: int | None = None
    rules: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_public(self) -> bool:
        return self.metadata.get("public") == "true"


class Harbor(StandIn):
    row = "harbor"
    host = "harbor.example"
    token_path = "/service/token"

    def __init__(self) -> None:
        super().__init__()
        self.mint = TokenMint(b"a secret of the stand-in's", "harbor-registry")
        self.projects: dict[str, Project] = {}
        self.descriptions: dict[str, str] = {}
        self.make("library", {"public": "true"})

    def make(self, name: str, metadata: dict[str, str]) -> Project:
        number = len(self.projects) + 1
        return self.projects.setdefault(
            name, Project(number, name, {"public": "false", **metadata})
        )

    def identity(self) -> Mapping[str, str]:
        return {
            "HARBOR_URL": f"https://{self.host}",
            "HARBOR_USERNAME": self.username,
            "HARBOR_PASSWORD": self.secret,
        }

    def contract(self) -> Document:
        return contracts.published("harbor/swagger.yaml", corrections=_CORRECTIONS)

    def wire(self, app: ASGIApp) -> ASGIApp:
        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            refusal = self._refusal(scope) if scope["type"] == "http" else None
            is_known = any(name == b"authorization" for name, _ in scope.get("headers", ()))

            async def sending(message: Message) -> None:
                is_refusal = message["type"] == "http.response.start" and message["status"] == 401
                if is_refusal and is_known and scope["path"].startswith("/v2/"):
                    MutableHeaders(scope=message)["www-authenticate"] = 'Basic realm="harbor"'
                await send(message)

            await (refusal or app)(scope, receive, sending)

        return wired

    def _refusal(self, scope: Scope) -> Response | None:
        """What Harbor's own middleware answers before the registry is asked."""
        path = str(scope["path"])
        last = path.rpartition("/")[2]
        project = path.removeprefix("/v2/").partition("/")[0]
        if scope["method"] == "DELETE" and "/manifests/" in path and ":" not in last:
            return _problem(400, "UNSUPPORTED", "the operation isn't supported")
        if scope["method"] == "POST" and project not in self.projects:
            return _problem(401, "UNAUTHORIZED", f"project {project} not found")
        return None

    def routes(self) -> Sequence[Route]:
        rules = f"{_PROJECT}/immutabletagrules"
        tag = f"{_REPOSITORY}/artifacts/{{digest}}/tags/{{tag}}"
        rows: Sequence[tuple[str, str, Callable[..., Any]]] = (
            ("GET", _PROJECTS, self._list_projects),
            ("POST", _PROJECTS, self._create_project),
            ("GET", _PROJECT, self._show_project),
            ("PUT", _PROJECT, self._update_project),
            ("DELETE", _PROJECT, self._delete_project),
            ("GET", rules, self._list_rules),
            ("POST", rules, self._add_rule),
            ("DELETE", f"{rules}/{{number:int}}", self._delete_rule),
            ("GET", f"{_BASE}/repositories", self._list_all),
            ("GET", f"{_PROJECT}/repositories", self._list),
            ("GET", _REPOSITORY, self._show),
            ("PUT", _REPOSITORY, self._describe),
            ("DELETE", _REPOSITORY, self._delete),
            ("GET", f"{_REPOSITORY}/artifacts", self._artifacts),
            ("DELETE", tag, self._delete_tag),
            ("GET", f"{_BASE}/search", self._search),
        )
        return [
            Route(path, self._guarded(handler), methods=[method]) for method, path, handler in rows
        ]

    def _guarded(self, handler: Callable[..., Any]) -> Handler:
        async def answer(request: Request) -> Response:
            if not self.is_signed_in(request, "basic"):
                return _problem(401, "UNAUTHORIZED", "unauthorized")
            given = [await request.json()] if request.method in {"POST", "PUT"} else []
            project = request.path_params.get("project")
            if project is None:
                answered: Response = handler(request, *given)
            elif project not in self.projects:
                return _problem(404, "NOT_FOUND", f"project {project} not found")
            elif "repository" not in request.path_params:
                answered = handler(request, self.projects[project], *given)
            else:
                name = f"{project}/{unquote(request.path_params['repository'])}"
                if name not in self.repositories():
                    return _problem(404, "NOT_FOUND", f"repository {name} not found")
                answered = handler(request, name, *given)
            return answered

        return answer

    # Projects

    def _list_projects(self, request: Request) -> Response:
        return _page(request, [self._project(one) for one in self.projects.values()])

    def _create_project(self, request: Request, wish: dict[str, Any]) -> Response:
        if wish["project_name"] in self.projects:
            return _problem(409, "CONFLICT", f"The project named {wish['project_name']} exists")
        made = self.make(wish["project_name"], wish.get("metadata", {}))
        made.storage_limit = wish.get("storage_limit")
        return Response(status_code=201, headers={"Location": f"{_PROJECTS}/{made.number}"})

    def _show_project(self, request: Request, project: Project) -> Response:
        return JSONResponse(self._project(project))

    def _update_project(self, request: Request, project: Project, wish: dict[str, Any]) -> Response:
        project.metadata |= wish.get("metadata", {})
        return Response()

    def _delete_project(self, request: Request, project: Project) -> Response:
        if self._within(project):
            return _problem(
                412, "PRECONDITION", "the project contains repositories, can not be deleted"
            )
        del self.projects[project.name]
        return Response()

    def _project(self, project: Project) -> dict[str, Any]:
        return {
            "project_id": project.number,
            "name": project.name,
            "metadata": project.metadata,
            "owner_name": self.username,
            "creation_time": _stamp(project.created),
            "update_time": _stamp(project.created),
            "repo_count": len(self._within(project)),
        }

    def _list_rules(self, request: Request, project: Project) -> Response:
        return _page(request, [{"id": key, **rule} for key, rule in project.rules.items()])

    def _add_rule(self, request: Request, project: Project, rule: dict[str, Any]) -> Response:
        key = max(project.rules, default=0) + 1
        project.rules[key] = rule
        return Response(status_code=201, headers={"Location": f"{request.url.path}/{key}"})

    def _delete_rule(self, request: Request, project: Project) -> Response:
        return Response(status_code=200 if project.rules.pop(_number(request), None) else 404)

    # Repositories

    def _within(self, project: Project) -> list[str]:
        return [name for name in self.repositories() if name.startswith(f"{project.name}/")]

    def _list_all(self, request: Request) -> Response:
        return _page(request, [self._repository(name) for name in self.repositories()])

    def _list(self, request: Request, project: Project) -> Response:
        _, _, part = request.query_params.get("q", "").partition("name=~")
        return _page(
            request, [self._repository(name) for name in self._within(project) if part in name]
        )

    def _show(self, request: Request, name: str) -> Response:
        return JSONResponse(self._repository(name))

    def _describe(self, request: Request, name: str, wish: dict[str, Any]) -> Response:
        self.descriptions[name] = wish["description"]
        return Response()

    def _delete(self, request: Request, name: str) -> Response:
        self.forget(name)
        return Response()

    def _repository(self, name: str) -> dict[str, Any]:
        found = self.manifests(name)
        moments = [manifest.pushed for manifest in found] or [datetime.now(UTC)]
        return {
            "id": 1,
            "project_id": self.projects[name.partition("/")[0]].number,
            "name": name,
            "description": self.descriptions.get(name, ""),
            "artifact_count": len(found),
            "pull_count": 7,
            "creation_time": _stamp(min(moments)),
            "update_time": _stamp(max(moments)),
        }

    def _search(self, request: Request) -> Response:
        found = [name for name in self.repositories() if request.query_params["q"] in name]
        projects = [
            self._project(one)
            for one in self.projects.values()
            if request.query_params["q"] in one.name
        ]
        return JSONResponse(
            {"project": projects, "repository": [self._hit(name) for name in found]}
        )

    def _hit(self, name: str) -> dict[str, Any]:
        project = self.projects[name.partition("/")[0]]
        return {
            "project_id": project.number,
            "project_name": project.name,
            "project_public": project.is_public,
            "repository_name": name,
            "pull_count": 7,
            "artifact_count": len(self.manifests(name)),
        }

    # Artifacts

    def _artifacts(self, request: Request, name: str) -> Response:
        wanted = {"tags=*": {True}, "tags=nil": {False}}.get(
            request.query_params.get("q", ""), {True, False}
        )
        return _page(
            request,
            [
                self._artifact(name, manifest)
                for manifest in self.manifests(name)
                if bool(manifest.tags) in wanted
            ],
        )

    def _delete_tag(self, request: Request, name: str) -> Response:
        digest, tag = request.path_params["digest"], request.path_params["tag"]
        known = self.storage.tags.get(name, tag)
        if known is None or known.digest != digest:
            return _problem(404, "NOT_FOUND", f"tag {tag} not found")
        project, _, rest = name.partition("/")
        if any(_freezes(rule, rest, tag) for rule in self.projects[project].rules.values()):
            return _problem(
                412, "PRECONDITION", f"the tag {tag} configured as immutable, cannot be deleted"
            )
        self.storage.tags.delete(name, tag)
        return Response()

    def _artifact(self, name: str, manifest: Manifest) -> dict[str, Any]:
        tags = [self._tag(name, tag) for tag in manifest.tags]
        first = tags[0] if tags else None
        details = _details(first) if first else self._untagged(name, manifest)
        return {
            "id": manifest.number,
            "type": "IMAGE",
            "media_type": "application/vnd.oci.image.config.v1+json",
            "manifest_media_type": manifest.media_type,
            "repository_name": name,
            "digest": manifest.digest,
            "push_time": _stamp(manifest.pushed),
            "pull_time": _NEVER,
            "tags": [
                {
                    "id": position,
                    "artifact_id": manifest.number,
                    "name": tag.name,
                    "push_time": _stamp(tag.pushed_at),
                    "pull_time": _stamp(tag.pulled_at) if tag.pulled_at else _NEVER,
                    "immutable": False,
                }
                for position, tag in enumerate(tags, 1)
            ],
            **details,
        }

    def _untagged(self, repository: str, manifest: Manifest) -> dict[str, Any]:
        """What Harbor says of an image by its configuration."""
        stored = self.storage.manifests.get(repository, manifest.digest)
        assert stored is not None
        digest = json.loads(stored.content)["config"]["digest"]
        config = json.loads(self.storage.blobs.path(digest).read_bytes())
        told = {"os": config["os"], "architecture": config["architecture"]}
        return {"size": manifest.size, "extra_attrs": told}

    def _tag(self, repository: str, name: str) -> TagRecord:
        found = self.storage.tags.get(repository, name)
        assert found is not None
        return found


def _details(tag: TagRecord) -> dict[str, Any]:
    """An index has references, an image what its configuration says."""
    if tag.is_index:
        references = [
            {"child_digest": image.digest, "platform": _platform(image.platform)}
            for image in tag.images
        ]
        return {"size": tag.size, "references": references}
    return {"size": tag.size, "extra_attrs": _platform(tag.images[0].platform)}


def _platform(platform: Any) -> dict[str, Any]:
    if platform is None:
        return {}
    found = {"os": platform.os, "architecture": platform.architecture, "variant": platform.variant}
    return {name: value for name, value in found.items() if value}


def _freezes(rule: dict[str, Any], repository: str, tag: str) -> bool:
    places = rule["scope_selectors"]["repository"]
    return any(fnmatch.fnmatchcase(repository, one["pattern"]) for one in places) and any(
        fnmatch.fnmatchcase(tag, one["pattern"]) for one in rule["tag_selectors"]
    )


def _number(request: Request) -> int:
    return int(request.path_params["number"])


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _page(request: Request, items: Sequence[Any]) -> Response:
    """A page, with relative links to the ones before and behind it in one header."""
    size = min(int(request.query_params.get("page_size", 10)), 100)
    number = int(request.query_params.get("page", 1))
    near = {"prev": number - 1, "next": number + 1 if number * size < len(items) else 0}
    path = request.scope["raw_path"].decode()
    links = [
        f'<{path}?{request.url.include_query_params(page=page).query}>; rel="{rel}"'
        for rel, page in near.items()
        if page
    ]
    headers = {"X-Total-Count": str(len(items)), **({"Link": " , ".join(links)} if links else {})}
    return JSONResponse(items[(number - 1) * size : number * size], headers=headers)


def _problem(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message}]}, status)
