"""Calls of a provider's API: JSON in and out, pages, and failures by the words of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from hubcli import timestamps
from hubcli.auth.tokens.reasons import told
from hubcli.config import Endpoint
from hubcli.errors import HubcliError, NotSignedIn, RateLimited, Unavailable
from hubcli.http import doubt
from hubcli.http.client import Authorizer, Client, Request, with_query
from hubcli.http.origin import authority
from hubcli.http.response import Response, failure
from hubcli.registry import pages

_LARGEST_ANSWER = 16 << 20
_MOST_DIGITS = 19
_JSON = {"Accept": "application/json"}

Problem = Callable[[Response, str], HubcliError]
"""Makes the failure behind an error answer; the text is the registry's host."""


def problem(answer: Response, host: str) -> HubcliError:
    """The failure that an error answer means: by its status, in its own words.

    A 403 that says that nothing is left of a limit is one of those, as GitHub has it.
    """
    reason, code = told(answer)
    if answer.media_type == "text/html":
        reason = f"{authority(answer.url)} answered {answer.status} with a web page"
    if reason is not None:
        reason = reason.rstrip(".")
        reason = reason[:1].lower() + reason[1:] if reason[1:2].islower() else reason
    if answer.status == 403 and answer.headers.get("x-ratelimit-remaining") == "0":
        error: HubcliError = RateLimited(reason or "too many requests", code=code)
    else:
        error = failure(answer, reason, code)
    if isinstance(error, RateLimited):
        _add_reset(error, answer)
    if isinstance(error, NotSignedIn):
        error.hint = f"hubcli login {host}"
    return error


def _add_reset(error: RateLimited, answer: Response) -> None:
    """`X-RateLimit-Reset` is the UNIX time at which the count starts anew."""
    stated = answer.headers.get("x-ratelimit-reset", "")
    moment = timestamps.from_epoch(int(stated[:12])) if stated.isdecimal() else None
    if moment is not None:
        error.retry_at = timestamps.parse(moment)
        error.reason = f"{error.reason}; come back at {moment}"


class Api:
    """Sends requests to the API at `url`. Safe between threads.

    `host` is the registry's name; `headers` go with every request, `carrier` is the one that the
    credential is put in, and `endpoint` has the certificates that the configuration names for it.
    Paths begin with a slash and are sent as they are: what is put into them goes through `segment`
    first.
    """

    def __init__(
        self,
        http: Client,
        url: str,
        host: str,
        authorizer: Authorizer | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        problem: Problem = problem,
        endpoint: Endpoint | None = None,
        carrier: str = "Authorization",
    ) -> None:
        self._http = http
        self._url = url
        self._host = host
        self._authorizer = authorizer
        self._headers = {**_JSON, **(headers or {})}
        self._problem = problem
        self._endpoint = endpoint
        self._carrier = carrier

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Response:
        """Parameters that are None are left out."""
        return self.send("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
    ) -> Response:
        """`body` is sent as JSON unless it is None; an error status is raised as its failure."""
        content = None if body is None else json.dumps(body).encode()
        return self._exchange(method, with_query(f"{self._url}{path}", query or {}), content)

    def ask(self, path: str, question: str) -> Response:
        """POST a question as plain text; that changes nothing, and so may be done again."""
        content = question.encode(errors="replace")
        return self._exchange("POST", f"{self._url}{path}", content, "text/plain", repeatable=True)

    def pages(self, path: str, query: Mapping[str, object] | None = None) -> Iterator[Response]:
        """The answer, and those that follow it by `Link`, which stay on the API's origin."""
        first = with_query(f"{self._url}{path}", query or {})
        return pages.follow(lambda url: self._exchange("GET", url), first, lambda url: url)

    def rows(
        self, path: str, query: Mapping[str, object] | None = None
    ) -> Iterator[Mapping[str, object]]:
        """The objects of all pages, each of which is an array; Unavailable for anything else."""
        for answer in self.pages(path, query):
            body = answer.json()
            if not isinstance(body, list):
                raise Unavailable(f"the API of {self._host} answers without the list asked for")
            yield from (item for item in body if isinstance(item, dict))

    def _exchange(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        kind: str = "application/json",
        repeatable: bool | None = None,
    ) -> Response:
        headers = dict(self._headers)
        if content is not None:
            headers["Content-Type"] = kind
        request = Request(
            method,
            url,
            headers=headers,
            body=content,
            authorizer=self._authorizer,
            repeatable=repeatable,
            endpoint=self._endpoint,
            carrier=self._carrier,
        )
        with doubt.telling("GET" if repeatable else method):
            answer = self._http.request(request, most=_LARGEST_ANSWER)
            if answer.ok or doubt.is_done(method, answer):
                return answer
            error = self._problem(answer, self._host)
            error.in_doubt = answer.in_doubt
            raise error


def segment(text: str) -> str:
    """`text` as one segment of a path: a slash in it becomes `%2F`."""
    return quote(text, safe="", errors="replace")


def text(value: object) -> str | None:
    """A member that is a text and not empty."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> int | None:
    """A member that is a count or a size; some APIs send these as texts."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
