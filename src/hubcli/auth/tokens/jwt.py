"""What a JSON Web Token says of itself (RFC 7519); its signature is the server's business."""

from __future__ import annotations

import base64
import json
from typing import Any


def claims(token: str) -> dict[str, Any]:
    """The claims; empty where it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    payload = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        found = json.loads(base64.urlsafe_b64decode(payload))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def lifetime(token: str) -> float | None:
    """Seconds from issue to expiry, by the server's clock alone; None where it does not say."""
    found = claims(token)
    issued, expires = found.get("iat"), found.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        return None
    return float(expires) - float(issued) if expires > issued else None


def expiry(token: str) -> float | None:
    """UNIX seconds at which it ends."""
    expires = claims(token).get("exp")
    return float(expires) if isinstance(expires, int | float) else None
