"""What a host is shown: a user name and a secret, and where they came from."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

from hubcli.reference import HUB, canonical_host

HUB_ADDRESS = "https://index.docker.io/v1/"
"""What docker calls Docker Hub in its configuration and to its helpers."""

IDENTITY_TOKEN_USER = "<token>"  # noqa: S105 - a name, not a secret
"""docker's user name for a secret that is a refresh token (docker-credential-helpers)."""

_ACCESS_TOKENS = {"dckr_pat_": "PAT", "dckr_oat_": "OAT"}
_SHORTEST_LIFE = 60.0
_HUB_INDEX = re.compile(r"(?:index\.docker\.io|registry-1\.docker\.io|docker\.io)(?:/v[12])?")


class Kind(StrEnum):
    """What sort of secret it is, as far as its look tells."""

    PASSWORD = "password"  # noqa: S105
    PAT = "PAT"
    OAT = "OAT"
    REFRESH_TOKEN = "refresh token"  # noqa: S105
    ROLE = "role"
    TOKEN = "token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a secret. `source` names where it was found, in words for people; it is
    empty for one that was just given.

    A REFRESH_TOKEN is for the token server alone, a TOKEN is a bearer token for the Hub API.
    `expires` is the end of its life in UNIX seconds, where that was told with it.
    """

    username: str
    secret: str = field(repr=False)
    source: str
    kind: Kind = Kind.PASSWORD
    expires: float | None = None

    @classmethod
    def found(cls, username: str, secret: str, source: str) -> Credential:
        """A credential whose kind shows in the user name or in the secret's prefix."""
        return cls(username, secret, source, kind_of(username, secret))

    def is_spent(self, now: float) -> bool:
        """Whether it has run out, or is about to."""
        return self.expires is not None and self.expires - _SHORTEST_LIFE < now

    @property
    def described(self) -> str:
        """`the PAT of alice (keyring)`: enough to know which one is meant."""
        whose = "" if self.username in {"", IDENTITY_TOKEN_USER} else f" of {self.username}"
        return f"the {self.kind}{whose}" + (f" ({self.source})" if self.source else "")

    @property
    def basic(self) -> str:
        """The value of `Authorization` for Basic authentication (RFC 7617)."""
        pair = f"{self.username}:{self.secret}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    @property
    def identity(self) -> str:
        """Tells users and secrets apart in file caches.

        Sixteen bits of a hash notice that a secret has changed, and are too few to find it out.
        """
        digest = hashlib.sha256(f"{self.username}\0{self.secret}".encode()).hexdigest()
        return f"{self.username} {digest[:4]}"


def kind_of(username: str, secret: str) -> Kind:
    """The kind of a secret by what it looks like."""
    if username == IDENTITY_TOKEN_USER:
        return Kind.REFRESH_TOKEN
    for prefix, name in _ACCESS_TOKENS.items():
        if secret.startswith(prefix):
            return Kind(name)
    return Kind.PASSWORD


def account_key(address: str) -> str:
    """The name under which an address of docker's or podman's configuration is looked up.

    A registry's is its `host[:port]`, `docker.io` for all addresses of Docker Hub; what has
    another path (podman's `quay.io/org`, docker's `…/v1/access-token`) keeps it.
    """
    stripped = re.sub(r"^https?://", "", address.strip(), flags=re.IGNORECASE).rstrip("/")
    if _HUB_INDEX.fullmatch(stripped.lower()):
        return HUB
    host, slash, path = stripped.partition("/")
    if path in {"v1", "v2"}:
        return canonical_host(host)
    return f"{canonical_host(host)}/{path}" if slash else canonical_host(host)


def docker_address(key: str) -> str:
    """How docker spells a key of `account_key`."""
    if key == HUB:
        return HUB_ADDRESS
    return re.sub(r"^docker\.io/v1/", HUB_ADDRESS, key)
