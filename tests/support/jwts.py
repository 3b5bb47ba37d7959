"""JSON web tokens that nobody has signed."""

from __future__ import annotations

import base64
import json


def jwt(**claims: object) -> str:
    """A token that says so; who has signed it does not matter."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmVk"
