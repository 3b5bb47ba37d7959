"""Text from a registry is hostile: what a terminal would act on is shown as a visible escape."""

from __future__ import annotations

import re
from functools import cache

# Control characters (C0, DEL, C1), marks that change the direction of text, characters that are
# there but not seen, line and paragraph separators, lone surrogates, and the tag characters, in
# which whole messages can be hidden. None of them is printable in Python's sense.
_UNSAFE = (
    r"\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e00ff"
)
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


@cache
def _unsafe(with_c0: bool) -> re.Pattern[str]:
    return re.compile(f"[\\x00-\\x1f{_UNSAFE}]" if with_c0 else f"[{_UNSAFE}]")


def visible(text: str) -> str:
    r"""`text` in which nothing acts on a terminal: `\x1b`, `\u202e`, `\n` stand as such.

    Backslashes that were there before stay single, so plain text is never changed.
    """
    if text.isprintable():
        return text
    return _unsafe(True).sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if code < 0x100:
        return _NAMED.get(char) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_safe(document: str) -> str:
    r"""A JSON text with the characters that `visible` shows as JSON's own `\uXXXX` escapes.

    They can stand only inside strings, so the parsed value is unchanged. The C0 controls are not
    touched: inside strings JSON has escaped them already, outside they are white space.
    """
    if document.isascii() and "\x7f" not in document:
        return document
    return _unsafe(False).sub(_json_escape, document)


def _json_escape(match: re.Match[str]) -> str:
    return json_escape(match[0])


def json_escape(char: str) -> str:
    r"""One character as JSON escapes it: `\u00e9`, or two of these beyond U+FFFF."""
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
