"""Access tokens of organizations on Docker Hub, and what they reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hubcli import timestamps
from hubcli.errors import Denied, HubcliError, Unavailable, UsageError
from hubcli.hub import lostsecrets
from hubcli.hub.client import Api, segment
from hubcli.hub.decoding import Object, Row, flag, names, objects, text
from hubcli.hub.organizations import organization_route
from hubcli.hub.pages import Listing, NumberedPages, Page

# Docker's access token reference, autumn 2026.
REPOSITORY_SCOPES = (
    *("scope-image-pull", "scope-image-push", "scope-image-delete"),
    *("scope-repository-read", "scope-repository-edit", "scope-repository-admin"),
    *("scope-tag-read", "scope-tag-admin"),
    *("scope-webhook-read", "scope-webhook-edit", "scope-webhook-admin"),
    *("scope-repo-group-read", "scope-repo-group-edit", "scope-repo-group-admin"),
    "scope-repository-settings-admin",
)
ORGANIZATION_SCOPES = (
    *("scope-member-read", "scope-member-edit", "scope-invite-read", "scope-invite-edit"),
    *("scope-group-read", "scope-group-edit", "scope-activity-read"),
    *("scope-siem_credentials-read", "scope-ram-read", "scope-ram-write", "scope-report-read"),
    *("scope-repository-create", "scope-repository-list", "scope-registry-usage-read"),
    *("scope-cloud-connect", "scope-audit_events-read"),
    *("scope-governance-policy-read", "scope-governance-policy-write"),
)

_REPOSITORY, _ORGANIZATION = "TYPE_REPO", "TYPE_ORG"
_SHORT = {"pull": "image-pull", "push": "image-push", "delete": "image-delete"}
_NEEDS = (
    "; it takes an owner of {organization} who signed in with a password or a personal access"
    " token with repo:admin, and the plan Team (10 tokens, expired ones included) or Business (100)"
)

Resource = dict[str, object]
"""`{"type", "path", "scopes"}` as the Hub API has it."""


class OrganizationTokens:
    """Access tokens by organization and id."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, organization: str, wanted: int | None = None) -> Listing:
        """The tokens, without what they reach. GET /v2/orgs/{name}/access-tokens"""
        return Listing(
            _Explained(NumberedPages(self._api, _route(organization)), organization),
            read_token,
            key=lambda row: row["id"],
            wanted=wanted,
            workers=self._concurrency,
        )

    def inspect(self, organization: str, token: str) -> Row:
        """One token with its `resources`. GET /v2/orgs/{org_name}/access-tokens/{id}"""
        return read_token({"id": token, **self._raw(organization, token)}) or {}

    def create(
        self,
        organization: str,
        label: str,
        resources: Sequence[Resource],
        *,
        description: str | None = None,
        expires: str | None = None,
    ) -> Row:
        """A new token; the row's `token` is its secret, which Hub never tells again.

        POST /v2/orgs/{name}/access-tokens
        """
        given = {"label": label, "description": description, "expires_at": expires}
        body = {field: value for field, value in given.items() if value is not None}
        try:
            with _explaining(organization):
                found = self._api.send(
                    "POST", _route(organization), body={**body, "resources": [*resources]}
                ).object()
        except HubcliError as error:
            lostsecrets.explain(error, lambda: self.list(organization), label, "id", organization)
            raise
        row, secret = read_token(found), text(found.get("token"))
        if row is None or secret is None:
            raise Unavailable("Docker Hub answers without the access token that it made")
        return {**row, "token": secret}

    def edit(
        self,
        organization: str,
        token: str,
        *,
        label: str | None = None,
        description: str | None = None,
        active: bool | None = None,
        resources: Sequence[Resource] = (),
    ) -> Row:
        """Change what is given; `resources` replace those of the same types.

        When a token runs out cannot be changed. PATCH /v2/orgs/{org_name}/access-tokens/{id}
        """
        given = {"label": label, "description": description, "is_active": active}
        body: dict[str, object] = {k: value for k, value in given.items() if value is not None}
        if resources:
            types = {resource["type"] for resource in resources}
            before = objects(self._raw(organization, token).get("resources"))
            kept = [each for each in before if each.get("type") not in types]
            body["resources"] = [*kept, *resources]
        with _explaining(organization):
            route = _route(organization, token)
            found = self._api.send("PATCH", route, body=body, repeatable=True).object()
        return read_token({"id": token, **found}) or {}

    def delete(self, organization: str, token: str) -> None:
        """Delete a token for good. DELETE /v2/orgs/{org_name}/access-tokens/{id}"""
        with _explaining(organization):
            self._api.send("DELETE", _route(organization, token))

    def _raw(self, organization: str, token: str) -> Object:
        with _explaining(organization):
            return self._api.get(_route(organization, token)).object()


