"""Tags in the Hub API: lists that run backwards, details, deletion."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli import timestamps
from hubcli.sandbox.content.tags import ImageRecord, Order, TagRecord
from hubcli.sandbox.hub.answers import Page, forbidden, invalid_value, not_found, paged
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.contents import content_type
from hubcli.sandbox.hub.repositories import NEW, OLD
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository

_READ, _DELETE = "scope-tag-read", "scope-tag-admin"
_STALE = timedelta(days=30)
_ORDERINGS = {"last_updated": Order.PUSHED, "name": Order.NAME}
_SORT_KEYS: dict[Order, Callable[[dict[str, Any]], Any]] = {
    Order.PUSHED: lambda tag: tag["last_updated"],
    Order.NAME: lambda tag: tag["name"],
}


class TagRoutes:
    """The endpoints below a repository's `/tags`, new and legacy."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        routes = []
        for prefix, legacy in ((NEW, False), (OLD, True)):
            tags = f"{prefix}/{{repository}}/tags"
            routes += gateway.route("GET", tags, self.listing, legacy=legacy)
            routes += gateway.route("GET", f"{tags}/{{tag}}", self.read, legacy=legacy)
            routes += gateway.route("DELETE", f"{tags}/{{tag}}", self.delete, legacy=legacy)
        return routes

    def listing(self, call: Call) -> Response:
        """A page of tags. `ordering` means the opposite of what it says: `last_updated`, which is
        also the default, gives the newest first and `-last_updated` the oldest."""
        repository, wanted = self._hub.repository(call, _READ), call.query.get("name", "")
        ordering = call.query.get("ordering") or "last_updated"
        order = _ORDERINGS.get(ordering.removeprefix("-"))
        if order is None:
            raise invalid_value("ordering", f"Invalid ordering value {ordering}")
        descending = not ordering.startswith("-")
        old = [tag for tag in self._old_tags(repository) if wanted in tag["name"]]
        count = len(old) + self._hub.storage.tags.count(repository.path, containing=wanted)

        def rows(page: Page) -> Sequence[dict[str, Any]]:
            offset, limit = (0, -1) if old else (page.offset, page.size)
            records = self._hub.storage.tags.page(
                repository.path,
                containing=wanted,
                order=order,
                descending=descending,
                offset=offset,
                limit=limit,
            )
            shown = self._shown(repository, records)
            if not old:
                return shown
            shown = sorted(old + shown, key=_SORT_KEYS[order], reverse=descending)
            return page.of(shown)

        return paged(call.request, count, rows)

    def read(self, call: Call) -> Response:
        """One tag."""
        repository, name = self._hub.repository(call, _READ), call.part("tag")
        record = self._hub.storage.tags.get(repository.path, name)
        if record is not None:
            return JSONResponse(self._shown(repository, [record])[0])
        for old in self._old_tags(repository):
            if old["name"] == name:
                return JSONResponse(old)
        raise not_found(f"tag {name} not found")

    def delete(self, call: Call) -> Response:
        """One tag; what it points at stays."""
        repository, name = self._hub.administered(call, _DELETE), call.part("tag")
        if repository.archived:
            raise forbidden("repository is archived: it is read-only")
        if repository.protects(name):
            raise forbidden(f"tag {name} is immutable")
        removed = self._hub.storage.tags.delete(repository.path, name)
        if not removed and not self._hub.repositories.remove_old_tag(repository, name):
            raise not_found(f"tag {name} not found")
        return Response(status_code=204)

    def _shown(
        self, repository: HubRepository, records: Sequence[TagRecord]
    ) -> list[dict[str, Any]]:
        numbers: dict[str, int] = {}
        return [self._tag(repository, record, numbers) for record in records]

    def _tag(
        self, repository: HubRepository, record: TagRecord, numbers: dict[str, int]
    ) -> dict[str, Any]:
        updater = (record.pushed_by or repository.creator).partition("/")[0]
        if updater not in numbers:
            account = self._hub.accounts.find(updater)
            numbers[updater] = 0 if account is None else _number(account["id"])
        images = [_image(image, record) for image in record.images]
        first = next((image for image in record.images if not image.attestation), None)
        return {
            **_common(repository, record.name),
            "creator": numbers[updater],
            "images": images,
            "last_updated": timestamps.render(record.pushed_at),
            "last_updater": numbers[updater],
            "last_updater_username": updater,
            "full_size": first.size if first else 0,
            "tag_status": _status(record.pushed_at, record.pulled_at),
            "tag_last_pulled": timestamps.render(record.pulled_at),
            "tag_last_pushed": timestamps.render(record.pushed_at),
            "media_type": record.media_type,
            "content_type": content_type(record.config_type),
            "digest": record.digest,
        }

    def _old_tags(self, repository: HubRepository) -> list[dict[str, Any]]:
        """Tags from before Hub kept digests: `digest` is null, in the image too."""
        number = 0
        return [
            {
                **_common(repository, name),
                "creator": number,
                "images": [_old_image(pushed, size)],
                "last_updated": pushed,
                "last_updater": number,
                "last_updater_username": repository.creator,
                "full_size": size,
                "tag_status": "inactive",
                "tag_last_pulled": None,
                "tag_last_pushed": pushed,
                "media_type": None,
                "content_type": "image",
                "digest": None,
            }
            for name, pushed, size in self._hub.repositories.old_tags(repository)
        ]


def _common(repository: HubRepository, name: str) -> dict[str, Any]:
    return {
        "id": _number(f"{repository.path}:{name}"),
        "image_id": None,
        "name": name,
        "repository": repository.id,
        "v2": True,
    }


def _number(text: str) -> int:
    """A number for something that has only a name here."""
    return zlib.crc32(text.encode())


def _image(image: ImageRecord, tag: TagRecord) -> dict[str, Any]:
    platform = image.platform
    return {
        "architecture": platform.architecture if platform else "unknown",
        "features": "",
        "variant": (platform.variant if platform else None) or "",
        "digest": image.digest,
        "os": platform.os if platform else "unknown",
        "os_features": "",
        "os_version": (platform.os_version if platform else None) or "",
        "size": image.size,
        "status": _status(image.pushed_at or tag.pushed_at, image.pulled_at),
        "last_pulled": timestamps.render(image.pulled_at),
        "last_pushed": timestamps.render(image.pushed_at or tag.pushed_at),
    }


def _old_image(pushed: str, size: int) -> dict[str, Any]:
    return {
        "architecture": "amd64",
        "features": "",
        "variant": "",
        "digest": None,
        "os": "windows",
        "os_features": "",
        "os_version": "10.0.14393.2068",
        "size": size,
        "status": "inactive",
        "last_pulled": None,
        "last_pushed": pushed,
    }


def _status(pushed: datetime, pulled: datetime | None) -> str:
    """`inactive` for what was neither pushed nor pulled for a month."""
    last = max(pushed, pulled or pushed)
    return "active" if datetime.now(UTC) - last < _STALE else "inactive"
