"""Text that a command leaves in a file."""

from __future__ import annotations

from pathlib import Path

from hubcli.errors import HubcliError


def write(path: Path, text: str) -> None:
    """Put `text` in the place of `path`, all of it or nothing; HubcliError where that fails."""
    from hubcli import files

    try:
        files.replace(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise HubcliError(
            f"{error.filename or path}: {error.strerror or error}", code="SYSTEM"
        ) from error
