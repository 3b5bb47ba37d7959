"""HTTP through a Unix socket, as the docker engine listens on one."""

from __future__ import annotations

import socket

from hubcli.errors import Denied, Unavailable
from hubcli.http.direct import Direct
from hubcli.http.routes import Route
from hubcli.http.transport import Limits, Sender, Straight, Transports

URL = "http://docker"
"""What stands in addresses for the one host that is reached through the socket."""


class SocketTransports(Transports):
    """Clients whose every connection is one to the socket `path`, whatever the host is called."""

    def __init__(self, limits: Limits, path: str) -> None:
        super().__init__(limits)
        self._path = path

    def _build(self, route: Route) -> Sender:  # noqa: ARG002 - a socket is no route
        own = Direct(self._connect, connections=self.limits.connections)
        return Straight(own, self.limits)

    def _connect(self, host: str, port: int, timeout: float | None) -> socket.socket:  # noqa: ARG002
        opened = socket.socket(socket.AF_UNIX)
        try:
            opened.settimeout(timeout)
            opened.connect(self._path)
        except BaseException:
            opened.close()
            raise
        return opened


def probe(path: str, timeout: float = 10.0) -> None:
    """Unavailable where nobody listens at `path`, Denied where we may not speak to who does.

    httpcore tells these apart less well, and leaves a socket open that could not be connected.
    """
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        raise Unavailable("there are no Unix sockets on this system")
    try:
        with socket.socket(family) as connection:
            connection.settimeout(timeout)
            connection.connect(path)
    except FileNotFoundError:
        raise Unavailable(f"there is no socket {path}") from None
    except PermissionError:
        raise Denied(f"you may not use the socket {path}") from None
    except OSError as error:
        raise Unavailable(f"nobody answers at {path}: {error.strerror or error}") from error
