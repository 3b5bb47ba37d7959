"""Calls of SCIM 2.0 in the Hub API: its media type, its pages, its failures.

The routes are the only ones that the token of `auth.tokens.ScimAuthorizer` may be shown to: no
redirect is followed with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from hubcli.errors import Denied, HubcliError, NotSignedIn
from hubcli.http import doubt
from hubcli.http.client import Authorizer, Client, Request, with_query
from hubcli.http.response import Response
from hubcli.hub.decoding import Object, number, objects
from hubcli.hub.pages import Page
from hubcli.hub.problems import problem

LARGEST_PAGE = 200
"""Users of a page; the document says that more must not be asked for."""

_ROOT = "/v2/scim/2.0"
_LARGEST_ANSWER = 8 << 20
_MEDIA_TYPE = "application/scim+json"


class ScimApi:
    """Sends requests to the SCIM routes of the Hub API at `url`. Safe between threads."""

    def __init__(self, http: Client, url: str, authorizer: Authorizer) -> None:
        self._http = http
        self._url = f"{url.rstrip('/')}{_ROOT}"
        self._authorizer = authorizer

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
    ) -> Response:
        """`path` is what follows the version; raises what `_refusal` makes of an error status."""
        headers = {"Accept": _MEDIA_TYPE}
        if body is not None:
            headers["Content-Type"] = _MEDIA_TYPE
        request = Request(
            method,
            with_query(f"{self._url}/{path}", query or {}),
            headers,
            None if body is None else json.dumps(body).encode(),
            authorizer=self._authorizer,
            follow=False,
        )
        with doubt.telling(method):
            response = self._http.request(request, most=_LARGEST_ANSWER)
            if not response.ok:
                raise _refusal(response)
        return response


class ScimPages:
    """`?startIndex=&count=`, with the first row as 1; implements `pages.Source`."""

    def __init__(self, api: ScimApi, path: str, query: Mapping[str, object]) -> None:
        self._api = api
        self._path = path
        self._query = query

    def numbered(self, page: int, size: int) -> Page | None:
        return self._from((page - 1) * size + 1, size)

    def after(self, page: Page) -> Page | None:
        return None if page.next is None else self._from(int(page.next), LARGEST_PAGE)

    def _from(self, start: int, size: int) -> Page:
        query = {**self._query, "startIndex": start, "count": size}
        answer = self._api.send("GET", self._path, query=query)
        body = answer.object()
        rows, total = resources(body), number(body.get("totalResults"))
        following = start + len(rows)
        has_more = bool(rows) and (total is None or following <= total)
        return Page(rows, total, str(following) if has_more else None, answer.url)


def resources(body: Object) -> list[Object]:
    """What a list has in it: RFC 7644 writes the member with a capital, Docker's document not."""
    return objects(body.get("resources", body.get("Resources")))


def _refusal(response: Response) -> HubcliError:
    """The failure behind an error, with what helps where it is SCIM and not an account."""
    error = problem(response)
    if isinstance(error, NotSignedIn):
        error.hint = "hubcli scim login"
    elif isinstance(error, Denied):
        error.reason += (
            "; it takes the SCIM token of the organization's SSO connection, and the plan Business"
        )
        error.hint = None
    elif 300 <= response.status < 400:
        error.reason = "the server redirects, where the SCIM token must not follow"
    return error
