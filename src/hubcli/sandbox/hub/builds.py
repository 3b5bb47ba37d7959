"""Automated builds, as the Hub's web page and scripts know them: a framework of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import detail, not_found
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.state import Hub

_SOURCE, _SETTING = "/api/build/v1/source", "/api/build/v1/setting"
_REPOSITORY = "/api/repo/v1/repository/"
_EDIT = "scope-repository-edit"
_KINDS = frozenset({"Branch", "Tag"})
_LARGEST_PAGE = 100


class BuildRoutes:
    """Sources and what was built are for whoever sees the repository, the rest for who may push."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        trigger = f"{_SOURCE}/{{source}}/trigger/{{trigger}}/call"
        return [
            *gateway.route("GET", _SOURCE, self.sources),
            *gateway.route("GET", _SETTING, self.settings),
            *gateway.route("POST", f"{_SETTING}/{{setting}}/build", self.build),
            # Its URL is the secret.
            *gateway.route("POST", trigger, self.trigger, login=True),
            *gateway.route("GET", "/api/audit/v1/build", self.history),
        ]

    def sources(self, call: Call) -> Response:
        """What a repository is built from; nothing for one that is not built."""
        repository = self._hub.named(call, call.query.get("image", ""))
        sources = self._hub.builds.sources(repository.id)
        return _framed(call, sources, self._shown)

    def settings(self, call: Call) -> Response:
        """The rules of a source."""
        source = self._source(call.query.get("buildsource", "").strip("/").rpartition("/")[2])
        self._pushable(call, source)
        return _framed(call, self._hub.builds.settings(source["uuid"]), _rule)

    def build(self, call: Call) -> Response:
        """Build what one rule says."""
        setting = self._hub.builds.setting(call.part("setting"))
        if setting is None:
            raise not_found()
        source = self._source(setting["source"])
        self._pushable(call, source)
        self._hub.builds.record(source, setting["tag"], "Pending")
        return JSONResponse(_rule(setting), 202)

    def trigger(self, call: Call) -> Response:
        """Build all, or what one branch or tag makes."""
        source = self._hub.builds.source(call.part("source"))
        if source is None or source["trigger_uuid"] != call.part("trigger"):
            raise not_found()
        body = call.body().members
        kind, name = body.get("source_type"), body.get("source_name")
        if (kind is not None and kind not in _KINDS) or (kind is None) != (name is None):
            raise detail(400, "source_type is Branch or Tag, and source_name says which")
        for setting in self._hub.builds.settings(source["uuid"]):
            if kind is None or kind == setting["source_type"]:
                self._hub.builds.record(source, setting["tag"], "Pending")
        return JSONResponse(self._shown(source), 202)

    def history(self, call: Call) -> Response:
        """What was built, the newest first."""
        named = unquote(call.query.get("object", ""))
        if not named.startswith(_REPOSITORY):
            raise detail(400, "object names a repository")
        repository = self._hub.named(call, named.removeprefix(_REPOSITORY).strip("/"))
        return _framed(call, self._hub.builds.history(repository.id), _built)

    def _source(self, identifier: str) -> sqlite3.Row:
        source = self._hub.builds.source(identifier)
        if source is None:
            raise not_found()
        return source

    def _pushable(self, call: Call, source: sqlite3.Row) -> None:
        """Who may push may say what is built."""
        repository = self._hub.named(call, source["path"], _EDIT)
        self._hub.require_scope(call, repository, _EDIT)
        if call.identity is None or not call.identity.is_organization:
            self._hub.require(call, self._hub.rights(call, repository).write)

    def _shown(self, source: sqlite3.Row) -> dict[str, Any]:
        settings = self._hub.builds.settings(source["uuid"])
        return {
            "autotests": "OFF",
            "build_in_farm": True,
            "build_settings": [f"{_SETTING}/{each['uuid']}/" for each in settings],
            "channel": "Stable",
            "image": source["path"],
            "owner": source["owner"],
            "provider": "Github",
            "repo_links": True,
            "repository": source["name"],
            "resource_uri": f"{_SOURCE}/{source['uuid']}/",
            "state": "Success",
            "uuid": source["uuid"],
        }


def _rule(setting: sqlite3.Row) -> dict[str, Any]:
    return {
        "autobuild": True,
        "build_context": "/",
        "buildsource": f"{_SOURCE}/{setting['source']}/",
        "dockerfile": "Dockerfile",
        "nocache": False,
        "resource_uri": f"{_SETTING}/{setting['uuid']}/",
        "source_name": setting["source_name"],
        "source_type": setting["source_type"],
        "state": "Success",
        "tag": setting["tag"],
    }


def _built(build: sqlite3.Row) -> dict[str, Any]:
    return {
        "uuid": build["uuid"],
        "state": build["state"],
        "build_tag": build["build_tag"],
        "commit": build["commit_id"],
        "source_repo": build["source_repo"],
        "created": build["created"],
    }


def _framed(
    call: Call, rows: Sequence[sqlite3.Row], shown: Callable[[sqlite3.Row], dict[str, Any]]
) -> Response:
    """`{"meta", "objects"}` with `offset` and `limit`: not how the rest of the API pages."""
    offset, limit = (
        _number(call, name, default) for name, default in (("offset", 0), ("limit", 25))
    )
    limit = min(limit or _LARGEST_PAGE, _LARGEST_PAGE)
    chosen = rows[offset : offset + limit]
    meta: dict[str, Any] = {"limit": limit, "offset": offset, "total_count": len(rows)}
    meta |= {"next": None, "previous": None}
    return JSONResponse({"meta": meta, "objects": [shown(row) for row in chosen]})


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise detail(400, f"{name} is a number")
    return int(text) if text else default
