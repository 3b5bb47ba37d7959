"""Bytes that a command is given as a file, or as `-` on stdin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

CHUNK = 1 << 20


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """A stream from where it stands to its end."""
    while chunk := stream.read(CHUNK):
        yield chunk


@contextmanager
def seekable(runtime: Runtime, name: str) -> Iterator[BinaryIO]:
    """A file to be read as often as need be; stdin or a pipe is kept in a temporary one."""
    with ExitStack() as stack:
        if name == "-":
            yield stack.enter_context(_kept(_stdin(runtime)))
            return
        try:
            stream = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise UsageError(f"cannot read {name}: {error.strerror}") from error
        yield stream if stream.seekable() else stack.enter_context(_kept(stream))


@contextmanager
def _kept(stream: BinaryIO) -> Iterator[BinaryIO]:
    from hubcli.files import keeping, temporary

    with temporary() as spool:
        for chunk in chunks(stream):
            with keeping():
                spool.write(chunk)
        with keeping():
            spool.seek(0)
        yield spool


def whole(runtime: Runtime, name: str, most: int) -> bytes:
    """All of a file or of stdin; UsageError beyond `most` bytes."""
    with seekable(runtime, name) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise UsageError(f"{name} has more than {most:,} bytes")
    return content


def text(runtime: Runtime, name: str, most: int) -> str:
    """The same as text: UTF-8, also as Windows marks it."""
    content = whole(runtime, name, most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 (byte {error.start})") from None


def _stdin(runtime: Runtime) -> BinaryIO:
    output = runtime.output
    stream: BinaryIO | None = getattr(output.terminal.stdin, "buffer", None)
    if output.stdin_is_terminal or stream is None:
        raise UsageError("the content is expected on stdin, and that is a terminal")
    return stream
