"""Notes of the sandboxes that are up, so that another process can find them.

One JSON file for each, named by its port. A process that was killed leaves its note behind, so
every note is checked with the server before it is believed.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from hubcli import files
from hubcli.errors import HubcliError

_SECONDS = 2
_LARGEST_ANSWER = 4096
IDENTITY_PATH = "/_sandbox/identity"


@dataclass(frozen=True, slots=True)
class Record:
    """A sandbox that is, or was, up; `started` is in seconds since 1970."""

    id: str
    port: int
    pid: int
    url: str
    home: str
    started: float

    def answers(self) -> bool:
        """Whether this very sandbox still serves its port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            connection.request("GET", IDENTITY_PATH)
            answer = json.loads(connection.getresponse().read(_LARGEST_ANSWER))
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return isinstance(answer, dict) and answer.get("id") == self.id


@contextmanager
def noted(directory: Path, record: Record) -> Iterator[None]:
    """Leave a note of `record` in `directory` until the block ends."""
    path = directory / f"{record.port}.json"
    files.replace(path, json.dumps(asdict(record)).encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find(directory: Path, port: int | None = None) -> Record:
    """The newest sandbox that is up, or the one on `port`; HubcliError where there is none."""
    found = [record for record in _records(directory) if port in (None, record.port)]
    for record in sorted(found, key=lambda each: each.started, reverse=True):
        if record.answers():
            return record
        (directory / f"{record.port}.json").unlink(missing_ok=True)
    where = "" if port is None else f" on port {port}"
    gone = f"; the one{where or f' on port {found[0].port}'} is gone" if found else ""
    raise HubcliError(
        f"no sandbox is up{where}{gone}",
        code="NOT_RUNNING",
        action="find the sandbox",
        hint="hubcli sandbox up",
    )


def _records(directory: Path) -> Iterator[Record]:
    for path in directory.glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            yield Record(**json.loads(path.read_text(encoding="utf-8")))
