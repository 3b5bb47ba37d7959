"""Changing a repository: texts, privacy, categories, rules for immutable tags."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.accounts import now
from hubcli.sandbox.hub.answers import detail, invalid, message
from hubcli.sandbox.hub.calls import Body, Call, Gateway
from hubcli.sandbox.hub.categories import CATEGORIES, MOST_CATEGORIES
from hubcli.sandbox.hub.repositories import NEW, OLD, checked_texts, require_room
from hubcli.sandbox.hub.shapes import RepositoryShapes
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository

_EDIT, _IMMUTABLE = "scope-repository-edit", "scope-repository-settings-admin"


class SettingsRoutes:
    """The endpoints that change a repository; all need administrative rights to it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._shapes = RepositoryShapes(hub)

    def routes(self, gateway: Gateway) -> list[Route]:
        one_new, one_old = f"{NEW}/{{repository}}", f"{OLD}/{{repository}}"
        return [
            *gateway.route("GET", "/v2/categories", self.all_categories),
            *gateway.route("PATCH", one_new, self.edit),
            *gateway.route("PATCH", one_old, self.edit_legacy, legacy=True),
            *gateway.route("POST", f"{one_new}/privacy", self.privacy),
            *gateway.route("POST", f"{one_old}/privacy", self.privacy, legacy=True),
            *gateway.route("PATCH", f"{one_new}/categories", self.categories),
            *gateway.route("PATCH", f"{one_old}/categories", self.categories, legacy=True),
            *gateway.route("PATCH", f"{one_new}/immutabletags", self.immutable_tags),
            *gateway.route("POST", f"{one_new}/immutabletags/verify", self.verify),
        ]

    def all_categories(self, call: Call) -> Response:  # noqa: ARG002
        """Every category there is."""
        return JSONResponse([{"slug": slug, "name": name} for slug, name in CATEGORIES.items()])

    def edit(self, call: Call) -> Response:
        """New descriptions, or another status."""
        return self._edit(call, call.body(), {})

    def edit_legacy(self, call: Call) -> Response:
        """The same, and rules for immutable tags as one text with commas."""
        body, changes = call.body(), {}
        if "immutable_tags" in body:
            rules = body.text("immutable_tags_rules", "")
            changes = _rules(body, [rule for rule in rules.split(",") if rule])
        return self._edit(call, body, changes)

    def _edit(self, call: Call, body: Body, changes: dict[str, object]) -> Response:
        repository = self._administered(call)
        changes |= checked_texts(body)
        if "status" in body:
            changes["status"] = self._status(repository, body.members["status"])
        return self._changed(call, repository, changes)

    def _status(self, repository: HubRepository, status: Any) -> int:
        if status not in (0, 1) or isinstance(status, bool):
            raise invalid("status", "Must be 0 or 1.")
        empty = self._hub.storage.tags.count(repository.path) == 0
        if status == 1 and repository.status == 0 and empty:
            raise invalid("status", "A repository without images cannot be set active.")
        return int(status)

    def privacy(self, call: Call) -> Response:
        """Public, or private as far as the account's plan goes."""
        repository, private = self._administered(call), call.body().flag("is_private")
        with self._hub.storage.database.transaction():
            if private and not repository.is_private:
                require_room(self._hub, repository.namespace)
            self._hub.repositories.change(repository, is_private=private)
        return JSONResponse({"is_private": private})

    def categories(self, call: Call) -> Response:
        """Up to three categories, as an array of objects with a `slug`."""
        repository, entries = self._administered(call), call.document()
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise detail(400, "an array of categories is expected")
        slugs = [str(entry.get("slug")) for entry in entries]
        unknown = [slug for slug in slugs if slug not in CATEGORIES]
        if unknown or len(slugs) > MOST_CATEGORIES:
            raise invalid("categories", f"Choose up to {MOST_CATEGORIES} of the known categories.")
        self._hub.repositories.change(repository, categories=slugs, modified=now())
        return JSONResponse([{"slug": slug, "name": CATEGORIES[slug]} for slug in slugs])

    def immutable_tags(self, call: Call) -> Response:
        """Which tags stay as they are: a switch, and regular expressions."""
        repository, body = self._administered(call, _IMMUTABLE), call.body()
        changes = _rules(body, body.texts("immutable_tags_rules"))
        return self._changed(call, repository, changes)

    def verify(self, call: Call) -> Response:
        """The tags that one regular expression means."""
        repository = self._administered(call, _IMMUTABLE)
        rule = _compiled(call.body().text("regex"))
        names = self._hub.storage.tags.names(repository.path)
        return JSONResponse({"tags": [name for name in names if rule.fullmatch(name)]})

    def _administered(self, call: Call, scope: str = _EDIT) -> HubRepository:
        repository = self._hub.administered(call, scope)
        if repository.archived:
            raise message(403, "repository is archived: it is read-only")
        return repository

    def _changed(
        self, call: Call, repository: HubRepository, changes: dict[str, object]
    ) -> Response:
        self._hub.repositories.change(repository, **changes, modified=now())
        changed = self._hub.repositories.find(repository.path)
        assert changed is not None
        return JSONResponse(self._shapes.whole(call, changed))


def _rules(body: Body, rules: list[str]) -> dict[str, object]:
    for rule in rules:
        _compiled(rule)
    return {"immutable_tags": body.flag("immutable_tags"), "immutable_rules": rules}


def _compiled(rule: str) -> re.Pattern[str]:
    try:
        return re.compile(rule)
    except re.error as error:
        raise message(400, f"invalid regex {rule}: {error}") from None
