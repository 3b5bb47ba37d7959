"""The document as it was written: YAML, JSON or TOML, as values that know where they stand.

Whoever wrote it may have wanted to harm: nothing is constructed but text, lists and mappings, and
size, depth and what aliases multiply are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from hubcli.errors import HubcliError, UsageError

LARGEST = 1 << 20
"""Bytes of a document."""

_MOST_VALUES = 100_000
_DEEPEST = 20
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_SCALARS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "timestamp", "value")
)


class Place(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Value:
    """A text, a list, a mapping, or nothing (None); `key` is where its key stands.

    A number or a truth value is the text it was written as: a team may be called `no`, a tag `1.0`.
    """

    content: str | list[Value] | dict[str, Value] | None
    place: Place | None = None
    key: Place | None = None


class Malformed(Exception):
    """What is wrong with a document, and where."""

    def __init__(self, reason: str, place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


def read_tree(text: str, name: str) -> Value:
    """The document `text`; the ending of its file's `name` says what it is written in.

    Without `.json` or `.toml` it is YAML, which takes a package of its own; what looks like JSON is
    read without. UsageError for a document that is none, HubcliError without that package.
    """
    suffix = PurePath(name).suffix.lower()
    try:
        if suffix == ".toml":
            return _toml(text)
        if suffix == ".json":
            return _json(text)
        return _json_if_it_is(text) or _yaml(text)
    except Malformed as error:
        raise failure_at(name, error.place, error.reason) from None


def failure_at(name: str, place: Place | None, reason: str) -> UsageError:
    """A failure that says where in a document it is."""
    where = "" if place is None else f", line {place.line}, column {place.column}"
    return UsageError(f"{name}{where}: {reason}")


# JSON and TOML: their readers do not tell where anything stands


def _json_if_it_is(text: str) -> Value | None:
    """None where it is to be read as YAML, which has braces as well."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return _json(text)
    except Malformed as error:
        if error.place is not None:
            return None
        raise


def _json(text: str) -> Value:
    try:
        document = json.loads(
            text, object_pairs_hook=_distinct, parse_int=str, parse_float=str, parse_constant=str
        )
    except json.JSONDecodeError as error:
        raise Malformed(error.msg.lower(), Place(error.lineno, error.colno)) from None
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    return _Plain().value(document)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"the key {twice!r} is there twice")
    return found


def _toml(text: str) -> Value:
    import tomllib

    try:
        return _Plain().value(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        place = Place(int(found[1]), int(found[2])) if found else None
        raise Malformed(re.sub(r"\s*\(at .*\)$", "", str(error)).lower(), place) from None
    except RecursionError:
        raise Malformed("it is nested too deeply") from None


class _Bounds:
    """Counts what was read."""

    def __init__(self) -> None:
        self._count = 0

    def count(self, depth: int, place: Place | None = None) -> None:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise Malformed(f"it has more than {_MOST_VALUES:,} values", place)
        if depth > _DEEPEST:
            raise Malformed("it is nested too deeply", place)


class _Plain(_Bounds):
    """Values of what a reader made."""

    def value(self, found: Any, depth: int = 0) -> Value:
        self.count(depth)
        if isinstance(found, dict):
            return Value({str(key): self.value(each, depth + 1) for key, each in found.items()})
        if isinstance(found, list):
            return Value([self.value(each, depth + 1) for each in found])
        if isinstance(found, bool):
            return Value(str(found).lower())
        return Value(None if found is None else str(found))


# YAML


def _yaml(text: str) -> Value:
    try:
        import yaml
    except ImportError:
        raise HubcliError(
            "YAML takes a package that is not installed; JSON and TOML do not",
            code="UNSUPPORTED",
            hint="pip install 'hubcli[yaml]'",
        ) from None

    class Loader(yaml.SafeLoader):
        """The reader in Python, for that in C recurses without end; it gives up early."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            bounds.count(0, _place(event.start_mark))
            return super().compose_node(parent, index)

    bounds = _Bounds()
    try:
        # Nodes only: nothing is constructed of them.
        root = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Malformed(error.problem or "it is no YAML", _place(mark) if mark else None) from None
    except yaml.YAMLError as error:
        raise Malformed(" ".join(str(error).split())) from None
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    return Value({}) if root is None else _Nodes().value(root)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class _Nodes(_Bounds):
    """Values of YAML's nodes; an alias is what it stands for, as often as it stands there."""

    def value(self, node: Any, depth: int = 0, key: Place | None = None) -> Value:
        place = _place(node.start_mark)
        self.count(depth, place)
        return Value(self._content(node, depth), place, key)

    def _content(self, node: Any, depth: int) -> str | list[Value] | dict[str, Value] | None:
        if node.id == "mapping" and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, depth)
        if node.id == "sequence" and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(each, depth + 1) for each in node.value]
        if node.id == "scalar" and node.tag in _SCALARS:
            return str(node.value)
        if node.id == "scalar" and node.tag == _NULL:
            return None
        raise Malformed(f"nothing is made of the tag {node.tag}", _place(node.start_mark))

    def _mapping(self, node: Any, depth: int) -> dict[str, Value]:
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, value in node.value:
            place = _place(key.start_mark)
            if key.id == "scalar" and key.tag == _MERGE:
                for each in self._merged(value, depth + 1):
                    merged = {**each, **merged}
                continue
            if key.id != "scalar" or key.tag not in _SCALARS:
                raise Malformed("a key is a text", place)
            if key.value in own:
                raise Malformed(f"the key {key.value!r} is there twice", place)
            own[key.value] = self.value(value, depth + 1, place)
        return {**merged, **own}

    def _merged(self, node: Any, depth: int) -> Iterator[Mapping[str, Value]]:
        """The mappings behind `<<`: one, or a list of them, of which the first counts most."""
        value = self.value(node, depth)
        for each in value.content if isinstance(value.content, list) else [value]:
            if not isinstance(each.content, dict):
                raise Malformed("a mapping is wanted behind <<", each.place)
            yield each.content
