"""Webhooks of repositories on Docker Hub, which calls them pipelines: whom it tells of pushes.

No document describes these calls; the routes and fields are those that public clients use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from hubcli import jsonreading, timestamps
from hubcli.errors import Conflict, NotFound, UsageError
from hubcli.http.doubt import made_once
from hubcli.http.redact import redacted
from hubcli.http.response import Response
from hubcli.hub.client import Api, segment, split
from hubcli.hub.decoding import Object, Row, number, objects, text
from hubcli.hub.pages import LegacyPages, Listing
from hubcli.hub.requirements import ADMINISTRATOR, Guarded, Requirement, requiring

LONGEST_URL = 255
"""Characters of the URL that Hub sends to."""

_PIPELINES = "webhook_pipeline"
_REGISTRY = "registry-1.docker.io"
_READ = Requirement(ADMINISTRATOR, "scope-webhook-read")
_EDIT = Requirement(ADMINISTRATOR, "scope-webhook-edit")
_DELETE = Requirement(ADMINISTRATOR, "scope-webhook-admin")
_TIMES = ("created", "created_at", "date", "timestamp", "last_updated")
_STATUSES = ("status_code", "response_code", "status", "state", "result", "error")


class Webhooks:
    """Webhooks by a repository's `namespace/name` and their own names."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, path: str, wanted: int | None = None) -> Listing:
        """The webhooks of a repository, as rows of `read_webhook`.

        GET /v2/repositories/{namespace}/{repository}/webhook_pipeline/
        """
        return Listing(
            Guarded(LegacyPages(self._api, path, _PIPELINES), split(path)[0], _READ),
            lambda pipeline: read_webhook(pipeline, path),
            key=lambda row: row["slug"] or row["name"],
            wanted=wanted,
            workers=self._concurrency,
        )

    def find(self, path: str, named: str) -> Row:
        """The webhook of that name, else with that slug; NotFound where there is none."""
        rows: Sequence[Row] = tuple(self.list(path))
        for field in ("name", "slug"):
            for row in rows:
                if row[field] == named:
                    return row
        raise NotFound("no webhook has this name", hint=f"hubcli webhook ls {path}")

    def create(self, path: str, name: str, url: str) -> Row:
        """A new webhook; Conflict where there is one of that name, UsageError for a bad URL.

        POST /v2/repositories/{namespace}/{repository}/webhook_pipeline/
        """
        check_url(url)
        body = {
            "name": name,
            "expect_final_callback": False,
            "webhooks": [{"name": name, "hook_url": url}],
            "registry": _REGISTRY,
        }

        def made() -> Row:
            with requiring(split(path)[0], _EDIT), _explaining_duplicates(path, name):
                response = self._api.send_legacy("POST", path, _PIPELINES, body=body)
            return read_webhook({**body, **_object(response)}, path) or {}

        def found() -> Row | None:
            there = (row for row in self.list(path) if (row["name"], row["url"]) == (name, url))
            return next(there, None)

        return made_once(made, found)

    def delete(self, path: str, slug: str) -> None:
        """Delete a webhook, known by its `slug`.

        DELETE /v2/repositories/{namespace}/{repository}/webhook_pipeline/{slug}/
        """
        with requiring(split(path)[0], _DELETE):
            self._api.send_legacy("DELETE", path, f"{_PIPELINES}/{segment(slug)}")

    def history(self, path: str, slug: str, wanted: int | None = None) -> Listing:
        """What was sent to a webhook, as rows of `read_delivery`.

        GET /v2/repositories/{namespace}/{repository}/webhook_pipeline/{slug}/history/
        """
        pages = LegacyPages(self._api, path, f"{_PIPELINES}/{segment(slug)}/history")
        return Listing(
            Guarded(pages, split(path)[0], _READ),
            read_delivery,
            key=lambda row: row["id"] or json.dumps(row["entry"], sort_keys=True),
            wanted=wanted,
            workers=self._concurrency,
        )


def check_url(url: str) -> None:
    """UsageError unless Hub can send to `url`: http or https, up to 255 characters."""
    if len(url) > LONGEST_URL:
        raise UsageError(f"the URL has {len(url):,} characters; Docker Hub takes {LONGEST_URL}")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or any(character.isspace() for character in url):
        raise UsageError(f"{redacted(url)!r} is no http or https URL")


def read_webhook(found: Object, path: str) -> Row | None:
    """A row from a pipeline as Hub sends it; None where it has neither name nor slug.

    `url` is where Hub sends to; `urls` has more than that one only in pipelines from before 2017.
    """
    name, slug = text(found.get("name")), text(found.get("slug"))
    if name is None and slug is None:
        return None
    hooks = objects(found.get("webhooks"))
    urls = [url for hook in hooks if (url := text(hook.get("hook_url"))) is not None]
    return {
        "name": name or slug,
        "url": urls[0] if urls else None,
        "created": timestamps.normalised(found.get("created")),
        "updated": timestamps.normalised(found.get("last_updated")),
        "urls": urls,
        "slug": slug,
        "repository": path.lower(),
    }


def read_delivery(found: Object) -> Row:
    """A row from an entry of a webhook's history.

    Nobody publishes what an entry holds: `entry` is all of it, the other fields are what was found
    under likely names, also one level down.
    """
    nested = (value for value in found.values() if isinstance(value, dict))
    levels: list[Object] = [found, *nested]
    status = _first(levels, _STATUSES)
    return {
        "id": _worded(_first(levels, ("id", "uuid"))),
        "delivered": _moment(_first(levels, _TIMES)),
        "status": _worded(status),
        "tag": text(_first(levels, ("tag",))),
        "pusher": text(_first(levels, ("pusher", "user"))),
        "url": text(_first(levels, ("hook_url", "url"))),
        "entry": dict(found),
    }


def _first(levels: list[Object], keys: tuple[str, ...]) -> object:
    """The first plain value under one of `keys`."""
    values = (level.get(key) for level in levels for key in keys)
    return next((value for value in values if isinstance(value, str | int | float)), None)


def _moment(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timestamps.from_epoch(value)
    return timestamps.normalised(value)


def _worded(value: object) -> str | None:
    counted = number(value)
    return text(value) if counted is None else str(counted)


def _object(response: Response) -> Object:
    """What was told of a webhook that was made; which fields, and whether any, nobody promises."""
    try:
        document = jsonreading.read(response.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


@contextmanager
def _explaining_duplicates(path: str, name: str) -> Iterator[None]:
    try:
        yield
    except Conflict as error:
        error.reason = f"{path.lower()} has a webhook of that name already"
        error.hint = f"hubcli webhook rm {path.lower()} {name}"
        raise
