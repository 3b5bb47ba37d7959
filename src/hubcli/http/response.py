"""Answers, read and bounded, and the failure that each status means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubcli import jsonreading
from hubcli.errors import (
    Conflict,
    Denied,
    HubcliError,
    NotFound,
    NotSignedIn,
    RateLimited,
    TimedOut,
    Unavailable,
    Unsupported,
    Untrusted,
)

LARGEST_BODY = 32 << 20
"""Bytes of a JSON answer that are read before it is refused."""


@dataclass(slots=True)
class Response:
    """A whole answer. `headers` are looked up without regard to case; `url` is where it came from,
    after redirects. `in_doubt` says that it may not be the first that the server meant to give: an
    earlier try of the same request, or this one, may have been acted upon."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    challenges: tuple[str, ...] = ()
    in_doubt: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The Content-Type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON, or Unavailable where it is something else."""
        try:
            return jsonreading.read(self.content)
        except ValueError as error:
            kind = "HTML" if self.content.lstrip()[:1] == b"<" else "something else"
            told = "" if str(error) == "not JSON" else f": it is {error}"
            raise Unavailable(f"the server answered with {kind} where JSON was due{told}") from None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object, or Unavailable."""
        document = self.json()
        if not isinstance(document, dict):
            raise Unavailable("the server answered with JSON of an unexpected shape")
        return document


_KINDS: Mapping[int, type[HubcliError]] = {
    401: NotSignedIn,
    403: Denied,
    404: NotFound,
    405: Unsupported,
    408: TimedOut,
    409: Conflict,
    410: NotFound,
    501: Unsupported,
    504: TimedOut,
}
_REASONS: Mapping[int, str] = {
    401: "the credential was refused, or none was sent",
    403: "access is denied",
    404: "not found",
    405: "the server does not allow this",
    413: "the server finds it too large",
    429: "too many requests",
}


def failure(response: Response, reason: str | None = None, code: str | None = None) -> HubcliError:
    """The failure that an answer with an error status means, by its status."""
    if 300 <= response.status < 400:
        return Untrusted(f"the server redirects ({response.status}) what is sent to it alone")
    told = reason or _REASONS.get(response.status) or f"the server answered {response.status}"
    if response.status == 429:
        return RateLimited(told, code=code)
    kind = _KINDS.get(response.status)
    if kind is None:
        kind = Unavailable if response.status >= 500 else HubcliError
    return kind(told, code=code)
