"""What commands that take images have in common: where `-` leads, and how images are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

if TYPE_CHECKING:
    from hubcli.reference import Reference
    from hubcli.stores.spelling import Local
    from hubcli.transfer.places import Places


def places(runtime: Runtime) -> Places:
    """Images in registries and local stores; `-` is the archive on stdin or stdout."""
    from hubcli.transfer.places import Places

    output = runtime.output

    def stdin() -> BinaryIO:
        stream = getattr(output.terminal.stdin, "buffer", None)
        if output.stdin_is_terminal or stream is None:
            raise UsageError("an archive is expected on stdin, and that is a terminal")
        found: BinaryIO = stream
        return found

    def stdout() -> Stdout:
        if output.stdout_is_terminal:
            raise UsageError("an archive goes to stdout, and that is a terminal")
        return Stdout(runtime)

    session = runtime.session
    return Places(session.repository, stdin, stdout, lambda: session.engine)


def shown(spelled: Reference | Local) -> str:
    """An image as it can be handed back to hubcli."""
    from hubcli.reference import Reference

    return spelled.short if isinstance(spelled, Reference) else str(spelled)


class Stdout:
    """stdout as something that bytes are written to."""

    def __init__(self, runtime: Runtime) -> None:
        self._output = runtime.output

    def write(self, data: bytes, /) -> int:
        self._output.data(data)
        return len(data)
