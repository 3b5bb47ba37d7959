"""The audit log in the Hub API, behind a gRPC gateway: odd envelopes, and errors of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli import timestamps
from hubcli.sandbox.hub.answers import LARGEST_PAGE, Problem, message
from hubcli.sandbox.hub.authority import authorized, require_plan
from hubcli.sandbox.hub.calls import Call, Endpoint, Gateway
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.permissions import Role

_PAGE = 25
_CODES = {400: 3, 401: 16, 403: 7, 404: 5}
"""gRPC's code by HTTP status."""
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "billing": ("plan.upgrade", "plan.downgrade", "plan.seat_add", "plan.seat_remove"),
    "enterprise": ("sso.connection.create", "sso.connection.update", "sso.connection.delete"),
    "oidc": ("connection.create", "connection.update", "connection.delete"),
    "org": (
        *("create", "settings.update"),
        *("member.add", "member.remove", "member.role.change", "member.invite.send"),
        *("team.create", "team.update", "team.delete", "team.member.add", "team.member.remove"),
        *("registry_access.enabled", "registry_access.disabled"),
        *("access_token.create", "access_token.update", "access_token.delete"),
    ),
    "repo": (
        *("create", "update", "delete", "change_privacy", "category.updated"),
        *("immutable.tags.updated", "tag.push", "tag.delete"),
    ),
}


class AuditLogRoutes:
    """The endpoints below `/v2/auditlogs`; the owners' business, and only with a paid plan."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        log = "/v2/auditlogs/{account}"
        return [
            *gateway.route("GET", log, _in_grpc_words(self.events)),
            *gateway.route("GET", f"{log}/actions", _in_grpc_words(self.actions)),
        ]

    def actions(self, call: Call) -> Response:
        """What an action can be, by group; the group is not part of the names here."""
        self._audited(call)
        groups = {
            group: {"label": _label(group), "actions": [_action(name) for name in names]}
            for group, names in _ACTIONS.items()
        }
        return JSONResponse({"actions": groups})

    def events(self, call: Call) -> Response:
        """A page of events, newest first; past the end it is empty."""
        account = self._audited(call)
        filters = {
            name: call.query[name] for name in ("action", "actor", "name") if name in call.query
        }
        filters |= {name: _moment(call, name) for name in ("from", "to") if call.query.get(name)}
        size = min(_number(call, "page_size", _PAGE), LARGEST_PAGE)
        offset = (_number(call, "page", 1) - 1) * size
        events = self._hub.audit.events(account["name"], filters, size, offset)
        return JSONResponse({"logs": [_shown(event) for event in events]})

    def _audited(self, call: Call) -> sqlite3.Row:
        account = authorized(
            self._hub, call, call.part("account").lower(), Role.OWNER, "scope-activity-read"
        )
        require_plan(account, "the audit log")
        return account


def _in_grpc_words(endpoint: Endpoint) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return endpoint(call)
        except Problem as problem:
            code = _CODES.get(problem.status, 2)
            told = {"code": code, "message": problem.body.get("message", ""), "details": []}
            raise Problem(problem.status, told, problem.headers) from None

    return answer


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:12]) < 10**9:
        raise message(400, f"invalid {name}: {text}")
    return int(text)


def _moment(call: Call, name: str) -> str:
    """A time in the form in which events have theirs."""
    moment = timestamps.parse(call.query[name])
    if moment is None:
        raise message(400, f"invalid {name}: a time as of RFC 3339 is expected")
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _action(name: str) -> dict[str, str]:
    return {"name": name, "label": _label(name), "description": f"{_label(name)} happened"}


def _label(name: str) -> str:
    return name.replace(".", " ").replace("_", " ").capitalize()


def _shown(event: sqlite3.Row) -> dict[str, Any]:
    return {
        "account": event["account"],
        "action": event["action"],
        "name": event["name"],
        "actor": event["actor"],
        "data": json.loads(event["data"]),
        "timestamp": event["moment"],
        "action_description": f"{event['description']}\n",
    }
