"""What Artifactory's REST API takes and answers, in our own words.

After JFrog's documentation of its REST APIs ("Repositories", "Artifactory Query Language", "Restore
Item from Trash Can", "Delete Item") and what Harbor's adapter for it sends and decodes.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}


def _answers(status: int, schema: Any = None) -> dict[str, Any]:
    """What is answered with success; without a schema that is a sentence for people."""
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"responses": {str(status): {"description": "", **content}}}


def _takes(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_TYPE = {"enum": ["Docker", "Oci", "Generic", "Maven", "Npm"]}
_LISTED = {
    "type": "object",
    "required": ["key", "type", "packageType", "url"],
    "properties": {
        "key": _TEXT,
        "description": _TEXT,
        "type": {"enum": ["LOCAL", "REMOTE", "VIRTUAL", "FEDERATED"]},
        "packageType": _TYPE,
        "url": _TEXT,
    },
}
_CHANGED = {
    "type": "object",
    "properties": {
        "description": _TEXT,
        "maxUniqueTags": _COUNT,
        "dockerTagRetention": {"type": "integer", "minimum": 1},
    },
}
_CONFIGURED = {
    "type": "object",
    "required": ["key", "rclass", "packageType"],
    "properties": {
        **_CHANGED["properties"],  # type: ignore[dict-item]
        "key": _TEXT,
        "rclass": {"enum": ["local", "remote", "virtual", "federated"]},
        "packageType": {"enum": ["docker", "oci", "generic", "maven", "npm"]},
        "repoLayoutRef": {"enum": ["simple-default"]},
    },
}
_ITEM = {
    "type": "object",
    "required": ["repo", "path", "name"],
    "properties": {
        "repo": _TEXT,
        "path": _TEXT,
        "name": _TEXT,
        "size": _COUNT,
        "created": _TIME,
        "modified": _TIME,
        "sha256": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
    },
}
_FOUND = {
    "type": "object",
    "required": ["results", "range"],
    "properties": {
        "results": {"type": "array", "items": _ITEM},
        "range": {
            "type": "object",
            "required": ["start_pos", "end_pos", "total"],
            "properties": {"start_pos": _COUNT, "end_pos": _COUNT, "total": _COUNT},
        },
    },
}

CONTRACT: dict[str, Any] = {
    "paths": {
        "/artifactory/api/repositories": {
            "get": {
                "parameters": [
                    {"name": name, "in": "query", "schema": _TEXT}
                    for name in ("type", "packageType")
                ],
                **_answers(200, {"type": "array", "items": _LISTED}),
            }
        },
        "/artifactory/api/repositories/{key}": {
            "get": _answers(200, _CONFIGURED),
            "put": {**_takes(_CONFIGURED), **_answers(200)},
            "post": {**_takes(_CHANGED), **_answers(200)},
            "delete": _answers(200),
        },
        # Its body is no JSON: `artifactory_queries` reads it, and refuses what it does not know.
        "/artifactory/api/search/aql": {"post": _answers(200, _FOUND)},
        "/artifactory/api/trash/restore/{item}": {
            "post": {
                "parameters": [{"name": "to", "in": "query", "schema": _TEXT}],
                **_answers(202),
            }
        },
        "/artifactory/{file}": {"delete": _answers(204)},
    }
}
