"""Refuses connections and name look-ups that would leave this machine."""

import sys

_LOCAL = frozenset({None, "", "localhost", "::1", "0.0.0.0", "::"})
_ADDRESS = "0123456789."


class OutsideLoopback(RuntimeError):
    """Code under test wanted to talk to the outside."""


def install() -> None:
    """Guard this process from now on; cannot be undone (see sys.addaudithook)."""
    sys.addaudithook(_audit)


def is_local(host: object) -> bool:
    """True for loopback addresses and the names that mean them."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in _LOCAL:
        return True
    return isinstance(name, str) and (name.startswith("127.") or name.endswith(".localhost"))


def _is_address(host: object) -> bool:
    return isinstance(host, str) and (":" in host or not host.strip(_ADDRESS))


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            raise OutsideLoopback(f"a test connects to {address[0]}:{address[1]}")
    elif event == "socket.getaddrinfo":
        if is_local(arguments[0]) or _is_address(arguments[0]):
            return
        import socket

        raise socket.gaierror(socket.EAI_NONAME, f"{arguments[0]!r} is not looked up in tests")
