"""One attack: what a server does, what hubcli should make of it, and the answers themselves."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from support.secrets import HUB_SECRET, REGISTRY_SECRET, REGISTRY_TOKEN

REGISTRY, HUB, AUTH, CDN, EVIL = (
    f"{name}.example" for name in ("registry", "hub", "auth", "cdn", "evil")
)
IMAGE = f"{REGISTRY}/a/b:v1"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Ask:
    """A request as it arrived, on which kind of connection; header names in lower case."""

    scheme: str
    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def has_secret(self) -> bool:
        """Whether there is a credential in it, or what one was exchanged for."""
        told = f"{self.target} {self.headers} {self.body!r}"
        secrets = (HUB_SECRET, REGISTRY_SECRET, REGISTRY_TOKEN, "authorization", "cookie")
        return any(secret in told for secret in secrets)


Pieces = Iterable[bytes]
Script = Callable[[Ask, threading.Event], Pieces]
"""The bytes of an answer; whoever waits between them waits for the event, which ends it all."""


@dataclass(frozen=True)
class Attack:
    """`what` a server does and what hubcli `does` about it stand in SECURITY.md.

    `command` ends with `exit_code`, and `says` stands in what it prints; `kept` says which words
    do not. `most` bytes of memory are held meanwhile (None: not measured). `bounds` are constants
    of hubcli that are made smaller, so that the end comes soon; `trusted` the hosts that may know
    a credential, over TLS. Without `signs_in` the sign-in is part of the attack.
    """

    id: str
    what: str
    does: str
    command: tuple[str, ...]
    script: Script
    exit_code: int = 6
    says: str = ""
    kept: tuple[str, ...] = ()
    terminal: bool = False
    most: int | None = None
    bounds: Mapping[str, int] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    trusted: frozenset[str] = frozenset({REGISTRY, HUB})
    signs_in: bool = True

    def answer(self, ask: Ask, stopped: threading.Event) -> Pieces:
        """What is sent; an honest sign-in comes first, so that there is a credential to lose."""
        honest = _signing_in(ask) if self.signs_in else None
        return honest or self.script(ask, stopped)


def _signing_in(ask: Ask) -> Pieces | None:
    if ask.host == REGISTRY and ask.scheme == "https":
        if ask.path == "/v2/" or (ask.path.startswith("/v2/") and not _authorized(ask)):
            return challenge(f"https://{REGISTRY}/token")
        if ask.path == "/token":
            return answer(as_json({"token": REGISTRY_TOKEN, "expires_in": 300}))
    if ask.host == HUB and ask.path == "/v2/auth/token":
        return answer(as_json({"access_token": REGISTRY_TOKEN}))
    return None


def _authorized(ask: Ask) -> bool:
    return REGISTRY_TOKEN in ask.headers.get("authorization", "")


def challenge(realm: str) -> Pieces:
    header = f'Bearer realm="{realm}",service="registry",scope="repository:a/b:pull"'
    return answer(b"{}", 401, {"WWW-Authenticate": header})


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


def answer(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str | bytes] | None = None
) -> Pieces:
    """A whole answer, its length told unless `headers` tell another one."""
    told = {"Content-Type": "application/json", **(headers or {})}
    if not {"content-length", "transfer-encoding"} & {name.lower() for name in told}:
        told["Content-Length"] = str(len(body))
    return [head(status, told), body]


def head(status: int, headers: Mapping[str, str | bytes]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever".encode(), b"Connection: close"]
    for name, value in headers.items():
        lines.append(
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        )
    return b"\r\n".join(lines) + b"\r\n\r\n"


def redirect(location: str, status: int = 307) -> Pieces:
    return answer(b"", status, {"Location": location})


def always(pieces: Callable[[], Pieces]) -> Script:
    """The same answer to everything that is asked."""
    return lambda ask, stopped: pieces()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest(document: object, media_type: str = MANIFEST_TYPE, **headers: str) -> Pieces:
    """A document as a manifest, with the digest that it has."""
    content = document if isinstance(document, bytes) else as_json(document)
    told = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}
    return answer(content, 200, {**told, **headers})
