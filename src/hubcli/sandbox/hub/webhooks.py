"""Webhooks in the Hub API, where they are called pipelines."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import invalid, message, not_found, paged
from hubcli.sandbox.hub.calls import Body, Call, Gateway
from hubcli.sandbox.hub.repositories import NEW, OLD
from hubcli.sandbox.hub.state import Hub

LONGEST_URL = 255

_READ, _EDIT, _DELETE = "scope-webhook-read", "scope-webhook-edit", "scope-webhook-admin"


class WebhookRoutes:
    """The endpoints below a repository's `webhook_pipeline`; its administrators' business."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        routes = []
        for prefix, legacy in ((NEW, False), (OLD, True)):
            every = f"{prefix}/{{repository}}/webhook_pipeline"
            one = f"{every}/{{slug}}"
            routes += gateway.route("GET", every, self.listing, legacy=legacy)
            routes += gateway.route("POST", every, self.create, legacy=legacy)
            routes += gateway.route("DELETE", one, self.delete, legacy=legacy)
            routes += gateway.route("GET", f"{one}/history", self.history, legacy=legacy)
        return routes

    def listing(self, call: Call) -> Response:
        """A page of the webhooks."""
        webhooks = self._hub.webhooks.of(self._hub.administered(call, _READ).id)
        return paged(
            call.request, len(webhooks), lambda page: [_shown(each) for each in page.of(webhooks)]
        )

    def create(self, call: Call) -> Response:
        """A new webhook, with one URL."""
        repository, body = self._hub.administered(call, _EDIT), call.body()
        if repository.archived:
            raise message(403, "repository is archived: it is read-only")
        name, url = body.text("name"), _hook_url(body)
        if not name.strip() or len(name) > LONGEST_URL:
            raise invalid("name", f"Ensure this field has 1 to {LONGEST_URL} characters.")
        made = self._hub.webhooks.create(repository.id, name, url)
        if made is None:
            raise invalid("name", "Webhook pipeline with this name already exists.")
        return JSONResponse(_shown(made), 201)

    def delete(self, call: Call) -> Response:
        """One webhook less, and its history with it."""
        self._hub.webhooks.remove(self._webhook(call, _DELETE)["id"])
        return Response(status_code=204)

    def history(self, call: Call) -> Response:
        """A page of what was sent. What Hub's own entries hold is not known."""
        deliveries = self._hub.webhooks.deliveries(self._webhook(call, _READ)["id"])
        return paged(
            call.request,
            len(deliveries),
            lambda page: [_entry(each) for each in page.of(deliveries)],
        )

    def _webhook(self, call: Call, scope: str) -> sqlite3.Row:
        repository = self._hub.administered(call, scope)
        found = self._hub.webhooks.find(repository.id, call.part("slug"))
        if found is None:
            raise not_found()
        return found


def _hook_url(body: Body) -> str:
    """The one URL in the body of a new webhook."""
    hooks = body.members.get("webhooks")
    if not isinstance(hooks, list) or len(hooks) != 1 or not isinstance(hooks[0], dict):
        raise invalid("webhooks", "Expected a list of one webhook.")
    url = Body(hooks[0]).text("hook_url")
    if len(url) > LONGEST_URL:
        raise invalid("hook_url", f"Ensure this field has no more than {LONGEST_URL} characters.")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isascii() or not url.isprintable() or " " in url:
        raise invalid("hook_url", "Enter a valid URL.")
    return url


def _shown(webhook: sqlite3.Row) -> dict[str, Any]:
    times = {"created": webhook["created"], "last_updated": webhook["created"]}
    hook = {"name": webhook["name"], "hook_url": webhook["hook_url"], **times}
    return {
        "name": webhook["name"],
        "slug": webhook["slug"],
        "expect_final_callback": False,
        "webhooks": [hook],
        **times,
    }


def _entry(delivery: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": delivery["id"],
        "created": delivery["created"],
        "hook_url": delivery["hook_url"],
        "tag": delivery["tag"],
        "pusher": delivery["pusher"],
        "status_code": delivery["status"],
        "error": delivery["error"],
    }
