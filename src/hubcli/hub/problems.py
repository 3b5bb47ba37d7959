"""What an error answer of the Hub API means: its many body shapes, and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from hubcli import jsonreading, timestamps
from hubcli.errors import Conflict, Denied, HubcliError, NotSignedIn, RateLimited, Unavailable
from hubcli.http.origin import authority
from hubcli.http.response import Response, failure

_LONGEST_REASON = 400
_DEEPEST = 5
_WORDED = ("message", "detail", "text", "error_description", "error")
_WHOLE = frozenset({"__all__", "non_field_errors", "errors"})
"""Members that are about the whole request, not about a field of that name."""

_SILENT = frozenset({"schemas", "details"})
"""Lists that hold no words for people: SCIM's kinds of messages, and gRPC's typed details."""

_MOST_FIELDS = 5
_SIGN_IN = "hubcli login"
_STRONGER = (
    "sign in with a personal access token that has repo:admin (Read, Write, Delete): hubcli login"
)
_PERSON = "sign in as a user, not with an organization access token: hubcli login"


def problem(response: Response) -> HubcliError:
    """The failure behind an answer of the Hub API whose status is an error."""
    error = _understood(response)
    error.in_doubt = response.in_doubt
    return error


def _understood(response: Response) -> HubcliError:
    if _is_page(response):
        return _firewall(response)
    document = _document(response)
    text = _told(document)
    if _is_no_news(response.status, text):
        text = None
    if _says(text, "already exists") and response.status in {400, 409}:
        return Conflict(text or "it exists already")
    error = failure(response, text, _code(document))
    if isinstance(error, RateLimited):
        _add_reset(error, response)
    else:
        error.hint = _hint(error, text)
    return error


def refuses_organization_token(response: Response) -> bool:
    """Whether a legacy route refuses us for the kind of our token: its twin would take it."""
    return response.status == 403 and _says(
        _told(_document(response)), "organization access token is not allowed"
    )


def _is_no_news(status: int, text: str | None) -> bool:
    """Whether a text says what the status says: "unauthorized", "404: Page Not Found"."""
    return text is not None and (
        (status == 401 and text.lower() == "unauthorized")
        or (status == 404 and "not found" in text.lower())
    )


def _is_page(response: Response) -> bool:
    return response.media_type == "text/html" or response.content.lstrip()[:1] == b"<"


def _firewall(response: Response) -> HubcliError:
    """HTML never comes from the API itself: something in front of it answered."""
    host = authority(response.url)
    if response.status in {401, 403, 406}:
        return Unavailable(f"a web firewall in front of {host} refused the request")
    return failure(response, f"{host} answered {response.status} with a web page")


def _hint(error: HubcliError, text: str | None) -> str | None:
    if isinstance(error, NotSignedIn):
        return _SIGN_IN
    if isinstance(error, Denied):
        if _says(text, "insufficient scope") or _says(text, "personal access token"):
            return _STRONGER
        if _says(text, "organization access token"):
            return _PERSON
    return None


def _add_reset(error: RateLimited, response: Response) -> None:
    """`X-RateLimit-Reset` is the UNIX time at which the count starts anew."""
    stated = response.headers.get("x-ratelimit-reset", "")
    moment = timestamps.from_epoch(int(stated[:12])) if stated.isdecimal() else None
    if moment is not None:
        error.retry_at = timestamps.parse(moment)
        error.reason = f"{error.reason}; come back at {moment}"


def _document(response: Response) -> Any:
    try:
        return jsonreading.read(response.content)
    except ValueError:
        return None


def _code(document: Any) -> str | None:
    """The code of a wrapped registry error, `{"errors": [{"code", "message"}]}`."""
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) and code else None


def _told(document: Any) -> str | None:
    """The words of an error body as one lower-case clause; None where there are none."""
    text = next(_texts(document), None)
    if text is None:
        return None
    text = " ".join(text.split()).rstrip(".")
    if len(text) > _LONGEST_REASON:
        text = f"{text[:_LONGEST_REASON]}…"
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a body, the likeliest first: values may be nested and of any shape."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif depth >= _DEEPEST:
        return
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict):
        yield from _texts_of_object(value, depth)


def _texts_of_object(body: Mapping[str, Any], depth: int) -> Iterator[str]:
    for name in _WORDED:
        yield from _texts(body.get(name), depth + 1)
    fields = [*islice(_texts_of_fields(body, depth), _MOST_FIELDS)]
    if fields:
        yield "; ".join(fields)


def _texts_of_fields(body: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Validation: `{"<field>": ["…"]}`, or the same below `fields`; `__all__` is the request."""
    for field, value in body.items():
        if field in _SILENT or field in _WORDED:
            continue
        if field == "fields" and isinstance(value, dict):
            yield from _texts_of_fields(value, depth + 1)
        elif isinstance(value, list) or (field == "errors" and isinstance(value, dict)):
            for text in _texts(value, depth + 1):
                yield text if field in _WHOLE else f"{field}: {text.rstrip('. ')}"


def _says(text: str | None, words: str) -> bool:
    return text is not None and words in text.lower()
