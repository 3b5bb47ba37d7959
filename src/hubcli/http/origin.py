"""Which addresses that a server gives us may be followed, and what may be sent there.

Next links and upload locations stay on their origin. A redirect may leave it, but carries no
credential and never goes from https to http, or from elsewhere to this machine's own network. A
token realm may be another host, but is https unless the registry itself is plain http.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

from hubcli.config import is_loopback
from hubcli.errors import Untrusted

_PORTS = {"http": 80, "https": 443}

SAFE_HEADERS = frozenset({"accept", "accept-encoding", "range", "user-agent", "if-range"})
"""What a request to another origin may carry: nothing that could be a credential."""


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an http or https URL; Untrusted for any other."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise Untrusted(f"{url[:200]!r} is no address") from None
    if scheme not in _PORTS or not host:
        raise Untrusted(f"{url[:200]!r} is no http or https address")
    return scheme, host.lower(), port or _PORTS[scheme]


def authority(url: str) -> str:
    """`host`, or `host:port` where the port is not the scheme's own: a URL as messages name it."""
    scheme, host, port = origin(url)
    shown = f"[{host}]" if ":" in host else host
    return shown if port == _PORTS[scheme] else f"{shown}:{port}"


def same_origin(first: str, second: str) -> bool:
    return origin(first) == origin(second)


def on_origin(base: str, target: str, what: str) -> str:
    """`target` resolved against `base`, or Untrusted where it leaves the origin of `base`."""
    resolved = resolve(base, target)
    if not same_origin(base, resolved):
        raise Untrusted(f"{what} leads away, from {_shown(base)} to {_shown(resolved)}")
    return resolved


def redirect_target(base: str, target: str) -> str:
    """Where a redirect leads, or Untrusted where the rules refuse it."""
    resolved = resolve(base, target)
    source, aim = origin(base), origin(resolved)
    if source[0] == "https" and aim[0] != "https":
        raise Untrusted(f"a redirect leads from https to plain http at {_shown(resolved)}")
    if source[1] != aim[1] and _is_private(aim[1]) and not _is_private(source[1]):
        raise Untrusted(f"a redirect leads into a private network, to {_shown(resolved)}")
    return resolved


def realm_target(registry: str, realm: str) -> str:
    """The token realm that `registry` may send us to, or Untrusted."""
    resolved = resolve(registry, realm)
    source, aim = origin(registry), origin(resolved)
    if aim[0] != "https" and source[0] == "https":
        raise Untrusted(f"the token realm {_shown(resolved)} is not https")
    if is_loopback(aim[1]) and not is_loopback(source[1]):
        raise Untrusted(f"the token realm {_shown(resolved)} is on this machine, not the registry")
    if source[1] != aim[1] and _is_private(aim[1]) and not _is_private(source[1]):
        raise Untrusted(f"the token realm {_shown(resolved)} is in a private network")
    return resolved


def resolve(base: str, target: str) -> str:
    """`target` as an absolute URL; a fragment and a user name in it are refused or dropped."""
    try:
        resolved = urlsplit(urljoin(base, target))
    except ValueError:
        raise Untrusted(f"{target[:200]!r} is no address") from None
    if resolved.username or resolved.password:
        raise Untrusted(f"{_shown(target)} carries a user name or password")
    return resolved._replace(fragment="").geturl()


def _is_private(host: str) -> bool:
    """An address literal of this machine or a private or link-local network, or `localhost`."""
    if is_loopback(f"[{host}]" if ":" in host else host):
        return True
    address = _address(host)
    return address is not None and (
        address.is_private or address.is_link_local or address.is_unspecified or address.is_loopback
    )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, in any spelling that the system's look-up takes for one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except OSError:
        return None


def _shown(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "an address that cannot be read"
