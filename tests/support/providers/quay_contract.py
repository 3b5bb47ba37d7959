"""What Quay's own description of its API leaves out: nearly all answers, and some statuses."""

from __future__ import annotations

from typing import Any

from support.openapi_corrections import Correction, Schema

PARAMETERS = {"repository": r"(?:(?!/(?:tag|changevisibility|changestate)(?:/|$)).)+"}
"""Names have slashes in them, which are sent as they are."""

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_SUCCESS: Schema = {
    "type": "object",
    "required": ["success"],
    "properties": {"success": {"enum": [True]}},
}
_STATE: Schema = {"enum": ["NORMAL", "READ_ONLY", "MIRROR", "ORG_MIRROR", None]}
_REPOSITORY: Schema = {
    "type": "object",
    "required": ["namespace", "name", "description", "is_public", "kind", "state"],
    "properties": {
        "namespace": _TEXT,
        "name": _TEXT,
        "description": {"type": ["string", "null"]},
        "is_public": _FLAG,
        "kind": {"enum": ["image", "application"]},
        "state": _STATE,
        "last_modified": {"type": ["integer", "null"]},
        "is_starred": _FLAG,
    },
}
_TAG: Schema = {
    "type": "object",
    "required": ["name", "reversion", "start_ts", "manifest_digest", "is_manifest_list", "size"],
    "properties": {
        "name": _TEXT,
        "reversion": _FLAG,
        "start_ts": _NUMBER,
        "end_ts": _NUMBER,
        "manifest_digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "is_manifest_list": _FLAG,
        "size": {"type": ["integer", "null"]},
        "last_modified": _TEXT,
        "expiration": _TEXT,
    },
}
_RESULT: Schema = {
    "type": "object",
    "required": ["kind", "namespace", "name", "description", "is_public", "score", "href"],
    "properties": {
        "kind": {"enum": ["repository"]},
        "namespace": {
            "type": "object",
            "required": ["kind", "name"],
            "properties": {"name": _TEXT, "kind": {"enum": ["user", "organization"]}},
        },
        "name": _TEXT,
        "is_public": _FLAG,
        "stars": _NUMBER,
        "last_modified": {"type": ["integer", "null"]},
        "popularity": {"type": "number"},
    },
}


def _listing(member: str, item: Schema, **others: Schema) -> Schema:
    properties: dict[str, Any] = {member: {"type": "array", "items": item}, **others}
    return {
        "type": "object",
        "required": [member, *(name for name in others if name != "next_page")],
        "properties": properties,
    }


def _answer(route: str, method: str, status: int, schema: Schema, reason: str) -> Correction:
    place = f"paths/{f'/api/v1/{route}'.replace('/', '~1')}/{method}/responses/{status}"
    return Correction(place, {"content": {"application/json": {"schema": schema}}}, reason)


_UNTOLD = "the document has no schema for it"
_CREATED = "the document has 201 for every POST and 200 for every PUT"
_OF_REPOSITORY = "repository/{repository}"

CORRECTIONS = (
    _answer(
        "repository",
        "get",
        200,
        _listing("repositories", _REPOSITORY, next_page=_TEXT),
        _UNTOLD,
    ),
    _answer(_OF_REPOSITORY, "get", 200, _REPOSITORY, _UNTOLD),
    _answer(_OF_REPOSITORY, "put", 200, _SUCCESS, _UNTOLD),
    _answer(f"{_OF_REPOSITORY}/changevisibility", "post", 200, _SUCCESS, _CREATED),
    _answer(f"{_OF_REPOSITORY}/changestate", "put", 200, _SUCCESS, _UNTOLD),
    _answer(
        f"{_OF_REPOSITORY}/tag/",
        "get",
        200,
        _listing("tags", _TAG, page=_NUMBER, has_additional=_FLAG),
        _UNTOLD,
    ),
    _answer(
        f"{_OF_REPOSITORY}/tag/{{tag}}/restore",
        "post",
        200,
        {"type": "object", "maxProperties": 0},
        _CREATED,
    ),
    Correction(
        "components/schemas/RestoreTag/required",
        ["manifest_digest"],
        "the server answers 400 without it",
    ),
    _answer(
        "find/repositories",
        "get",
        200,
        _listing(
            "results",
            _RESULT,
            has_additional=_FLAG,
            page=_NUMBER,
            page_size=_NUMBER,
            start_index=_NUMBER,
        ),
        _UNTOLD,
    ),
)
