"""Compares Hub API requests and answers with Docker's published OpenAPI document.

The document is no part of this project. It is looked for where HUBCLI_HUB_OPENAPI says, else
in ../shared/apis/docker-hub/openapi.yaml beside the repository.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from support import programs
from support.openapi_corrections import (
    CORRECTIONS,
    QUERY_PARAMETERS,
    UNDOCUMENTED,
    Correction,
    Schema,
)

VARIABLE = "HUBCLI_HUB_OPENAPI"
_BESIDE = Path(__file__).parents[3] / "shared/apis/docker-hub/openapi.yaml"
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def document_path() -> Path | None:
    """Where the document is, if it is anywhere."""
    named = os.environ.get(VARIABLE)
    path = _BESIDE if named is None else Path(named)
    return path if path.is_file() else None


def require_document() -> Document:
    """The document; without it the test is skipped, and in CI fails unless that is said to be so.

    An empty HUBCLI_HUB_OPENAPI says so.
    """
    path = document_path()
    if path is None:
        skip = pytest.skip if os.environ.get(VARIABLE) == "" else programs.skip
        skip(f"no Hub request is compared with Docker's OpenAPI document: set {VARIABLE} to it")
    return Document.load(path)


@dataclass(frozen=True)
class Exchange:
    """A request as a server got it, and its answer; `target` is the path with its query."""

    method: str
    target: str
    status: int
    user_agent: str = ""
    request_type: str = ""
    request: bytes = b""
    response_type: str = ""
    response: bytes = b""
    test: str = ""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status}"


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the corrected document has it."""

    route: str
    """As `GET /v2/orgs/{org_name}/members`."""
    pattern: re.Pattern[str]
    query: Mapping[str, Schema]
    body: Schema | None
    body_required: bool
    answers: Mapping[str, Mapping[str, Schema]]
    """Schemas by status ("default" too) and media type."""


