"""Artifactory's REST API over the sandbox's registry, in any of the three ways to reach it.

The files of a tag are made up from its manifest, as Artifactory lays them out. What the API
promises is in `artifactory_contract`, the language of its queries in `artifactory_queries`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubcli import oci
from support.openapi import Document, Exchange
from support.providers import contracts
from support.providers.artifactory_contract import CONTRACT
from support.providers.artifactory_queries import Query
from support.providers.standin import Handler, Manifest, StandIn, line

TRASH = "auto-trashcan"
_API = "/artifactory/api"
_KEY = f"{_API}/repositories/{{key}}"
_UPLOAD = re.compile(r"/v2/([^/]+)/.+/(?:blobs/uploads/|manifests/[^/]+)")
_LINK = re.compile(r"(</v2/)[^/]+/")

File = dict[str, Any]


@dataclass
class Trashed:
    """What a folder had that is in the trash can."""

    repository: str
    folder: str
    manifest: Manifest
    content: bytes = field(repr=False)


class ArtifactoryServer(StandIn):
    """By repository path; with `own` the host stands for that key alone.

    `most` is the hard limit of queries, `hidden` are folders that people may not see, `administers`
    is whether they may make keys.
    """

    row = "artifactory"
    host = "acme.jfrog.io"
    own: str | None = None
    most = 50_000
    tags_of_a_page: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.people.any_subject = False
        self.keys: dict[str, dict[str, Any]] = {}
        self.trash: dict[str, Trashed] = {}
        self.hidden: frozenset[str] = frozenset()
        self.administers = True
        self.queries: list[Query] = []
        self.made: list[File] = []
        """Files that no push has brought."""

    def identity(self) -> Mapping[str, str]:
        return {
            "JF_URL": f"https://{self.host}",
            "JF_USER": self.username,
            "JF_ACCESS_TOKEN": self.secret,
        }

    def contract(self) -> Document:
        return contracts.of(CONTRACT, parameters={"file": ".+", "item": ".+"})

    def calls(self, exchanges: Sequence[Exchange]) -> list[str]:
        """With what was asked for, and from which record on, behind each query."""
        asked = iter(self.queries)
        return [
            f"{line(exchange)} {next(asked)}" if exchange.path.endswith("/aql") else line(exchange)
            for exchange in exchanges
        ]

    def make(self, key: str, rclass: str = "local", package_type: str = "docker") -> None:
        self.keys[key] = {"key": key, "rclass": rclass, "packageType": package_type}

    def routes(self) -> Sequence[Route]:
        return [
            Route(path, self._guarded(handler), methods=[method])
            for method, path, handler in (
                ("GET", f"{_API}/repositories", self._list),
                ("GET", _KEY, self._describe),
                ("PUT", _KEY, self._create),
                ("POST", _KEY, self._edit),
                ("DELETE", _KEY, self._remove_key),
                ("POST", f"{_API}/search/aql", self._search),
                ("POST", f"{_API}/trash/restore/{{item:path}}", self._restore),
                ("DELETE", "/artifactory/{key}/{file:path}", self._remove),
            )
        ]

    # The registry

    def wire(self, app: ASGIApp) -> ASGIApp:
        """Nothing is pushed to a key that is not there, and pages lose the key in their links.

        Only what stands for one key has a catalog.
        """
        unknown = JSONResponse(
            {"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known"}]}, 404
        )

        async def wired(scope: Scope, receive: Receive, send: Send) -> None:
            found = _UPLOAD.fullmatch(scope["path"])
            writes = scope["type"] == "http" and scope["method"] in {"POST", "PUT"}
            misses = found and writes and found[1] not in self.keys
            if self.own is None and (misses or scope["path"] == "/v2/_catalog"):
                await unknown(scope, receive, send)
                return

            if self.tags_of_a_page and scope["path"].endswith("/tags/list"):
                query = dict(parse_qsl(scope["query_string"].decode()))
                query["n"] = str(self.tags_of_a_page)
                scope = {**scope, "query_string": urlencode(query).encode()}

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    headers["X-JFrog-Version"] = "Artifactory/7.111.4 81104900"
                    if "link" in headers and self.own is None:
                        headers["link"] = _LINK.sub(r"\1", headers["link"])
                await send(message)

            await app(scope, receive, sending)

        return wired

    # Its files

    def files(self) -> Iterator[File]:
        """Everything that queries are about."""
        yield from self.made
        for name in self.repositories():
            key, image = (self.own, name) if self.own else name.split("/", 1)
            for manifest in self.manifests(name):
                content = self._content(name, manifest)
                for folder in _folders(manifest):
                    yield from _files(str(key), f"{image}/{folder}", manifest, content)
        for path, lost in self.trash.items():
            yield from _files(TRASH, path, lost.manifest, lost.content)

    def _content(self, repository: str, manifest: Manifest) -> bytes:
        stored = self.storage.manifests.get(repository, manifest.digest)
        assert stored is not None
        return stored.content

    def _repository(self, key: str, image: str) -> str:
        return image if self.own else f"{key}/{image}"

    # The API

    def _guarded(self, handler: Any) -> Handler:
        async def answer(request: Request) -> Response:
            if not self.is_signed_in(request, "basic"):
                return _error(401, "Bad credentials")
            answered: Response = handler(request, await request.body())
            return answered

        return answer

    def _list(self, request: Request, _: bytes) -> Response:
        rows = [
            {
                "key": key,
                "type": about["rclass"].upper(),
                "packageType": about["packageType"].capitalize(),
                "url": f"{request.base_url}artifactory/{key}",
            }
            for key, about in self.keys.items()
        ]
        return JSONResponse(rows)

    def _describe(self, request: Request, _: bytes) -> Response:
        found = self.keys.get(request.path_params["key"])
        return JSONResponse(found) if found else _error(400, "Bad Request")

    def _create(self, request: Request, body: bytes) -> Response:
        key = request.path_params["key"]
        if not self.administers:
            return _error(403, "Forbidden")
        if key in self.keys:
            return _error(400, "Case insensitive repository key already exists")
        self.keys[key] = json.loads(body)
        return PlainTextResponse(f"Successfully created repository '{key}' \n")

    def _edit(self, request: Request, body: bytes) -> Response:
        key = request.path_params["key"]
        self.keys[key].update(json.loads(body))
        return PlainTextResponse(f"Repository {key} update successfully.\n")

    def _remove_key(self, request: Request, _: bytes) -> Response:
        key = request.path_params["key"]
        if key not in self.keys:
            return _error(404, f"Repository {key} does not exist")
        del self.keys[key]
        for name in self.repositories():
            if name.startswith(f"{key}/"):
                self.forget(name)
        return PlainTextResponse(f"Repository {key} and all its content have been removed")

    def _search(self, request: Request, body: bytes) -> Response:
        if request.headers.get("content-type") != "text/plain":
            return _error(415, "Unsupported Media Type")
        query = Query.parse(body.decode())
        if query is None:
            return _error(400, f"Failed to parse query: {body.decode()}")
        self.queries.append(query)
        found = query.page(self.files(), self.most)
        seen = [row for row in found if row["path"] not in self.hidden]
        about: dict[str, Any] = {
            "start_pos": query.offset,
            "end_pos": len(seen),
            "total": len(seen),
        }
        if query.limit > self.most:
            about["limit"] = self.most
            about["notification"] = "AQL query reached the search hard limit"
        return JSONResponse({"results": seen, "range": about})

    def _remove(self, request: Request, _: bytes) -> Response:
        key, path = request.path_params["key"], request.path_params["file"]
        doomed = [
            (name, manifest, folder)
            for name in self.repositories()
            for manifest in self.manifests(name)
            for folder in _folders(manifest)
            if f"{name}/{folder}/".startswith(f"{self._repository(key, path)}/")
        ]
        if not doomed:
            return _error(404, "Could not locate artifact")
        for name, manifest, folder in doomed:
            image = name if self.own else name.partition("/")[2]
            content = self._content(name, manifest)
            self.trash[f"{key}/{image}/{folder}"] = Trashed(name, folder, manifest, content)
        for name, manifest, folder in doomed:
            self.storage.tags.delete(name, folder)
            if not self.storage.tags.names_of(name, manifest.digest):
                self.storage.manifests.delete(name, manifest.digest)
        for name in {name for name, _, _ in doomed}:
            if not self.manifests(name):
                self.forget(name)
        return Response(status_code=204)

    def _restore(self, request: Request, _: bytes) -> Response:
        lost = self.trash.pop(request.path_params["item"], None)
        if lost is None:
            return _error(404, "Item not found in trash can")
        with self.storage.database.transaction() as connection:
            self.storage.repositories.make(connection, lost.repository)
        parsed = oci.parse_manifest(lost.content, lost.manifest.media_type)
        tags = [] if ":" in lost.folder else [lost.folder]
        self.storage.manifests.put(lost.repository, parsed, tags=tags)
        return PlainTextResponse("Successfully restored trash items", 202)


def file(
    repo: str, path: str, name: str, size: int, digest: str = "", when: datetime | None = None
) -> File:
    """A row of a query's answer."""
    moment = f"{when or datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    return {
        "repo": repo,
        "path": path,
        "name": name,
        "size": size,
        "created": moment,
        "modified": moment,
        "sha256": digest.removeprefix("sha256:"),
    }


def _folders(manifest: Manifest) -> Sequence[str]:
    """One for each tag; what has none, as the images of an index, is below its digest."""
    return manifest.tags or [manifest.digest]


def _files(repo: str, folder: str, manifest: Manifest, content: bytes) -> Iterator[File]:
    document = json.loads(content)
    is_index = manifest.media_type in oci.INDEX_TYPES
    name = "list.manifest.json" if is_index else "manifest.json"
    yield file(repo, folder, name, len(content), manifest.digest, manifest.pushed)
    if not is_index:
        for blob in [document["config"], *document["layers"]]:
            digest = blob["digest"]
            blob_name = digest.replace(":", "__")
            yield file(repo, folder, blob_name, blob["size"], digest, manifest.pushed)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"status": status, "message": message}]}, status)
