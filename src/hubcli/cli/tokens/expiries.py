"""When an access token is to run out, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hubcli import timestamps
from hubcli.errors import UsageError


def expiry(text: str | None, now: datetime | None = None) -> str | None:
    """RFC 3339 for `90d`, `12h`, a date or a time; UsageError for anything else or the past."""
    if text is None:
        return None
    now = now or datetime.now(UTC)
    length = timestamps.span(text)
    moment = timestamps.parse(text) if length is None else after(now, length)
    if moment is None:
        raise UsageError(f"--expires takes 90d, 12h, a date or a time of RFC 3339, not {text!r}")
    if moment <= now:
        raise UsageError(f"--expires {text} is not in the future")
    return timestamps.render(moment.replace(microsecond=0))


def after(moment: datetime, length: timedelta) -> datetime | None:
    """None where no calendar has it."""
    try:
        return moment + length
    except OverflowError:
        return None
