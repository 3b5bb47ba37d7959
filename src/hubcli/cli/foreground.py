"""Being in the foreground of a terminal: waiting for Ctrl-C, and running another program."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError

_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class _Handlers:
    """Handlers of the signals that end a program, put back when the block ends."""

    def __enter__(self) -> Any:
        self._before = {number: signal.signal(number, self.handle) for number in _ENDING}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def handle(self, number: int, frame: FrameType | None) -> None:
        raise NotImplementedError


class Interruption(_Handlers):
    """Ctrl-C, or the system's wish to end this program, as something to wait for."""

    def __init__(self) -> None:
        self._came = threading.Event()

    def handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._came.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Return once a signal came, or after so many seconds; whether one did, now or before."""
        return self._came.wait(seconds)


class Ending(Interruption):
    """The same for a program that works between its waits: work ends with a KeyboardInterrupt."""

    def __init__(self) -> None:
        super().__init__()
        self._waits = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        super().handle(number, frame)
        if not self._waits:
            raise KeyboardInterrupt

    def wait(self, seconds: float | None = None) -> bool:
        self._waits = True
        try:
            return super().wait(seconds)
        finally:
            self._waits = False


class _Relay(_Handlers):
    """Hands signals on to a child process, unless the terminal has sent them to it already.

    It listens before there is a child: one that comes in between is handed on by `attach`.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def attach(self, child: subprocess.Popen[bytes]) -> None:
        """Name the child that signals are for."""
        self._child = child
        for number in self._early:
            child.send_signal(number)

    def handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._child is None:
            self._early.append(number)
        elif number != signal.SIGINT or not _in_foreground():
            self._child.send_signal(number)


def _in_foreground() -> bool:
    """Whether Ctrl-C at our terminal reaches all of our process group."""
    if os.name == "nt":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def run(runtime: Runtime, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program with our streams; its exit code, or 128 + the signal that ended it.

    As shells do: 127 where there is no such program, 126 where it cannot be executed.
    """
    runtime.output.flush()
    with _Relay() as relay:
        try:
            child = subprocess.Popen(list(command), env=with_hubcli(environ))
        except FileNotFoundError:
            return _failed(runtime, command[0], "no such program", _NOT_FOUND)
        except OSError as error:
            # A directory of PATH that we may not enter says nothing about the program.
            if "/" not in command[0] and shutil.which(command[0], os.F_OK) is None:
                return _failed(runtime, command[0], "no such program", _NOT_FOUND)
            return _failed(runtime, command[0], str(error.strerror), _NOT_EXECUTABLE)
        relay.attach(child)
        code = _ended(child)
    return code if code >= 0 else 128 - code


def _ended(child: subprocess.Popen[bytes]) -> int:
    """Its exit code. A wait without an end would not hear a signal that came just before it."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return child.wait(timeout=60)


def with_hubcli(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with `hubcli` to be found on PATH, behind all that is there."""
    path = environ.get("PATH", os.defpath)
    if shutil.which("hubcli", path=path) is None:
        path = os.pathsep.join([path, sysconfig.get_path("scripts")])
    return {**environ, "PATH": path}


def _failed(runtime: Runtime, program: str, reason: str, exit_code: int) -> int:
    runtime.output.error(HubcliError(reason, action="run", reference=program))
    return exit_code


def hubcli(*arguments: str) -> list[str]:
    """The argument vector of this very hubcli, wherever it is installed."""
    return [sys.executable, "-m", "hubcli", *arguments]
