"""What a token server, or Hub's sign-in, says went wrong: bodies of many shapes."""

from __future__ import annotations

from hubcli.errors import Unavailable
from hubcli.http.response import Response

_LONGEST = 300
_WORDED = ("message", "detail", "details", "text", "error_description", "error")


def told(response: Response) -> tuple[str | None, str | None]:
    """The reason, on one line, and the code, as far as the body has them."""
    try:
        answer = response.object()
    except Unavailable:
        return None, None
    errors, error = answer.get("errors"), answer.get("error")
    first: object = answer
    if isinstance(errors, list) and errors:
        first = errors[0]
    elif isinstance(error, dict):
        first = {**error, "code": error.get("status")}  # as Google's APIs have it
    if not isinstance(first, dict):
        return None, None
    code = first.get("code")
    texts = (first.get(name) for name in _WORDED)
    reason = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return " ".join(reason.split())[:_LONGEST] or None, code if isinstance(code, str) else None


def reason(response: Response) -> str | None:
    """The reason alone."""
    return told(response)[0]
