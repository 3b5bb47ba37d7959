"""What happened in an organization on Docker Hub: its audit log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from hubcli import timestamps
from hubcli.errors import NotFound, Unavailable
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, objects, text
from hubcli.hub.pages import Listing, Page
from hubcli.hub.requirements import Guarded, Requirement, requiring

_READ = Requirement("owner", "scope-activity-read", plan="Team or Business", reads=True)
_REPEAT = " repeat"


class AuditLog:
    """Events by organization (or account), newest first."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def events(
        self,
        account: str,
        *,
        action: str | None = None,
        actor: str | None = None,
        name: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        wanted: int | None = None,
    ) -> Listing:
        """Events, newest first, up to the end of the log.

        `action` is `<group>.<name>`, as `repo.tag.push`; `name` that of what it was done to;
        `wanted` is how many events will probably be taken. GET /v2/auditlogs/{account}
        """
        query = {
            "action": action,
            "actor": actor,
            "name": name,
            "from": timestamps.render(since),
            "to": timestamps.render(until),
        }
        return Listing(
            Guarded(_EventPages(self._api, account, query), account, _READ),
            read_event,
            key=lambda row: row["key"],
            wanted=wanted,
        )

    def actions(self, account: str) -> Sequence[Row]:
        """What an event's action can be, with a label and a description each, by name.

        GET /v2/auditlogs/{account}/actions
        """
        with requiring(account, _READ):
            body = self._api.get(f"{_route(account)}/actions").object()
        groups = body.get("actions")
        if not isinstance(groups, dict):
            raise Unavailable("the server answered without the actions that were asked for")
        return [
            _action(group, each)
            for group, found in sorted(groups.items())
            if isinstance(found, dict)
            for each in objects(found.get("actions"))
            if text(each.get("name"))
        ]


class _EventPages:
    """`?page=&page_size=` without a count or links: the last page is shorter than the first."""

    def __init__(self, api: Api, account: str, query: Mapping[str, object]) -> None:
        self._api = api
        self._account = account
        self._query = query
        self._size = 0
        self._full = 0

    def numbered(self, page: int, size: int) -> Page | None:
        self._size = size
        query = {**self._query, "page": page, "page_size": size}
        try:
            answer = self._api.get(_route(self._account), query)
        except NotFound:
            if page == 1:
                raise
            return None
        logs = answer.object().get("logs")
        if logs is not None and not isinstance(logs, list):
            raise Unavailable("the server answered without the events that were asked for")
        came = len(logs or ())
        # A server may give fewer than it was asked for: its own size is the one that counts.
        self._full = self._full or came
        more = bool(came) and came >= self._full
        return Page(_told_apart(objects(logs)), None, str(page + 1) if more else None, answer.url)

    def after(self, page: Page) -> Page | None:
        return None if page.next is None else self.numbered(int(page.next), self._size)


def _route(account: str) -> str:
    return f"/v2/auditlogs/{segment(account.lower())}"


def _told_apart(events: Sequence[Object]) -> list[Object]:
    """The same twice on one page happened twice; on the next page it only slid there."""
    seen: Counter[str] = Counter()
    found: list[Object] = []
    for event in events:
        key = json.dumps(event, sort_keys=True)
        found.append({**event, _REPEAT: f"{key}{seen[key]}"})
        seen[key] += 1
    return found


def read_event(found: Object) -> Row:
    """A row from an event as Hub sends it; `key` tells it from all others, and is no field."""
    return {
        "time": timestamps.normalised(found.get("timestamp")),
        "action": text(found.get("action")),
        "name": text(found.get("name")),
        "actor": text(found.get("actor")),
        "description": " ".join((text(found.get("action_description")) or "").split()) or None,
        "account": text(found.get("account")),
        "data": found.get("data") if isinstance(found.get("data"), dict) else None,
        "key": found.get(_REPEAT),
    }


def _action(group: str, found: Object) -> Row:
    return {
        "name": f"{group}.{found['name']}",
        "label": text(found.get("label")),
        "description": text(found.get("description")),
    }
