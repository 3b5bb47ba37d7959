"""What Docker's OpenAPI document of the Hub API gets wrong or leaves out, each with its reason.

The document's faults of form (names of properties marked required one by one, examples of null
under a type that has none, numbers for status codes) are mended where it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
_SCHEMAS = "components/schemas"
_TAG = f"{_SCHEMAS}/tag/properties"
_TEXT: Schema = {"type": "string"}
_NULLABLE_TEXT: Schema = {"type": "string", "nullable": True}


@dataclass(frozen=True)
class Correction:
    """Replace what stands at a place of the document (parts joined by "/"); None removes it."""

    place: str
    value: Any
    reason: str

    @property
    def steps(self) -> Sequence[str]:
        """The keys to follow; "~1" stands for a slash inside one, as in JSON Pointer."""
        return [step.replace("~1", "/") for step in self.place.split("/")]


CORRECTIONS = (
    Correction(
        f"{_TAG}/images",
        {"type": "array", "items": {"$ref": "#/components/schemas/image"}},
        "every client decodes an array with an entry per platform",
    ),
    Correction(f"{_TAG}/v2", {"type": "boolean"}, "every client decodes a boolean"),
    Correction(f"{_TAG}/status", None, "it is called tag_status"),
    Correction(
        f"{_TAG}/tag_status",
        {"type": "string", "enum": ["active", "inactive"]},
        "the document calls it status",
    ),
    Correction(f"{_TAG}/digest", _NULLABLE_TEXT, "sent by Hub, null for old tags"),
    Correction(f"{_TAG}/media_type", _NULLABLE_TEXT, "sent by Hub, null for old tags"),
    Correction(f"{_TAG}/content_type", _TEXT, "sent by Hub, missing in the document"),
    Correction(f"{_TAG}/image_id", _NULLABLE_TEXT, "sent by Hub, missing in the document"),
    Correction(
        f"{_SCHEMAS}/repository_list_entry/properties/status_description/enum",
        None,
        "seen as active and as Active",
    ),
    Correction(
        f"{_SCHEMAS}/repo_creation_request/required",
        ["name"],
        "the namespace is taken from the path; Docker's own provider does not send it",
    ),
    Correction(
        f"{_SCHEMAS}/immutable_tags_verify_request/properties/regex/pattern",
        None,
        "the pattern of repository paths, which refuses the document's own example; rules are RE2",
    ),
    Correction(
        f"{_SCHEMAS}/team_repo/allOf", None, "refers to a response that the document does not have"
    ),
    Correction(
        "paths/~1v2~1orgs~1{org_name}~1members/get/responses/200/content/application~1json/schema",
        {"$ref": "#/components/schemas/org_member_paginated"},
        "one page, not an array of pages",
    ),
    Correction(
        "paths/~1v2~1invites~1bulk/post/responses/202/content/application~1json/schema",
        {"$ref": "#/components/schemas/bulk_invite"},
        "the invitees are not wrapped twice",
    ),
    Correction(
        f"{_SCHEMAS}/org_member_paginated/properties/next/nullable", True, "null on the last page"
    ),
    Correction(
        f"{_SCHEMAS}/org_member_paginated/properties/previous/nullable",
        True,
        "null on the first page",
    ),
    Correction("components/parameters/search/schema", _TEXT, "a search term is text"),
    Correction(
        "components/requestBodies/scim_update_user_request/content/application~1scim+json"
        "/schema/properties/active",
        {"type": "boolean"},
        "SCIM calls it active, as all answers do; enabled is this document's name for it",
    ),
)

QUERY_PARAMETERS: dict[str, dict[str, Schema]] = {
    "POST /v2/users/login": {"refresh_token": {"type": "boolean"}},
    "POST /v2/users/2fa-login": {"refresh_token": {"type": "boolean"}},
    "GET /v2/namespaces/{namespace}/repositories": {"media_types": _TEXT, "content_types": _TEXT},
    "GET /v2/namespaces/{namespace}/repositories/{repository}/tags": {
        "name": _TEXT,
        "ordering": {
            "type": "string",
            "enum": ["last_updated", "-last_updated", "name", "-name"],
        },
        "architecture": _TEXT,
        "os": _TEXT,
    },
}
"""Parameters that Docker's own clients send and the document does not have."""

