"""The OAuth 2.0 device flow (RFC 8628): approved in a browser, on any device.

Endpoints: POST <oauth_url>/oauth/device/code, /oauth/token. While it waits, Docker's tenant
answers 403 where the RFC has 400, so that the body is looked at and not the status.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from hubcli.config import HubSettings
from hubcli.errors import Denied, NotSignedIn, TimedOut, Unavailable
from hubcli.http.client import Client, Request
from hubcli.http.response import Response, failure

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPE = "openid"
_LARGEST_ANSWER = 64 << 10
_DEFAULT_INTERVAL = 5.0
_SLOWER = 5.0
_LONGEST_INTERVAL = 60.0
_LONGEST_LIFE = 1800.0


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the person types (`user_code`) and where (`page`); `link` has the code in it.

    `interval` and `lifetime` are seconds.
    """

    user_code: str
    page: str
    link: str
    interval: float
    lifetime: float
    secret: str = field(repr=False)


class DeviceLogin:
    """One login; `sleep` and `clock` (seconds) are the waiting."""

    def __init__(
        self,
        http: Client,
        settings: HubSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._url = settings.oauth_url.rstrip("/")
        self._client_id = settings.oauth_client_id or ""
        self._audience = settings.oauth_audience
        self._sleep = sleep
        self._clock = clock

    def begin(self) -> DeviceCode:
        """Ask for a code."""
        response = self._post(
            "device/code",
            {"client_id": self._client_id, "audience": self._audience, "scope": _SCOPE},
        )
        if not response.ok:
            raise failure(response, _described(_members(response)))
        answer = response.object()
        texts = {
            name: _text(answer, name)
            for name in ("device_code", "user_code", "verification_uri_complete")
        }
        link = texts["verification_uri_complete"]
        if not all(texts.values()) or urlsplit(link).scheme not in {"http", "https"}:
            raise Unavailable("the sign-in server answers without a code or a page for it")
        return DeviceCode(
            texts["user_code"],
            link.partition("?")[0],
            link,
            min(_seconds(answer, "interval", _DEFAULT_INTERVAL), _LONGEST_INTERVAL),
            min(_seconds(answer, "expires_in", _LONGEST_LIFE), _LONGEST_LIFE),
            texts["device_code"],
        )

    def wait(self, code: DeviceCode) -> str:
        """The access token, once the person has approved; Denied, or TimedOut, where not."""
        interval = code.interval
        deadline = self._clock() + code.lifetime
        while self._clock() + interval < deadline:
            self._sleep(interval)
            response = self._post(
                "token",
                {
                    "client_id": self._client_id,
                    "grant_type": _GRANT,
                    "device_code": code.secret,
                },
            )
            if response.ok:
                return _access_token(response)
            members = _members(response)
            error = members.get("error")
            if error == "slow_down":
                interval += _SLOWER
            elif error != "authorization_pending":
                raise _ended(response, members)
        raise TimedOut("nobody approved the sign-in in time", hint="hubcli login --web")

    def _post(self, path: str, form: Mapping[str, str]) -> Response:
        request = Request(
            "POST",
            f"{self._url}/oauth/{path}",
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            urlencode(form).encode(),
            follow=False,
        )
        return self._http.request(request, most=_LARGEST_ANSWER)


def _access_token(response: Response) -> str:
    token = _text(response.object(), "access_token")
    if not token:
        raise Unavailable("the sign-in server answers without a token")
    return token


def _ended(response: Response, members: Mapping[str, Any]) -> Exception:
    error, said = members.get("error"), _described(members)
    if error == "access_denied":
        return Denied(f"the sign-in was refused in the browser{f' ({said})' if said else ''}")
    if error == "expired_token":
        return TimedOut("nobody approved the sign-in in time", hint="hubcli login --web")
    if response.status >= 500 or response.status == 429:
        return failure(response, said)
    return NotSignedIn(said or f"the sign-in server answers {response.status}")


def _described(members: Mapping[str, Any]) -> str | None:
    text = _text(members, "error_description") or _text(members, "error")
    return " ".join(text.split())[:300] or None


def _members(response: Response) -> Mapping[str, Any]:
    try:
        return response.object()
    except Unavailable:
        return {}


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""


def _seconds(members: Mapping[str, Any], name: str, default: float) -> float:
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return default
    return float(value)
