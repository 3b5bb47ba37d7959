"""What references are by distribution's grammar, said a second time and in another way.

The grammar is that of `reference.go`; how docker completes names is that of `normalize.go`.
"""

from __future__ import annotations

import re
import string

_LOWER = string.ascii_lowercase + string.digits
_WORD = string.ascii_letters + string.digits
_ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128}
_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")

Parts = tuple[str, str, str | None, str | None]
"""Host, path, tag and digest."""


def reference(text: str) -> Parts | None:
    """The parts of a complete reference, None where it is none."""
    host, path = "docker.io", text
    first, slash, rest = text.partition("/")
    if slash and _is_host(first):
        if not _domain(first):
            return None
        host, path = first.lower() if _is_host(first.lower()) else first, rest
        if host in _HUB:
            host = "docker.io"
    path, at, digest = path.partition("@")
    if at and not _digest(digest):
        return None
    tag = None
    if ":" in path.rpartition("/")[2]:
        path, _, tag = path.rpartition(":")
        if not _tag(tag):
            return None
    if not path or not all(_component(part) for part in path.split("/")):
        return None
    if host == "docker.io" and "/" not in path:
        if re.fullmatch("[a-f0-9]{64}", path):
            return None
        path = f"library/{path}"
    if len(f"{host}/{path}") > 255:
        return None
    return host, path, tag, digest or None


def _is_host(first: str) -> bool:
    if first in {".", ".."}:
        return False
    return any(mark in first for mark in ".:") or first == "localhost" or first != first.lower()


def _domain(text: str) -> bool:
    host, port = text, None
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not host or set(host) - set(string.hexdigits + ":"):
            return False
        if rest and not rest.startswith(":"):
            return False
        port = rest[1:] if rest else None
    else:
        host, colon, after = text.partition(":")
        port = after if colon else None
        if not all(_label(label) for label in host.split(".")):
            return False
    return port is None or (port.isascii() and port.isdigit() and len(port) <= 5)


def _label(text: str) -> bool:
    return bool(text) and not set(text) - set(f"{_WORD}-") and text[0] != "-" != text[-1]


def _component(text: str) -> bool:
    """Letters and digits, with one dot, one or two underscores, or hyphens between them."""
    if not text or set(text) - set(f"{_LOWER}._-"):
        return False
    if text[0] not in _LOWER or text[-1] not in _LOWER:
        return False
    separators = re.split(f"[{_LOWER}]+", text)[1:-1]
    return all(one in {".", "_", "__"} or not one.strip("-") for one in separators)


def _tag(text: str) -> bool:
    return 0 < len(text) <= 128 and text[0] in f"{_WORD}_" and not set(text) - set(f"{_WORD}_.-")


def _digest(text: str) -> bool:
    algorithm, colon, encoded = text.partition(":")
    if not colon or set(encoded) - set("0123456789abcdef"):
        return False
    parts = re.split("[-_+.]", algorithm)
    if not all(p and p[0] in string.ascii_letters and not set(p) - set(_WORD) for p in parts):
        return False
    return len(encoded) == _ALGORITHMS.get(algorithm, len(encoded)) and len(encoded) >= 32
