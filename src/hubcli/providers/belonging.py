"""Whether a registry is part of a service whose address somebody has given."""

from __future__ import annotations

from urllib.parse import urlsplit


def belongs(host: str, url: str | None) -> bool:
    """Whether `url` is at the host, at any port, or at what is above it.

    `registry.gitlab.com` belongs to `https://gitlab.com`.
    """
    try:
        named = (urlsplit(url or "").hostname or "").rstrip(".")
        asked = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return bool(named) and (asked == named or asked.endswith(f".{named}"))
