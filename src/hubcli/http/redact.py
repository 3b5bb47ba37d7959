"""URLs as logs may have them: what is not known to be harmless is hidden."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

_HARMLESS = frozenset(
    {
        "account", "architectures", "artifactType", "badges", "categories", "count",
        "custom_boosted_results",
        "digest", "digest-algorithm", "from", "grant_type", "is_official", "last", "mount", "n",
        "name", "next_page", "ns", "offline_token", "operating_systems", "order", "ordering",
        "os", "page", "page_size", "query", "scope", "service", "size",
        "sort", "sortBy", "sortOrder", "startIndex", "tag", "type", "client_id",
    }
)  # fmt: skip
HIDDEN = "REDACTED"
# What stands behind this in a path is a credential: whoever has the URL may do it.
_TRIGGER = re.compile(r"(?<=/trigger/)[^/]+")


def redacted(url: str) -> str:
    """`url` without user name and password, and with only harmless query values readable."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        netloc = f"[{host}]" if ":" in host else host
        if parts.port:
            netloc = f"{netloc}:{parts.port}"
        shown = [
            f"{quote(name, safe='')}="
            + (quote(value, safe="/:,*-") if name in _HARMLESS and len(value) <= 512 else HIDDEN)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
    except ValueError:
        # No host, no port, or bytes that are no text.
        return HIDDEN
    path = _TRIGGER.sub(HIDDEN, parts.path)
    return urlunsplit((parts.scheme, netloc, path, "&".join(shown), ""))
