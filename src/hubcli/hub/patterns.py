"""Glob patterns, as far as a server that looks for parts of names can help with them."""

from __future__ import annotations

import re

_WILD = re.compile(r"\[!?\]?[^\]]*\]|[*?\[]")


def literal_part(glob: str) -> str | None:
    """The longest run of plain characters that every match contains; None where there is none."""
    longest = max(_WILD.split(glob), key=len)
    return longest or None
