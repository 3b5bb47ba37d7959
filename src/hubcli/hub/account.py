"""Accounts on Docker Hub: people, organizations, plans, and what the API itself allows."""

from __future__ import annotations

from dataclasses import dataclass

from hubcli import timestamps
from hubcli.errors import HubcliError, NotFound
from hubcli.http.response import Response
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, number, text

PULL_PREVIEW = "ratelimitpreview/test"
"""The repository whose answers announce the pull limit; Docker keeps it for that."""

_API_WINDOW = 60
# Hub writes "as many as you like" so.
_UNLIMITED = 9999


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """What an account's plan and settings say of new repositories; None where Hub does not."""

    private_by_default: bool | None
    private_limit: int | None
    private_used: int | None


class Accounts:
    """Accounts by name. Rows have the contract's fields."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def own(self) -> Row:
        """The person that is signed in; NotSignedIn without one. GET /v2/user/"""
        return self._with_plan(self._api.get("/v2/user/").object())

    def named(self, name: str) -> Row:
        """A person, or the organization of that name; NotFound where there is neither.

        GET /v2/users/{name}/, GET /v2/orgs/{name}/
        """
        wanted = segment(name.lower())
        try:
            found = self._api.get(f"/v2/users/{wanted}/").object()
        except NotFound:
            found = self._api.get(f"/v2/orgs/{wanted}/").object()
        return self._with_plan(found)

    def registry_settings(self, name: str) -> RegistrySettings | None:
        """The quota and the default visibility of `name`; None where Hub does not tell.

        GET /v2/users/{user}/registry-settings
        """
        try:
            found = self._api.get(f"/v2/users/{segment(name.lower())}/registry-settings").object()
        except HubcliError:
            return None
        visibility = text(found.get("default_repo_visibility"))
        return RegistrySettings(
            {"private": True, "public": False}.get(visibility or ""),
            _limit(found.get("private_repo_limit")),
            number(found.get("private_repo_used")),
        )

    def api_limit(self) -> Row:
        """How often the Hub API may be called, from the `X-RateLimit-*` headers of an answer.

        `limit` None means that no limit is announced.
        """
        response = self._api.get("/v2/namespaces/library/repositories", {"page_size": 1})
        resets = _header(response, "x-ratelimit-reset")
        limit = _header(response, "x-ratelimit-limit")
        return {
            "kind": "api",
            "limit": limit,
            "remaining": _header(response, "x-ratelimit-remaining"),
            "window_seconds": None if limit is None else _API_WINDOW,
            "resets": None if resets is None else timestamps.from_epoch(resets),
            "source": None,
        }

    def _with_plan(self, found: Object) -> Row:
        row = read_account(found)
        row["plan"] = self._plan(str(row["id"])) if row["id"] else None
        return row

    def _plan(self, identifier: str) -> str | None:
        """The name of a plan; None for other people's, which Hub does not tell.

        GET /api/billing/v4/accounts/{id}/hub-plan
        """
        try:
            plan = self._api.get(f"/api/billing/v4/accounts/{segment(identifier)}/hub-plan")
            return text(plan.object().get("name"))
        except HubcliError:
            return None


def read_account(account: Object) -> Row:
    """A row from what Hub says of a person (`username`) or an organization (`orgname`)."""
    organization = text(account.get("orgname"))
    kind = "organization" if organization else "user"
    return {
        "name": organization or text(account.get("username")),
        "id": text(account.get("id")),
        "email": text(account.get("email")) or text(account.get("gravatar_email")),
        "full_name": text(account.get("full_name")),
        "type": (text(account.get("type")) or kind).lower(),
        "plan": None,
        "created": timestamps.normalised(account.get("date_joined")),
    }


def _limit(value: object) -> int | None:
    found = number(value)
    return None if found is None or found >= _UNLIMITED else found


def _header(response: Response, name: str) -> int | None:
    stated = response.headers.get(name, "").strip()
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= 15 else None
