"""How hosts are reached: over TLS or not, and whether a proxy stands between."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubcli.config import Endpoint, is_loopback
from hubcli.errors import TLSFailure
from hubcli.http import origin

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached. Files are PEM; `loopback` hosts are reached without a proxy.

    The certificates of `ca_file` are trusted beside the system's, as docker does it.
    """

    tls: bool
    loopback: bool
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    @property
    def is_proxied(self) -> bool:
        """Whether the environment, or the system's settings, name a proxy for it."""
        if self.loopback:
            return False
        if sys.platform in {"darwin", "win32"}:
            from urllib.request import getproxies

            return bool(getproxies())
        return any(value and name.lower().endswith("_proxy") for name, value in os.environ.items())


def route(url: str, endpoint: Endpoint | None) -> Route:
    """The way to `url`; `endpoint` holds the TLS settings of its host."""
    scheme, host, _ = origin.origin(url)
    loopback = is_loopback(f"[{host}]" if ":" in host else host)
    if scheme == "http" or endpoint is None:
        return Route(tls=scheme == "https", loopback=loopback)
    row = endpoint.row
    own = origin.same_origin(url, endpoint.url)
    return Route(
        tls=True,
        loopback=loopback,
        ca_file=row.ca_file,
        client_cert=row.client_cert if own else None,
        client_key=row.client_key if own else None,
    )


def context(route: Route) -> ssl.SSLContext:
    """A context that verifies; without TLS an empty one, since reading all CAs takes time."""
    import ssl

    if not route.tls:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        if route.ca_file:
            context.load_verify_locations(route.ca_file)
        if route.client_cert:
            context.load_cert_chain(route.client_cert, route.client_key)
    except (OSError, ssl.SSLError) as error:
        named = route.ca_file or route.client_cert
        raise TLSFailure(f"the certificate file {named} cannot be read: {error}") from error
    if not _has_system_cas():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _has_system_cas() -> bool:
    """Whether OpenSSL's own places (or SSL_CERT_FILE, SSL_CERT_DIR) hold any certificate."""
    import ssl

    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return True
    return paths.capath is not None and any(Path(paths.capath).glob("*.0"))
