"""What the sandbox's SCIM server says of itself."""

from __future__ import annotations

from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def _attribute(name: str, about: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": about,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }


USER_SCHEMA: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    "id": USER,
    "name": "User",
    "description": "User Account",
    "attributes": [
        _attribute(
            "userName",
            "The address by which the user is reached.",
            required=True,
            uniqueness="server",
        ),
        _attribute(
            "name",
            "What the user is called.",
            "complex",
            subAttributes=[
                _attribute("familyName", "The family name."),
                _attribute("givenName", "The given name."),
            ],
        ),
        _attribute("displayName", "The Docker ID.", mutability="readOnly"),
        _attribute("active", "Whether the user may use Docker Hub.", "boolean"),
    ],
}

RESOURCE_TYPE: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
    "id": "User",
    "name": "User",
    "endpoint": "/Users",
    "description": "User",
    "schema": USER,
}

CONFIG: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "documentationUri": "",
    "patch": {"supported": False},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 99999},
    "changePassword": {"supported": False},
    "sort": {"supported": True},
    "etag": {"supported": False},
    "authenticationSchemes": {
        "name": "OAuth 2.0 Bearer Token",
        "description": "The token of the organization's SSO connection.",
        "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
        "type": "oauthbearertoken",
    },
}
