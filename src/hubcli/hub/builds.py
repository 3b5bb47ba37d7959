"""Automated builds on Docker Hub, as far as calls for them are known; Hub retires them.

No document describes these calls: routes and fields are those that public clients and scripts use,
and everything may be missing. They page by `offset` and `limit`, in an envelope of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from hubcli import timestamps
from hubcli.errors import NotFound, Unavailable, UsageError
from hubcli.hub.client import Api, segment, split
from hubcli.hub.decoding import Object, Row, flag, number, objects, text
from hubcli.hub.requirements import Requirement, requiring

RETIREMENT = "2027-04-01"
"""The day on which Hub retires automated builds."""

KINDS = ("branch", "tag")

_SOURCE, _SETTING = "/api/build/v1/source/", "/api/build/v1/setting/"
_HISTORY = "/api/audit/v1/build/"
_PAGE = 100
_MOST_PAGES = 1000
_TIMES = ("created", "created_at", "start_date", "end_date", "last_updated")
_EDIT = Requirement("owner or editor (or a team that may write)", "scope-repository-edit")


class Builds:
    """Automated builds by a repository's `namespace/name`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def sources(self, path: str) -> list[Row]:
        """What a repository is built from, as rows of `read_source`; none where it is not built.

        GET /api/build/v1/source/?image={namespace}/{name}
        """
        return [*map(read_source, self._objects(_SOURCE, {"image": _path(path)}))]

    def rules(self, source: str) -> list[Row]:
        """The rules of the source with the address `source`, as rows of `read_rule`.

        GET /api/build/v1/setting/?buildsource={source}
        """
        return [*map(read_rule, self._objects(_SETTING, {"buildsource": source}))]

    def history(self, path: str) -> Iterator[Row]:
        """What was built, the newest first, as rows of `read_build`.

        GET /api/audit/v1/build/?object=/api/repo/v1/repository/{namespace}/{name}/
        """
        named = f"/api/repo/v1/repository/{_path(path)}/"
        query = {"include_related": "true", "object": named}
        return map(read_build, self._objects(_HISTORY, query))

    def build(self, path: str, rule: Mapping[str, object]) -> None:
        """Build what one of `rules` says. POST /api/build/v1/setting/{uuid}/build/"""
        uuid = rule["uuid"]
        if not isinstance(uuid, str):
            raise Unavailable("Docker Hub does not say how this build is called")
        with requiring(split(path)[0], _EDIT):
            self._api.send("POST", f"{_SETTING}{segment(uuid)}/build/", body=rule["as_sent"])

    def trigger(self, url: str, kind: str | None = None, name: str | None = None) -> None:
        """Build what the secret trigger address `url` is for: all, or one of `KINDS` by its name.

        Nobody is signed in for it. POST /api/build/v1/source/{uuid}/trigger/{uuid}/call/
        """
        body = (
            {"build": True}
            if kind is None
            else {"source_type": kind.capitalize(), "source_name": name}
        )
        try:
            self._api.send("POST", trigger_route(url), body=body, anonymous=True)
        except NotFound as error:
            error.reason = "Docker Hub knows no such trigger"
            raise

    def _objects(self, route: str, query: Mapping[str, object]) -> Iterator[Object]:
        """All there is in `{"meta": {"total_count"}, "objects": […]}`, page by page.

        Without a number an empty page is the end, or one that is there again.
        """
        taken, before = 0, None
        for page in count():
            where = {**query, "offset": taken, "limit": _PAGE}
            body = self._api.get(route, where).object()
            found = body.get("objects")
            if not isinstance(found, list) or not found or found == before:
                return
            yield from objects(found)
            taken, before = taken + len(found), found
            meta = body.get("meta")
            total = number(meta.get("total_count")) if isinstance(meta, dict) else None
            if (total is not None and taken >= total) or page >= _MOST_PAGES:
                return


def trigger_route(url: str) -> str:
    """The path of a trigger's address; UsageError for another. The text of it is not repeated."""
    try:
        path = urlsplit(url).path
    except ValueError:
        path = ""
    parts = path.strip("/").split("/")
    fixed = [*parts[:4], *parts[5:6], *parts[7:]]
    if len(parts) != 8 or fixed != ["api", "build", "v1", "source", "trigger", "call"]:
        raise UsageError(
            "this is no address of a build trigger:"
            " https://hub.docker.com/api/build/v1/source/…/trigger/…/call/"
        )
    return f"{_SOURCE}{segment(parts[4])}/trigger/{segment(parts[6])}/call/"


def read_source(found: Object) -> Row:
    """A row from a source; `as_sent` is all that Hub says of it."""
    owner, repository = text(found.get("owner")), text(found.get("repository"))
    uuid = text(found.get("uuid"))
    return {
        "source": f"{owner}/{repository}" if owner and repository else repository or owner,
        "provider": text(found.get("provider")),
        "state": text(found.get("state")),
        "autotests": text(found.get("autotests")),
        "uuid": uuid,
        "address": text(found.get("resource_uri")) or (uuid and f"{_SOURCE}{uuid}/"),
        "as_sent": dict(found),
    }


def read_rule(found: Object) -> Row:
    """A row from a rule: `type` and `name` of what is built, and the `tag` it becomes."""
    address = text(found.get("resource_uri")) or ""
    kind = text(found.get("source_type"))
    return {
        "type": kind and kind.lower(),
        "name": text(found.get("source_name")),
        "tag": text(found.get("tag")),
        "dockerfile": text(found.get("dockerfile")),
        "context": text(found.get("build_context")),
        "autobuild": flag(found.get("autobuild")),
        "state": text(found.get("state")),
        "uuid": text(found.get("uuid")) or address.strip("/").rpartition("/")[2] or None,
        "as_sent": dict(found),
    }


def read_build(found: Object) -> Row:
    """A row from something that was built; `entry` is all that Hub says of it."""
    return {
        "tag": _first(found, ("build_tag", "dockertag_name", "tag"), text),
        "state": _first(found, ("state", "status"), text),
        "commit": text(found.get("commit")),
        "created": _first(found, _TIMES, timestamps.normalised),
        "source": text(found.get("source_repo")),
        "id": _first(found, ("uuid", "id", "build_code"), text),
        "entry": dict(found),
    }


def _first(found: Object, keys: tuple[str, ...], read: Callable[[Any], str | None]) -> str | None:
    return next((value for key in keys if (value := read(found.get(key)))), None)


def _path(path: str) -> str:
    namespace, name = split(path)
    return f"{namespace}/{name}"
