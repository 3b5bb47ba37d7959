"""Times as registries write them and as hubcli prints them: RFC 3339 in UTC with `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Go prints up to nine digits of a second, `fromisoformat` takes six.
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")


def parse(text: object) -> datetime | None:
    """The UTC time that an RFC 3339 string means; None for anything else, and for Go's year 1."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment.year <= 1:
        return None
    return moment.astimezone(UTC)


def render(moment: datetime | None) -> str | None:
    """`2026-11-23T10:00:00Z`, with a fraction only where there is one."""
    if moment is None:
        return None
    text = moment.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def normalised(text: object) -> str | None:
    """A server's time in the form hubcli prints; None where it is missing or no time."""
    return render(parse(text))


def from_epoch(seconds: float) -> str | None:
    """UNIX seconds in the form hubcli prints; None where no calendar has them."""
    try:
        return render(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return None
