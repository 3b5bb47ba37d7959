"""Why no answer came, in words that help; no URL, since a signed one could be a secret."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx

from hubcli.errors import ConnectionBroken, TimedOut, TLSFailure, Unavailable
from hubcli.http.origin import authority


def connection_failure(error: Exception, url: str) -> Unavailable:
    """The failure behind an exception of httpx while talking to the host of `url`."""
    failure = _failure(error, authority(url))
    # What fails before there is a connection; through a proxy, before there is one to the host.
    failure.unsent = isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError | httpx.InvalidURL
    )
    return failure


def _failure(error: Exception, host: str) -> Unavailable:
    if isinstance(error, httpx.ConnectTimeout):
        failure = TimedOut(f"{host} does not answer")
        failure.transient = True
        return failure
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"{host} stopped answering")
    if isinstance(error, httpx.ProxyError):
        return ConnectionBroken(f"the proxy on the way to {host} refuses: {error}")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.DecodingError):
        return Unavailable(f"{host}: {error}")
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError):
        return TLSFailure(f"no trusted connection to {host}: {_tls_reason(cause)}")
    if isinstance(cause, socket.gaierror):
        return ConnectionBroken(f"the name {host} cannot be resolved")
    if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
        return ConnectionBroken(f"{host} refuses the connection")
    if isinstance(error, httpx.ConnectError):
        return ConnectionBroken(f"{host} cannot be reached: {error}")
    return ConnectionBroken(f"the connection to {host} broke: {error or type(error).__name__}")


def broke_midway(error: Unavailable) -> bool:
    """Whether there was a connection, which then broke, rather than none at all."""
    cause = error.__cause__
    return isinstance(cause, httpx.NetworkError | httpx.RemoteProtocolError) and not isinstance(
        cause, httpx.ConnectError
    )


def _cause(error: BaseException) -> BaseException | None:
    """The first failure of the system below httpx's and httpcore's."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or "the handshake failed").replace("_", " ").lower()
