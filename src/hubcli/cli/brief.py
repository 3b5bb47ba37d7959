"""Values of a plan: what was and will be, on one line."""

from __future__ import annotations

from hubcli.output import visible

_LONGEST = 60


def brief(value: object) -> str:
    """A value on one line, cut where it is long; nothing is `(none)`."""
    several = isinstance(value, list | tuple)
    text = visible(", ".join(map(str, value)) if several else str(value or ""))  # type: ignore[call-overload]
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    return text or "(none)"
