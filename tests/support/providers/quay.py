"""Quay's API v1 and its registry, whose token server refuses `delete`; see `Wire` for the rest.

Quay publishes which requests it takes, and few of its answers: those are in our own words, after
its endpoints/api/{repository,tag,search,user}.py.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hubcli import oci
from support.openapi import Document
from support.providers import contracts
from support.providers.quay_contract import CORRECTIONS, PARAMETERS
from support.providers.quay_wire import Wire
from support.providers.standin import Handler, People, StandIn

OAUTH_USER = "$oauthtoken"
ROBOT = "acme+ci"
WITHOUT_API = (ROBOT, "$app", "$token", "alice")
"""Whose secrets open `/v2/` alone; here they all have the same."""
_API = "/api/v1"
_FEDERATION = "/oauth2/federation/robot/token"
_OF_REPOSITORY = f"{_API}/repository/{{repository:path}}"


class Accounts(People):
    """The OAuth token administers everything, all others only pull and push."""

    def __init__(self, secret: str) -> None:
        super().__init__(OAUTH_USER, secret)
        self.other_secret = f"other-{secret}"
        self.federated: dict[str, str] = {}
        """Tokens of the robot's OIDC issuer, and what each of them is worth."""

    def authenticate(self, username: str, secret: str) -> str | None:
        if username in WITHOUT_API and secret == self.other_secret:
            return username
        if username == ROBOT and secret in self.federated.values():
            return username
        return super().authenticate(username, secret)


@dataclass
class Facts:
    """What is known of a repository besides its content."""

    public: bool = False
    description: str = ""
    state: str = "NORMAL"


@dataclass(frozen=True)
class Entry:
    """A tag as it was, or is, for a time; `end` is when it went, or will expire."""

    repository: str
    tag: str
    digest: str
    media_type: str
    size: int
    start: datetime
    end: datetime | None = None
    content: bytes = field(default=b"", repr=False)

    @property
    def shown(self) -> dict[str, Any]:
        is_list = self.media_type in oci.INDEX_TYPES
        shown: dict[str, Any] = {
            "name": self.tag,
            "reversion": False,
            "start_ts": int(self.start.timestamp()),
            "manifest_digest": self.digest,
            "is_manifest_list": is_list,
            "size": None if is_list else self.size,
            "last_modified": format_datetime(self.start),
        }
        if self.end is not None:
            shown["end_ts"] = int(self.end.timestamp())
            shown["expiration"] = format_datetime(self.end)
        return shown


