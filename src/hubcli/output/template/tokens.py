r"""A template cut into text and actions, and actions into tokens."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import NoReturn

from hubcli.errors import UsageError


@dataclass(frozen=True)
class Token:
    """`kind` is text, open, close, field, variable, number, name, string or sign.

    `at` and `end` are offsets in the template.
    """

    kind: str
    text: str
    at: int
    end: int


_OPEN = re.compile(r"\{\{(-(?=\s))?")
_CLOSE = re.compile(r"\s*((?<=\s)-)?\}\}")
_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<field>(?:\.[^\W\d]\w*)+)
  | (?P<variable>\$\w*(?:\.[^\W\d]\w*)*)
  | (?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?))
  | (?P<name>[^\W\d]\w*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
  | (?P<sign>:=|[|(),=.])
)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"""\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))"""
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LAST_CODE_POINT = 0x10FFFF


def fail(reason: str, at: int) -> NoReturn:
    """Refuse the template because of what stands at the 0-based offset `at`."""
    raise UsageError(f"template, character {at + 1}: {reason}")


def tokens(source: str, start: int = 0) -> Iterator[Token]:
    r"""The tokens of `source` from the offset `start` on.

    White space beside a trim marker is gone; in text `\t` and `\n` have become tab and newline.
    """
    at, trimmed = start, False
    while True:
        opening = _OPEN.search(source, at)
        end = opening.start() if opening else len(source)
        text = source[at:end].lstrip() if trimmed else source[at:end]
        if opening is None:
            yield Token("text", _text(text), at, end)
            return
        yield Token("text", _text(text.rstrip() if opening[1] else text), at, end)
        comment = _COMMENT.match(source, opening.end())
        closing: re.Match[str] | None
        if comment is None:
            closing = yield from _action(source, opening)
        else:
            closing = _CLOSE.match(source, comment.end())
        if closing is None:
            fail("a comment ends with its braces: {{/* ... */}}", opening.start())
        at, trimmed = closing.end(), closing[1] is not None


def _action(source: str, opening: re.Match[str]) -> Generator[Token, None, re.Match[str]]:
    """The tokens of one action; returns the match of its closing braces."""
    yield Token("open", opening[0], opening.start(), opening.end())
    at = opening.end()
    while (closing := _CLOSE.match(source, at)) is None:
        match = _TOKEN.match(source, at)
        if match is None:
            _refuse(source, at, opening.start())
        kind = match.lastgroup or ""
        yield Token(kind, match[kind], match.start(kind), match.end())
        at = match.end()
    yield Token("close", "}}", closing.start(), closing.end())
    return closing


def _refuse(source: str, at: int, opened: int) -> NoReturn:
    rest = source[at:].lstrip()
    if not rest:
        fail("the braces opened here are not closed", opened)
    at = len(source) - len(rest)
    if rest[0] in '"`':
        fail("the string that begins here does not end", at)
    fail(f"unexpected {rest[0]!r}", at)


def _text(text: str) -> str:
    """Docker reads these two in the text of a template, and no other escape."""
    return text.replace(r"\t", "\t").replace(r"\n", "\n")


def string_value(token: Token) -> str:
    """What a string token says."""
    inner = token.text[1:-1]
    if token.text[0] == "`":
        return inner

    def unescaped(match: re.Match[str]) -> str:
        if match[1]:
            return _SIMPLE.get(match[1], match[1])
        digits = match[2] or match[3] or match[4]
        code = int(digits, 16) if digits else int(match[5], 8)
        if code > _LAST_CODE_POINT:
            fail("no such character", token.at + 1 + match.start())
        return chr(code)

    text, at = [], 0
    for match in _ESCAPE.finditer(inner):
        text += [inner[at : match.start()], unescaped(match)]
        at = match.end()
    for part in (*text[::2], inner[at:]):
        if "\\" in part:
            fail("unknown escape in a string", token.at)
    return "".join([*text, inner[at:]])
