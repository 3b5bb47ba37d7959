"""The OAuth device flow of the web login (RFC 8628), as the tenant of Docker's web login has it."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.accounts import Accounts, Identity
from hubcli.sandbox.hub.answers import Problem
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.sessions import Sessions

_LIFETIME = 900
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_APPROVE = "/_sandbox/device/approve"
_PAGE = """<!doctype html><title>Sandbox sign-in</title>
<form method="post" action="{action}"><label>Code <input name="user_code" value="{code}"></label>
<label>Sign in as <input name="username" value="alice"></label><button>Approve</button></form>"""


@dataclass(slots=True)
class _Device:
    user_code: str
    ends: float
    last_poll: float = 0.0
    account: str | None = None
    denied: bool = False


class Devices:
    """Codes that wait for somebody's approval; `interval` is the pace of polling, in seconds."""

    def __init__(self, accounts: Accounts, sessions: Sessions, interval: float = 1) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._interval = interval
        self._lock = threading.Lock()
        self._waiting: dict[str, _Device] = {}

    def routes(self, gateway: Gateway) -> list[Route]:
        return [
            *gateway.route("POST", "/oauth/device/code", self.begin, login=True),
            *gateway.route("POST", "/oauth/token", self.poll, login=True),
            *gateway.route("POST", "/oauth/revoke", self.revoke, login=True),
            *gateway.route("GET", _APPROVE, self.page, login=True),
            *gateway.route("POST", _APPROVE, self.approve, login=True),
        ]

    def begin(self, call: Call) -> Response:
        """A device code for the program, a user code for the person."""
        if not _form(call).get("client_id"):
            raise _failure(400, "invalid_request", "client_id is missing")
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        user_code, device_code = f"{letters[:4]}-{letters[4:]}", secrets.token_urlsafe(32)
        with self._lock:
            self._waiting[device_code] = _Device(user_code, time.time() + _LIFETIME)
        page = str(call.request.url.replace(path=_APPROVE, query=""))
        return JSONResponse(
            {
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={user_code}",
                "expires_in": _LIFETIME,
                "interval": self._interval,
            }
        )

    def poll(self, call: Call) -> Response:
        """The tokens, once approved; waiting is told with status 403."""
        form = _form(call)
        if form.get("grant_type") != _GRANT:
            raise _failure(400, "unsupported_grant_type", "only device codes are taken")
        with self._lock:
            account = self._approved(form.get("device_code", ""))
        return JSONResponse(
            {
                "access_token": self._sessions.issue(Identity(account)),
                "id_token": "",
                "refresh_token": secrets.token_urlsafe(32),
                "scope": "openid offline_access",
                "expires_in": int(self._sessions.lifetime),
                "token_type": "Bearer",
            }
        )

    def _approved(self, device_code: str) -> str:
        device = self._waiting.get(device_code)
        if device is None or device.ends <= time.time():
            raise _failure(403, "expired_token", "the device code has expired")
        if device.denied:
            raise _failure(403, "access_denied", "the request was denied")
        if device.account is None:
            early = time.time() < device.last_poll + self._interval * 0.9
            device.last_poll = time.time()
            if early:
                raise _failure(429, "slow_down", "you are polling faster than allowed")
            raise _failure(403, "authorization_pending", "the user has not answered yet")
        del self._waiting[device_code]
        return device.account

    def revoke(self, call: Call) -> Response:  # noqa: ARG002
        """Refresh tokens are good for nothing here, so there is nothing to end."""
        return Response(status_code=200)

    def page(self, call: Call) -> Response:
        """What the person sees in the browser."""
        code = "".join(letter for letter in call.query.get("user_code", "") if letter.isalnum())
        shown = f"{code[:4]}-{code[4:8]}" if code else ""
        return HTMLResponse(_PAGE.format(action=_APPROVE, code=shown))

    def approve(self, call: Call) -> Response:
        """Approve (or with `deny` refuse) a user code in the name of `username`."""
        form = _form(call)
        account = form.get("username", "alice")
        with self._lock:
            device = next(
                (
                    each
                    for each in self._waiting.values()
                    if each.user_code == form.get("user_code")
                ),
                None,
            )
            if device is None or self._accounts.find(account) is None:
                raise _failure(404, "not_found", "no such code or account")
            if "deny" in form:
                device.denied = True
            else:
                device.account = account
        return HTMLResponse("<!doctype html><title>Done</title><p>You may close this page.")


def _form(call: Call) -> dict[str, str]:
    fields = parse_qs(call.content.decode(errors="replace"))
    return {name: values[0] for name, values in fields.items()}


def _failure(status: int, error: str, description: str) -> Problem:
    return Problem(status, {"error": error, "error_description": description})
