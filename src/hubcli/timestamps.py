"""Times as registries write them and as hubcli prints them: RFC 3339 in UTC with `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Go prints up to nine digits of a second, `fromisoformat` takes six.
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_SPAN = re.compile(r"(\d{1,6}[wdhms])+", re.ASCII)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse(text: object) -> datetime | None:
    """The UTC time that an RFC 3339 string means; None for anything else, for Go's year 1, and for
    what is behind the last year of the calendar in UTC."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return None if moment.year <= 1 else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def of_header(text: str) -> datetime | None:
    """The time that an HTTP header such as `Date` has (RFC 9110, 5.6.7); None for anything else."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


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


def span(text: str) -> timedelta | None:
    """What people write for a length of time: `90d`, `12h`, `1h30m`; None for anything else."""
    if not _SPAN.fullmatch(text):
        return None
    parts = ((part[-1], int(part[:-1])) for part in re.findall(r"\d+[a-z]", text))
    try:
        return sum((timedelta(**{_UNITS[unit]: number}) for unit, number in parts), timedelta())
    except OverflowError:
        return None


def moment(text: str, now: datetime) -> datetime | None:
    """A date, a time, or how long before `now` it is (`7d`); None for anything else."""
    length = span(text)
    if length is None:
        return parse(text)
    try:
        return now - length
    except OverflowError:
        return None