class Document:
    """A published document with the known corrections applied; by default those of Docker's.

    `query` adds parameters to routes and `undocumented` names routes that are not in it; of the
    `parameters` of paths those that are given match their regular expression, not one segment.
    """

    def __init__(
        self,
        source: Mapping[str, Any],
        *,
        corrections: Iterable[Correction] = CORRECTIONS,
        query: Mapping[str, Mapping[str, Schema]] = QUERY_PARAMETERS,
        undocumented: Collection[str] = UNDOCUMENTED,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self._source = _mended(source)
        for correction in corrections:
            _apply(self._source, correction)
        self._query = query
        self._undocumented = undocumented
        self._parameters = parameters or {}
        self._components = _json_schema(self._source.get("components", {}))
        self._validators: dict[int, Draft202012Validator] = {}

    @classmethod
    def load(cls, path: Path) -> Document:
        # libyaml, where it is: every worker reads the document, and Python takes ten times as long.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cls(yaml.load(path.read_text(), loader))

    @cached_property
    def operations(self) -> list[Operation]:
        """All of them; those with fewer parameters in their path first."""
        found = [
            self._operation(path, method, item)
            for path, item in self._source["paths"].items()
            for method in _METHODS
            if method in item
        ]
        return sorted(found, key=lambda operation: operation.route.count("{"))

    def operation(self, exchange: Exchange) -> Operation | None:
        """The operation that an exchange is one of, if the document knows it."""
        request = f"{exchange.method} {exchange.path.rstrip('/')}"
        return next((one for one in self.operations if one.pattern.fullmatch(request)), None)

    def request_faults(self, exchange: Exchange) -> list[str]:
        """How a request departs from the document, or that neither it nor we know the route.

        Values that the server refused with 400 were for the server to judge: they may be a user's.
        """
        operation = self.operation(exchange)
        if operation is None:
            known = undocumented(exchange, self._undocumented) is not None
            return [] if known else ["no such route, and it is not listed as undocumented"]
        return [*self._query_faults(operation, exchange), *self._body_faults(operation, exchange)]

    def answer_faults(self, exchange: Exchange) -> list[str]:
        """How an answer departs from the document; empty where it does not know the route."""
        operation = self.operation(exchange)
        return [] if operation is None else list(self._answer_faults(operation, exchange))

    def _operation(self, path: str, method: str, item: Mapping[str, Any]) -> Operation:
        about = item[method]
        route = f"{method.upper()} {path}"
        declared = [*item.get("parameters", []), *about.get("parameters", [])]
        parameters = [self._resolved(parameter) for parameter in declared]
        query = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
        body = self._resolved(about.get("requestBody", {}))
        answers = {
            str(status): _schemas(self._resolved(answer))
            for status, answer in about["responses"].items()
        }
        return Operation(
            route,
            _pattern(route, self._parameters),
            {**query, **self._query.get(route, {})},
            next(iter(_schemas(body).values()), None),
            bool(body.get("required", "content" in body)),
            answers,
        )

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self._source
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def _query_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        for name, value in parse_qsl(urlsplit(exchange.target).query, keep_blank_values=True):
            schema = operation.query.get(name)
            if schema is None:
                yield f"{operation.route} has no query parameter {name!r}"
            elif exchange.status != 400:
                yield from self._invalid(schema, _typed(value, schema), f"parameter {name}")

    def _body_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        if not exchange.request:
            if operation.body is not None and operation.body_required:
                yield f"{operation.route} needs a body"
            return
        if operation.body is None:
            yield f"{operation.route} takes no body"
            return
        try:
            body = json.loads(exchange.request)
        except ValueError:
            yield "the body is not JSON"
            return
        if exchange.status != 400:
            yield from self._invalid(operation.body, body, "the body")
        known = self._members(operation.body)
        yield from (f"the body has no member {name!r}" for name in body if name not in known)

    def _answer_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        answers, status = operation.answers, str(exchange.status)
        schemas = answers.get(status, answers.get("default"))
        if schemas is None:
            if exchange.status < 400:  # a refusal may come everywhere, listed or not
                yield f"{operation.route} does not answer {status}"
            return
        kind = exchange.response_type.partition(";")[0]
        schema = schemas.get(kind)
        if exchange.method == "HEAD":
            return
        if schema is None:
            if schemas and exchange.status < 400:
                yield f"the answer is {kind or 'of no type'}, not {' or '.join(schemas)}"
            return
        if kind == "text/csv":
            rows = csv.DictReader(io.StringIO(exchange.response.decode()))
            yield from self._invalid(schema, list(rows), "the table")
            return
        try:
            answer = json.loads(exchange.response)
        except ValueError:
            yield "the answer is not JSON"
            return
        yield from self._invalid(schema, answer, "the answer")

    def _invalid(self, schema: Schema, value: object, what: str) -> Iterator[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**_json_schema(schema), "components": self._components}
            validator = Draft202012Validator(whole, format_checker=_FORMATS)
            self._validators[id(schema)] = validator
        for error in validator.iter_errors(value):
            yield f"{what}{error.json_path[1:]}: {error.message[:200]}"

    def _members(self, schema: Schema) -> set[str]:
        """Names of the members that an object of a schema may have."""
        found = self._resolved(schema)
        names = set(found.get("properties", {}))
        return names.union(*(self._members(part) for part in found.get("allOf", [])))


def undocumented(exchange: Exchange, routes: Collection[str] = UNDOCUMENTED) -> str | None:
    """The row of `routes` that an exchange falls under."""
    request = f"{exchange.method} {exchange.path.rstrip('/')}"
    return next((route for route in routes if _pattern(route).fullmatch(request)), None)


def _pattern(route: str, parameters: Mapping[str, str] | None = None) -> re.Pattern[str]:
    parts = re.split(r"\{([^}]+)\}", route.rstrip("/"))
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [(parameters or {}).get(name, "[^/]+") for name in parts[1::2]]
    return re.compile("".join(parts))


def _schemas(node: Mapping[str, Any]) -> dict[str, Schema]:
    return {kind: one["schema"] for kind, one in node.get("content", {}).items() if "schema" in one}


def _typed(text: str, schema: Schema) -> object:
    """A query parameter's text as the type that its schema wants, if it is of that type."""
    if schema.get("type") in {"integer", "number"} and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _mended(node: Any) -> Any:
    """A copy with text for keys, as JSON has it: the document has bare numbers for status codes."""
    if isinstance(node, Mapping):
        return {str(key): _mended(value) for key, value in node.items()}
    return [_mended(item) for item in node] if isinstance(node, list) else node


def _apply(source: dict[str, Any], correction: Correction) -> None:
    *parents, last = correction.steps
    node: Any = source
    for step in parents:
        node = node[step]
    if correction.value is None:
        del node[last]
    else:
        node[last] = correction.value


def _json_schema(node: Any) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema 2020-12."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    found = {key: _json_schema(value) for key, value in node.items() if key != "example"}
    if isinstance(found.get("required"), bool):
        del found["required"]
    one_by_one = _required_one_by_one(node.get("properties"))
    if one_by_one:
        found["required"] = [*found.get("required", []), *one_by_one]
    if node.get("nullable") is True or node.get("example", "") is None:
        return {"anyOf": [found, {"type": "null"}]}
    return found


def _required_one_by_one(properties: Any) -> Iterable[str]:
    if not isinstance(properties, Mapping):
        return []
    named = (item for item in properties.items() if isinstance(item[1], Mapping))
    return [name for name, schema in named if schema.get("required") is True]
