"""Calls of GitLab's REST API v4, and which project a repository is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from hubcli import timestamps
from hubcli.auth.tokens.flights import Flights
from hubcli.errors import Denied, HubcliError, NotFound, NotSignedIn, Unavailable
from hubcli.http.response import Response
from hubcli.providers.calls import Api, number, problem, segment, text
from hubcli.registry.pages import MOST_PAGES

PAGE = 100
_GOING = frozenset({"delete_scheduled", "delete_ongoing"})
_STATUS = re.compile(r"\d{3} ")

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A repository of the registry: its number, that of its project, and when it was made."""

    number: int
    project: int
    path: str
    created: str | None


class GitLabApi(Api):
    """`/api/v4`."""

    def pages(self, path: str, query: Mapping[str, object] | None = None) -> Iterator[Response]:
        """By `Link`, else by `X-Next-Page`: not every proxy lets both through."""
        page, given = 1, dict(query or {})
        while page <= MOST_PAGES:
            answer = None
            for answer in super().pages(path, given):
                yield answer
            following = None if answer is None else number(answer.headers.get("x-next-page"))
            if following is None:
                return
            if following <= page:
                break
            page = given["page"] = following
        raise Unavailable("the list does not end")

    def registry_of_project(self, project: str | int) -> Iterator[Found]:
        """GET /projects/{project}/registry/repositories; a project is a number or a path."""
        return self._found(f"/projects/{segment(str(project))}/registry/repositories")

    def registry_of_group(self, group: str) -> Iterator[Found]:
        """GET /groups/{group}/registry/repositories: those of all projects below it."""
        return self._found(f"/groups/{segment(group)}/registry/repositories")

    def projects(self, path: str, **query: str) -> Iterator[int]:
        """The numbers in GET /projects, or in a list like that."""
        for project in self.rows(path, {"per_page": PAGE, "simple": "true", **query}):
            key = number(project.get("id"))
            if key is not None:
                yield key

    def repository(self, key: int) -> Object:
        """GET /registry/repositories/{id}, with its size, which gitlab.com alone knows"""
        return self.get(f"/registry/repositories/{key}", {"size": "true"}).object()

    def _found(self, path: str) -> Iterator[Found]:
        """Without those that GitLab is about to delete, which stay on its list meanwhile."""
        for entry in self.rows(path, {"per_page": PAGE}):
            name = text(entry.get("path"))
            key, project = number(entry.get("id")), number(entry.get("project_id"))
            if not name or key is None or project is None or entry.get("status") in _GOING:
                continue
            yield Found(key, project, name.lower(), timestamps.normalised(entry.get("created_at")))


class Places:
    """Where repositories are: of a path, the longest beginning that is a project.

    What was found is remembered while the program runs. Safe between threads.
    """

    def __init__(self, api: GitLabApi) -> None:
        self._api = api
        self._flights = Flights()
        self._known: dict[str, Found] = {}
        self._projects: dict[str, Object] = {}

    def note(self, found: Found) -> Found:
        self._known[found.path] = found
        return found

    def repository(self, path: str) -> Found:
        """NotFound where the project has none of that path, or where there is no project."""
        with self._flights.one("repositories"):
            if path not in self._known:
                for found in self.around(path):
                    if self.note(found).path == path:
                        break
        if path not in self._known:
            raise NotFound("its project has no such repository")
        return self._known[path]

    def around(self, path: str) -> Iterator[Found]:
        """The repositories of the project that a path is in."""
        for project in beginnings(path):
            found = self._api.registry_of_project(project)
            try:
                first = list(islice(found, 1))
            except NotFound:
                continue
            return chain(first, found)
        raise NotFound("no project that you may see is there")

    def project(self, key: str | int) -> Object:
        """GET /projects/{project}"""
        with self._flights.one(key):
            if str(key) not in self._projects:
                found = self._api.get(f"/projects/{segment(str(key))}").object()
                self._projects[str(key)] = found
        return self._projects[str(key)]

    def renew(self, key: str, project: Object) -> None:
        """Remember what a project is like now."""
        self._projects = {key: project}


def beginnings(path: str) -> Iterator[str]:
    """What of a path may be a project, the longest first: that is in a namespace at least."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(len(parts), 1, -1))


def gitlab_problem(answer: Response, host: str) -> HubcliError:
    """The failure in an answer: its words begin with the status, or name a scope that lacks."""
    error = problem(answer, host)
    if _STATUS.match(error.reason):
        error.reason = error.reason[4:].lower()
    if answer.status == 401:
        error.reason = "GitLab's API takes access tokens with the scope read_api or api only"
    elif isinstance(error, Denied) and _lacks_scope(answer):
        return NotSignedIn(f"{error.reason}: it has to have the scope api", hint=error.hint)
    return error


def _lacks_scope(answer: Response) -> bool:
    try:
        return answer.object().get("error") == "insufficient_scope"
    except Unavailable:
        return False
