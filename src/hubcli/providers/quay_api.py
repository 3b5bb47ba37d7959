"""The calls of Quay's API that come in pages, and what is in its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hubcli.errors import Unavailable
from hubcli.providers.calls import Api, segment, text
from hubcli.registry.pages import MOST_PAGES

_PAGE = 100

Object = Mapping[str, Any]


class QuayApi(Api):
    """`/api/v1`; Unavailable for answers of another shape, and for listings that do not end."""

    def repository(self, path: str) -> Object:
        """GET /api/v1/repository/{path}"""
        query = {"includeTags": "false", "includeStats": "false"}
        return self.get(repository_route(path), query).object()

    def repositories(self, namespace: str | None) -> Iterator[Object]:
        """GET /api/v1/repository; each answer has a `next_page`, or is the last."""
        query: dict[str, object] = {
            "namespace": namespace,
            "public": "true",
            "last_modified": "true",
        }
        for _ in range(MOST_PAGES):
            answer = self.get("/api/v1/repository", query).object()
            yield from _objects(answer, "repositories")
            following = text(answer.get("next_page"))
            if following is None:
                return
            if following == query.get("next_page"):
                break
            query["next_page"] = following
        raise Unavailable("the list of repositories does not end")

    def own_namespaces(self) -> list[str]:
        """GET /api/v1/user/: one's own name, and the organizations one is in."""
        user = self.get("/api/v1/user/").object()
        names = [text(one.get("name")) for one in _objects(user, "organizations")]
        return [name for name in (text(user.get("username")), *names) if name is not None]

    def found(self, words: str) -> Iterator[Object]:
        """GET /api/v1/find/repositories, which stays on its tenth page whatever is asked."""
        for page in range(1, MOST_PAGES):
            query = {"query": words, "page": page, "includeUsage": "true"}
            answer = self.get("/api/v1/find/repositories", query).object()
            found = _objects(answer, "results")
            if not found or (page > 1 and answer.get("page") != page):
                return
            yield from found
            if answer.get("has_additional") is not True:
                return

    def pages_of_tags(self, path: str, **query: str) -> Iterator[list[Object]]:
        """The pages of tags, without those that pushes meanwhile have moved to the next one."""
        before: set[tuple[object, ...]] = set()
        for page in range(1, MOST_PAGES):
            answer = self._tags(path, page, query)
            found = [entry for entry in _objects(answer, "tags") if text(entry.get("name"))]
            yield [entry for entry in found if _identity(entry) not in before]
            if answer.get("has_additional") is not True:
                return
            now = {_identity(entry) for entry in found}
            if now <= before:
                break
            before = now
        raise Unavailable("the list of tags does not end")

    def page_of_tags(self, path: str, page: int, **query: str) -> list[Object]:
        """GET /api/v1/repository/{path}/tag/; without `onlyActiveTags` those that are gone, too."""
        return _objects(self._tags(path, page, query), "tags")

    def _tags(self, path: str, page: int, query: Mapping[str, str]) -> Object:
        wanted = {"limit": _PAGE, "page": page, **query}
        return self.get(f"{repository_route(path)}/tag/", wanted).object()


def repository_route(path: str) -> str:
    """Quay wants the slash of NAMESPACE/NAME as it is."""
    return f"/api/v1/repository/{'/'.join(map(segment, path.split('/')))}"


def _objects(answer: Object, member: str) -> list[Object]:
    found = answer.get(member)
    if not isinstance(found, list):
        raise Unavailable(f"the API answers without the list of {member}")
    return [entry for entry in found if isinstance(entry, dict)]


def _identity(entry: Object) -> tuple[object, ...]:
    """Tells entries of a tag's history apart."""
    return entry.get("name"), entry.get("start_ts"), entry.get("manifest_digest")
