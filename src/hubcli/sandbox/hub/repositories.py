"""Repositories in the Hub API: lists, reading, creating, deleting, stars."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.accounts import Scope
from hubcli.sandbox.hub.answers import (
    Problem,
    detail,
    forbidden,
    invalid,
    invalid_value,
    message,
    not_found,
    paged,
)
from hubcli.sandbox.hub.calls import Body, Call, Gateway
from hubcli.sandbox.hub.shapes import RepositoryShapes
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository

NEW = "/v2/namespaces/{namespace}/repositories"
OLD = "/v2/repositories/{namespace}"
LONGEST_DESCRIPTION = 100
LONGEST_OVERVIEW = 25_000
"""Bytes, not characters."""

_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_ORDERINGS: dict[str, Callable[[HubRepository], Any]] = {
    "name": lambda repository: repository.name,
    "last_updated": lambda repository: repository.updated,
    "pull_count": lambda repository: repository.pulls,
}
_STARRING = "scope-repository-edit"
_TAKEN = "Repository with this Name and Namespace already exists."


class RepositoryRoutes:
    """The endpoints below `/v2/namespaces/{namespace}/repositories`, and their legacy twins."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._shapes = RepositoryShapes(hub)

    def routes(self, gateway: Gateway) -> list[Route]:
        one_new, one_old = f"{NEW}/{{repository}}", f"{OLD}/{{repository}}"
        return [
            *gateway.route("GET", "/v2/repositories/namespaces", self.namespaces),
            *gateway.route("GET", NEW, self.listing),
            *gateway.route("GET", OLD, self.listing, legacy=True),
            *gateway.route("GET", "/v2/users/{namespace}/repositories", self.bare, legacy=True),
            *gateway.route("GET", "/v2/users/{user}/repositories/starred", self.starred),
            *gateway.route("POST", NEW, self.create),
            *gateway.route("POST", "/v2/repositories", self.create_legacy, legacy=True),
            *gateway.route("GET", one_new, self.read),
            *gateway.route("GET", one_old, self.read, legacy=True),
            *gateway.route("DELETE", one_new, self.delete),
            *gateway.route("DELETE", one_old, self.delete, legacy=True),
            *gateway.route("POST", f"{one_new}/stars", self.star),
            *gateway.route("POST", f"{one_old}/stars", self.star, legacy=True),
            *gateway.route("DELETE", f"{one_new}/stars", self.unstar),
            *gateway.route("DELETE", f"{one_old}/stars", self.unstar, legacy=True),
        ]

    def namespaces(self, call: Call) -> Response:
        """Where the caller may push."""
        identity = call.signed_in
        joined = [
            row["name"]
            for row in self._hub.accounts.organizations_of(identity.account)
            if row["role"] in {"owner", "editor"}
        ]
        return JSONResponse({"namespaces": [identity.account, *joined]})

    def listing(self, call: Call) -> Response:
        """A page of what the caller may see in a namespace."""
        repositories = self._ordered(call, self._visible(call))
        return paged(
            call.request,
            len(repositories),
            lambda page: [self._shapes.entry(each) for each in page.of(repositories)],
        )

    def bare(self, call: Call) -> Response:
        """What the caller may see of a person's repositories, without pages."""
        return JSONResponse([self._shapes.entry(each) for each in self._visible(call)])

    def _visible(self, call: Call) -> Sequence[HubRepository]:
        namespace = call.part("namespace").lower()
        if self._hub.accounts.find(namespace) is None:
            raise not_found(f"namespace {namespace} not found")
        wanted = call.query.get("name", "")
        return [
            repository
            for repository in self._hub.repositories.of(namespace)
            if wanted in repository.name
            and self._hub.permissions.may_list(call.identity, repository)
        ]

    @staticmethod
    def _ordered(call: Call, repositories: Sequence[HubRepository]) -> Sequence[HubRepository]:
        """`ordering` is the field, with `-` for descending; without it the newest come first."""
        ordering = call.query.get("ordering", "-last_updated")
        key = _ORDERINGS.get(ordering.removeprefix("-"))
        if key is None:
            known = ", ".join(f"{name}, -{name}" for name in _ORDERINGS)
            raise invalid_value("ordering", f"Invalid ordering value. Must be one of: {known}")
        return sorted(repositories, key=key, reverse=ordering.startswith("-"))

    def read(self, call: Call) -> Response:
        """One repository."""
        return JSONResponse(self._shapes.whole(call, self._hub.repository(call)))

    def create(self, call: Call) -> Response:
        """A new repository in the namespace of the path."""
        return self._create(call, call.part("namespace").lower(), message(400, _TAKEN))

    def create_legacy(self, call: Call) -> Response:
        """A new repository in the namespace of the body."""
        namespace = call.body().text("namespace").lower()
        return self._create(call, namespace, invalid("__all__", _TAKEN))

    def _create(self, call: Call, namespace: str, taken: Problem) -> Response:
        identity, body = call.signed_in, call.body()
        if self._hub.accounts.find(namespace) is None:
            raise not_found(f"namespace {namespace} not found")
        self._hub.require(call, self._hub.permissions.may_create(identity, namespace, Scope.ADMIN))
        name, private = body.text("name"), body.flag("is_private", False)
        if not 2 <= len(name) <= 255 or not _NAME.fullmatch(name):
            raise invalid("name", "Enter a valid repository name: 2 to 255 of a-z, 0-9, . _ -")
        texts = checked_texts(body)
        with self._hub.storage.database.transaction():
            if self._hub.repositories.find(f"{namespace}/{name}") is not None:
                raise taken
            if private:
                require_room(self._hub, namespace)
            self._hub.repositories.create(
                f"{namespace}/{name}", identity.account, is_private=private, **texts
            )
        created = self._hub.repositories.find(f"{namespace}/{name}")
        assert created is not None
        return JSONResponse(self._shapes.whole(call, created), 201)

    def delete(self, call: Call) -> Response:
        """A repository with everything in it; Hub does it later, and says so with 202."""
        repository = self._hub.administered(call, "scope-repository-admin")
        with self._hub.storage.database.transaction():
            self._hub.storage.blobs.delete_repository(repository.path)
            self._hub.repositories.remove(repository)
        return Response(status_code=202)

    def star(self, call: Call) -> Response:
        repository, account = self._starring(call)
        self._hub.repositories.star(repository, account)
        return JSONResponse({}, 200)

    def unstar(self, call: Call) -> Response:
        repository, account = self._starring(call)
        if not self._hub.repositories.unstar(repository, account):
            raise detail(404, "Not found.")
        return Response(status_code=204)

    def _starring(self, call: Call) -> tuple[HubRepository, str]:
        """The repository in the path, and whose star it is about."""
        repository = self._hub.repository(call, _STARRING)
        self._hub.require_scope(call, repository, _STARRING)
        return repository, call.signed_in.account

    def starred(self, call: Call) -> Response:
        """A page of what somebody gave stars to, as far as the caller may see it."""
        repositories = [
            repository
            for repository in self._hub.repositories.starred_by(call.part("user").lower())
            if self._hub.permissions.may_see(call.identity, repository)
        ]
        return paged(
            call.request,
            len(repositories),
            lambda page: [self._shapes.entry(each) for each in page.of(repositories)],
        )


def checked_texts(body: Body) -> dict[str, object]:
    """The descriptions in a request, measured in bytes."""
    texts: dict[str, object] = {}
    for name, longest in (
        ("description", LONGEST_DESCRIPTION),
        ("full_description", LONGEST_OVERVIEW),
    ):
        if name in body:
            texts[name] = body.text(name)
            if len(body.text(name).encode()) > longest:
                raise invalid(name, f"Ensure this value has at most {longest} bytes.")
    return texts


def require_room(hub: Hub, namespace: str) -> None:
    """403 where `namespace` may not have one more private repository."""
    account = hub.accounts.find(namespace)
    limit = 0 if account is None else account["private_limit"]
    used = hub.repositories.private_count(namespace)
    if used >= limit:
        raise forbidden(f"private repository limit reached: {used} of {limit} in use")
