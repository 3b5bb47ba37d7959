"""What a JSON Web Token says of itself (RFC 7519); its signature is the server's business."""

from __future__ import annotations

import base64
from typing import Any

from hubcli import jsonreading


def claims(token: str) -> dict[str, Any]:
    """The claims; empty where it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    payload = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        found = jsonreading.read(base64.urlsafe_b64decode(payload))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def lifetime(token: str) -> float | None:
    """Seconds from issue to expiry, by the server's clock alone; None where it does not say."""
    found = claims(token)
    issued, expires = _seconds(found.get("iat")), _seconds(found.get("exp"))
    if issued is None or expires is None:
        return None
    return expires - issued if expires > issued else None


def expiry(token: str) -> float | None:
    """UNIX seconds at which it ends."""
    return _seconds(claims(token).get("exp"))


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
