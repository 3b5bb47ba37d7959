"""Rows from search results as v4 and v2 word them, with the contract's fields."""

from __future__ import annotations

import re

from hubcli import timestamps
from hubcli.hub.decoding import Object, Row, flag, names, number, text
from hubcli.reference import is_path

_ROUNDED = re.compile(r"(\d{1,15})(?:\.(\d{1,9}))?\s*([KMBT]?)\+?", re.IGNORECASE)
_POWERS = {"": 0, "K": 3, "M": 6, "B": 9, "T": 12}


def current(result: Object) -> Row | None:
    """A row from a result of v4; None where it has no name.

    `verified` is a publisher that Docker has verified; `badge` names other honours, too.
    """
    badge = text(result.get("badge"))
    if badge == "none":
        badge = None
    official = badge == "official"
    name = _name(text(result.get("id")) or text(result.get("name")), official)
    if name is None:
        return None
    publisher = result.get("publisher")
    pulls, display = pull_count(result.get("pull_count"))
    return {
        "name": name,
        "description": text(result.get("short_description")),
        "stars": number(result.get("star_count")),
        "pulls": pulls,
        "pulls_display": display,
        "official": official,
        "verified": badge == "verified_publisher",
        "publisher": text(publisher.get("name")) if isinstance(publisher, dict) else None,
        "badge": badge,
        "type": text(result.get("type")),
        "created": timestamps.normalised(result.get("created_at")),
        "updated": timestamps.normalised(result.get("updated_at")),
        "architectures": names(result.get("architectures"), "name", "label"),
        "operating_systems": names(result.get("operating_systems"), "name", "label"),
        "categories": names(result.get("categories"), "slug", "name"),
        "archived": flag(result.get("archived")),
    }


def older(result: Object) -> Row | None:
    """A row from a result of v2, which knows little; None where it has no name."""
    official = flag(result.get("is_official"))
    name = _name(text(result.get("repo_name")), bool(official))
    if name is None:
        return None
    pulls, display = pull_count(result.get("pull_count"))
    return {
        "name": name,
        "description": text(result.get("short_description")),
        "stars": number(result.get("star_count")),
        "pulls": pulls,
        "pulls_display": display,
        "official": official,
        "verified": None,
        "publisher": text(result.get("repo_owner")),
        "badge": "official" if official else None,
        "type": None,
        "created": None,
        "updated": None,
        "architectures": None,
        "operating_systems": None,
        "categories": None,
        "archived": None,
    }


def pull_count(value: object) -> tuple[int | None, str | None]:
    """A number of pulls, and the server's own words where it rounds: `1B+` is at least 10^9."""
    exact = number(value)
    if exact is not None or not isinstance(value, str):
        return exact, None
    found = _ROUNDED.fullmatch(value.strip())
    if found is None:
        return None, None
    whole, fraction, unit = found[1], found[2] or "", found[3].upper()
    power = _POWERS[unit]
    pulls = int((whole + fraction.ljust(power, "0"))[: len(whole) + power])
    rounded = bool(unit) or value.strip().endswith("+")
    return pulls, value.strip() if rounded else None


def _name(found: str | None, official: bool) -> str | None:
    """`namespace/name`; official images come without their namespace. None for what is no name."""
    if found is None or not is_path(found.lower()):
        return None
    return found if "/" in found or not official else f"library/{found}"