UNDOCUMENTED = {
    "GET /api/search/v4": "the search of the web page and of Docker's MCP server",
    "GET /v2/search/repositories": "the older search",
    "GET /v2/user": "the signed-in account, as hub-tool asks for it",
    "GET /v2/users/{user}": "a public profile",
    "GET /v2/orgs/{org}": "an organization's profile",
    "GET /v2/user/orgs": "the organizations one belongs to",
    "GET /api/billing/v4/accounts/{id}/hub-plan": "the plan, as hub-tool asks for it",
    "GET /v2/users/{user}/registry-settings": "default visibility and private repositories left",
    "PATCH /v2/namespaces/{namespace}/repositories/{repository}": "as Docker's MCP server edits",
    "DELETE /v2/namespaces/{namespace}/repositories/{repository}": "documented in prose for OATs",
    "PATCH /v2/repositories/{namespace}/{repository}": "the legacy way to edit",
    "DELETE /v2/repositories/{namespace}/{repository}": "as hub-tool removes repositories",
    "POST /v2/repositories/{namespace}/{repository}/privacy": "as Docker's provider sets it",
    "POST /v2/namespaces/{namespace}/repositories/{repository}/privacy": (
        "the same for organization access tokens; documented in prose"
    ),
    "POST /v2/repositories/{namespace}/{repository}/stars": "star",
    "POST /v2/namespaces/{namespace}/repositories/{repository}/stars": (
        "the same for organization access tokens; documented in prose"
    ),
    "DELETE /v2/repositories/{namespace}/{repository}/stars": "unstar",
    "DELETE /v2/namespaces/{namespace}/repositories/{repository}/stars": (
        "the same for organization access tokens; documented in prose"
    ),
    "GET /v2/categories": "the list of categories",
    "PATCH /v2/repositories/{namespace}/{repository}/categories": "as the web page sets them",
    "PATCH /v2/namespaces/{namespace}/repositories/{repository}/categories": (
        "the same for organization access tokens; documented in prose"
    ),
    "DELETE /v2/repositories/{namespace}/{repository}/tags/{tag}": "as hub-tool removes tags",
    "DELETE /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}": (
        "documented in prose for OATs"
    ),
    "GET /v2/orgs/{org}/settings/registry-access-management": "as Docker's provider reads it",
    "PUT /v2/orgs/{org}/settings/registry-access-management": "as Docker's provider sets it",
    "GET /v2/repositories/{namespace}/{repository}/groups": (
        "a repository's teams, as the web page lists them (docker/hub-feedback issue 833)"
    ),
    "GET /v2/repositories/{namespace}/{repository}/groups/{group_id}": (
        "what a team may do, as Docker's provider reads it"
    ),
    "PATCH /v2/repositories/{namespace}/{repository}/groups/{group_id}": (
        "what a team may do, as Docker's provider changes it"
    ),
    "DELETE /v2/repositories/{namespace}/{repository}/groups/{group_id}": (
        "what a team may do, as Docker's provider takes it away"
    ),
    "GET /v2/namespaces/{namespace}/repositories/{repository}/groups": (
        "the same for organization access tokens; documented in prose"
    ),
    "POST /v2/namespaces/{namespace}/repositories/{repository}/groups": (
        "the same for organization access tokens; documented in prose"
    ),
    "GET /v2/namespaces/{namespace}/repositories/{repository}/groups/{group_id}": (
        "the same for organization access tokens; documented in prose"
    ),
    "PATCH /v2/namespaces/{namespace}/repositories/{repository}/groups/{group_id}": (
        "the same for organization access tokens; documented in prose"
    ),
    "DELETE /v2/namespaces/{namespace}/repositories/{repository}/groups/{group_id}": (
        "the same for organization access tokens; documented in prose"
    ),
    "GET /v2/repositories/{namespace}/{repository}/webhook_pipeline": (
        "webhooks, as public clients list them"
    ),
    "GET /v2/namespaces/{namespace}/repositories/{repository}/webhook_pipeline": (
        "the same for organization access tokens; documented in prose"
    ),
    "POST /v2/repositories/{namespace}/{repository}/webhook_pipeline": (
        "webhooks, as public clients make them"
    ),
    "POST /v2/namespaces/{namespace}/repositories/{repository}/webhook_pipeline": (
        "the same for organization access tokens; documented in prose"
    ),
    "DELETE /v2/repositories/{namespace}/{repository}/webhook_pipeline/{slug}": (
        "webhooks, as Hub's old web code removes them"
    ),
    "DELETE /v2/namespaces/{namespace}/repositories/{repository}/webhook_pipeline/{slug}": (
        "the same for organization access tokens; documented in prose"
    ),
    "GET /v2/repositories/{namespace}/{repository}/webhook_pipeline/{slug}/history": (
        "deliveries, as Hub's old web code reads them"
    ),
    "GET /v2/namespaces/{namespace}/repositories/{repository}/webhook_pipeline/{slug}/history": (
        "the same for organization access tokens; documented in prose"
    ),
    "GET /v2/repositories/{namespace}/{repository}/collaborators": (
        "collaborators, as Docker-Hub-API lists them"
    ),
    "GET /v2/namespaces/{namespace}/repositories/{repository}/collaborators": (
        "the same for organization access tokens; inferred"
    ),
    "POST /v2/repositories/{namespace}/{repository}/collaborators": (
        "collaborators, as Docker-Hub-API adds them"
    ),
    "POST /v2/namespaces/{namespace}/repositories/{repository}/collaborators": (
        "the same for organization access tokens; inferred"
    ),
    "DELETE /v2/repositories/{namespace}/{repository}/collaborators/{user}": (
        "collaborators, as Docker-Hub-API removes them"
    ),
    "DELETE /v2/namespaces/{namespace}/repositories/{repository}/collaborators/{user}": (
        "the same for organization access tokens; inferred"
    ),
    "GET /api/build/v1/source": "what a repository is built from, as public clients ask",
    "GET /api/build/v1/setting": "the rules of automated builds (a public Java client)",
    "POST /api/build/v1/setting/{uuid}/build": "builds a rule (a public Java client)",
    "POST /api/build/v1/source/{uuid}/trigger/{trigger}/call": "as CI scripts trigger builds",
    "GET /api/audit/v1/build": "what was built, as scripts ask",
    "POST /v2/logout": "ends a login",
    "POST /v2/access-tokens/desktop-generate": "a token for a device login, as docker makes it",
    "POST /oauth/device/code": "RFC 8628, on the login host",
    "POST /oauth/token": "RFC 8628, on the login host",
    "POST /oauth/revoke": "RFC 7009, on the login host",
}
"""Routes that hubcli may use although the document does not have them, and what they are."""
