"""Swagger 2.0 documents as OpenAPI 3 has them, as far as comparing exchanges needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_METHODS = {"get", "head", "post", "put", "patch", "delete"}
_OF_SCHEMAS = {"type", "format", "enum", "items", "minimum", "maximum", "pattern", "default"}
_JSON = "application/json"


def as_openapi(source: Mapping[str, Any]) -> dict[str, Any]:
    """The document, with its base path in its paths, and all else where OpenAPI 3 has it."""
    base = str(source.get("basePath", "")).rstrip("/")
    shared = source.get("parameters", {})
    paths = {
        f"{base}{path}": _item(item, shared, source.get("responses", {}))
        for path, item in source["paths"].items()
    }
    schemas = source.get("definitions", {})
    return {"paths": _moved(paths), "components": {"schemas": _moved(schemas)}}


def _item(
    item: Mapping[str, Any], shared: Mapping[str, Any], answers: Mapping[str, Any]
) -> dict[str, Any]:
    common = _resolved(item.get("parameters", []), shared)
    return {
        method: _operation(about, common, shared, answers)
        for method, about in item.items()
        if method in _METHODS
    }


def _operation(
    about: Mapping[str, Any],
    common: list[Mapping[str, Any]],
    shared: Mapping[str, Any],
    answers: Mapping[str, Any],
) -> dict[str, Any]:
    parameters = [*common, *_resolved(about.get("parameters", []), shared)]
    found: dict[str, Any] = {
        "parameters": [
            {"name": one["name"], "in": one["in"], "schema": _schema(one)}
            for one in parameters
            if one["in"] in {"query", "path", "header"}
        ],
        "responses": {
            str(status): _answer(_target(answer, answers))
            for status, answer in about["responses"].items()
        },
    }
    body = next((one for one in parameters if one["in"] == "body"), None)
    if body is not None:
        found["requestBody"] = {
            "required": body.get("required", False),
            "content": {_JSON: {"schema": body.get("schema", {})}},
        }
    return found


def _resolved(
    parameters: Iterable[Mapping[str, Any]], shared: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    return [_target(parameter, shared) for parameter in parameters]


def _target(node: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    target: Mapping[str, Any] = shared[node["$ref"].rpartition("/")[2]]
    return target


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    if "schema" not in answer:
        return {}
    return {"content": {_JSON: {"schema": answer["schema"]}}}


def _schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameter.items() if name in _OF_SCHEMAS}


def _moved(node: Any) -> Any:
    """References to definitions as references to components; `x-nullable` as `nullable`."""
    if isinstance(node, list):
        return [_moved(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    found = {name: _moved(value) for name, value in node.items()}
    if isinstance(found.get("$ref"), str):
        found["$ref"] = found["$ref"].replace("#/definitions/", "#/components/schemas/")
    if found.get("x-nullable") is True:
        found["nullable"] = True
    return found
