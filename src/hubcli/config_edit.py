"""Changing one key of the configuration file, and leaving all the rest of its text as it is.

Comments, order and spelling are the user's. What comes out is read again and must say exactly what
was meant; a file that cannot be changed that way is to be edited by hand.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from hubcli.errors import UsageError

Path = tuple[str, ...]
"""Tables and key from the outside in, as in `("registries", "quay.io", "plain_http")`."""


def change(text: str, path: Path, value: object | None) -> str:
    """`text` with `path` set to `value`, or removed where that is None."""
    before = tomllib.loads(text)
    wanted = _changed(before, path, value)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    edited = "".join(_edited(lines, path, value))
    try:
        achieved = _pruned(tomllib.loads(edited)) == _pruned(wanted)
    except tomllib.TOMLDecodeError:
        achieved = False
    if not achieved:
        raise UsageError(
            f"{'.'.join(path)} is written in a way that only a person can change: edit the file"
        )
    return edited


def _edited(lines: list[str], path: Path, value: object | None) -> list[str]:
    start, end = _table(lines, path[:-1])
    span = None if start is None else _assignment(lines, start, end, path[-1])
    if value is None:
        return lines if span is None else [*lines[: span[0]], *lines[span[1] :]]
    assignment = [f"{_key(path[-1])} = {_written(value)}\n"]
    if span is not None:
        return [*lines[: span[0]], *assignment, *lines[span[1] :]]
    if start is not None:
        at = _last_assignment(lines, start, end)
        return [*lines[:at], *assignment, *lines[at:]]
    header = f"[{'.'.join(_key(part) for part in path[:-1])}]\n"
    return [*lines, *(["\n"] if lines else []), header, *assignment]


def _table(lines: Sequence[str], path: Path) -> tuple[int | None, int]:
    """The lines between the header of the table and the next header."""
    start = None
    for number, line in enumerate(lines):
        found = _header(line)
        if found is None:
            continue
        if start is not None:
            return start, number
        if found == path:
            start = number + 1
    return start, len(lines)


def _header(line: str) -> Path | None:
    """The path of a `[table]` line."""
    if not line.lstrip().startswith("[") or line.lstrip().startswith("[["):
        return None
    try:
        document: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    path: list[str] = []
    while isinstance(document, dict) and document:
        ((name, document),) = document.items()
        path.append(name)
    return tuple(path)


def _assignment(lines: Sequence[str], start: int, end: int, key: str) -> tuple[int, int] | None:
    """The lines that give `key` its value, which may go over several."""
    named = re.compile(rf"\s*(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')\s*=")
    for first in range(start, end):
        if not named.match(lines[first]):
            continue
        for last in range(first + 1, end + 1):
            try:
                tomllib.loads("".join(lines[first:last]))
            except tomllib.TOMLDecodeError:
                continue
            return first, last
    return None


def _last_assignment(lines: Sequence[str], start: int, end: int) -> int:
    """Where a new key goes: after the last line of the table that is not empty."""
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end


def _changed(document: Mapping[str, Any], path: Path, value: object | None) -> dict[str, Any]:
    changed = deepcopy(dict(document))
    table: Any = changed
    for name in path[:-1]:
        table = table.setdefault(name, {})
    if value is None:
        table.pop(path[-1], None)
    else:
        table[path[-1]] = list(value) if isinstance(value, tuple) else value
    return changed


def _pruned(document: Any) -> Any:
    """Without empty tables: whether a header is left standing means nothing."""
    if not isinstance(document, dict):
        return document
    pruned = {name: _pruned(value) for name, value in document.items()}
    return {name: value for name, value in pruned.items() if value != {}}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _written(value: object) -> str:
    """A value as TOML writes it; JSON's strings, numbers, booleans and lists are TOML's too."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
