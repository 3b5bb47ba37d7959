"""JSON Web Tokens signed with HMAC-SHA-256 (RFC 7515, RFC 7519; algorithm HS256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any


def issue(claims: Mapping[str, Any], key: bytes) -> str:
    """`header.claims.signature` for `claims`, which say themselves when they end (`exp`)."""
    signed = f"{_encoded(_json({'alg': 'HS256', 'typ': 'JWT'}))}.{_encoded(_json(claims))}"
    return f"{signed}.{_encoded(_signature(signed, key))}"


def read(token: str, key: bytes, now: float) -> dict[str, Any] | None:
    """The claims of a token that was issued with `key` and has not run out at `now`, else None."""
    signed, _, signature = token.rpartition(".")
    try:
        genuine = hmac.compare_digest(_decoded(signature), _signature(signed, key))
        if not genuine:
            return None
        claims: dict[str, Any] = json.loads(_decoded(signed.partition(".")[2]))
    except (ValueError, binascii.Error):
        return None
    return claims if claims["exp"] > now else None


def _signature(signed: str, key: bytes) -> bytes:
    return hmac.new(key, signed.encode(), hashlib.sha256).digest()


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
