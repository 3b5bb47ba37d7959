"""Secrets of accounts: salted password hashes, and time-based one-time codes (RFC 6238)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct

_PERIOD = 30
_SCRYPT_COST = 2**10
"""Far below what a real service takes: it should cost a sandbox nothing to be seeded."""


def hashed(password: str) -> str:
    """`salt$hash` in hexadecimal, by scrypt (RFC 7914)."""
    salt = secrets.token_bytes(8)
    return f"{salt.hex()}${_scrypt(password, salt)}"


def matches(password: str, stored: str) -> bool:
    """Whether `password` is the one that `stored` was made from."""
    salt, _, expected = stored.partition("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), expected)


def fingerprint(secret: str) -> str:
    """What is kept of a random secret: plain SHA-256, since it is looked up by it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def one_time_code(secret: str, at: float) -> str:
    """The six digits of `secret` (base32) at `at` (UNIX seconds); RFC 6238 with SHA-1, 30 s."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(at) // _PERIOD), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number: int = struct.unpack_from(">I", digest, offset)[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def is_one_time_code(code: str, secret: str, now: float) -> bool:
    """Whether `code` is the one of now, or of a period before or after (clocks differ)."""
    return any(
        hmac.compare_digest(code.encode(), one_time_code(secret, now + drift).encode())
        for drift in (-_PERIOD, 0, _PERIOD)
    )


def _scrypt(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=_SCRYPT_COST, r=8, p=1, dklen=32).hex()