class _Explained:
    """Pages, a refusal of which says what would be needed."""

    def __init__(self, pages: NumberedPages, organization: str) -> None:
        self._pages = pages
        self._organization = organization

    def numbered(self, page: int, size: int) -> Page | None:
        with _explaining(self._organization):
            return self._pages.numbered(page, size)

    def after(self, page: Page) -> Page | None:
        with _explaining(self._organization):
            return self._pages.after(page)


@contextmanager
def _explaining(organization: str) -> Iterator[None]:
    try:
        yield
    except Denied as error:
        if "plan" in error.reason:
            error.hint = f"hubcli account info {organization}"
        error.reason += _NEEDS.format(organization=organization)
        raise


def repository_resource(spelled: str) -> Resource:
    """What `org/app:pull,push` means; UsageError for another shape."""
    path, _, scopes = spelled.rpartition(":")
    listed = [scope_of(each.strip()) for each in scopes.split(",") if each.strip()]
    if "/" not in path or not listed:
        raise UsageError(f"{spelled!r} is not ORG/REPO:SCOPE,…, as in acme/app:pull,push")
    return {"type": _REPOSITORY, "path": path.lower(), "scopes": listed}


def organization_resource(organization: str, scopes: Sequence[str]) -> Resource:
    """The scopes of a token for the organization itself."""
    listed = [scope_of(scope) for scope in scopes]
    return {"type": _ORGANIZATION, "path": organization.lower(), "scopes": listed}


def scope_of(spelled: str) -> str:
    """`scope-image-pull` for `pull`, `image-pull` or itself."""
    return spelled if spelled.startswith("scope-") else f"scope-{_SHORT.get(spelled, spelled)}"


def unknown_scopes(resources: Sequence[Resource]) -> list[str]:
    """Those that Docker's reference does not have for their type of resource."""
    known = {_REPOSITORY: REPOSITORY_SCOPES, _ORGANIZATION: ORGANIZATION_SCOPES}
    return [
        scope
        for resource in resources
        for scope in names(resource["scopes"]) or []
        if scope not in known.get(str(resource["type"]), ())
    ]


def _spelled(resource: Object) -> str:
    short = {long: name for name, long in _SHORT.items()}
    scopes = [scope.removeprefix("scope-") for scope in names(resource.get("scopes")) or []]
    listed = ",".join(short.get(scope, scope) for scope in scopes)
    return f"{text(resource.get('path')) or ''}:{listed}"


def _route(organization: str, token: str | None = None) -> str:
    rest = "access-tokens" if token is None else f"access-tokens/{segment(token)}"
    return organization_route(organization, rest)


def read_token(found: Object) -> Row | None:
    """A row from a token as Hub sends it; `resources` are as `org/app:pull,push`, None where
    Hub does not tell them. None where the token has no id."""
    token = text(found.get("id"))
    if token is None:
        return None
    told = found.get("resources")
    return {
        "id": token,
        "label": text(found.get("label")),
        "active": flag(found.get("is_active")),
        "created_by": text(found.get("created_by")),
        "created": timestamps.normalised(found.get("created_at")),
        "last_used": timestamps.normalised(found.get("last_used_at")),
        "expires": timestamps.normalised(found.get("expires_at")),
        "description": text(found.get("description")),
        "resources": None if told is None else [_spelled(each) for each in objects(told)],
    }
