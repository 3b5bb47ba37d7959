"""Which registry a host is: by its name, by its configuration row, or by how it greets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from hubcli.auth.challenge import parse_challenges
from hubcli.config import Settings
from hubcli.errors import UsageError
from hubcli.http.response import Response
from hubcli.providers.rows import BY_NAME, ROWS, ProviderRow


@dataclass(frozen=True, slots=True)
class Recognised:
    """A host's row, and why it is that one, in words that follow "recognised by"."""

    row: ProviderRow
    why: str
    by_greeting: bool = False


def named(settings: Settings, host: str) -> Recognised | None:
    """What is known of a host without asking it; UsageError for a row that names no provider."""
    for row in ROWS:
        if row.is_at(host):
            return Recognised(row, "its host name")
    wanted = settings.endpoint(host).row.provider
    if wanted is None:
        return None
    if wanted not in BY_NAME:
        raise UsageError(
            f'there is no provider {wanted!r}, as registries."{host}".provider says; '
            f"known are {', '.join(BY_NAME)}",
            hint="hubcli registry providers",
        )
    return Recognised(BY_NAME[wanted], "the configuration")


def announced(environ: Mapping[str, str], host: str) -> ProviderRow | None:
    """The row whose variables are about this host, as one of them says."""
    for row in ROWS:
        if row.host_variable and environ.get(row.host_variable, "").strip().lower() == host:
            return row
    return None


def greeted(answer: Response) -> Recognised | None:
    """What the answer to `GET /v2/` gives away, if anything."""
    for row in ROWS:
        why = _mark(row, answer)
        if why is not None:
            return Recognised(row, why, by_greeting=True)
    return None


def _mark(row: ProviderRow, answer: Response) -> str | None:
    marks = row.marks
    for name in marks.headers:
        if name in answer.headers:
            return f"the header {name} of its greeting"
    for challenge in parse_challenges(answer.challenges):
        if marks.realm is None or challenge.scheme != "bearer":
            continue
        path = urlsplit(challenge.realm or "").path
        right_service = marks.service is None or challenge.service == marks.service
        if right_service and re.search(rf"(?:{marks.realm})$", path):
            return f"the token server {path} of its greeting"
    return None
