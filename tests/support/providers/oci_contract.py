"""What distribution-spec 1.1 takes and answers, in our own words: for registries that have no more.

After opencontainers/distribution-spec spec.md: pulling, pushing of manifests, listing and deleting.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_COUNT = {"type": "integer", "minimum": 0}

_ERRORS = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "items": {"type": "object", "required": ["code"], "properties": {"code": _TEXT}},
        }
    },
}
_DESCRIPTOR = {
    "type": "object",
    "required": ["mediaType", "digest", "size"],
    "properties": {"mediaType": _TEXT, "digest": _DIGEST, "size": _COUNT},
}
_MANIFEST = {
    "type": "object",
    "required": ["schemaVersion"],
    "properties": {
        "schemaVersion": {"enum": [2]},
        "mediaType": _TEXT,
        "artifactType": _TEXT,
        "config": _DESCRIPTOR,
        "layers": {"type": "array", "items": _DESCRIPTOR},
        "manifests": {"type": "array", "items": _DESCRIPTOR},
        "subject": _DESCRIPTOR,
        "annotations": {"type": "object", "additionalProperties": _TEXT},
    },
}
_NAMES = {"type": ["array", "null"], "items": _TEXT}


def _answers(status: int, schema: Any = None) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    refused = {"content": {"application/json": {"schema": _ERRORS}}}
    return {
        "responses": {
            str(status): {"description": "", **content},
            **{str(code): {"description": "", **refused} for code in (400, 404, 405)},
        }
    }


def _list(**properties: Any) -> dict[str, Any]:
    paging = [
        {"name": "n", "in": "query", "schema": {"type": "integer", "minimum": 0}},
        {"name": "last", "in": "query", "schema": _TEXT},
    ]
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"get": {"parameters": paging, **_answers(200, schema)}}


CONTRACT: dict[str, Any] = {
    "paths": {
        "/v2": {"get": _answers(200)},
        "/v2/_catalog": _list(repositories=_NAMES),
        "/v2/{name}/tags/list": _list(name=_TEXT, tags=_NAMES),
        "/v2/{name}/manifests/{reference}": {
            "head": _answers(200),
            "get": _answers(200),
            "put": {
                "requestBody": {"content": {"application/json": {"schema": _MANIFEST}}},
                **_answers(201),
            },
            "delete": _answers(202),
        },
        "/v2/{name}/blobs/{digest}": {"head": _answers(200), "get": _answers(200)},
        "/v2/{name}/blobs/uploads": {
            "post": {
                "parameters": [
                    {"name": name, "in": "query", "schema": _TEXT}
                    for name in ("digest", "mount", "from", "digest-algorithm")
                ],
                **_answers(202),
            }
        },
        "/v2/{name}/blobs/uploads/{session}": {
            "put": {
                "parameters": [{"name": "digest", "in": "query", "schema": _DIGEST}],
                **_answers(201),
            }
        },
    }
}
PARAMETERS = {"name": "[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"}
