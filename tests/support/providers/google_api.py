"""Artifact Registry's API, over what was pushed to the stand-in beside it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.providers.standin import Handler, Manifest, StandIn, stamp

_MOST_RELATED = 100
_LOCATIONS = {"gcr.io": "us", "eu.gcr.io": "europe"}
_PARENT = "/v1/projects/{project}/locations/{location}"
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
}


class ArtifactRegistry:
    """The repositories that were made, by the path that references have; one begins with none.

    `page` is the largest page, `polls` how often making something is not yet done; deleting takes
    one look more. Who asks is refused with `refusal`, if there is one, and operations end with
    `failing`.
    """

    def __init__(self, registry: StandIn) -> None:
        self._registry = registry
        self.location = _LOCATIONS.get(registry.host) or registry.host.partition("-docker.")[0]
        self.repositories: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        self.waiting: dict[str, int] = {}
        self.page = 1000
        self.polls = 0
        self.refusal: Response | None = None
        self.failing: dict[str, Any] | None = None
        self._numbers = itertools.count(1)

    def has_place_for(self, name: str) -> bool:
        """Whether the repository is there that an image would be in."""
        return any(name.startswith(f"{path}/") for path in self.repositories)

    def routes(self) -> Sequence[Route]:
        one = f"{_PARENT}/repositories/{{repository}}"
        package = f"{one}/packages/{{package:path}}"
        table: Sequence[tuple[str, str, Callable[..., Any]]] = (
            ("GET", f"{_PARENT}/repositories", self._list),
            ("POST", f"{_PARENT}/repositories", self._create),
            ("GET", f"{one}:getIamPolicy", self._policy),
            ("POST", f"{one}:setIamPolicy", self._set_policy),
            ("GET", one, self._show),
            ("PATCH", one, self._change),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/packages", self._packages),
            ("GET", f"{package}/versions", self._versions),
            ("GET", f"{package}/tags", self._tags),
            ("GET", package, self._package),
            ("DELETE", package, self._delete_package),
            ("GET", f"{_PARENT}/operations/{{operation}}", self._operation),
        )
        return [Route(path, self._guarded(does), methods=[how]) for how, path, does in table]

    def _guarded(self, does: Callable[..., Any]) -> Handler:
        """For those who have an access token, of what is in this location."""

        async def answer(request: Request) -> Response:
            if not self._registry.is_signed_in(request, "bearer"):
                return refused(401, "Request had invalid authentication credentials.")
            if self.refusal is not None:
                return self.refusal
            if request.path_params["location"] != self.location:
                return refused(404, "Requested entity was not found.")
            known = self._path(request) in self.repositories
            if "repository" in request.path_params and not known:
                return refused(404, "Requested entity was not found.")
            if request.method in {"POST", "PATCH"}:
                found: Response = does(request, json.loads(await request.body()))
            else:
                found = does(request)
            return found

        return answer

    # Repositories

    def _list(self, request: Request) -> Response:
        begins = f"{_project(request)}/"
        found = [
            self._described(path)
            for path in sorted(self.repositories)
            if f"{path}/".startswith(begins)
        ]
        return self._paged(request, "repositories", found)

    def _create(self, request: Request, body: dict[str, Any]) -> Response:
        wanted = request.query_params["repositoryId"]
        path = self._path(request, wanted)
        if path in self.repositories:
            return refused(409, "the repository already exists")
        now = stamp(datetime.now(UTC))
        self.repositories[path] = {
            "name": f"{_parent(request)}/repositories/{wanted}",
            "mode": "STANDARD_REPOSITORY",
            **body,
            "createTime": now,
            "updateTime": now,
            "registryUri": f"{self._registry.host}/{path}",
        }
        return self._begun(request, self.repositories[path])

    def _show(self, request: Request) -> Response:
        return JSONResponse(self._described(self._path(request)))

    def _change(self, request: Request, body: dict[str, Any]) -> Response:
        """What the mask does not name stays as it is."""
        repository = self.repositories[self._path(request)]
        for field in request.query_params["updateMask"].split(","):
            outer, _, inner = field.partition(".")
            if inner:
                repository.setdefault(outer, {})[inner] = body[outer][inner]
            else:
                repository[outer] = body[outer]
        return JSONResponse(self._described(self._path(request)))

    def _delete(self, request: Request) -> Response:
        path = self._path(request)
        del self.repositories[path]
        for name in self._registry.repositories():
            if name.startswith(f"{path}/"):
                self._registry.forget(name)
        return self._begun(request)

    def _policy(self, request: Request) -> Response:
        return JSONResponse(self.policies.get(self._path(request), {"etag": "ACAB"}))

    def _set_policy(self, request: Request, body: dict[str, Any]) -> Response:
        policy, before = body["policy"], self.policies.get(self._path(request), {"etag": "ACAB"})
        if policy.get("etag") != before["etag"]:
            return refused(409, "There were concurrent policy changes.")
        self.policies[self._path(request)] = {**policy, "etag": f"ACAB{next(self._numbers):04}"}
        return JSONResponse(self.policies[self._path(request)])

    # What is in them

    def _packages(self, request: Request) -> Response:
        inside = f"{self._path(request)}/"
        found = [
            self._described_package(request, name.removeprefix(inside))
            for name in self._registry.repositories()
            if name.startswith(inside) and self._registry.manifests(name)
        ]
        return self._paged(request, "packages", found)

    def _package(self, request: Request) -> Response:
        if not self._manifests(request):
            return refused(404, "Package not found.")
        return JSONResponse(self._described_package(request, _image(request)))

    def _delete_package(self, request: Request) -> Response:
        if not self._manifests(request):
            return refused(404, "Package not found.")
        self._registry.forget(f"{self._path(request)}/{_image(request)}")
        return self._begun(request)

    def _versions(self, request: Request) -> Response:
        manifests = self._manifests(request)
        if not manifests:
            return refused(404, "Package not found.")
        full = request.query_params.get("view") == "FULL"
        found = [self._described_version(request, one, full) for one in manifests]
        return self._paged(request, "versions", found)

    def _tags(self, request: Request) -> Response:
        package = self._package_name(request)
        wanted = request.query_params.get("filter")
        found = [
            {"name": f"{package}/tags/{tag}", "version": f"{package}/versions/{one.digest}"}
            for one in self._manifests(request)
            for tag in one.tags
            if wanted in {None, f'version="{package}/versions/{one.digest}"'}
        ]
        return self._paged(request, "tags", found)

    # Operations

    def _begun(self, request: Request, answer: Mapping[str, Any] | None = None) -> Response:
        name = f"{_parent(request)}/operations/{next(self._numbers)}"
        kind = "protobuf.Empty" if answer is None else "devtools.artifactregistry.v1.Repository"
        end: dict[str, Any] = {"response": {"@type": f"type.googleapis.com/google.{kind}"}}
        end["response"] |= answer or {}
        if self.failing is not None:
            end = {"error": self.failing}
        self.operations[name] = {"name": name, "done": True, **end}
        self.waiting[name] = self.polls + (answer is None)
        return JSONResponse(self._at_work(name))

    def _operation(self, request: Request) -> Response:
        name = f"{_parent(request)}/operations/{request.path_params['operation']}"
        self.waiting[name] -= 1
        return JSONResponse(self._at_work(name))

    def _at_work(self, name: str) -> dict[str, Any]:
        return {"name": name} if self.waiting[name] > 0 else self.operations[name]

    # What they look like

    def _path(self, request: Request, repository: str = "") -> str:
        """Of a repository, as references have it."""
        name = repository or request.path_params.get("repository", "")
        project = _project(request)
        return project if name == self._registry.host else f"{project}/{name}"

    def _manifests(self, request: Request) -> list[Manifest]:
        path = f"{self._path(request)}/{_image(request)}"
        return self._registry.manifests(path)

    def _package_name(self, request: Request, package: str = "") -> str:
        name = quote(package or _image(request), safe="")
        return (
            f"{_parent(request)}/repositories/{request.path_params['repository']}/packages/{name}"
        )

    def _described(self, path: str) -> dict[str, Any]:
        size = sum(
            one.size
            for name in self._registry.repositories()
            if name.startswith(f"{path}/")
            for one in self._registry.manifests(name)
        )
        return {**self.repositories[path], "sizeBytes": str(size)}

    def _described_package(self, request: Request, package: str) -> dict[str, Any]:
        pushed = [
            one.pushed for one in self._registry.manifests(f"{self._path(request)}/{package}")
        ]
        return {
            "name": self._package_name(request, package),
            "createTime": stamp(min(pushed)),
            "updateTime": stamp(max(pushed)),
        }

    def _described_version(self, request: Request, one: Manifest, full: bool) -> dict[str, Any]:
        package = self._package_name(request)
        version = f"{package}/versions/{one.digest}"
        related = [{"name": f"{package}/tags/{tag}", "version": version} for tag in one.tags]
        return {
            "name": version,
            "createTime": stamp(one.pushed),
            "updateTime": stamp(one.pushed),
            "metadata": {"imageSizeBytes": str(one.size), "mediaType": one.media_type},
            **({"relatedTags": related[:_MOST_RELATED]} if full and related else {}),
        }

    def _paged(self, request: Request, member: str, items: Sequence[Any]) -> Response:
        size = min(int(request.query_params.get("pageSize", 20)), self.page)
        start = int(request.query_params.get("pageToken") or 0)
        found = {member: list(items[start : start + size])} if items[start:] else {}
        more = {"nextPageToken": str(start + size)} if start + size < len(items) else {}
        return JSONResponse({**found, **more})


def refused(status: int, message: str) -> Response:
    error = {"code": status, "message": message, "status": _STATUSES[status]}
    return JSONResponse({"error": error}, status)


def _project(request: Request) -> str:
    return str(request.path_params["project"]).replace(":", "/")


def _image(request: Request) -> str:
    """The name has its slashes coded; a path in which that was coded again is as good as one
    in which it was not."""
    return unquote(str(request.path_params["package"]))


def _parent(request: Request) -> str:
    project, location = request.path_params["project"], request.path_params["location"]
    return f"projects/{project}/locations/{location}"
