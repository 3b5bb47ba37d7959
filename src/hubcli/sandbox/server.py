"""A sandbox that answers on a port of this machine, from a thread of this process."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubcli import files
from hubcli.errors import HubcliError
from hubcli.sandbox.app import Sandbox, Settings

if TYPE_CHECKING:
    import uvicorn

HOST = "127.0.0.1"
_START_SECONDS = 20
_STOP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox and where it answers."""

    sandbox: Sandbox
    port: int

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, for the Hub API and the registry alike."""
        return f"http://{HOST}:{self.port}"


@contextmanager
def serving(settings: Settings | None = None, port: int = 0) -> Iterator[Running]:
    """Serve a sandbox until the block ends; port 0 is any free one.

    HubcliError where the port is taken, or another process serves the same directory.
    """
    settings = settings or Settings()
    with _bound(port) as listener, _claimed(settings):
        sandbox = Sandbox(settings)
        try:
            with _answering(sandbox, listener):
                yield Running(sandbox, listener.getsockname()[1])
        finally:
            sandbox.close()


def _bound(port: int) -> socket.socket:
    # With its protocol said, or asyncio leaves Nagle's algorithm on: 40 ms for every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise HubcliError(
            f"port {port} cannot be used: {error.strerror}", action="start the sandbox"
        ) from error
    return listener


@contextmanager
def _claimed(settings: Settings) -> Iterator[None]:
    """Keep other processes out of the directory that the sandbox's data is in."""
    with ExitStack() as held:
        if settings.data is not None:
            try:
                held.enter_context(files.locked(settings.data / "sandbox.db", wait=False))
            except BlockingIOError as error:
                raise HubcliError(
                    f"another sandbox is using {settings.data}",
                    code="IN_USE",
                    action="start the sandbox",
                    hint="hubcli sandbox env",
                ) from error
        yield


@contextmanager
def _answering(sandbox: Sandbox, listener: socket.socket) -> Iterator[None]:
    """Let uvicorn serve `listener` in a thread; there it leaves signals alone."""
    import uvicorn

    # A failure of the sandbox itself is told, a connection that was cut on purpose is not.
    logging.getLogger("uvicorn.error").addFilter(_has_traceback)
    server = uvicorn.Server(
        uvicorn.Config(
            sandbox.app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(
        target=server.run, args=([listener],), name="sandbox server", daemon=True
    )
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)


def _has_traceback(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise HubcliError("the server does not come up", action="start the sandbox")
        time.sleep(0.002)
