"""What unknown hosts turned out to be when they were asked, kept between runs.

One file for each host. One that is damaged or too old counts as missing: all that is lost is a
request. What is in it is a guess that a stranger may have made: it decides how a registry is
talked to, never who is told a secret.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hubcli.files import replace
from hubcli.providers.recognition import Recognised
from hubcli.providers.rows import BY_NAME

_LIFETIME = 7 * 86_400
_LIFETIME_OF_NOTHING = 86_400
_LARGEST_FILE = 4096


class Memory:
    """By the URL of a registry; without a directory nothing outlives the process."""

    def __init__(self, directory: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._directory = None if directory is None else directory / "providers"
        self._clock = clock

    def recall(self, url: str) -> tuple[Recognised | None] | None:
        """What was found there, in a tuple since it may be nothing; None where nobody asked."""
        if self._directory is None:
            return None
        try:
            document = json.loads(self._path(self._directory, url).read_bytes()[:_LARGEST_FILE])
            name, why, age = document["provider"], document["why"], self._age(document["at"])
            if document["url"] != url:
                return None
            if name is None:
                return (None,) if 0 <= age < _LIFETIME_OF_NOTHING else None
            known = Recognised(BY_NAME[name], str(why), by_greeting=True)
            return (known,) if 0 <= age < _LIFETIME else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def keep(self, url: str, found: Recognised | None) -> None:
        if self._directory is None:
            return
        document = {
            "url": url,
            "provider": found and found.row.name,
            "why": found and found.why,
            "at": self._clock(),
        }
        with suppress(OSError):
            replace(self._path(self._directory, url), json.dumps(document).encode())

    def _age(self, moment: float) -> float:
        return self._clock() - moment

    @staticmethod
    def _path(directory: Path, url: str) -> Path:
        return directory / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
