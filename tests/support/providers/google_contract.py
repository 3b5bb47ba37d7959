"""What Artifact Registry's API takes and answers, in our own words.

After the discovery document of artifactregistry v1 (revision 20261031), which is not here: of its
operations those that hubcli calls, of its members those that somebody could look at.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_COUNT_AS_TEXT = {"type": "string", "pattern": "^[0-9]+$"}
_TIME = {"type": "string", "format": "date-time"}
_TRUTH = {"type": "boolean"}
_ANYTHING: dict[str, Any] = {}

_CHANGES = {
    "description": _TEXT,
    "dockerConfig": {"type": "object", "properties": {"immutableTags": _TRUTH}},
    "vulnerabilityScanningConfig": {
        "type": "object",
        "properties": {"enablementConfig": {"enum": ["INHERITED", "DISABLED"]}},
    },
    "labels": {"type": "object", "additionalProperties": _TEXT},
    "cleanupPolicyDryRun": _TRUTH,
}
_NEW = {
    **_CHANGES,
    "format": {"enum": ["DOCKER", "MAVEN", "NPM", "APT", "YUM", "PYTHON", "GO", "GENERIC"]},
    "mode": {"enum": ["STANDARD_REPOSITORY", "VIRTUAL_REPOSITORY", "REMOTE_REPOSITORY"]},
    "kmsKeyName": _TEXT,
    "remoteRepositoryConfig": {
        "type": "object",
        "properties": {
            "dockerRepository": {
                "type": "object",
                "properties": {
                    "publicRepository": {"enum": ["DOCKER_HUB"]},
                    "customRepository": {"type": "object", "properties": {"uri": _TEXT}},
                },
            }
        },
    },
}
_REPOSITORY = {
    "type": "object",
    "properties": {
        **_NEW,
        "name": {"type": "string", "pattern": "^projects/[^/]+/locations/[^/]+/repositories/"},
        "createTime": _TIME,
        "updateTime": _TIME,
        "sizeBytes": _COUNT_AS_TEXT,
        "registryUri": _TEXT,
    },
}
_PACKAGE = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "/packages/[^/]+$"},
        "displayName": _TEXT,
        "createTime": _TIME,
        "updateTime": _TIME,
    },
}
_TAG = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "/packages/[^/]+/tags/[^/]+$"},
        "version": {"type": "string", "pattern": "/packages/[^/]+/versions/sha256:[0-9a-f]{64}$"},
    },
}
_VERSION = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "/packages/[^/]+/versions/sha256:[0-9a-f]{64}$"},
        "createTime": _TIME,
        "updateTime": _TIME,
        # A hundred of them, and no more.
        "relatedTags": {"type": "array", "items": _TAG, "maxItems": 100},
        # That of a docker image.
        "metadata": {
            "type": "object",
            "properties": {
                "name": _TEXT,
                "imageSizeBytes": _COUNT_AS_TEXT,
                "mediaType": _TEXT,
                "buildTime": _TIME,
            },
        },
    },
}
_OPERATION = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^projects/[^/]+/locations/[^/]+/operations/[^/]+$"},
        "done": _TRUTH,
        "error": {
            "type": "object",
            "properties": {"code": {"type": "integer"}, "message": _TEXT},
        },
        "metadata": {"type": "object"},
        "response": {"type": "object"},
    },
}
_POLICY = {
    "type": "object",
    "properties": {
        "version": {"type": "integer"},
        "etag": _TEXT,
        "bindings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "role": {"type": "string", "pattern": "^roles/"},
                    "members": {"type": "array", "items": _TEXT},
                    "condition": _ANYTHING,
                },
            },
        },
    },
}


def _answers(schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"responses": {"200": {"description": "", "content": content}}}


def _takes(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _asks(**query: Any) -> dict[str, Any]:
    return {
        "parameters": [
            {"name": name.replace("__", "."), "in": "query", "schema": schema}
            for name, schema in query.items()
        ]
    }


def _list(member: str, schema: Any, **query: Any) -> dict[str, Any]:
    """A list in pages; the member is left out where it is empty."""
    paging = {
        "pageSize": {"type": "integer", "minimum": 1, "maximum": 1000},
        "pageToken": _TEXT,
        "filter": _TEXT,
    }
    found = {
        "type": "object",
        "properties": {
            member: {"type": "array", "items": schema, "minItems": 1},
            "nextPageToken": _TEXT,
        },
        "additionalProperties": False,
    }
    return {"get": {**_asks(**paging, **query), **_answers(found)}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_LOCATION = "/v1/projects/{project}/locations/{location}"
_REPOSITORIES = f"{_LOCATION}/repositories"
_ONE = f"{_REPOSITORIES}/{{repository}}"
_PACKAGES = f"{_ONE}/packages/{{package}}"

PARAMETERS = {
    "repository": "[^/:]+",
    # Its slashes are coded, which may be undone here.
    "package": "(?:(?!/versions|/tags).)+",
}
CONTRACT: dict[str, Any] = {
    "paths": {
        _REPOSITORIES: {
            **_list("repositories", _REPOSITORY),
            "post": {
                **_asks(repositoryId={"type": "string", "pattern": "^[a-z][a-z0-9.-]{0,62}$"}),
                **_takes(_object(_NEW)),
                **_answers(_OPERATION),
            },
        },
        _ONE: {
            "get": _answers(_REPOSITORY),
            "patch": {
                **_asks(updateMask=_TEXT),
                **_takes(_object(_CHANGES)),
                **_answers(_REPOSITORY),
            },
            "delete": _answers(_OPERATION),
        },
        f"{_ONE}:getIamPolicy": {
            "get": {
                **_asks(options__requestedPolicyVersion={"enum": [1, 3], "type": "integer"}),
                **_answers(_POLICY),
            }
        },
        f"{_ONE}:setIamPolicy": {
            "post": {**_takes(_object({"policy": _POLICY})), **_answers(_POLICY)}
        },
        f"{_ONE}/packages": _list("packages", _PACKAGE),
        _PACKAGES: {"get": _answers(_PACKAGE), "delete": _answers(_OPERATION)},
        f"{_PACKAGES}/versions": _list("versions", _VERSION, view={"enum": ["BASIC", "FULL"]}),
        f"{_PACKAGES}/tags": _list("tags", _TAG),
        f"{_LOCATION}/operations/{{operation}}": {"get": _answers(_OPERATION)},
    }
}