class QuayRegistry(StandIn):
    row = "quay"
    host = "quay.io"
    username = OAUTH_USER

    def __init__(self) -> None:
        super().__init__()
        self.people: Accounts = Accounts(self.secret)
        self.facts: dict[str, Facts] = {}
        self.lost: list[Entry] = []
        self.expiring: dict[tuple[str, str], datetime] = {}
        self.largest_page = 100
        self.private_left = 100
        self.answers_to_lose = 0
        self.chunks_refused = 0

    def identity(self) -> Mapping[str, str]:
        return {"QUAY_OAUTH_TOKEN": self.secret}

    def wire(self, app: ASGIApp) -> ASGIApp:
        return Wire(self, app)

    def contract(self) -> Document:
        return contracts.published(
            "quay/openapi.json",
            corrections=CORRECTIONS,
            parameters=PARAMETERS,
            # It is in Quay's documentation of robots, and not among the calls of its web page.
            undocumented={f"GET {_FEDERATION}"},
        )

    def routes(self) -> Sequence[Route]:
        return [
            Route(path, self._answering(handler), methods=[method])
            for method, path, handler in (
                ("GET", _FEDERATION, self._federate),
                ("GET", f"{_API}/user/", self._user),
                ("GET", f"{_API}/find/repositories", self._search),
                ("GET", f"{_API}/repository", self._list),
                ("POST", f"{_API}/repository", self._create),
                ("GET", f"{_OF_REPOSITORY}/tag/", self._tags),
                ("POST", f"{_OF_REPOSITORY}/tag/{{tag}}/restore", self._restore),
                ("POST", f"{_OF_REPOSITORY}/changevisibility", self._change_visibility),
                ("PUT", f"{_OF_REPOSITORY}/changestate", self._change_state),
                ("GET", _OF_REPOSITORY, self._repository),
                ("PUT", _OF_REPOSITORY, self._describe),
                ("DELETE", _OF_REPOSITORY, self._delete),
            )
        ]

    def _federate(self, request: Request) -> Response:
        _, _, value = request.headers.get("authorization", "").partition(" ")
        robot, _, token = base64.b64decode(value).decode().partition(":")
        if robot != ROBOT or token not in self.people.federated:
            return JSONResponse({"error": "Token signature has expired"}, 401)
        return JSONResponse({"token": self.people.federated[token]})

    # What there is

    def make(self, repository: str, facts: Facts | None = None) -> None:
        """Repositories that are pushed to come into being as private ones."""
        with self.storage.database.transaction() as connection:
            self.storage.repositories.make(connection, repository)
        self.facts[repository] = facts or self.facts.get(repository, Facts())

    def entries(self, repository: str) -> list[Entry]:
        """The tags that there are, the newest first."""
        found = [
            Entry(
                repository,
                tag,
                manifest.digest,
                manifest.media_type,
                manifest.size,
                manifest.pushed,
                self.expiring.get((repository, tag)),
                self._content(repository, manifest.digest),
            )
            for manifest in self.manifests(repository)
            for tag in manifest.tags
        ]
        return sorted(found, key=lambda entry: (-entry.start.timestamp(), entry.tag))

    def lose(self, entries: Sequence[Entry]) -> None:
        """These are gone from now on, and can be brought back."""
        now = datetime.now(UTC)
        self.lost[:0] = [Entry(**{**vars(entry), "end": now}) for entry in entries]

    def _content(self, repository: str, digest: str) -> bytes:
        stored = self.storage.manifests.get(repository, digest)
        return b"" if stored is None else stored.content

    # The API

    def _answering(self, handler: Handler) -> Handler:
        """`handler` with the JSON of the request, and its refusals as answers."""

        async def answer(request: Request) -> Response:
            request.state.user = "alice" if self.is_signed_in(request, "bearer") else None
            request.state.body = await request.json() if await request.body() else {}
            try:
                found = handler(request)
                assert isinstance(found, Response)
            except Refused as refused:
                return refused.answer
            return found

        return answer

    def _path(self, request: Request, *, read: bool = False) -> str:
        """The repository, where the caller may read, or change, it."""
        path = str(request.path_params["repository"])
        there = path in self.repositories()
        if read and there and self.facts.get(path, Facts()).public:
            return path
        if request.state.user is None:
            raise Refused(401, "invalid_token", "Requires authentication")
        if path.partition("/")[0] != self.namespace:
            raise Refused(403, "insufficient_scope", "Unauthorized")
        if not there:
            raise Refused(404, "not_found", "Not Found")
        return path

    def _visible(self, request: Request) -> list[str]:
        return [
            name
            for name in self.repositories()
            if request.state.user or self.facts.get(name, Facts()).public
        ]

    def _user(self, request: Request) -> Response:
        if request.state.user is None:
            raise Refused(401, "invalid_token", "Requires authentication")
        organizations = [{"name": self.namespace, "avatar": {}, "can_create_repo": True}]
        return JSONResponse(
            {
                "anonymous": False,
                "username": request.state.user,
                "avatar": {},
                "organizations": organizations,
            }
        )

    def _list(self, request: Request) -> Response:
        query = request.query_params
        if not query.get("namespace") and query.get("public") != "true":
            raise Refused(
                400,
                "invalid_request",
                "namespace, starred or public are required for this API call",
            )
        owner = query.get("namespace")
        names = [one for one in self._visible(request) if owner in {None, one.partition("/")[0]}]
        first = int(query.get("next_page", "gAAAAA0").removeprefix("gAAAAA"))
        rows = [self._described(name) for name in names[first : first + self.largest_page]]
        for row, name in zip(rows, names[first:], strict=False):
            newest = self.entries(name)[:1]
            row["last_modified"] = newest[0].shown["start_ts"] if newest else None
            row["is_starred"] = False
        body: dict[str, Any] = {"repositories": rows}
        if first + self.largest_page < len(names):
            body["next_page"] = f"gAAAAA{first + self.largest_page}"
        return JSONResponse(body)

    def _search(self, request: Request) -> Response:
        """Ten pages of ten: whoever asks for more gets the tenth again."""
        page = min(max(1, int(request.query_params.get("page", 1))), 10)
        owner, slash, part = request.query_params.get("query", "").partition("/")
        found = [
            name
            for name in self._visible(request)
            if (part if slash else owner) in name.partition("/")[2]
            and (not slash or name.partition("/")[0] == owner)
        ]
        rows = []
        for name in found[(page - 1) * 10 : page * 10]:
            namespace, _, repository = name.partition("/")
            facts = self.facts.get(name, Facts())
            rows.append(
                {
                    "kind": "repository",
                    "title": "repo",
                    "namespace": {"title": "org", "kind": "organization", "name": namespace},
                    "name": repository,
                    "description": facts.description,
                    "is_public": facts.public,
                    "score": 4,
                    "href": f"/repository/{name}",
                    "last_modified": None,
                    "stars": 3,
                    "popularity": 1.0,
                }
            )
        more = len(found) > page * 10
        return JSONResponse(
            {
                "results": rows,
                "has_additional": more,
                "page": page,
                "page_size": 10,
                "start_index": (page - 1) * 10,
            }
        )

    def _create(self, request: Request) -> Response:
        wish = request.state.body
        if request.state.user is None:
            raise Refused(401, "invalid_token", "Requires authentication")
        if wish["namespace"] != self.namespace:
            raise Refused(403, "insufficient_scope", "Unauthorized")
        path = f"{wish['namespace']}/{wish['repository']}"
        if path in self.repositories():
            raise Refused(400, "invalid_request", "Repository already exists")
        private = wish["visibility"] == "private"
        self._spend(private)
        self.make(path, Facts(not private, wish["description"]))
        answer = {"namespace": wish["namespace"], "name": wish["repository"], "kind": "image"}
        return JSONResponse(answer, 201)

    def _spend(self, private: bool) -> None:
        if private and self.private_left == 0:
            raise Refused(402, "exceeds_license", "Payment Required")
        self.private_left -= private

    def _repository(self, request: Request) -> Response:
        path = self._path(request, read=True)
        more = {"is_organization": True, "is_starred": False, "can_write": True, "can_admin": True}
        return JSONResponse({**self._described(path), **more})

    def _describe(self, request: Request) -> Response:
        self.facts.setdefault(self._path(request), Facts()).description = request.state.body[
            "description"
        ]
        return JSONResponse({"success": True})

    def _change_visibility(self, request: Request) -> Response:
        private = request.state.body["visibility"] == "private"
        facts = self.facts.setdefault(self._path(request), Facts())
        self._spend(private)
        facts.public = not private
        return JSONResponse({"success": True})

    def _change_state(self, request: Request) -> Response:
        self.facts.setdefault(self._path(request), Facts()).state = request.state.body["state"]
        return JSONResponse({"success": True})

    def _delete(self, request: Request) -> Response:
        path = self._path(request)
        self.forget(path)
        self.facts.pop(path, None)
        return Response(status_code=204)

    def _tags(self, request: Request) -> Response:
        path, query = self._path(request, read=True), request.query_params
        found = self.entries(path)
        if query.get("onlyActiveTags") != "true":
            found += [entry for entry in self.lost if entry.repository == path]
        wanted = query.get("specificTag")
        found = [entry for entry in found if wanted in {None, "", entry.tag}]
        page, limit = max(1, int(query.get("page", 1))), int(query.get("limit", 50))
        limit = min(self.largest_page, max(1, limit))
        shown = [entry.shown for entry in found[(page - 1) * limit : page * limit]]
        more = len(found) > page * limit
        return JSONResponse({"tags": shown, "page": page, "has_additional": more})

    def _restore(self, request: Request) -> Response:
        path, tag = self._path(request), request.path_params["tag"]
        if self.facts.get(path, Facts()).state != "NORMAL":
            message = "Repository is in read only or mirror mode: RepositoryState.READ_ONLY"
            return JSONResponse({"message": message}, 503)
        digest = request.state.body.get("manifest_digest")
        if digest is None:
            raise Refused(400, "invalid_request", "Missing manifest_digest")
        known = [*self.entries(path), *self.lost]
        for entry in known:
            if (entry.repository, entry.digest) == (path, digest):
                self.lose([one for one in self.entries(path) if one.tag == tag])
                parsed = oci.parse_manifest(entry.content, entry.media_type)
                self.storage.manifests.put(path, parsed, tags=[tag])
                return JSONResponse({})
        raise Refused(404, "not_found", "Not Found")

    def _described(self, path: str) -> dict[str, Any]:
        namespace, _, name = path.partition("/")
        facts = self.facts.get(path, Facts())
        return {
            "namespace": namespace,
            "name": name,
            "description": facts.description,
            "is_public": facts.public,
            "kind": "image",
            "state": facts.state,
        }


class Refused(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        body = {
            "detail": detail,
            "error_message": detail,
            "error_type": title,
            "title": title,
            "type": f"https://quay.io/api/v1/error/{title}",
            "status": status,
        }
        self.answer = JSONResponse(body, status)
