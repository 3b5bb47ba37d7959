"""Which addresses that a server gives us may be followed, and what may be sent there.

Next links and upload locations stay on their origin. A redirect may leave it, but carries no
credential and never goes from https to http, or from elsewhere to this machine or the networks
around it. A token realm may be another host, but is https unless the registry itself is plain http.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from enum import IntEnum
from urllib.parse import urljoin, urlsplit

from hubcli.config import is_loopback
from hubcli.errors import Untrusted

_PORTS = {"http": 80, "https": 443}

# What parts a name like a full stop (RFC 3490, 3.1), once it is encoded to be looked up.
_DOTS = re.compile("[\u3002\uff0e\uff61]")

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
    return scheme, _DOTS.sub(".", host.lower()), port or _PORTS[scheme]


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
    if source[1] != aim[1] and _nearness(aim[1]) > _nearness(source[1]):
        raise Untrusted(f"a redirect leads into a private network, to {_shown(resolved)}")
    return resolved


def realm_target(registry: str, realm: str) -> str:
    """The token realm that `registry` may send us to, or Untrusted."""
    resolved = resolve(registry, realm)
    source, aim = origin(registry), origin(resolved)
    if aim[0] != "https" and source[0] == "https":
        raise Untrusted(f"the token realm {_shown(resolved)} is not https")
    if source[1] != aim[1] and (near := _nearness(aim[1])) > _nearness(source[1]):
        if near is _Nearness.MACHINE:
            where = "on this machine, not the registry"
        else:
            where = "in a private network"
        raise Untrusted(f"the token realm {_shown(resolved)} is {where}")
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


class _Nearness(IntEnum):
    """What only those reach who are where we are: whoever is farther away may not send us there."""

    ANYWHERE = 0
    PRIVATE = 1
    LINK = 2
    MACHINE = 3


def _nearness(host: str) -> _Nearness:
    """How near a host is, if its name says so: an address, or `localhost`."""
    if is_loopback(f"[{host}]" if ":" in host else host):
        return _Nearness.MACHINE
    address = _address(host.rstrip("."))
    if address is None:
        return _Nearness.ANYWHERE
    if address.is_loopback or address.is_unspecified:
        return _Nearness.MACHINE
    if address.is_link_local:
        return _Nearness.LINK
    # Providers' own networks (100.64.0.0/10) are neither private nor for everybody.
    return _Nearness.ANYWHERE if address.is_global else _Nearness.PRIVATE


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, in any spelling that the system's look-up takes for one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return getattr(address, "ipv4_mapped", None) or address
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except (OSError, ValueError):
        return None


def _shown(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "an address that cannot be read"
