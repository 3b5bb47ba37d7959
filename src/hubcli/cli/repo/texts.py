"""Texts that commands send to Docker Hub, read from where the person says."""

from __future__ import annotations

from pathlib import Path

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError


def read_readme(runtime: Runtime, source: str | None, most: int) -> str | None:
    """The text in a file, or (`-`) on stdin; UsageError where it cannot be read as UTF-8.

    No more than `most` bytes and one are read: whoever checks the length learns of it so.
    """
    if source is None:
        return None
    try:
        content = _stdin(runtime, most + 1) if source == "-" else _file(Path(source), most + 1)
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror or error}") from error
    if len(content) > most:
        raise UsageError(f"{source} has more than the {most:,} bytes that Docker Hub takes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not UTF-8 (byte {error.start})") from error


def _file(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)


def _stdin(runtime: Runtime, most: int) -> bytes:
    stream = runtime.output.terminal.stdin
    if stream is None:
        raise UsageError("standard input is closed")
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        return stream.read(most).encode()
    content: bytes = buffer.read(most)
    return content
