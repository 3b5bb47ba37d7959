"""A token server beside docker-registry: RS256 JWTs by GET and by OAuth2 POST, with quirks.

Protocol: distribution/distribution docs/content/spec/auth/{token,oauth,jwt}.md.
"""

from __future__ import annotations

import base64
import datetime
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

ISSUER = "test-issuer"
SERVICE = "test-registry"
_LEEWAY = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Quirks:
    """How this token server departs from the common one; every default is the common one."""

    expires_in: int | None = 300
    """Seconds in the answer; None leaves the field out (the specification then says 60)."""
    lifetime: int | None = None
    """Seconds the JWT really lives, where it is not `expires_in`; may be negative."""
    access_token_only: bool = False
    """Answer `access_token` and no `token`."""
    allow_post: bool = True
    """False answers 405 to POST, as servers without OAuth2 do."""
    refresh_tokens: bool = True
    anonymous: bool = True
    """Anonymous callers get tokens for pulling; False answers 401."""
    needs_service: bool = True
    """False accepts requests that name no service."""
    status: int | None = None
    """Answer every request with this status and an error body."""
    delay: float = 0.0
    """Seconds before an answer."""


@dataclass(frozen=True)
class TokenRequest:
    """One request as it came; `grant` is "GET", or the grant_type of a POST."""

    method: str
    grant: str
    user: str | None
    service: str | None
    scopes: tuple[str, ...]
    status: int
    parameters: Mapping[str, str] = field(default_factory=dict)


class TokenServer:
    """Hands out tokens to `users` (name to password); everybody signed in may do everything.

    `allowed` narrows that: it maps a user to the repositories it may push to and delete from.
    """

    def __init__(self, users: Mapping[str, str], certificate: Path) -> None:
        self.users = dict(users)
        self.allowed: dict[str, set[str]] = {}
        self.quirks = Quirks()
        self.certificate = certificate
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._x5c = _self_signed(self._key, certificate)
        self._refresh: dict[str, str] = {}
        self._requests: list[TokenRequest] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self

    @property
    def url(self) -> str:
        """The realm: what a challenge sends clients to."""
        return f"http://127.0.0.1:{self._server.server_port}/token"

    def requests(self) -> list[TokenRequest]:
        """All requests since the start, or since `forget`."""
        with self._lock:
            return list(self._requests)

    def forget(self) -> None:
        """Start the request log again."""
        with self._lock:
            self._requests.clear()

    @contextmanager
    def behaving(self, **quirks: Any) -> Iterator[None]:
        """Depart from the common behaviour for the length of a block."""
        before, self.quirks = self.quirks, replace(self.quirks, **quirks)
        try:
            yield
        finally:
            self.quirks = before

    @contextmanager
    def running(self) -> Iterator[TokenServer]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(
        self, method: str, form: Mapping[str, list[str]], basic: tuple[str, str] | None
    ) -> tuple[int, dict[str, object]]:
        """Status and JSON body for one request, and remember it."""
        grant = "GET" if method == "GET" else form.get("grant_type", [""])[0]
        service = form["service"][0] if "service" in form else None
        scopes = tuple(scope for value in form.get("scope", []) for scope in value.split())
        user: str | None = None
        try:
            if self.quirks.status is not None:
                raise _Refused(self.quirks.status, "out of order")
            user = self._who(grant, form, basic)
            if service is None and self.quirks.needs_service:
                raise _Refused(400, "service is missing")
            status, body = 200, self._grant(grant, form, user, scopes)
        except _Refused as refusal:
            status, body = refusal.status, {"details": refusal.reason}
        plain = {name: values[0] for name, values in form.items() if name not in _SECRET}
        with self._lock:
            self._requests.append(TokenRequest(method, grant, user, service, scopes, status, plain))
        if self.quirks.delay:
            time.sleep(self.quirks.delay)
        return status, body

    def _who(
        self, grant: str, form: Mapping[str, list[str]], basic: tuple[str, str] | None
    ) -> str | None:
        if grant == "GET":
            name, password = basic or (None, "")
        elif not self.quirks.allow_post:
            raise _Refused(405, "POST is not served here")
        elif grant == "password":
            name, password = form.get("username", [""])[0], form.get("password", [""])[0]
        elif grant == "refresh_token":
            known = self._refresh.get(form.get("refresh_token", [""])[0])
            if known is None:
                raise _Refused(401, "unknown refresh token")
            return known
        else:
            raise _Refused(400, f"unsupported grant_type {grant!r}")
        if name is None:
            if not self.quirks.anonymous:
                raise _Refused(401, "authentication required")
            return None
        if self.users.get(name) != password:
            raise _Refused(401, "incorrect username or password")
        return name

    def _grant(
        self,
        grant: str,
        form: Mapping[str, list[str]],
        user: str | None,
        scopes: tuple[str, ...],
    ) -> dict[str, object]:
        quirks = self.quirks
        lifetime = quirks.lifetime if quirks.lifetime is not None else quirks.expires_in or 60
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        token = self._sign(
            {
                "iss": ISSUER,
                "sub": user or "",
                "aud": form.get("service", [SERVICE])[0],
                "exp": int(now.timestamp()) + lifetime,
                "nbf": int((now - _LEEWAY).timestamp()),
                "iat": int(now.timestamp()),
                "jti": secrets.token_hex(8),
                "access": [self._access(user, scope) for scope in scopes],
            }
        )
        body: dict[str, object] = {"access_token": token, "issued_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        if not quirks.access_token_only:
            body["token"] = token
        if quirks.expires_in is not None:
            body["expires_in"] = quirks.expires_in
        offline = form.get("access_type") == ["offline"] or form.get("offline_token") == ["true"]
        if user is not None and quirks.refresh_tokens and (offline or grant == "refresh_token"):
            body["refresh_token"] = refresh = secrets.token_urlsafe(16)
            self._refresh[refresh] = user
        return body

    def _access(self, user: str | None, scope: str) -> dict[str, object]:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        asked = actions.split(",")
        everything = user is not None and name in self.allowed.get(user, {name})
        granted = asked if everything else [action for action in asked if action == "pull"]
        return {"type": kind, "name": name, "actions": granted}

    def _sign(self, claims: Mapping[str, object]) -> str:
        header = {"typ": "JWT", "alg": "RS256", "x5c": [self._x5c]}
        signed = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_b64(signature)}"


_SECRET = frozenset({"password", "refresh_token"})


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: TokenServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._reply("GET", parse_qs(urlsplit(self.path).query, keep_blank_values=True))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._reply("POST", parse_qs(body.decode(), keep_blank_values=True))

    def _reply(self, method: str, form: Mapping[str, list[str]]) -> None:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        basic = None
        if scheme.lower() == "basic":
            name, _, password = base64.b64decode(encoded).decode().partition(":")
            basic = (name, password)
        status, body = self.server.owner.answer(method, form, basic)
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: `requests` is the log."""


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _self_signed(key: rsa.RSAPrivateKey, target: Path) -> str:
    """Write a PEM certificate for docker-registry's rootcertbundle; return it as x5c has it."""
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 24 * _LEEWAY)
        .not_valid_after(now + 48 * _LEEWAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    target.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
