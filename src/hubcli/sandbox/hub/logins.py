"""Signing in to the Hub API: with a password, a code, or an access token."""

from __future__ import annotations

import secrets
import threading
import time

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox import passwords
from hubcli.sandbox.accounts import Accounts, Identity
from hubcli.sandbox.hub.answers import Problem, detail
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.sessions import Sessions

MOST_FAILURES = 10
_LOCKED_SECONDS = 600
_WRONG = "Incorrect authentication credentials"
_SECOND_FACTOR = "Require secondary authentication on MFA enabled account"


class FailureCount:
    """Bad logins in a row, by account; too many lock it for ten minutes, right password or not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[str, tuple[int, float]] = {}

    def check(self, account: str) -> None:
        """429 for a locked account."""
        with self._lock:
            failures, last = self._failures.get(account, (0, 0.0))
        wait = last + _LOCKED_SECONDS - time.time()
        if failures >= MOST_FAILURES and wait > 0:
            raise Problem(
                429,
                {"detail": "too many failed login attempts for username or IP address"},
                {"Retry-After": str(int(wait) + 1)},
            )

    def failed(self, account: str) -> None:
        with self._lock:
            failures, _ = self._failures.get(account, (0, 0.0))
            self._failures[account] = (failures + 1, time.time())

    def succeeded(self, account: str) -> None:
        with self._lock:
            self._failures.pop(account, None)


class Logins:
    """The endpoints that take secrets and give sessions."""

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._failures = FailureCount()

    def routes(self, gateway: Gateway) -> list[Route]:
        return [
            *gateway.route("POST", "/v2/auth/token", self.exchange, login=True),
            *gateway.route("POST", "/v2/users/login", self.login, login=True),
            *gateway.route("POST", "/v2/users/2fa-login", self.second_factor, login=True),
            *gateway.route("POST", "/v2/logout", self.logout, login=True),
        ]

    def exchange(self, call: Call) -> Response:
        """Any secret for a session of ten minutes; a second factor cannot be given here."""
        body = call.body()
        name = body.text("identifier").lower()
        self._failures.check(name)
        identity = self._accounts.authenticate(name, body.text("secret"))
        return JSONResponse({"access_token": self._sessions.issue(self._settled(name, identity))})

    def login(self, call: Call) -> Response:
        """A password or PAT for a session, or for the question for a code."""
        body = call.body()
        name, secret = body.text("username").lower(), body.text("password")
        self._failures.check(name)
        account = self._accounts.find(name)
        identity = self._accounts.by_password(name, secret)
        if identity is None:
            identity = self._accounts.authenticate(name, secret)
        elif account is not None and account["otp_secret"] is not None:
            token = self._sessions.await_second_factor(name)
            raise Problem(401, {"detail": _SECOND_FACTOR, "login_2fa_token": token})
        if identity is not None and identity.is_organization:
            identity = None
        return self._session(call, self._settled(name, identity))

    def second_factor(self, call: Call) -> Response:
        """The code that was asked for, for a session."""
        body = call.body()
        name = self._sessions.awaiting_second_factor(body.text("login_2fa_token"))
        account = None if name is None else self._accounts.find(name)
        if account is None:
            raise detail(401, _WRONG)
        self._failures.check(account["name"])
        right = passwords.is_one_time_code(body.text("code"), account["otp_secret"], time.time())
        identity = Identity(account["name"]) if right else None
        return self._session(call, self._settled(account["name"], identity))

    def logout(self, call: Call) -> Response:  # noqa: ARG002
        """Nothing is kept of a session that could end here."""
        return Response(status_code=200)

    def _settled(self, name: str, identity: Identity | None) -> Identity:
        """Count how it went; 401 where it went wrong."""
        if identity is None:
            self._failures.failed(name)
            raise detail(401, _WRONG)
        self._failures.succeeded(name)
        return identity

    def _session(self, call: Call, identity: Identity) -> Response:
        answer = {"token": self._sessions.issue(identity)}
        if call.query.get("refresh_token") == "true":
            answer["refresh_token"] = secrets.token_urlsafe(32)
        return JSONResponse(answer)
