"""Patterns of rules about tags: Harbor's globs ("doublestar"), and hubcli's regular expressions."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\*+|\?|\{[^{}]*\}|\[[^\]]*\]|\\?.", re.DOTALL)
_RULE = re.compile(r"\.\*|\.|\[[A-Za-z0-9_-]+\]|\\[^A-Za-z0-9]|[A-Za-z0-9_:@/-]")
_STARS = re.compile(r"\*+")
_LONGEST, _MOST_STARS, _MOST_CHOICES = 255, 4, 6
_SPECIAL = frozenset(r".^$+?{}[]\|()*")


def expression(glob: str) -> str:
    """The regular expression for the tags that a glob matches; tags have no slash."""
    return "".join(map(_expressed, _PIECE.findall(glob)))


def _expressed(piece: str) -> str:
    if piece.startswith("*"):
        return ".*"
    if piece == "?":
        return "."
    if piece[0] == "{" and len(piece) > 1:
        return f"({'|'.join(map(expression, piece[1:-1].split(',')))})"
    if piece[0] == "[" and len(piece) > 1:
        return piece
    plain = piece[-1]
    return f"\\{plain}" if plain in _SPECIAL else plain


def matches(glob: str, path: str) -> bool:
    """Whether a glob matches a repository's name; `*` stops at a slash, `**` does not.

    One with more wildcards than anybody writes matches nothing: trying them all could take for
    ever, and globs come from servers.
    """
    stars, choices = len(_STARS.findall(glob)), glob.count("{")
    if len(glob) > _LONGEST or stars > _MOST_STARS or choices > _MOST_CHOICES:
        return False
    parts = (
        "[^/]*" if piece == "*" else "[^/]" if piece == "?" else _expressed(piece)
        for piece in _PIECE.findall(glob)
    )
    try:
        return re.fullmatch("".join(parts), path) is not None
    except re.error:
        return False


def glob(rule: str) -> str | None:
    """The glob that means the same as a regular expression; None where there is none.

    There is one for text, `.`, `.*`, `[a-z]` and what is escaped.
    """
    found = _RULE.findall(rule)
    if not rule or "".join(found) != rule:
        return None
    return "".join(map(_globbed, found))


def _globbed(piece: str) -> str:
    if piece == ".*":
        return "*"
    if piece == ".":
        return "?"
    return piece[1:] if piece[0] == "\\" and piece[1:] not in "*?[]{}\\" else piece
