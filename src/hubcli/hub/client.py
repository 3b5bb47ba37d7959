"""Calls of the Hub API: routes, JSON in and out, failures in its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from hubcli.errors import UsageError
from hubcli.http import doubt
from hubcli.http.client import LARGEST_ERROR, Authorizer, Client, Request, Stream, with_query
from hubcli.http.origin import on_origin
from hubcli.http.response import Response
from hubcli.hub.pacing import Pace
from hubcli.hub.problems import problem, refuses_organization_token

_LARGEST_ANSWER = 8 << 20
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


class Api:
    """Sends requests to the Hub API at `url`, signed in by `authorizer`. Safe between threads.

    Every method raises what `problems.problem` makes of an error status. `pace` is told what
    answers say of the limit.
    """

    def __init__(
        self, http: Client, url: str, authorizer: Authorizer, pace: Pace | None = None
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._authorizer = authorizer
        self._pace = pace
        self._legacy_is_refused = False

    def get(
        self, path: str, query: Mapping[str, object] | None = None, *, anonymous: bool = False
    ) -> Response:
        """`path` begins with a slash; parameters that are None are left out."""
        return self.send("GET", path, query=query, anonymous=anonymous)

    def follow(self, page: str, link: str, *, anonymous: bool = False) -> Response:
        """GET the `link` that was found on `page`; Untrusted where it leaves the Hub API."""
        url = on_origin(self._url, on_origin(page, link, "the next link"), "the next link")
        return self._sent("GET", url, anonymous=anonymous)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        anonymous: bool = False,
        repeatable: bool | None = None,
    ) -> Response:
        """`body` is sent as JSON unless it is None; `anonymous` sends no credential.

        `repeatable` says of a POST or PATCH that doing it twice is as doing it once. What is
        deleted is gone for certain, whichever try it was that did it.
        """
        url = with_query(f"{self._url}{path}", query or {})
        return self._sent(method, url, body, anonymous=anonymous, repeatable=repeatable)

    def ask(self, path: str, body: object) -> Response:
        """POST a question: nothing is changed by it."""
        url = f"{self._url}{path}"
        return _checked("GET", self._exchange("POST", url, body, repeatable=True))

    @contextmanager
    def stream(self, path: str) -> Iterator[Stream]:
        """GET `path`, whatever it is and however long: its body is still to come."""
        headers = {"Accept": "*/*"}
        request = Request("GET", f"{self._url}{path}", headers, authorizer=self._authorizer)
        with self._http.stream(request) as stream:
            if not 200 <= stream.status < 300:
                content = stream.beginning(LARGEST_ERROR)
                raise problem(Response(stream.status, stream.headers, content, stream.url))
            yield stream

    def send_legacy(
        self,
        method: str,
        path: str,
        rest: str = "",
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        repeatable: bool | None = None,
    ) -> Response:
        """Call a route of the repository `path` that has no documented twin for all tokens.

        It is `/v2/repositories/…`; an organization access token is refused there, so that the same
        is then sent to `/v2/namespaces/…`, as Docker's table of what such tokens may do implies.
        """
        if not self._legacy_is_refused:
            url = with_query(f"{self._url}{legacy_route(path, rest)}", query or {})
            with doubt.telling(method):
                response = self._exchange(method, url, body, repeatable=repeatable)
                if not refuses_organization_token(response):
                    return _checked(method, response)
            self._legacy_is_refused = True
        route = repository_route(path, rest)
        return self.send(method, route, query=query, body=body, repeatable=repeatable)

    def _sent(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        anonymous: bool = False,
        repeatable: bool | None = None,
    ) -> Response:
        with doubt.telling(method):
            exchanged = self._exchange(
                method, url, body, anonymous=anonymous, repeatable=repeatable
            )
            return _checked(method, exchanged)

    def _exchange(
        self,
        method: str,
        url: str,
        body: object,
        *,
        anonymous: bool = False,
        repeatable: bool | None = None,
    ) -> Response:
        answer = self._http.request(
            Request(
                method,
                url,
                headers=_JSON,
                body=None if body is None else json.dumps(body).encode(),
                authorizer=None if anonymous else self._authorizer,
                repeatable=repeatable,
            ),
            most=_LARGEST_ANSWER,
        )
        if self._pace is not None:
            self._pace.heed(answer.headers)
        return answer


def namespace_route(namespace: str) -> str:
    """The route of a namespace's repositories, without a slash at its end."""
    return f"/v2/namespaces/{segment(namespace.lower())}/repositories"


def repository_route(path: str, rest: str = "") -> str:
    """The route of the repository `namespace/name`, or of something below it."""
    namespace, name = split(path)
    route = f"{namespace_route(namespace)}/{segment(name)}"
    return f"{route}/{rest}" if rest else route


def legacy_route(path: str, rest: str = "") -> str:
    """The same on the older API, whose routes end in a slash; `privacy` is known without."""
    namespace, name = split(path)
    route = f"/v2/repositories/{segment(namespace)}/{segment(name)}/"
    if not rest:
        return route
    return f"{route}{rest}" if rest == "privacy" else f"{route}{rest}/"


def split(path: str) -> tuple[str, str]:
    """Namespace and name, in lower case as Hub has them; UsageError for another shape."""
    namespace, _, name = path.lower().partition("/")
    if not namespace or not name or "/" in name:
        raise UsageError(f"{path!r} is no repository of Docker Hub: that is NAMESPACE/NAME")
    return namespace, name


def segment(text: str) -> str:
    """`text` as one segment of a path; a server may have made it up, so that nothing fails here."""
    return quote(text, safe="", errors="replace")


def _checked(method: str, response: Response) -> Response:
    if response.ok or doubt.is_done(method, response):
        return response
    raise problem(response)
