"""JSON web tokens signed with HMAC-SHA-256 (RFC 7515, RFC 7519; algorithm HS256)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

_HEADER = {"alg": "HS256", "typ": "JWT"}


def issue(claims: Mapping[str, Any], key: bytes) -> str:
    """`header.claims.signature`."""
    content = f"{_encoded(_json(_HEADER))}.{_encoded(_json(claims))}"
    return f"{content}.{_signature(content, key)}"


def claims(token: str, key: bytes) -> dict[str, Any] | None:
    """What a token that `issue` made with `key` says, however old it is; None for other text."""
    content, _, signature = token.rpartition(".")
    # Compared as bytes: a header may carry letters that compare_digest takes no text with.
    if not hmac.compare_digest(signature.encode(), _signature(content, key).encode()):
        return None
    # Read only now: whatever is signed was written here.
    said: dict[str, Any] = json.loads(_decoded(content.partition(".")[2]))
    return said


def _signature(content: str, key: bytes) -> str:
    return _encoded(hmac.digest(key, content.encode(), hashlib.sha256))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
