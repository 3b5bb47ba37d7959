"""What a registry says went wrong: `{"errors": [{"code", "message", "detail"}]}`, or anything else.

distribution-spec 1.1, "Error Codes": the body is optional, and so are `message` and `detail`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hubcli import jsonreading
from hubcli.auth.challenge import parse_challenges
from hubcli.errors import Denied, HubcliError, NotFound, NotSignedIn, RateLimited, Unsupported
from hubcli.http.response import Response, failure

_KINDS: Mapping[str, type[HubcliError]] = {
    "BLOB_UNKNOWN": NotFound,
    "MANIFEST_UNKNOWN": NotFound,
    "NAME_UNKNOWN": NotFound,
    "TAG_EXPIRED": NotFound,
    "UNAUTHORIZED": NotSignedIn,
    "DENIED": Denied,
    "UNSUPPORTED": Unsupported,
    "TOOMANYREQUESTS": RateLimited,
}
"""Codes that say more than the status they come with; the others leave it to the status."""

_NOT_FOUND = frozenset({"BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "NAME_UNKNOWN"})
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_LONGEST_REASON = 300


def problem(response: Response, host: str, *, may_be_missing: bool = False) -> HubcliError:
    """The failure that an answer of `host` with an error status means.

    `may_be_missing` says that it is about something that a refusal may hide.
    """
    code, message = told(response.content)
    if code == "UNKNOWN" and response.status == 404:
        code, message = None, None  # Harbor and registry.redhat.io: "not found" without saying what
    kind = _KINDS.get(code or "")
    error = failure(response, message, code)
    if kind is not None and not isinstance(error, kind) and response.status < 500:
        error = kind(error.reason, code=code)
    if code in _NOT_FOUND:
        error.reason = "not found"
    if isinstance(error, NotSignedIn):
        error.reason = _refusal(response, message, may_be_missing)
        error.hint = f"hubcli login {host}"
    return error


def _refusal(response: Response, message: str | None, may_be_missing: bool) -> str:
    """Why there was a 401: a registry tells private and missing repositories apart for nobody."""
    challenges = parse_challenges(response.challenges)
    if any(challenge.error == "insufficient_scope" for challenge in challenges):
        return "not found, or not allowed" if may_be_missing else "not allowed"
    return message or "a credential is needed, or the one that was sent is refused"


def told(content: bytes) -> tuple[str | None, str | None]:
    """The first error's code and its message as a clause, as far as the body has them."""
    try:
        document = jsonreading.read(content)
    except ValueError:
        return None, None
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else document
    if not isinstance(first, dict):
        return None, None
    code, message = first.get("code"), first.get("message")
    upper = code.upper() if isinstance(code, str) else ""
    return (
        upper if _CODE.fullmatch(upper) else None,
        _clause(message) if isinstance(message, str) else None,
    )


def _clause(message: str) -> str | None:
    """A message as the end of a sentence: one line, no full stop, a lower-case start."""
    line = " ".join(message.split()).rstrip(".")
    if len(line) > _LONGEST_REASON:
        line = f"{line[:_LONGEST_REASON]}…"
    if len(line) > 1 and line[0].isupper() and not line[1].isupper():
        line = line[0].lower() + line[1:]
    return line or None
