"""Reading members of Hub's JSON objects, each of which may be missing, null or of another type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]
"""A JSON object as it came."""

Row = dict[str, object]
"""What is handed to commands: the contract's field names."""


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def number(value: object) -> int | None:
    """A count or a size in bytes; booleans, negative and fractional numbers are none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def objects(value: object) -> list[Object]:
    """The JSON objects in a list; a single one counts as a list of it."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def names(value: object, *keys: str) -> list[str] | None:
    """A list of strings, or of objects that each have a name under one of `keys`."""
    if not isinstance(value, list):
        return None
    found = []
    for item in value:
        if isinstance(item, dict):
            item = next((item[key] for key in keys if text(item.get(key))), None)
        if isinstance(item, str) and item:
            found.append(item)
    return found
