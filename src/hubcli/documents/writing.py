"""Writing plain data as YAML, which needs no package to be written.

Every text that could be taken for something else stands in double quotes, in which YAML knows
JSON's escapes; so hostile names and descriptions come back as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

Plain = str | int | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]
"""What YAML, JSON and TOML have in common, as far as a document needs it."""

_BARE = re.compile(r"[a-z][a-z0-9_.-]*(?:/[a-z0-9_.-]+)*")
# Words that YAML 1.1 takes for truth values or nothing.
_WORDS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
_ESCAPES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def to_yaml(document: Mapping[str, Plain]) -> str:
    """`document` as YAML, ended by a newline; its sections have an empty line between them."""
    sections = ("".join(f"{line}\n" for line in _lines({key: document[key]})) for key in document)
    return "\n".join(sections)


def _lines(mapping: Mapping[str, Plain], indent: str = "") -> Iterator[str]:
    for key, value in mapping.items():
        name = f"{indent}{_text(key)}:"
        if isinstance(value, Mapping) and value:
            yield name
            yield from _lines(value, f"{indent}  ")
        elif _is_block(value):
            yield name
            yield from _items(value, f"{indent}  ")
        else:
            yield f"{name} {_flow(value)}"


def _is_block(value: Plain) -> TypeGuard[Sequence[Plain]]:
    """Whether it is a list that needs lines of its own: one with mappings in it."""
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        return False
    return any((isinstance(each, Mapping) and each) or _is_block(each) for each in value)


def _items(values: Sequence[Plain], indent: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping) and value:
            lines = _lines(value, f"{indent}  ")
        elif _is_block(value):
            lines = _items(value, f"{indent}  ")
        else:
            lines = iter((f"{indent}  {_flow(value)}",))
        yield f"{indent}- {next(lines).removeprefix(f'{indent}  ')}"
        yield from lines


def _flow(value: Plain) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{}"
    return f"[{', '.join(map(_flow, value))}]"


def _text(text: str) -> str:
    """A scalar that every reader of YAML takes for this text."""
    if _BARE.fullmatch(text) and text not in _WORDS:
        return text
    return f'"{"".join(_escaped(character) for character in text)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
